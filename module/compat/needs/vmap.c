// SPDX-License-Identifier: GPL-2.0-only
/* vmap() and the kernel's caches of it */
#include <linux/mm.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/vmalloc.h>

void udmabuf_need_pages(struct dma_buf *dmabuf, struct page **pages,
			struct iosys_map *map);

void udmabuf_need_pages(struct dma_buf *dmabuf, struct page **pages,
			struct iosys_map *map)
{
	void *vaddr = vmap(pages, 1, VM_MAP, PAGE_KERNEL);

	dma_resv_assert_held(dmabuf->resv);
	if (!PageHighMem(pages[0]))
		vaddr = pfn_to_kaddr(0);
	iosys_map_set_vaddr(map, vaddr);
	invalidate_kernel_vmap_range(vaddr, PAGE_SIZE);
	flush_kernel_vmap_range(vaddr, PAGE_SIZE);
	vunmap(vaddr);
}
