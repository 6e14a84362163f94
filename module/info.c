// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a buffer is like, for those who ask: the table of debugfs, and user space by
 * ioctl. Nothing here is kept; it is counted when somebody wants to know.
 *
 * The runs of an exported buffer are constant. What changes is counted under
 * udmabuf.lock, by exporter.c.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <uapi/linux/udmabuf.h>

#include "udmabuf.h"

static void udmabuf_count_extent(const struct udmabuf_extent *extent,
				 u64 *folios)
{
	pgoff_t done = 0;

	while (done < extent->nr_pages) {
		struct page *page = pfn_to_page(extent->pfn + done);
		struct folio *folio = page_folio(page);

		folios[min(folio_order(folio), UDMABUF_INFO_ORDERS - 1)]++;
		done += folio_nr_pages(folio) - folio_page_idx(folio, page);
	}
	cond_resched();
}

/**
 * udmabuf_describe() - tell what a buffer is like
 * @ubuf: an exported buffer
 * @info: receives it; size and fd stay as they are
 *
 * Takes a step for each folio.
 *
 * Context: Process context, sleeps.
 * Return: 0, or %-EINTR when a fatal signal is pending.
 */
int udmabuf_describe(struct udmabuf *ubuf, struct udmabuf_info *info)
{
	struct udmabuf_extent extent = {};

	while (udmabuf_runs_next(&ubuf->runs, ubuf->runs.nr_pages, &extent)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		udmabuf_count_extent(&extent, info->folios);
	}
	if (ubuf->read_only)
		info->flags |= UDMABUF_INFO_READ_ONLY;
	if (ubuf->sealed)
		info->flags |= UDMABUF_INFO_SEALED;
	info->bytes = (u64)ubuf->runs.nr_pages << PAGE_SHIFT;
	info->runs = ubuf->runs.nr;
	info->huge_entries = atomic_long_read(&ubuf->nr_huge_entries);
	udmabuf_count_attachments(ubuf, &info->attachments, &info->mapped);
	return 0;
}
