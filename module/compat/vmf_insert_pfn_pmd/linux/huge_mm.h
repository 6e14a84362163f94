/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels with this gap have <linux/pfn_t.h>, and their vmf_insert_pfn_pmd()
 * takes a pfn_t in place of the page frame number.
 */
#ifndef UDMABUF_COMPAT_VMF_INSERT_PFN_PMD_H
#define UDMABUF_COMPAT_VMF_INSERT_PFN_PMD_H

#include <linux/pfn_t.h>
#include_next <linux/huge_mm.h>

#define vmf_insert_pfn_pmd(vmf, pfn, write) \
	vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, 0), write)

#endif /* UDMABUF_COMPAT_VMF_INSERT_PFN_PMD_H */
