// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long does the kernel itself take to pin and to unpin the memory of a memfd? A
 * driver that turns it into a dma-buf has to call these functions, too, and cannot
 * be faster. There are no locks: a call works on memory of its own.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "udmabuf_floor.h"

/* As much as a driver with small arrays asks for in one call. */
#define FLOOR_FOLIOS	512UL
#define FLOOR_BYTES	(31 * SZ_2M)

/* Of page pointers, no array may be as large as somebody likes. */
#define FLOOR_MAX	SZ_4G

struct floor {
	struct file *memfd;
	struct folio **folios;
	unsigned long nr;
};

static void floor_cost_begin(struct floor_cost *cost)
{
	cost->ns -= ktime_get_ns();
	cost->cycles -= get_cycles();
}

static void floor_cost_end(struct floor_cost *cost)
{
	cost->cycles += get_cycles();
	cost->ns += ktime_get_ns();
}

/* Pins from @pos on, @end at most. Where to go on, or an error. */
static loff_t floor_pin_some(struct floor *floor, loff_t pos, loff_t end,
			     struct floor_cost *cost)
{
	struct folio **folios = floor->folios + floor->nr;
	struct folio *last;
	pgoff_t offset;
	long nr;

	floor_cost_begin(cost);
	nr = memfd_pin_folios(floor->memfd, pos, end - 1, folios,
			      min(FLOOR_FOLIOS,
				  (unsigned long)(end - pos) >> PAGE_SHIFT),
			      &offset);
	floor_cost_end(cost);
	if (nr <= 0)
		return nr ? nr : -EAGAIN;
	floor->nr += nr;
	last = folios[nr - 1];
	pos = (loff_t)(last->index + folio_nr_pages(last)) << PAGE_SHIFT;
	return min(pos, end);
}

static int floor_pin_all(struct floor *floor, struct floor_pin *pin)
{
	loff_t pos = pin->offset, end = pin->offset + pin->size;
	loff_t step = min_t(u64, pin->step, FLOOR_BYTES);

	while (pos < end) {
		pos = floor_pin_some(floor, pos, min(pos + step, end),
				     &pin->pin);
		if (pos < 0)
			return pos;
		cond_resched();
	}
	return 0;
}

/* One by one takes less than unpin_folios(), which looks for neighbours. */
static void floor_unpin_all(struct floor *floor, struct floor_pin *pin)
{
	unsigned long i;

	floor_cost_begin(&pin->unpin);
	for (i = 0; i < floor->nr; i++)
		unpin_folio(floor->folios[i]);
	floor_cost_end(&pin->unpin);
}

static int floor_measure(struct floor *floor, struct floor_pin *pin)
{
	int ret;

	floor->folios = kvcalloc(pin->size >> PAGE_SHIFT,
				 sizeof(*floor->folios), GFP_KERNEL_ACCOUNT);
	if (!floor->folios)
		return -ENOMEM;
	ret = floor_pin_all(floor, pin);
	floor_unpin_all(floor, pin);
	pin->folios = floor->nr;
	kvfree(floor->folios);
	return ret;
}

static int floor_check(const struct floor_pin *pin)
{
	if (!PAGE_ALIGNED(pin->offset) || !PAGE_ALIGNED(pin->size) ||
	    !PAGE_ALIGNED(pin->step) || !pin->size || !pin->step || pin->flags)
		return -EINVAL;
	if (pin->size > FLOOR_MAX || pin->offset > FLOOR_MAX)
		return -EINVAL;
	return 0;
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct floor floor = {};
	struct floor_pin pin;
	int ret;

	if (cmd != FLOOR_PIN)
		return -ENOTTY;
	if (copy_from_user(&pin, user, sizeof(pin)))
		return -EFAULT;
	ret = floor_check(&pin);
	if (ret)
		return ret;
	pin.pin = (struct floor_cost){};
	pin.unpin = (struct floor_cost){};
	floor.memfd = fget(pin.memfd);
	if (!floor.memfd)
		return -EBADF;
	ret = floor_measure(&floor, &pin);
	fput(floor.memfd);
	if (ret)
		return ret;
	return copy_to_user(user, &pin, sizeof(pin)) ? -EFAULT : 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = floor_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice floor_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "udmabuf-floor",
	.fops = &floor_fops,
	.mode = 0600,
};

module_misc_device(floor_misc);

MODULE_DESCRIPTION("How long the kernel itself takes to pin memory");
MODULE_LICENSE("GPL");
