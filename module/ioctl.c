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
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <uapi/linux/udmabuf.h>

#include "trace.h"
#include "udmabuf.h"

/* What the two old requests know; they ignore all other bits. */
#define UDMABUF_OLD_FLAGS	UDMABUF_FLAGS_CLOEXEC
#define UDMABUF_CREATE_FLAGS	(UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY)

#define UDMABUF_FEATURES	(UDMABUF_FEATURE_READ_ONLY | UDMABUF_FEATURE_INFO)

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

/* Of ranges that were checked, whose sum is below the limit. */
static pgoff_t udmabuf_sum_ranges(const struct udmabuf_create_item *list,
				  u32 count)
{
	pgoff_t nr_pages = 0;
	u32 i;

	for (i = 0; i < count; i++)
		nr_pages += list[i].size >> PAGE_SHIFT;
	return nr_pages;
}

/* Most lists name one memfd over and over. */
static int udmabuf_pin_ranges(struct udmabuf *ubuf, pgoff_t nr_pages,
			      const struct udmabuf_create_item *list, u32 count)
{
	struct udmabuf_source source = { .nr_pages = nr_pages };
	int ret = 0;
	u32 i;

	for (i = 0; i < count && !ret; i++) {
		if (!i || list[i].memfd != list[i - 1].memfd)
			ret = udmabuf_source_open(&source, ubuf, list[i].memfd);
		if (!ret)
			ret = udmabuf_pin(ubuf, &source, list[i].offset,
					  list[i].size);
	}
	udmabuf_source_close(&source);
	if (!ret)
		udmabuf_trim(ubuf);
	return ret;
}

static struct dma_buf *udmabuf_make(const struct udmabuf_create_item *list,
				    u32 count, bool read_only)
{
	pgoff_t nr_pages = udmabuf_sum_ranges(list, count);
	struct dma_buf *dmabuf;
	struct udmabuf *ubuf;
	int ret;

	ubuf = udmabuf_create(read_only);
	if (!ubuf)
		return ERR_PTR(-ENOMEM);

	ret = udmabuf_charge(ubuf, nr_pages);
	if (ret)
		goto err_destroy;
	ret = udmabuf_pin_ranges(ubuf, nr_pages, list, count);
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

	dmabuf = udmabuf_make(list, count, flags & UDMABUF_FLAGS_READ_ONLY);
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
	return udmabuf_create_fd(&item, 1, create.flags & UDMABUF_OLD_FLAGS);
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

	ret = udmabuf_create_fd(list, head.count,
				head.flags & UDMABUF_OLD_FLAGS);
	kvfree(list);
	return ret;
}

/*
 * Reads an argument that begins with its size, of which @first bytes are needed,
 * @size known, and tells the caller's size.
 */
static int udmabuf_copy_in(void *arg, size_t size, size_t first,
			   const void __user *user, u32 *user_size)
{
	const u32 __user *head = user;

	if (get_user(*user_size, head))
		return -EFAULT;
	if (*user_size < first)
		return -EINVAL;
	/* Nobody should make the kernel look for zeros in gigabytes. */
	if (*user_size > SZ_4K)
		return -E2BIG;
	return copy_struct_from_user(arg, size, user, *user_size);
}

/* Writes an answer. What the driver does not know of the structure gets zero. */
static int udmabuf_copy_out(void __user *user, u32 user_size, const void *arg,
			    size_t size)
{
	size_t known = min_t(size_t, user_size, size);

	if (copy_to_user(user, arg, known) ||
	    clear_user(user + known, user_size - known))
		return -EFAULT;
	return 0;
}

static long udmabuf_ioctl_query(void __user *arg)
{
	struct udmabuf_query query;
	u32 size;
	int ret;

	ret = udmabuf_copy_in(&query, sizeof(query),
			      offsetofend(struct udmabuf_query, version), arg,
			      &size);
	if (ret)
		return ret;
	if (query.flags)
		return -EINVAL;

	query = (struct udmabuf_query){
		.size = size,
		.features = UDMABUF_FEATURES,
		.size_limit = (u64)udmabuf_page_limit() << PAGE_SHIFT,
		.huge_sizes = udmabuf_huge_sizes(),
		.list_limit = udmabuf_list_limit(),
		.create_flags = UDMABUF_CREATE_FLAGS,
		.account = udmabuf_account_mode(),
	};
	if (udmabuf_can_account())
		query.features |= UDMABUF_FEATURE_ACCOUNT;
	strscpy(query.version, udmabuf_version(), sizeof(query.version));
	return udmabuf_copy_out(arg, size, &query, sizeof(query));
}

static int udmabuf_check_create(const struct udmabuf_create_ranges *create)
{
	if (create->flags & ~UDMABUF_CREATE_FLAGS || create->__reserved)
		return -EINVAL;
	if (!create->count || create->count > udmabuf_list_limit())
		return -EINVAL;
	return 0;
}

static int udmabuf_check_pads(const struct udmabuf_create_item *list, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (list[i].__pad)
			return -EINVAL;
	return 0;
}

static long udmabuf_ioctl_create_ranges(const void __user *arg)
{
	struct udmabuf_create_ranges create;
	struct udmabuf_create_item *list;
	u32 size;
	long ret;

	ret = udmabuf_copy_in(&create, sizeof(create),
			      offsetofend(struct udmabuf_create_ranges,
					  __reserved),
			      arg, &size);
	if (ret)
		return ret;
	ret = udmabuf_check_create(&create);
	if (ret)
		return ret;

	list = vmemdup_array_user(u64_to_user_ptr(create.ranges), create.count,
				  sizeof(*list));
	if (IS_ERR(list))
		return PTR_ERR(list);

	ret = udmabuf_check_pads(list, create.count);
	if (!ret)
		ret = udmabuf_create_fd(list, create.count, create.flags);
	kvfree(list);
	return ret;
}

static int udmabuf_describe_fd(struct udmabuf_info *info)
{
	struct dma_buf *dmabuf = dma_buf_get(info->fd);
	struct udmabuf *ubuf;
	int ret = -EINVAL;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ubuf = udmabuf_of(dmabuf);
	if (ubuf)
		ret = udmabuf_describe(ubuf, info);
	dma_buf_put(dmabuf);
	return ret;
}

static long udmabuf_ioctl_info(void __user *arg)
{
	struct udmabuf_info info;
	u32 size;
	int ret;

	ret = udmabuf_copy_in(&info, sizeof(info),
			      offsetofend(struct udmabuf_info, folios), arg,
			      &size);
	if (ret)
		return ret;

	info = (struct udmabuf_info){ .size = size, .fd = info.fd };
	ret = udmabuf_describe_fd(&info);
	if (ret)
		return ret;
	return udmabuf_copy_out(arg, size, &info, sizeof(info));
}

/**
 * udmabuf_ioctl() - ioctl of the device
 * @file: the open device; how it was opened does not matter
 * @cmd: what to do, from <linux/udmabuf.h>
 * @arg: user address of the argument
 *
 * Return: what <linux/udmabuf.h> tells; %-ENOTTY for an unknown @cmd.
 */
long udmabuf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case UDMABUF_CREATE:
		return udmabuf_ioctl_create(user);
	case UDMABUF_CREATE_LIST:
		return udmabuf_ioctl_create_list(user);
	case UDMABUF_QUERY:
		return udmabuf_ioctl_query(user);
	case UDMABUF_CREATE_RANGES:
		return udmabuf_ioctl_create_ranges(user);
	case UDMABUF_INFO:
		return udmabuf_ioctl_info(user);
	default:
		return -ENOTTY;
	}
}

#ifndef UDMABUF_VERSION
#if IS_ENABLED(CONFIG_UDMABUF_KUNIT_TEST)
#include "tests/ioctl_kunit.c"
#endif
#endif
