// SPDX-License-Identifier: GPL-2.0-only
/* Reading a PMD entry without its lock: named so since 6.2. */
#include <linux/mm.h>
#include <linux/pgtable.h>

pmd_t udmabuf_read(pmd_t *pmdp);

pmd_t udmabuf_read(pmd_t *pmdp)
{
	return pmdp_get_lockless(pmdp);
}
