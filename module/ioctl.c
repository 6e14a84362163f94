// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user interface: the only place that reads user memory and that decides
 * what a valid request is. What the memfds themselves say (kind, seals, size)
 * is checked by pin.c under the lock that keeps it true.
 *
 * Takes no locks.
 */
#include <linux/align.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <uapi/linux/udmabuf.h>

#include "trace.h"
#include "udmabuf.h"

static int udmabuf_check_ranges(const struct udmabuf_create_item *list,
				u32 count)
{
	pgoff_t limit = udmabuf_page_limit();
	u64 nr_pages = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (!PAGE_ALIGNED(list[i].offset) ||
		    !PAGE_ALIGNED(list[i].size) || !list[i].size)
			return -EINVAL;
		if (list[i].size >> PAGE_SHIFT > limit - nr_pages)
			return -EINVAL;
		nr_pages += list[i].size >> PAGE_SHIFT;
	}
	return nr_pages ? 0 : -EINVAL;
}

static int udmabuf_pin_range(struct udmabuf *ubuf,
			     const struct udmabuf_create_item *item)
{
	struct file *memfd = fget(item->memfd);
	int ret;

	if (!memfd)
		return -EBADFD;
	ret = udmabuf_pin(ubuf, memfd, item->offset, item->size);
	fput(memfd);
	return ret;
}

static int udmabuf_pin_ranges(struct udmabuf *ubuf,
			      const struct udmabuf_create_item *list, u32 count)
{
	int ret;
	u32 i;

	for (i = 0; i < count; i++) {
		ret = udmabuf_pin_range(ubuf, &list[i]);
		if (ret)
			return ret;
	}
	udmabuf_trim(ubuf);
	return 0;
}

static struct dma_buf *udmabuf_make(const struct udmabuf_create_item *list,
				    u32 count)
{
	struct dma_buf *dmabuf;
	struct udmabuf *ubuf;
	int ret;

	ubuf = udmabuf_create();
	if (!ubuf)
		return ERR_PTR(-ENOMEM);

	ret = udmabuf_pin_ranges(ubuf, list, count);
	if (ret)
		goto err_destroy;

	dmabuf = udmabuf_export(ubuf);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_destroy;
	}
	trace_udmabuf_create(ubuf, count);
	return dmabuf;

err_destroy:
	udmabuf_destroy(ubuf);
	return ERR_PTR(ret);
}

static long udmabuf_create_fd(const struct udmabuf_create_item *list, u32 count,
			      u32 flags)
{
	struct dma_buf *dmabuf;
	int ret;

	ret = udmabuf_check_ranges(list, count);
	if (ret)
		return ret;

	dmabuf = udmabuf_make(list, count);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	/* The reference belongs to the file descriptor, or it is given back. */
	ret = dma_buf_fd(dmabuf, flags & UDMABUF_FLAGS_CLOEXEC ? O_CLOEXEC : 0);
	if (ret < 0)
		dma_buf_put(dmabuf);
	return ret;
}

static long udmabuf_ioctl_create(const void __user *arg)
{
	struct udmabuf_create_item item = {};
	struct udmabuf_create create;

	if (copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;

	item.memfd = create.memfd;
	item.offset = create.offset;
	item.size = create.size;
	return udmabuf_create_fd(&item, 1, create.flags);
}

static long udmabuf_ioctl_create_list(const void __user *arg)
{
	const struct udmabuf_create_list __user *user = arg;
	struct udmabuf_create_item *list;
	struct udmabuf_create_list head;
	long ret;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!head.count || head.count > udmabuf_list_limit())
		return -EINVAL;

	list = vmemdup_array_user(user->list, head.count, sizeof(*list));
	if (IS_ERR(list))
		return PTR_ERR(list);

	ret = udmabuf_create_fd(list, head.count, head.flags);
	kvfree(list);
	return ret;
}

/**
 * udmabuf_ioctl() - ioctl of the device
 * @file: the open device; how it was opened does not matter
 * @cmd: what to do, from <linux/udmabuf.h>
 * @arg: user address of the argument
 *
 * Return: a new file descriptor, or the error that <linux/udmabuf.h> tells;
 * %-ENOTTY for an unknown @cmd.
 */
long udmabuf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const void __user *user = (const void __user *)arg;

	switch (cmd) {
	case UDMABUF_CREATE:
		return udmabuf_ioctl_create(user);
	case UDMABUF_CREATE_LIST:
		return udmabuf_ioctl_create_list(user);
	default:
		return -ENOTTY;
	}
}

#ifndef UDMABUF_VERSION
#if IS_ENABLED(CONFIG_UDMABUF_KUNIT_TEST)
#include "tests/ioctl_kunit.c"
#endif
#endif
