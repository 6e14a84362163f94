// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs: look up, cut out. See runs.h for what a run is and
 * who may touch an array when.
 */
#include <linux/minmax.h>
#include <linux/types.h>

#include "runs.h"

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
