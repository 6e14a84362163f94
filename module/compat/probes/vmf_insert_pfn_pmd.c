// SPDX-License-Identifier: GPL-2.0-only
/* The page frame number is a number, no pfn_t: 6.17. */
#include <linux/mm.h>
#include <linux/huge_mm.h>

vm_fault_t (*udmabuf_insert)(struct vm_fault *vmf, unsigned long pfn,
			     bool write) = vmf_insert_pfn_pmd;
