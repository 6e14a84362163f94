/* SPDX-License-Identifier: GPL-2.0-only */
/* The order of what one PMD entry maps. */
#ifndef UDMABUF_COMPAT_PMD_ORDER_H
#define UDMABUF_COMPAT_PMD_ORDER_H

#include_next <linux/pgtable.h>

#define PMD_ORDER (PMD_SHIFT - PAGE_SHIFT)

#endif /* UDMABUF_COMPAT_PMD_ORDER_H */
