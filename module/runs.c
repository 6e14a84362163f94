// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs: append and merge, look up, cut out. See runs.h for what a run is and
 * who may touch an array when.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/types.h>

#include "runs.h"

/**
 * udmabuf_runs_length() - length of one run
 * @runs: the runs
 * @index: which run, below @runs->nr
 *
 * Return: its length in pages.
 */
pgoff_t udmabuf_runs_length(const struct udmabuf_runs *runs, size_t index)
{
	pgoff_t end = index + 1 < runs->nr ? runs->run[index + 1].pgoff :
					     runs->nr_pages;

	return end - runs->run[index].pgoff;
}

/* Nothing continues at page frame 0, where the frame behind the last wraps. */
static bool udmabuf_runs_continue_last(const struct udmabuf_runs *runs,
				       unsigned long pfn)
{
	size_t last = runs->nr - 1;

	return runs->nr && pfn &&
	       runs->run[last].pfn + udmabuf_runs_length(runs, last) == pfn;
}

/**
 * udmabuf_runs_append() - add memory at the end
 * @runs: the runs
 * @pfn: first page frame of the memory
 * @nr_pages: its length in pages; 0 adds nothing
 * @may_extend: whether the memory may become part of the last run where it
 *              continues it; otherwise it always starts a run of its own
 *
 * Return: 0, %-ENOSPC when the array is full (nothing changed: grow it and
 * call again), %-EOVERFLOW when the length or the page frame number would
 * wrap around (nothing changed).
 */
int udmabuf_runs_append(struct udmabuf_runs *runs, unsigned long pfn,
			pgoff_t nr_pages, bool may_extend)
{
	unsigned long last_pfn;
	pgoff_t total;

	if (!nr_pages)
		return 0;
	if (check_add_overflow(runs->nr_pages, nr_pages, &total) ||
	    check_add_overflow(pfn, nr_pages - 1, &last_pfn))
		return -EOVERFLOW;

	if (!may_extend || !udmabuf_runs_continue_last(runs, pfn)) {
		if (runs->nr == runs->capacity)
			return -ENOSPC;
		runs->run[runs->nr].pgoff = runs->nr_pages;
		runs->run[runs->nr].pfn = pfn;
		runs->nr++;
	}
	runs->nr_pages = total;
	return 0;
}

/**
 * udmabuf_runs_find() - the run that holds a page
 * @runs: the runs
 * @pgoff: the page, below @runs->nr_pages
 *
 * Binary search: O(log runs).
 *
 * Return: index of the run.
 */
size_t udmabuf_runs_find(const struct udmabuf_runs *runs, pgoff_t pgoff)
{
	size_t low = 0, end = runs->nr;

	while (end - low > 1) {
		size_t middle = low + (end - low) / 2;

		if (runs->run[middle].pgoff <= pgoff)
			low = middle;
		else
			end = middle;
	}
	return low;
}

static void udmabuf_extent_set(const struct udmabuf_runs *runs, size_t index,
			       pgoff_t pgoff, pgoff_t end,
			       struct udmabuf_extent *extent)
{
	const struct udmabuf_run *run = &runs->run[index];
	pgoff_t run_end = run->pgoff + udmabuf_runs_length(runs, index);

	extent->pgoff = pgoff;
	extent->pfn = run->pfn + (pgoff - run->pgoff);
	extent->nr_pages = min(run_end, end) - pgoff;
	extent->index = index;
}

/**
 * udmabuf_runs_slice() - contiguous memory at the start of a page range
 * @runs: the runs
 * @pgoff: first page wanted
 * @nr_pages: how many pages are wanted at the most
 * @extent: receives the memory from @pgoff to the end of its run, of the
 *          range or of the buffer, whichever comes first
 *
 * Costs a look-up, O(log runs).
 *
 * Return: false when the range is empty or starts behind the buffer's end;
 * @extent is then unchanged.
 */
bool udmabuf_runs_slice(const struct udmabuf_runs *runs, pgoff_t pgoff,
			pgoff_t nr_pages, struct udmabuf_extent *extent)
{
	if (pgoff >= runs->nr_pages || !nr_pages)
		return false;

	nr_pages = min(nr_pages, runs->nr_pages - pgoff);
	udmabuf_extent_set(runs, udmabuf_runs_find(runs, pgoff), pgoff,
			   pgoff + nr_pages, extent);
	return true;
}

/**
 * udmabuf_runs_next() - contiguous memory that follows an extent
 * @runs: the runs
 * @end: first page that is not wanted any more
 * @extent: an extent of these runs, or a zeroed one to begin with; receives
 *          the one behind it
 *
 * A step of a walk, O(1).
 *
 * Return: false when there is nothing before @end or before the buffer's end;
 * @extent is then unchanged.
 */
bool udmabuf_runs_next(const struct udmabuf_runs *runs, pgoff_t end,
		       struct udmabuf_extent *extent)
{
	pgoff_t pgoff = extent->pgoff + extent->nr_pages;
	size_t index = extent->index;

	end = min(end, runs->nr_pages);
	if (pgoff >= end)
		return false;

	if (pgoff == runs->run[index].pgoff + udmabuf_runs_length(runs, index))
		index++;
	udmabuf_extent_set(runs, index, pgoff, end, extent);
	return true;
}
