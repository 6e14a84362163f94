/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UDMABUF_FAKE_FS_H
#define UDMABUF_FAKE_FS_H

#define vfs_fallocate udmabuf_fake_vfs_fallocate
#include_next <linux/fs.h>
#undef vfs_fallocate

int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len,
		  unsigned int flags);

#endif /* UDMABUF_FAKE_FS_H */
