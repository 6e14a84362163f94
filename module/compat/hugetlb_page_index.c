// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page cache of hugetlbfs, counted in pages, for kernels that count it in
 * huge pages. Takes no locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

/**
 * udmabuf_compat_filemap_get_folio() - find the folio of a page of a file
 * @mapping: the file
 * @index: the page
 *
 * Return: the folio with a reference, or an ERR_PTR(); some of the kernels with
 * this gap answer NULL in place of that.
 */
struct folio *udmabuf_compat_filemap_get_folio(struct address_space *mapping,
					       pgoff_t index)
{
	struct inode *inode = mapping->host;
	struct folio *folio;

	if (inode->i_sb->s_magic == HUGETLBFS_MAGIC)
		index >>= huge_page_order(hstate_inode(inode));
	folio = __filemap_get_folio(mapping, index, 0, 0);
	return folio ? folio : ERR_PTR(-ENOENT);
}

/* The shadow header's, which would come back here. */
#undef filemap_range_has_page

/**
 * udmabuf_compat_filemap_range_has_page() - whether a range of a file has a page
 * @mapping: the file
 * @start: first byte of the range
 * @end: its last byte
 *
 * Return: whether there is a page in memory that holds a byte of it.
 */
bool udmabuf_compat_filemap_range_has_page(struct address_space *mapping,
					   loff_t start, loff_t end)
{
	struct inode *inode = mapping->host;

	if (inode->i_sb->s_magic == HUGETLBFS_MAGIC) {
		start >>= huge_page_order(hstate_inode(inode));
		end >>= huge_page_order(hstate_inode(inode));
	}
	return filemap_range_has_page(mapping, start, end);
}

/**
 * udmabuf_compat_folio_pgoff() - where a folio begins in its file
 * @folio: a folio of a file
 *
 * Return: the first page that it holds.
 */
pgoff_t udmabuf_compat_folio_pgoff(struct folio *folio)
{
	if (folio_test_hugetlb(folio))
		return folio->index << folio_order(folio);
	return folio->index;
}

/**
 * udmabuf_compat_folio_next_index() - where a folio ends in its file
 * @folio: a folio of a file
 *
 * Return: the page behind the last one that it holds.
 */
pgoff_t udmabuf_compat_folio_next_index(struct folio *folio)
{
	return udmabuf_compat_folio_pgoff(folio) + folio_nr_pages(folio);
}
