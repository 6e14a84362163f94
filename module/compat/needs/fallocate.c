// SPDX-License-Identifier: GPL-2.0-only
/* vfs_fallocate() */
#include <linux/mm.h>
#include <linux/falloc.h>
#include <linux/fs.h>

int (*udmabuf_need_fallocate)(struct file *file, int mode, loff_t offset,
			      loff_t len) = vfs_fallocate;
