// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each promise of module/runs.h on its own. The arrays are as large as needed
 * and no larger, so that the address sanitizer sees a step too far.
 */
#include <limits.h>
#include <stdlib.h>

#include "udb_harness.h"

#include "runs.h"

FIXTURE(runs) {
	struct udmabuf_runs r;
};

FIXTURE_SETUP(runs)
{
	self->r.capacity = 4;
	self->r.run = calloc(self->r.capacity, sizeof(*self->r.run));
	ASSERT_NE(NULL, self->r.run);
}

FIXTURE_TEARDOWN(runs)
{
	free(self->r.run);
}

static bool run_is(const struct udmabuf_runs *r, size_t index, pgoff_t pgoff,
		   unsigned long pfn, pgoff_t length)
{
	return r->run[index].pgoff == pgoff && r->run[index].pfn == pfn &&
	       udmabuf_runs_length(r, index) == length;
}

static bool extent_is(const struct udmabuf_extent *e, size_t index,
		      pgoff_t pgoff, unsigned long pfn, pgoff_t nr_pages)
{
	return e->index == index && e->pgoff == pgoff && e->pfn == pfn &&
	       e->nr_pages == nr_pages;
}

/* Three runs: pages 0 to 3, 4 to 4 and 5 to 11. */
static int three_runs(struct udmabuf_runs *r)
{
	return udmabuf_runs_append(r, 100, 4, true)	   ?:
		       udmabuf_runs_append(r, 50, 1, true) ?:
		       udmabuf_runs_append(r, 200, 7, true);
}

TEST_F(runs, empty)
{
	struct udmabuf_extent e = { 7, 8, 9, 3 };

	EXPECT_EQ(0, self->r.nr);
	EXPECT_FALSE(udmabuf_runs_slice(&self->r, 0, 1, &e));
	EXPECT_TRUE(extent_is(&e, 3, 7, 8, 9));
}

TEST_F(runs, append_one)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 512, true));
	EXPECT_EQ(1, self->r.nr);
	EXPECT_EQ(512, self->r.nr_pages);
	EXPECT_TRUE(run_is(&self->r, 0, 0, 1000, 512));
}

TEST_F(runs, append_nothing)
{
	self->r.capacity = 0;
	EXPECT_EQ(0, udmabuf_runs_append(&self->r, 1000, 0, true));
	EXPECT_EQ(0, udmabuf_runs_append(&self->r, ULONG_MAX, 0, false));
	EXPECT_EQ(0, self->r.nr);
	EXPECT_EQ(0, self->r.nr_pages);
}

TEST_F(runs, append_merges_what_continues)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 1, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1001, 3, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1004, 512, true));
	EXPECT_EQ(1, self->r.nr);
	EXPECT_TRUE(run_is(&self->r, 0, 0, 1000, 516));
}

TEST_F(runs, append_keeps_apart_what_does_not)
{
	/* a gap of a page, the same page again, the page before */
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1003, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1004, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1003, 1, true));
	ASSERT_EQ(4, self->r.nr);
	EXPECT_EQ(7, self->r.nr_pages);
	EXPECT_TRUE(run_is(&self->r, 0, 0, 1000, 2));
	EXPECT_TRUE(run_is(&self->r, 1, 2, 1003, 2));
	EXPECT_TRUE(run_is(&self->r, 2, 4, 1004, 2));
	EXPECT_TRUE(run_is(&self->r, 3, 6, 1003, 1));
}

TEST_F(runs, append_only_looks_at_the_last_run)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 2000, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1002, 2, true));
	EXPECT_EQ(3, self->r.nr);
}

TEST_F(runs, append_may_not_extend)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 2, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1002, 2, false));
	ASSERT_EQ(2, self->r.nr);
	EXPECT_TRUE(run_is(&self->r, 0, 0, 1000, 2));
	EXPECT_TRUE(run_is(&self->r, 1, 2, 1002, 2));

	/* whoever comes next may extend the new run */
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1004, 2, true));
	EXPECT_EQ(2, self->r.nr);
	EXPECT_TRUE(run_is(&self->r, 1, 2, 1002, 4));
}

TEST_F(runs, append_page_frame_zero)
{
	/* must not be taken for the continuation of no run at all */
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 0, 1, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1, 1, true));
	EXPECT_EQ(1, self->r.nr);
	EXPECT_TRUE(run_is(&self->r, 0, 0, 0, 2));
}

TEST_F(runs, full_array_changes_nothing)
{
	self->r.capacity = 3;
	ASSERT_EQ(0, three_runs(&self->r));
	EXPECT_EQ(-ENOSPC, udmabuf_runs_append(&self->r, 900, 1, true));
	EXPECT_EQ(-ENOSPC, udmabuf_runs_append(&self->r, 207, 1, false));
	EXPECT_EQ(3, self->r.nr);
	EXPECT_EQ(12, self->r.nr_pages);
	EXPECT_TRUE(run_is(&self->r, 2, 5, 200, 7));

	/* extending needs no room */
	EXPECT_EQ(0, udmabuf_runs_append(&self->r, 207, 1, true));
	EXPECT_EQ(3, self->r.nr);
	EXPECT_EQ(13, self->r.nr_pages);

	/* and the refused call succeeds once there is some */
	self->r.capacity = 4;
	EXPECT_EQ(0, udmabuf_runs_append(&self->r, 900, 1, true));
	EXPECT_TRUE(run_is(&self->r, 3, 13, 900, 1));
}

TEST_F(runs, no_array_at_all)
{
	struct udmabuf_runs none = { 0 };

	EXPECT_EQ(-ENOSPC, udmabuf_runs_append(&none, 1, 1, true));
	EXPECT_EQ(0, none.nr_pages);
}

TEST_F(runs, length_overflow_changes_nothing)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 0, ULONG_MAX, true));
	EXPECT_EQ(ULONG_MAX, self->r.nr_pages);
	EXPECT_EQ(-EOVERFLOW, udmabuf_runs_append(&self->r, 5, 1, true));
	EXPECT_EQ(-EOVERFLOW,
		  udmabuf_runs_append(&self->r, 0, ULONG_MAX, true));
	EXPECT_EQ(1, self->r.nr);
	EXPECT_EQ(ULONG_MAX, self->r.nr_pages);
}

TEST_F(runs, pfn_overflow_changes_nothing)
{
	EXPECT_EQ(-EOVERFLOW,
		  udmabuf_runs_append(&self->r, ULONG_MAX, 2, true));
	EXPECT_EQ(-EOVERFLOW,
		  udmabuf_runs_append(&self->r, 2, ULONG_MAX, true));
	EXPECT_EQ(0, self->r.nr);
	EXPECT_EQ(0, self->r.nr_pages);

	/* the very last page frame is a page frame */
	EXPECT_EQ(0, udmabuf_runs_append(&self->r, ULONG_MAX, 1, true));
	EXPECT_TRUE(run_is(&self->r, 0, 0, ULONG_MAX, 1));
}

/* The end of the address space does not continue at its beginning. */
TEST_F(runs, pfn_does_not_wrap_into_a_run)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, ULONG_MAX, 1, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 0, 1, true));
	EXPECT_EQ(2, self->r.nr);
}

TEST_F(runs, find_in_one)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 512, true));
	EXPECT_EQ(0, udmabuf_runs_find(&self->r, 0));
	EXPECT_EQ(0, udmabuf_runs_find(&self->r, 1));
	EXPECT_EQ(0, udmabuf_runs_find(&self->r, 511));
}

TEST_F(runs, find_in_two)
{
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 1000, 3, true));
	ASSERT_EQ(0, udmabuf_runs_append(&self->r, 2000, 2, true));
	EXPECT_EQ(0, udmabuf_runs_find(&self->r, 0));
	EXPECT_EQ(0, udmabuf_runs_find(&self->r, 2));
	EXPECT_EQ(1, udmabuf_runs_find(&self->r, 3));
	EXPECT_EQ(1, udmabuf_runs_find(&self->r, 4));
}

/* First and last page of every run, for every number of runs up to 100. */
TEST_F(runs, find_in_many)
{
	struct udmabuf_run array[100];
	struct udmabuf_runs r = { .run = array, .capacity = 100 };
	size_t nr, i;

	for (nr = 1; nr <= 100; nr++) {
		ASSERT_EQ(0, udmabuf_runs_append(&r, nr * 1000, nr, true));
		for (i = 0; i < nr; i++) {
			pgoff_t first = i * (i + 1) / 2;

			ASSERT_EQ(i, udmabuf_runs_find(&r, first));
			ASSERT_EQ(i, udmabuf_runs_find(&r, first + i));
			ASSERT_EQ(i + 1, udmabuf_runs_length(&r, i));
		}
	}
}

TEST_F(runs, slice_inside_a_run)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 6, 3, &e));
	EXPECT_TRUE(extent_is(&e, 2, 6, 201, 3));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 0, 1, &e));
	EXPECT_TRUE(extent_is(&e, 0, 0, 100, 1));
}

TEST_F(runs, slice_to_the_end_of_a_run)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 1, 3, &e));
	EXPECT_TRUE(extent_is(&e, 0, 1, 101, 3));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 4, 1, &e));
	EXPECT_TRUE(extent_is(&e, 1, 4, 50, 1));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 11, 1, &e));
	EXPECT_TRUE(extent_is(&e, 2, 11, 206, 1));
}

TEST_F(runs, slice_over_the_end_of_a_run)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 3, 4, &e));
	EXPECT_TRUE(extent_is(&e, 0, 3, 103, 1));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 4, 8, &e));
	EXPECT_TRUE(extent_is(&e, 1, 4, 50, 1));
}

TEST_F(runs, slice_over_the_end_of_the_buffer)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 10, 3, &e));
	EXPECT_TRUE(extent_is(&e, 2, 10, 205, 2));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 11, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 2, 11, 206, 1));
}

TEST_F(runs, slice_of_nothing)
{
	struct udmabuf_extent e = { 7, 8, 9, 3 };

	ASSERT_EQ(0, three_runs(&self->r));
	EXPECT_FALSE(udmabuf_runs_slice(&self->r, 0, 0, &e));
	EXPECT_FALSE(udmabuf_runs_slice(&self->r, 12, 1, &e));
	EXPECT_FALSE(udmabuf_runs_slice(&self->r, ULONG_MAX, 1, &e));
	EXPECT_FALSE(udmabuf_runs_slice(&self->r, ULONG_MAX, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 3, 7, 8, 9));
}

TEST_F(runs, next_walks_to_the_end_of_the_buffer)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 2, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 0, 2, 102, 2));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 1, 4, 50, 1));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 2, 5, 200, 7));
	EXPECT_FALSE(udmabuf_runs_next(&self->r, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 2, 5, 200, 7));
}

TEST_F(runs, next_stops_at_the_end_of_the_range)
{
	struct udmabuf_extent e;

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 3, 4, &e));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 7, &e));
	EXPECT_TRUE(extent_is(&e, 1, 4, 50, 1));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 7, &e));
	EXPECT_TRUE(extent_is(&e, 2, 5, 200, 2));
	EXPECT_FALSE(udmabuf_runs_next(&self->r, 7, &e));

	/* a range that ends where a run ends, and one that ended before */
	ASSERT_TRUE(udmabuf_runs_slice(&self->r, 0, 4, &e));
	EXPECT_FALSE(udmabuf_runs_next(&self->r, 4, &e));
	EXPECT_FALSE(udmabuf_runs_next(&self->r, 0, &e));
	EXPECT_TRUE(extent_is(&e, 0, 0, 100, 4));
}

TEST_F(runs, next_begins_with_a_zeroed_extent)
{
	struct udmabuf_extent e = { 0 };

	EXPECT_FALSE(udmabuf_runs_next(&self->r, ULONG_MAX, &e));
	ASSERT_EQ(0, three_runs(&self->r));
	EXPECT_FALSE(udmabuf_runs_next(&self->r, 0, &e));
	EXPECT_TRUE(extent_is(&e, 0, 0, 0, 0));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, ULONG_MAX, &e));
	EXPECT_TRUE(extent_is(&e, 0, 0, 100, 4));
}

/* A walk that was cut short goes on in the middle of a run. */
TEST_F(runs, next_goes_on_where_it_was_cut)
{
	struct udmabuf_extent e = { 0 };

	ASSERT_EQ(0, three_runs(&self->r));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 1, &e));
	EXPECT_TRUE(extent_is(&e, 0, 0, 100, 1));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 3, &e));
	EXPECT_TRUE(extent_is(&e, 0, 1, 101, 2));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 12, &e));
	EXPECT_TRUE(extent_is(&e, 0, 3, 103, 1));
	ASSERT_TRUE(udmabuf_runs_next(&self->r, 12, &e));
	EXPECT_TRUE(extent_is(&e, 1, 4, 50, 1));
}

TEST_HARNESS_MAIN
