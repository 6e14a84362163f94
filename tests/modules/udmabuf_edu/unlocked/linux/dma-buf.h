/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels whose dma-buf core takes no reservation lock around these calls have
 * them by their short names.
 */
#ifndef UDMABUF_EDU_UNLOCKED_DMA_BUF_H
#define UDMABUF_EDU_UNLOCKED_DMA_BUF_H

#include_next <linux/dma-buf.h>

#define dma_buf_map_attachment_unlocked dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked dma_buf_unmap_attachment

#endif /* UDMABUF_EDU_UNLOCKED_DMA_BUF_H */
