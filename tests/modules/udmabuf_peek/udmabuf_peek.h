/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test says to /dev/udmabuf-peek, the importer that lets user space
 * look at a dma-buf the way a driver would.
 *
 * One open file is one importer. PEEK_ATTACH binds it to a buffer for the rest
 * of its life; from then on pread() and pwrite() reach the buffer through the
 * chosen view. Reads and writes beyond the end of the view are short. mmap() is
 * that of the buffer, as drivers pass it on. close() unmaps and detaches.
 */
#ifndef UDMABUF_PEEK_H
#define UDMABUF_PEEK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PEEK_DEVICE	"/dev/udmabuf-peek"

/*
 * The views, that is the ways in which drivers read a mapped scatterlist:
 * PEEK_SG     segment by segment, sg_phys() and length;
 * PEEK_PAGES  page by page, as for_each_sgtable_page() gives them;
 * PEEK_VMAP   through the kernel mapping, without any scatterlist;
 * PEEK_DMA    DMA segment by DMA segment, at the address that the device would
 *             use. With a bounce buffer in between this is the bounce buffer;
 * PEEK_VMAP_ALONE
 *             as PEEK_VMAP, asked of the exporter itself: the core prints a warning
 *             when an exporter cannot map. Nobody else may have the buffer mapped.
 * A kernel that hides the pages of a table (CONFIG_DMABUF_DEBUG) leaves its DMA
 * addresses: there PEEK_SG and PEEK_PAGES read what is at these.
 */
enum peek_view {
	PEEK_SG,
	PEEK_PAGES,
	PEEK_VMAP,
	PEEK_DMA,
	PEEK_VMAP_ALONE,
};

/* The numbers of enum dma_data_direction. */
enum peek_direction {
	PEEK_BIDIRECTIONAL,
	PEEK_TO_DEVICE,
	PEEK_FROM_DEVICE,
};

struct peek_attach {
	__s32 fd; /* of the dma-buf; not consumed */
	__u32 view; /* enum peek_view */
	__u32 direction; /* enum peek_direction */
	__u32 flags; /* 0 */
};

/* Describes the mapped scatterlist; all but @size and @pieces are 0 in PEEK_VMAP. */
struct peek_info {
	__u64 size; /* of the dma-buf, bytes */
	__u64 total; /* sum of all segment lengths, bytes */
	__u64 longest; /* longest segment, bytes */
	__u64 bounced; /* bytes whose DMA address is not their own */
	__u32 orig_nents; /* segments before mapping */
	__u32 nents; /* segments after mapping */
	__u32 dma_runs; /* pieces that the device sees as contiguous */
	__u32 pieces; /* steps in which the view is read */
};

/*
 * PEEK_ATTACH	EBADF/EINVAL: not a dma-buf; EINVAL: unknown view, direction or
 *		flag, or a module parameter out of bounds; EBUSY: attached
 *		already; EOPNOTSUPP: a view that this machine cannot show;
 *		else what the exporter said.
 * PEEK_INFO	ENOTCONN: not attached.
 * PEEK_SYNC_*	dma_buf_{begin,end}_cpu_access() in the given direction.
 * pwrite() on a PEEK_TO_DEVICE attachment is EACCES.
 */
#define PEEK_ATTACH	_IOW('P', 0x70, struct peek_attach)
#define PEEK_INFO	_IOR('P', 0x71, struct peek_info)
#define PEEK_SYNC_BEGIN	_IOW('P', 0x72, __u32)
#define PEEK_SYNC_END	_IOW('P', 0x73, __u32)

#endif /* UDMABUF_PEEK_H */
