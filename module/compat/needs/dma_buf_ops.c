// SPDX-License-Identifier: GPL-2.0-only
/* struct dma_buf_ops */
#include <linux/mm.h>
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>

bool udmabuf_need_dma_buf_ops(const struct dma_buf_ops *ops);

bool udmabuf_need_dma_buf_ops(const struct dma_buf_ops *ops)
{
	int (*attach)(struct dma_buf *dmabuf,
		      struct dma_buf_attachment *attach) = ops->attach;
	void (*detach)(struct dma_buf *dmabuf,
		       struct dma_buf_attachment *attach) = ops->detach;
	struct sg_table *(*map)(struct dma_buf_attachment *attach,
				enum dma_data_direction direction) =
		ops->map_dma_buf;
	void (*unmap)(struct dma_buf_attachment *attach, struct sg_table *table,
		      enum dma_data_direction direction) = ops->unmap_dma_buf;
	int (*begin)(struct dma_buf *dmabuf,
		     enum dma_data_direction direction) = ops->begin_cpu_access;
	int (*end)(struct dma_buf *dmabuf, enum dma_data_direction direction) =
		ops->end_cpu_access;
	int (*mmap)(struct dma_buf *dmabuf, struct vm_area_struct *vma) =
		ops->mmap;
	int (*vmap)(struct dma_buf *dmabuf, struct iosys_map *map) = ops->vmap;
	void (*vunmap)(struct dma_buf *dmabuf, struct iosys_map *map) =
		ops->vunmap;
	void (*release)(struct dma_buf *dmabuf) = ops->release;

	return attach && detach && map && unmap && begin && end && mmap &&
	       vmap && vunmap && release;
}
