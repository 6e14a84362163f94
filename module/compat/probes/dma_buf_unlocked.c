// SPDX-License-Identifier: GPL-2.0-only
/* Exporters are called under the reservation lock: 6.2, as is this function. */
#include <linux/mm.h>
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>

int (*udmabuf_map)(struct dma_buf *dmabuf,
		   struct iosys_map *map) = dma_buf_vmap_unlocked;
