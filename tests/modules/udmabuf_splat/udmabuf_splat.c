// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breaks the kernel in the way that parameter "action" names, when loaded: the
 * tests of the virtual machine runner, and those of the debug kernel, show with
 * it that each way is noticed. A kernel that does not look for a mistake of the
 * second half of the list lives on as if nothing were wrong.
 * Locks: none, but "hang", which never lets go of the processor, and those that
 * are taken in order to be taken wrongly.
 */
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

static char *action = "none";
module_param(action, charp, 0444);
MODULE_PARM_DESC(action, "a name of splat_actions");

static void splat_warn(void)
{
	WARN(1, "udmabuf_splat: as asked\n");
}

/* The address is one that is never mapped. */
static void splat_oops(void)
{
	pr_info("udmabuf_splat: %d\n", READ_ONCE(*(int *)0x10UL));
}

static void splat_panic(void)
{
	panic("udmabuf_splat: as asked");
}

/* All processors stop: this one for good, the others once they need it. */
static void splat_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Nobody keeps the address: only a kernel with kmemleak will notice. */
static void splat_leak(void)
{
	void *lost = kmalloc(4096, GFP_KERNEL);

	pr_info("udmabuf_splat: lost %d bytes\n", lost ? 4096 : 0);
}

/* The compiler must not see what is wrong: it would warn, or leave it out. */
static void *splat_hide(void *ptr)
{
	OPTIMIZER_HIDE_VAR(ptr);
	return ptr;
}

static void splat_use_after_free(void)
{
	int *gone = kzalloc(64, GFP_KERNEL);

	if (!gone)
		return;
	kfree(gone);
	gone = splat_hide(gone);
	pr_info("udmabuf_splat: %d\n", READ_ONCE(*gone));
}

static void splat_slab_overrun(void)
{
	char *small = splat_hide(kzalloc(40, GFP_KERNEL));

	if (small)
		pr_info("udmabuf_splat: %d\n", READ_ONCE(small[40]));
	kfree(small);
}

/* Behind the end of the area, and before the end of its last page. */
static void splat_vmalloc_overrun(void)
{
	char *area = splat_hide(vzalloc(PAGE_SIZE + 64));

	if (area)
		pr_info("udmabuf_splat: %d\n", READ_ONCE(area[PAGE_SIZE + 64]));
	vfree(area);
}

static int splat_index = 9;

/*
 * The place behind the array is the structure's own: only its bound is missed.
 * One step more than its size, because the address of its end may be taken.
 */
static void splat_array_bound(void)
{
	static struct {
		int in[8];
		int after[8];
	} numbers;
	int i = splat_index;

	OPTIMIZER_HIDE_VAR(i);
	pr_info("udmabuf_splat: %d\n", READ_ONCE(numbers.in[i]));
}

static DEFINE_MUTEX(splat_first);
static DEFINE_MUTEX(splat_second);

/* One after the other, so that nothing hangs: the order alone is wrong. */
static void splat_lock_inversion(void)
{
	mutex_lock(&splat_first);
	mutex_lock(&splat_second);
	mutex_unlock(&splat_second);
	mutex_unlock(&splat_first);

	mutex_lock(&splat_second);
	mutex_lock(&splat_first);
	mutex_unlock(&splat_first);
	mutex_unlock(&splat_second);
}

static DEFINE_SPINLOCK(splat_spinlock);

static void splat_atomic_sleep(void)
{
	spin_lock(&splat_spinlock);
	might_sleep();
	spin_unlock(&splat_spinlock);
}

/* A device gives back what it never had. */
static void splat_dma_unmap(void)
{
	struct platform_device *device;

	device = platform_device_register_simple("udmabuf-splat",
						 PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return;
	if (!dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64)))
		dma_unmap_page(&device->dev, 0x1000, PAGE_SIZE, DMA_TO_DEVICE);
	platform_device_unregister(device);
}

static int splat_counter;

static int splat_count(void *unused)
{
	while (!kthread_should_stop()) {
		splat_counter++;
		cond_resched();
	}
	return 0;
}

/* Two threads count, without a lock and without the word "atomic". */
static void splat_race(void)
{
	struct task_struct *other =
		kthread_run(splat_count, NULL, "splat_race");
	unsigned long end = jiffies + 2 * HZ;

	if (IS_ERR(other))
		return;
	while (time_before(jiffies, end)) {
		splat_counter++;
		cond_resched();
	}
	kthread_stop(other);
	pr_info("udmabuf_splat: counted to %d\n", splat_counter);
}

static void splat_none(void)
{
	pr_info("udmabuf_splat: nothing done\n");
}

static const struct {
	const char *name;
	void (*act)(void);
} splat_actions[] = {
	{ "none", splat_none },
	{ "warn", splat_warn },
	{ "oops", splat_oops },
	{ "panic", splat_panic },
	{ "hang", splat_hang },
	{ "leak", splat_leak },
	{ "use_after_free", splat_use_after_free },
	{ "slab_overrun", splat_slab_overrun },
	{ "vmalloc_overrun", splat_vmalloc_overrun },
	{ "array_bound", splat_array_bound },
	{ "lock_inversion", splat_lock_inversion },
	{ "atomic_sleep", splat_atomic_sleep },
	{ "dma_unmap", splat_dma_unmap },
	{ "race", splat_race },
};

static int __init splat_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(splat_actions); i++) {
		if (!strcmp(splat_actions[i].name, action)) {
			splat_actions[i].act();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("Breaks the kernel on request, to test what notices it");
MODULE_LICENSE("GPL");
