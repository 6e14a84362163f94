/* SPDX-License-Identifier: GPL-2.0-only */
/* Setting several page-table entries in one go, and telling so. */
#ifndef UDMABUF_COMPAT_SET_PTES_H
#define UDMABUF_COMPAT_SET_PTES_H

#include_next <linux/pgtable.h>

static inline void set_ptes(struct mm_struct *mm, unsigned long addr,
			    pte_t *ptep, pte_t pte, unsigned int nr)
{
	for (;;) {
		set_pte_at(mm, addr, ptep, pte);
		if (--nr == 0)
			break;
		ptep++;
		addr += PAGE_SIZE;
		pte = pfn_pte(pte_pfn(pte) + 1, pte_pgprot(pte));
	}
}

static inline void update_mmu_cache_range(struct vm_fault *vmf,
					  struct vm_area_struct *vma,
					  unsigned long addr, pte_t *ptep,
					  unsigned int nr)
{
	for (; nr; nr--, ptep++, addr += PAGE_SIZE)
		update_mmu_cache(vma, addr, ptep);
}

#endif /* UDMABUF_COMPAT_SET_PTES_H */
