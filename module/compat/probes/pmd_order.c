// SPDX-License-Identifier: GPL-2.0-only
/* PMD_ORDER: 6.4. */
#include <linux/mm.h>
#include <linux/pgtable.h>

unsigned int udmabuf_order = PMD_ORDER;
