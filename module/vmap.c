// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a buffer into the kernel.
 *
 * A buffer of one run is there already, in the direct map. For several runs
 * the pages are mapped side by side; the array of pages that this takes lives
 * only during the call. The core counts users, so there is one mapping at a
 * time, and calls with the reservation lock held.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "udmabuf.h"

static void udmabuf_set_vaddr(struct udmabuf *ubuf, void *vaddr)
{
	mutex_lock(&ubuf->lock);
	ubuf->vaddr = vaddr;
	mutex_unlock(&ubuf->lock);
}

static bool udmabuf_is_direct_mapped(const struct udmabuf *ubuf)
{
	return ubuf->runs.nr == 1 &&
	       !PageHighMem(pfn_to_page(ubuf->runs.run[0].pfn));
}

static void udmabuf_list_pages(const struct udmabuf_runs *all,
			       struct page **pages)
{
	const struct udmabuf_runs runs = *all; /* fits into registers */
	unsigned long pfn, end;
	size_t i;

	for (i = 0; i < runs.nr; i++) {
		pfn = runs.run[i].pfn;
		end = pfn + udmabuf_runs_length(&runs, i);
		while (pfn < end)
			*pages++ = pfn_to_page(pfn++);
	}
}

static void *udmabuf_map_runs(const struct udmabuf_runs *runs)
{
	struct page **pages;
	void *vaddr;

	if (runs->nr_pages > UINT_MAX)
		return NULL;
	pages = kvmalloc_array(runs->nr_pages, sizeof(*pages),
			       GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	udmabuf_list_pages(runs, pages);
	vaddr = vmap(pages, runs->nr_pages, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return vaddr;
}

/**
 * udmabuf_vmap() - map a buffer into the kernel
 * @dmabuf: the buffer
 * @map: receives the address
 *
 * Context: Process context, reservation lock held.
 * Return: 0, or %-ENOMEM.
 */
int udmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct udmabuf *ubuf = dmabuf->priv;
	void *vaddr;

	dma_resv_assert_held(dmabuf->resv);

	if (udmabuf_is_direct_mapped(ubuf)) {
		iosys_map_set_vaddr(map, pfn_to_kaddr(ubuf->runs.run[0].pfn));
		return 0;
	}

	vaddr = udmabuf_map_runs(&ubuf->runs);
	if (!vaddr)
		return -ENOMEM;
	udmabuf_set_vaddr(ubuf, vaddr);
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

/**
 * udmabuf_vunmap() - undo udmabuf_vmap()
 * @dmabuf: the buffer
 * @map: what udmabuf_vmap() answered
 *
 * Context: Process context, reservation lock held.
 */
void udmabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct udmabuf *ubuf = dmabuf->priv;

	dma_resv_assert_held(dmabuf->resv);

	if (!ubuf->vaddr)
		return;
	udmabuf_set_vaddr(ubuf, NULL);
	vunmap(map->vaddr);
}
