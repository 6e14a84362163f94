// SPDX-License-Identifier: GPL-2.0-only
/* the seals of a memfd: SHMEM_I(inode)->seals, HUGETLBFS_I(inode)->seals */
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/shmem_fs.h>

unsigned int udmabuf_need_seals(struct file *file);

unsigned int udmabuf_need_seals(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (is_file_hugepages(file))
		return HUGETLBFS_I(inode)->seals;
	return shmem_file(file) ? SHMEM_I(inode)->seals : 0;
}
