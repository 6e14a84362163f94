/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: the memory of a buffer as an ordered array of physically contiguous
 * pieces.
 *
 * Pure arithmetic on page frame numbers. Nothing here knows struct page, takes
 * a lock or allocates; the same text is compiled and tested in user space.
 * An array that is being filled belongs to one thread; a full one never
 * changes again and is read without a lock.
 */
#ifndef UDMABUF_RUNS_H
#define UDMABUF_RUNS_H

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/types.h>

/**
 * struct udmabuf_run - physically contiguous memory in a buffer
 * @pgoff: first page of the run, as an offset in pages from the buffer's start
 * @pfn: page frame number of that page
 *
 * A run ends where the next one begins, the last one at the buffer's end.
 */
struct udmabuf_run {
	pgoff_t pgoff;
	unsigned long pfn;
};

/**
 * struct udmabuf_runs - the runs of a buffer
 * @run: array of @capacity runs, the first @nr of them in use; owned by the
 *       caller, who also allocates and grows it
 * @nr: number of runs in use
 * @capacity: number of runs that fit into @run
 * @nr_pages: length of all runs together, in pages
 * @next_pfn: the page frame that would continue the last run; 0, where nothing
 *            ever continues, when there is none
 */
struct udmabuf_runs {
	struct udmabuf_run *run;
	size_t nr;
	size_t capacity;
	pgoff_t nr_pages;
	unsigned long next_pfn;
};

/**
 * struct udmabuf_extent - contiguous memory at some place of a buffer
 * @pgoff: first page, as an offset in pages from the buffer's start
 * @pfn: page frame number of that page
 * @nr_pages: length in pages
 * @index: which run it lies in
 *
 * A zeroed extent stands in front of the buffer: udmabuf_runs_next() makes the
 * first one of it.
 */
struct udmabuf_extent {
	pgoff_t pgoff;
	unsigned long pfn;
	pgoff_t nr_pages;
	size_t index;
};

/*
 * What is called for each folio or for each run is inline: create, fault and close
 * do little else.
 */

/**
 * udmabuf_runs_length() - length of one run
 * @runs: the runs
 * @index: which run, below @runs->nr
 *
 * Return: its length in pages.
 */
static inline pgoff_t udmabuf_runs_length(const struct udmabuf_runs *runs,
					  size_t index)
{
	pgoff_t end = index + 1 < runs->nr ? runs->run[index + 1].pgoff :
					     runs->nr_pages;

	return end - runs->run[index].pgoff;
}

/**
 * udmabuf_runs_clear() - take all memory out
 * @runs: the runs; they keep their array
 */
static inline void udmabuf_runs_clear(struct udmabuf_runs *runs)
{
	runs->nr = 0;
	runs->nr_pages = 0;
	runs->next_pfn = 0;
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
static inline int udmabuf_runs_append(struct udmabuf_runs *runs,
				      unsigned long pfn, pgoff_t nr_pages,
				      bool may_extend)
{
	unsigned long last_pfn;
	pgoff_t total;

	if (!nr_pages)
		return 0;
	if (check_add_overflow(runs->nr_pages, nr_pages, &total) ||
	    check_add_overflow(pfn, nr_pages - 1, &last_pfn))
		return -EOVERFLOW;

	if (!may_extend || !pfn || pfn != runs->next_pfn) {
		if (runs->nr == runs->capacity)
			return -ENOSPC;
		runs->run[runs->nr].pgoff = runs->nr_pages;
		runs->run[runs->nr].pfn = pfn;
		runs->nr++;
	}
	runs->nr_pages = total;
	runs->next_pfn = last_pfn + 1;
	return 0;
}

static inline void udmabuf_extent_set(const struct udmabuf_runs *runs,
				      size_t index, pgoff_t pgoff, pgoff_t end,
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
static inline bool udmabuf_runs_next(const struct udmabuf_runs *runs,
				     pgoff_t end, struct udmabuf_extent *extent)
{
	pgoff_t pgoff = extent->pgoff + extent->nr_pages;
	size_t index = extent->index;

	end = min(end, runs->nr_pages);
	if (pgoff >= end)
		return false;

	if (index + 1 < runs->nr && runs->run[index + 1].pgoff == pgoff)
		index++;
	udmabuf_extent_set(runs, index, pgoff, end, extent);
	return true;
}

size_t udmabuf_runs_find(const struct udmabuf_runs *runs, pgoff_t pgoff);
bool udmabuf_runs_slice(const struct udmabuf_runs *runs, pgoff_t pgoff,
			pgoff_t nr_pages, struct udmabuf_extent *extent);

#endif /* UDMABUF_RUNS_H */
