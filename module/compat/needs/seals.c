// SPDX-License-Identifier: GPL-2.0-only
/* the seals of a memfd: SHMEM_I(inode)->seals, HUGETLBFS_I(inode)->seals */
#include <linux/mm.h>
#include <linux/fcntl.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/shmem_fs.h>

long udmabuf_need_seals(struct file *file);

long udmabuf_need_seals(struct file *file)
{
	if (!shmem_file(file) && !is_file_hugepages(file))
		return 0;
	return memfd_fcntl(file, F_GET_SEALS, 0);
}
