// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a buffer into a process.
 *
 * mmap() only makes the mapping; page tables are filled on faults. A fault
 * becomes one entry of PMD size where address, page frame number and run allow,
 * and otherwise fills the whole aligned window of that size around it, with the
 * page-table lock taken once. So a fault's work is bounded, and memory that
 * nobody touches costs nothing.
 *
 * Whether a window gets a huge entry depends only on the mapping and the runs,
 * and both are fixed while a fault can run. All faults in a window therefore
 * decide alike, and none finds the other's kind of entry in its place, except
 * where a move of the mapping brought a page table along: faults respect it.
 *
 * Called with the mmap lock held for reading, or the lock of the mapping.
 */
#include <linux/align.h>
#include <linux/dma-buf.h>
#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>

#include "trace.h"
#include "udmabuf.h"

/* Ends the walk over the entries of a window: it is full. */
#define UDMABUF_WINDOW_FULL	1

/**
 * struct udmabuf_window - page-table entries that are being filled
 * @vma: the mapping
 * @runs: the buffer's memory
 * @extent: where the first page comes from
 * @nr_pages: how many pages the window has
 */
struct udmabuf_window {
	struct vm_area_struct *vma;
	const struct udmabuf_runs *runs;
	struct udmabuf_extent extent;
	pgoff_t nr_pages;
};

/* How many entries from @ptep on are empty, @nr at the most. */
static unsigned int udmabuf_count_empty(pte_t *ptep, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!pte_none(ptep_get(ptep + i)))
			break;
	return i;
}

static __always_inline void udmabuf_set_entries(struct vm_area_struct *vma,
						pte_t *ptep, unsigned long addr,
						unsigned long pfn,
						unsigned int nr)
{
	set_ptes(vma->vm_mm, addr, ptep,
		 pte_mkspecial(pfn_pte(pfn, vma->vm_page_prot)), nr);
	update_mmu_cache_range(NULL, vma, addr, ptep, nr);
}

/*
 * Another thread may have filled the same window in the meantime. Not inline: the
 * loop that calls it needs the registers where no two pages are side by side.
 */
static noinline void udmabuf_window_fill_pages(struct vm_area_struct *vma,
					       pte_t *ptep, unsigned long addr,
					       unsigned long pfn,
					       unsigned int nr_pages)
{
	unsigned int nr;

	while (nr_pages) {
		nr = udmabuf_count_empty(ptep, nr_pages);
		if (nr)
			udmabuf_set_entries(vma, ptep, addr, pfn, nr);
		else
			nr = 1;
		ptep += nr;
		addr += nr * PAGE_SIZE;
		pfn += nr;
		nr_pages -= nr;
	}
}

/*
 * Called for the first entry of a window, which lies in one page table: the others
 * stand behind it, so that none of them needs a call.
 */
static int udmabuf_window_fill(pte_t *ptep, unsigned long addr, void *data)
{
	const struct udmabuf_window *window = data;
	const struct udmabuf_runs *runs = window->runs;
	pgoff_t left = window->nr_pages, nr = window->extent.nr_pages;
	unsigned long pfn = window->extent.pfn;
	size_t index = window->extent.index;

	for (;;) {
		if (nr > 1)
			udmabuf_window_fill_pages(window->vma, ptep, addr, pfn,
						  nr);
		else if (pte_none(ptep_get(ptep)))
			udmabuf_set_entries(window->vma, ptep, addr, pfn, 1);
		left -= nr;
		if (!left)
			return UDMABUF_WINDOW_FULL;
		ptep += nr;
		addr += nr << PAGE_SHIFT;
		pfn = runs->run[++index].pfn;
		nr = min(udmabuf_runs_length(runs, index), left);
	}
}

static vm_fault_t udmabuf_vm_fill_window(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct udmabuf *ubuf = vma->vm_private_data;
	struct udmabuf_window window = { .vma = vma, .runs = &ubuf->runs };
	unsigned long base = ALIGN_DOWN(vmf->address, PMD_SIZE);
	unsigned long start = max(base, vma->vm_start);
	unsigned long last = min(base + (PMD_SIZE - 1), vma->vm_end - 1);
	pgoff_t pgoff = linear_page_index(vma, start);
	pgoff_t nr_pages = ((last - start) >> PAGE_SHIFT) + 1;

	if (vmf->pgoff >= ubuf->runs.nr_pages)
		return VM_FAULT_SIGBUS;
	if (!udmabuf_runs_slice(&ubuf->runs, pgoff, nr_pages, &window.extent))
		return VM_FAULT_SIGBUS;
	nr_pages = min(nr_pages, ubuf->runs.nr_pages - pgoff);
	window.nr_pages = nr_pages;

	if (apply_to_page_range(vma->vm_mm, start, nr_pages << PAGE_SHIFT,
				udmabuf_window_fill,
				&window) != UDMABUF_WINDOW_FULL)
		return VM_FAULT_OOM;
	trace_udmabuf_fault(ubuf, pgoff, nr_pages, 0);
	return VM_FAULT_NOPAGE;
}

/* Tells whether one entry can map the window around the fault, and the pfn. */
static bool udmabuf_vm_huge_extent(const struct vm_fault *vmf,
				   struct udmabuf_extent *extent)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct udmabuf *ubuf = vma->vm_private_data;
	unsigned long addr = ALIGN_DOWN(vmf->address, PMD_SIZE);
	pgoff_t nr_pages = 1UL << PMD_ORDER;

	if (addr < vma->vm_start || vma->vm_end - addr < PMD_SIZE)
		return false;
	if (!udmabuf_runs_slice(&ubuf->runs, linear_page_index(vma, addr),
				nr_pages, extent))
		return false;
	return extent->nr_pages == nr_pages &&
	       IS_ALIGNED(extent->pfn, nr_pages);
}

static vm_fault_t udmabuf_vm_insert_pmd(struct vm_fault *vmf)
{
	struct udmabuf *ubuf = vmf->vma->vm_private_data;
	struct udmabuf_extent extent;
	vm_fault_t ret;

	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) ||
	    !udmabuf_vm_huge_extent(vmf, &extent))
		return VM_FAULT_FALLBACK;

	ret = vmf_insert_pfn_pmd(vmf, extent.pfn,
				 vmf->flags & FAULT_FLAG_WRITE);
	if (ret == VM_FAULT_NOPAGE)
		atomic_long_inc(&ubuf->nr_huge_entries);
	trace_udmabuf_fault(ubuf, extent.pgoff, extent.nr_pages, PMD_ORDER);
	return ret;
}

/*
 * The first fault in a window comes here, before the kernel gets a page table for the
 * other kind of fault, which it would give back: a window is filled here, too.
 *
 * No entries of PUD size, even where one would fit. On 6.12 munmap() of a part of
 * such a mapping never came back from __split_huge_pmd(): by its source,
 * split_huge_pmd_address() takes what the entry maps for a page table, and here
 * that is memory which user space writes. Entries of PMD size cost a fault for
 * each 2 MiB.
 */
static vm_fault_t udmabuf_vm_huge_fault(struct vm_fault *vmf,
					unsigned int order)
{
	vm_fault_t ret;

	if (order != PMD_ORDER)
		return VM_FAULT_FALLBACK;
	ret = udmabuf_vm_insert_pmd(vmf);
	if (ret == VM_FAULT_FALLBACK && pmd_none(pmdp_get_lockless(vmf->pmd)))
		ret = udmabuf_vm_fill_window(vmf);
	return ret;
}

/*
 * Comes here when a window has a page table already, or when the administrator
 * turned transparent huge pages off, in which case nobody asked for a huge entry yet.
 */
static vm_fault_t udmabuf_vm_fault(struct vm_fault *vmf)
{
	pmd_t pmd = pmdp_get_lockless(vmf->pmd);

	/* Another thread was here first; the access will show what is left. */
	if (pmd_present(pmd) && pmd_leaf(pmd))
		return VM_FAULT_NOPAGE;
	if (pmd_none(pmd) && udmabuf_vm_insert_pmd(vmf) == VM_FAULT_NOPAGE)
		return VM_FAULT_NOPAGE;
	return udmabuf_vm_fill_window(vmf);
}

static const struct vm_operations_struct udmabuf_vm_ops = {
	.fault = udmabuf_vm_fault,
	.huge_fault = udmabuf_vm_huge_fault,
};

/**
 * udmabuf_mmap() - make a mapping of a buffer
 * @dmabuf: the buffer; the core checked that the mapping lies within it
 * @vma: the new mapping
 *
 * No page is mapped here: filling page tables is the work of a fault. The file
 * through which a mapping comes may be an importer's and be open for writing, so
 * what a read-only buffer allows is decided here.
 *
 * Context: Process context, mmap lock held for writing.
 * Return: 0, %-EINVAL for a private mapping, or %-EACCES for one of a read-only
 * buffer that is to be written.
 */
int udmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct udmabuf *ubuf = dmabuf->priv;

	if (!(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (ubuf->read_only) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	vma->vm_ops = &udmabuf_vm_ops;
	vma->vm_private_data = ubuf;
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	return 0;
}

/**
 * udmabuf_huge_sizes() - which entries other than the smallest a mapping can get
 *
 * Return: the sum of what one entry of each kind maps, in bytes.
 */
u64 udmabuf_huge_sizes(void)
{
	return IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) ? PMD_SIZE : 0;
}
