// SPDX-License-Identifier: GPL-2.0-only
/* struct dma_buf_ops */
#include <linux/mm.h>
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>

int udmabuf_need_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *a);
void udmabuf_need_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *a);
struct sg_table *udmabuf_need_map(struct dma_buf_attachment *a,
				  enum dma_data_direction direction);
void udmabuf_need_unmap(struct dma_buf_attachment *a, struct sg_table *table,
			enum dma_data_direction direction);
int udmabuf_need_access(struct dma_buf *dmabuf,
			enum dma_data_direction direction);
int udmabuf_need_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);
int udmabuf_need_vmap(struct dma_buf *dmabuf, struct iosys_map *map);
void udmabuf_need_vunmap(struct dma_buf *dmabuf, struct iosys_map *map);
void udmabuf_need_release(struct dma_buf *dmabuf);

const struct dma_buf_ops udmabuf_need_dma_buf_ops = {
	.attach = udmabuf_need_attach,
	.detach = udmabuf_need_detach,
	.map_dma_buf = udmabuf_need_map,
	.unmap_dma_buf = udmabuf_need_unmap,
	.begin_cpu_access = udmabuf_need_access,
	.end_cpu_access = udmabuf_need_access,
	.mmap = udmabuf_need_mmap,
	.vmap = udmabuf_need_vmap,
	.vunmap = udmabuf_need_vunmap,
	.release = udmabuf_need_release,
};
