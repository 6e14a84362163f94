// SPDX-License-Identifier: GPL-2.0-only
/* filling page tables: apply_to_page_range(), vmf_insert_pfn_pmd() and others */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/pgtable.h>

vm_fault_t udmabuf_need_fault(struct vm_fault *vmf);

static int udmabuf_need_pte(pte_t *ptep, unsigned long addr, void *data)
{
	struct vm_area_struct *vma = data;

	if (pte_none(ptep_get(ptep))) {
		set_ptes(vma->vm_mm, addr, ptep,
			 pte_mkspecial(pfn_pte(0, PAGE_KERNEL)), 1);
		update_mmu_cache_range(NULL, vma, addr, ptep, 1);
	}
	return 0;
}

vm_fault_t udmabuf_need_fault(struct vm_fault *vmf)
{
	unsigned long pfn = PMD_ORDER;
	pmd_t pmd = pmdp_get_lockless(vmf->pmd);

	vm_flags_set(vmf->vma, VM_PFNMAP);
	if (pmd_present(pmd) && pmd_leaf(pmd))
		return vmf_insert_pfn_pmd(vmf, pfn, true);
	return apply_to_page_range(vmf->vma->vm_mm, vmf->address, PAGE_SIZE,
				   udmabuf_need_pte, vmf->vma);
}
