/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page cache of hugetlbfs, counted in pages. Kernels with this gap count it
 * in huge pages, and so does folio->index there. hugetlb.h, which knows their
 * size, includes this file: what needs that is in compat/hugetlb_page_index.c.
 */
#ifndef UDMABUF_COMPAT_HUGETLB_PAGE_INDEX_H
#define UDMABUF_COMPAT_HUGETLB_PAGE_INDEX_H

#include_next <linux/pagemap.h>

struct folio *udmabuf_compat_filemap_get_folio(struct address_space *mapping,
					       pgoff_t index);
bool udmabuf_compat_filemap_range_has_page(struct address_space *mapping,
					   loff_t start, loff_t end);
pgoff_t udmabuf_compat_folio_pgoff(struct folio *folio);
pgoff_t udmabuf_compat_folio_next_index(struct folio *folio);

#define filemap_get_folio(mapping, index) \
	udmabuf_compat_filemap_get_folio(mapping, index)
#define filemap_range_has_page(mapping, start, end) \
	udmabuf_compat_filemap_range_has_page(mapping, start, end)
#define folio_pgoff(folio) udmabuf_compat_folio_pgoff(folio)
#define folio_next_index(folio) udmabuf_compat_folio_next_index(folio)

#endif /* UDMABUF_COMPAT_HUGETLB_PAGE_INDEX_H */
