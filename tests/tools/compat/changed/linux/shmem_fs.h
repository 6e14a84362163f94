/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UDMABUF_FAKE_SHMEM_FS_H
#define UDMABUF_FAKE_SHMEM_FS_H

#define SHMEM_I udmabuf_fake_SHMEM_I
#include_next <linux/shmem_fs.h>
#undef SHMEM_I

#endif /* UDMABUF_FAKE_SHMEM_FS_H */
