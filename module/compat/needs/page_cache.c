// SPDX-License-Identifier: GPL-2.0-only
/* the page cache by folios: filemap_get_folio(), folio_pgoff() and others */
#include <linux/mm.h>
#include <linux/err.h>
#include <linux/pagemap.h>

pgoff_t udmabuf_need_cache(struct address_space *mapping);

pgoff_t udmabuf_need_cache(struct address_space *mapping)
{
	struct folio *folio = filemap_get_folio(mapping, 0);
	pgoff_t next;

	if (IS_ERR(folio))
		return 0;
	next = folio_next_index(folio) - folio_pgoff(folio) +
	       folio_nr_pages(folio) + folio_ref_count(folio);
	folio_put(folio);
	return next;
}
