/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA_ATTR_DEBUGGING_IGNORE_CACHELINES, where the kernel has none: its checks know of
 * no mappings that may overlap.
 */
#ifndef UDMABUF_COMPAT_LINUX_DMA_MAPPING_H
#define UDMABUF_COMPAT_LINUX_DMA_MAPPING_H

#include_next <linux/dma-mapping.h>

#ifndef DMA_ATTR_DEBUGGING_IGNORE_CACHELINES
#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES 0
#endif

#endif /* UDMABUF_COMPAT_LINUX_DMA_MAPPING_H */
