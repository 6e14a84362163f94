/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test says to /dev/udmabuf-edu, which has QEMU's device "edu" do DMA on
 * a dma-buf.
 *
 * One open file is one attachment at a time: EDU_ATTACH attaches and maps a
 * buffer, EDU_DETACH or close() unmaps and detaches it. In between the mapping
 * stays, and nothing here syncs it: that is the exporter's affair when somebody
 * calls DMA_BUF_IOCTL_SYNC, as with every driver that keeps its mappings.
 *
 * A transfer of the device takes a tenth of a second, whatever its size. So a
 * board has many devices, which work at the same time on what was mapped for the
 * first of them; and a transfer can be many small pieces with gaps between.
 */
#ifndef UDMABUF_EDU_H
#define UDMABUF_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EDU_DEVICE	"/dev/udmabuf-edu"

/* The numbers of enum dma_data_direction. */
enum edu_direction {
	EDU_BIDIRECTIONAL,
	EDU_TO_DEVICE,
	EDU_FROM_DEVICE,
};

struct edu_attach {
	__s32 fd; /* of the dma-buf; not consumed */
	__u32 board; /* counted from 0 */
	__u32 direction; /* enum edu_direction */
	__u32 flags; /* 0 */
};

/* Addresses are translated by an IOMMU. */
#define EDU_INFO_IOMMU	1

/*
 * CONFIG_DMABUF_DEBUG hides the pages of a table from importers, and with them how
 * many segments there were before mapping: orig_nents is nents.
 */
#define EDU_INFO_HIDDEN	2

struct edu_info {
	__u64 size; /* of the dma-buf, bytes */
	__u64 bytes; /* sum of all segments that the device sees */
	__u32 orig_nents; /* segments before mapping */
	__u32 nents; /* segments after mapping */
	__u32 engines; /* devices of the board */
	__u32 flags; /* EDU_INFO_... */
};

/* A segment as the device sees it. */
struct edu_segment {
	__u64 address;
	__u64 length;
};

struct edu_segments {
	__u64 entries; /* of struct edu_segment, room for @count */
	__u32 count; /* in: room; out: how many there are */
	__u32 flags; /* 0 */
};

/*
 * Piece i is at byte @offset + i * @stride of the buffer, and at byte
 * i * @length of @data.
 */
struct edu_transfer {
	__u64 data;
	__u64 offset;
	__u64 stride;
	__u32 length; /* of a piece, EDU_PIECE at most */
	__u32 count; /* of pieces */
};

#define EDU_PIECE	4096
#define EDU_TRANSFER	(16 << 20) /* bytes at most */

/*
 * EDU_ATTACH	EBADF/EINVAL: not a dma-buf; EINVAL: unknown direction or flag,
 *		or a module parameter out of bounds; ENODEV: no such board;
 *		EBUSY: attached already; else what the exporter said.
 * EDU_READ	the device reads the buffer: EINVAL: beyond what the segments
 *		cover, too long; EACCES: the direction does not allow it;
 *		EIO: the device did not end. EDU_WRITE is the other way round.
 * All but EDU_ATTACH are ENOTCONN without a buffer.
 */
#define EDU_ATTACH	_IOW('E', 0x70, struct edu_attach)
#define EDU_DETACH	_IO('E', 0x71)
#define EDU_INFO	_IOR('E', 0x72, struct edu_info)
#define EDU_SEGMENTS	_IOWR('E', 0x73, struct edu_segments)
#define EDU_READ	_IOW('E', 0x74, struct edu_transfer)
#define EDU_WRITE	_IOW('E', 0x75, struct edu_transfer)

#endif /* UDMABUF_EDU_H */
