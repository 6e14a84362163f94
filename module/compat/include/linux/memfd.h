/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memfd_fcntl() is there for what is built into the kernel, not for modules.
 * F_GET_SEALS is all that the driver asks.
 */
#ifndef UDMABUF_COMPAT_LINUX_MEMFD_H
#define UDMABUF_COMPAT_LINUX_MEMFD_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include_next <linux/memfd.h>
#include <linux/shmem_fs.h>

static inline long udmabuf_memfd_fcntl(struct file *memfd, unsigned int cmd,
				       unsigned int arg)
{
	if (cmd != F_GET_SEALS || arg)
		return -EINVAL;
#ifdef CONFIG_HUGETLBFS
	if (is_file_hugepages(memfd))
		return HUGETLBFS_I(file_inode(memfd))->seals;
#endif
	return SHMEM_I(file_inode(memfd))->seals;
}

#define memfd_fcntl(memfd, cmd, arg) \
	udmabuf_memfd_fcntl(memfd, cmd, arg)

#endif /* UDMABUF_COMPAT_LINUX_MEMFD_H */
