/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pmdp_get_lockless() had the name pmd_read_atomic(). What can be read of an
 * entry of two words while it changes is "none" or "a page table", which is all
 * that the driver asks for.
 */
#ifndef UDMABUF_COMPAT_PMDP_GET_LOCKLESS_H
#define UDMABUF_COMPAT_PMDP_GET_LOCKLESS_H

#include_next <linux/pgtable.h>

static inline pmd_t pmdp_get_lockless(pmd_t *pmdp)
{
	return pmd_read_atomic(pmdp);
}

#endif /* UDMABUF_COMPAT_PMDP_GET_LOCKLESS_H */
