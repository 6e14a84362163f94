/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * is_file_hugepages() compares with operations that are not exported. The file
 * system of the file tells the same.
 */
#ifndef UDMABUF_COMPAT_IS_FILE_HUGEPAGES_H
#define UDMABUF_COMPAT_IS_FILE_HUGEPAGES_H

#include_next <linux/hugetlb.h>
#include <linux/fs.h>
#include <linux/magic.h>

static inline bool udmabuf_compat_is_file_hugepages(struct file *file)
{
	return file_inode(file)->i_sb->s_magic == HUGETLBFS_MAGIC;
}

#undef is_file_hugepages
#define is_file_hugepages(file) udmabuf_compat_is_file_hugepages(file)

#endif /* UDMABUF_COMPAT_IS_FILE_HUGEPAGES_H */
