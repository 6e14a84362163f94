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
 */
struct udmabuf_runs {
	struct udmabuf_run *run;
	size_t nr;
	size_t capacity;
	pgoff_t nr_pages;
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

int udmabuf_runs_append(struct udmabuf_runs *runs, unsigned long pfn,
			pgoff_t nr_pages, bool may_extend);
size_t udmabuf_runs_find(const struct udmabuf_runs *runs, pgoff_t pgoff);
pgoff_t udmabuf_runs_length(const struct udmabuf_runs *runs, size_t index);
bool udmabuf_runs_slice(const struct udmabuf_runs *runs, pgoff_t pgoff,
			pgoff_t nr_pages, struct udmabuf_extent *extent);
bool udmabuf_runs_next(const struct udmabuf_runs *runs, pgoff_t end,
		       struct udmabuf_extent *extent);

#endif /* UDMABUF_RUNS_H */
