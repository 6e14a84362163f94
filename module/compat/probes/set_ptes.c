// SPDX-License-Identifier: GPL-2.0-only
/* Setting several page-table entries in one go: since 6.6. */
#include <linux/mm.h>
#include <linux/pgtable.h>

void udmabuf_set(struct vm_area_struct *vma, pte_t *ptep, pte_t pte);

void udmabuf_set(struct vm_area_struct *vma, pte_t *ptep, pte_t pte)
{
	set_ptes(vma->vm_mm, vma->vm_start, ptep, pte, 2);
	update_mmu_cache_range(NULL, vma, vma->vm_start, ptep, 2);
}
