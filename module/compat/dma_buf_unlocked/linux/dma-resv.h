/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels with this gap do not call an exporter under the reservation lock.
 * vmap() and vunmap() come under a mutex of the core's own, which serves the
 * driver as well; there is nothing to assert.
 */
#ifndef UDMABUF_COMPAT_DMA_BUF_UNLOCKED_H
#define UDMABUF_COMPAT_DMA_BUF_UNLOCKED_H

#include_next <linux/dma-resv.h>

#undef dma_resv_assert_held
#define dma_resv_assert_held(resv) ((void)(resv))

#endif /* UDMABUF_COMPAT_DMA_BUF_UNLOCKED_H */
