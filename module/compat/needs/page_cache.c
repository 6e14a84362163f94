// SPDX-License-Identifier: GPL-2.0-only
/* the page cache by folios: filemap_range_has_page(), folio_pgoff() and others */
#include <linux/mm.h>
#include <linux/pagemap.h>

pgoff_t udmabuf_need_cache(struct folio *folio);

pgoff_t udmabuf_need_cache(struct folio *folio)
{
	if (!filemap_range_has_page(folio->mapping, 0, 0))
		return 0;
	return folio_next_index(folio) - folio_pgoff(folio) +
	       folio_nr_pages(folio) + folio_ref_count(folio);
}
