// SPDX-License-Identifier: GPL-2.0-only
/*
 * How faults are taken: any order, many threads, and what they cost. The last
 * tests hold the driver to its promise of one fault per 2 MiB; a driver that
 * faults page by page fails them.
 */
#include <pthread.h>
#include <stdlib.h>

#include "buffer.h"
#include "mapping.h"

#define SIZE	(8 * UDB_HUGE)
#define PAGES	(SIZE / UDB_PAGE)
#define THREADS	8

UDB_BUFFER_FIXTURE(mmap_fault, SIZE);

/*
 * The @i-th of all pages in an order that looks random: @step is odd and PAGES
 * a power of two, so each page comes exactly once.
 */
static size_t nth_page(size_t i, size_t step)
{
	return (i * step + step / 3) % PAGES;
}

static long touch_in_order(const char *map, size_t step)
{
	size_t i, page;

	for (i = 0; i < PAGES; i++) {
		page = nth_page(i, step);
		if (!udb_page_has(map + page * UDB_PAGE, UDB_STAMP(1, page)))
			return page;
	}
	return -1;
}

TEST_F(mmap_fault, any_order)
{
	static const size_t steps[] = { 1, 1235, 2741, PAGES - 1, 513 };
	size_t i;
	char *map;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		map = mapping_at(self->buf, SIZE, 0, i * UDB_PAGE, PROT_READ);
		ASSERT_NE(MAP_FAILED, map);
		EXPECT_EQ(-1, touch_in_order(map, steps[i]));
		munmap(map, SIZE);
	}
}

struct toucher {
	pthread_t thread;
	pthread_barrier_t *start;
	char *map;
	size_t number;
	long wrong;
};

static void *reader_run(void *arg)
{
	struct toucher *toucher = arg;

	pthread_barrier_wait(toucher->start);
	toucher->wrong =
		touch_in_order(toucher->map, 2 * toucher->number * 331 + 1);
	return NULL;
}

/* Each writer owns every THREADS-th page, so all share every 2 MiB. */
static void *writer_run(void *arg)
{
	struct toucher *toucher = arg;
	size_t i, page;

	pthread_barrier_wait(toucher->start);
	for (i = 0; i < PAGES; i++) {
		page = nth_page(i, 1235);
		if (page % THREADS == toucher->number)
			udb_page_stamp(toucher->map + page * UDB_PAGE,
				       UDB_STAMP(2, page));
	}
	toucher->wrong = -1;
	return NULL;
}

/* Returns how many of the threads saw a wrong page or did not start. */
static int run_touchers(char *map, void *(*run)(void *arg))
{
	struct toucher touchers[THREADS];
	pthread_barrier_t start;
	size_t i, started;
	int wrong = 0;

	pthread_barrier_init(&start, NULL, THREADS);
	for (started = 0; started < THREADS; started++) {
		touchers[started] = (struct toucher){
			.start = &start,
			.map = map,
			.number = started,
		};
		if (pthread_create(&touchers[started].thread, NULL, run,
				   &touchers[started]))
			abort();
	}
	for (i = 0; i < started; i++) {
		pthread_join(touchers[i].thread, NULL);
		wrong += touchers[i].wrong != -1;
	}
	pthread_barrier_destroy(&start);
	return wrong;
}

TEST_F(mmap_fault, threads_read_at_once)
{
	size_t round;
	char *map;

	for (round = 0; round < 8; round++) {
		map = mapping_at(self->buf, SIZE, 0, round % 3 * UDB_PAGE,
				 PROT_READ);
		ASSERT_NE(MAP_FAILED, map);
		EXPECT_EQ(0, run_touchers(map, reader_run));
		munmap(map, SIZE);
	}
}

TEST_F(mmap_fault, threads_write_at_once)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, run_touchers(map, writer_run));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	munmap(map, SIZE);
}

struct unmapper {
	int buf;
	int wrong;
};

static void *unmapper_run(void *arg)
{
	struct unmapper *unmapper = arg;
	size_t round;
	char *map;

	for (round = 0; round < 100; round++) {
		map = mapping_at(unmapper->buf, SIZE, 0, 0, PROT_READ);
		if (map == MAP_FAILED ||
		    !udb_page_has(map + round * 37 * UDB_PAGE,
				  UDB_STAMP(1, round * 37)))
			unmapper->wrong++;
		else
			munmap(map, SIZE);
	}
	return NULL;
}

/* Faults beside mmap and munmap in the same address space. */
TEST_F(mmap_fault, mapping_and_unmapping_threads)
{
	struct unmapper unmappers[4];
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++) {
		unmappers[i] = (struct unmapper){ .buf = self->buf };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, unmapper_run,
					    &unmappers[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, unmappers[i].wrong);
	}
}

/* Reads a byte of each page and says how many faults that took. */
static long faults_to_touch(const char *map, size_t length)
{
	const volatile char *bytes = map;
	long before = mapping_faults();
	size_t at;

	for (at = 0; at < length; at += UDB_PAGE)
		(void)bytes[at];
	return mapping_faults() - before;
}

/* Filling page tables in mmap itself would make every mapping pay for all. */
TEST_F(mmap_fault, mapping_fills_nothing)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);
	size_t at;

	ASSERT_NE(MAP_FAILED, map);
	for (at = 0; at < SIZE; at += UDB_HUGE)
		EXPECT_EQ(1, faults_to_touch(map + at, UDB_PAGE));
	munmap(map, SIZE);
}

TEST_F(mmap_fault, one_fault_per_aligned_window)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(1, faults_to_touch(map, UDB_HUGE));
	EXPECT_EQ(7, faults_to_touch(map, SIZE));
	EXPECT_EQ(0, faults_to_touch(map, SIZE));
	munmap(map, SIZE);
}

/* Off by a page nothing huge fits, and the ends are windows of their own. */
TEST_F(mmap_fault, one_fault_per_skewed_window)
{
	char *map = mapping_at(self->buf, SIZE, 0, UDB_PAGE, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_LE(faults_to_touch(map, SIZE), 9);
	munmap(map, SIZE);
}

/* Latency stays bounded: a touch fills its own 2 MiB and nothing more. */
TEST_F(mmap_fault, one_touch_fills_one_window)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(1, faults_to_touch(map + UDB_HUGE + 77 * UDB_PAGE, UDB_PAGE));
	EXPECT_EQ(0, faults_to_touch(map + UDB_HUGE, UDB_HUGE));
	EXPECT_EQ(1, faults_to_touch(map + UDB_HUGE - UDB_PAGE, UDB_PAGE));
	EXPECT_EQ(1, faults_to_touch(map + 2 * UDB_HUGE, UDB_PAGE));
	munmap(map, SIZE);
}

TEST_F(mmap_fault, a_window_ends_where_the_mapping_ends)
{
	size_t length = 30 * UDB_PAGE;
	char *map;

	map = mapping_at(self->buf, length, UDB_HUGE - 10 * UDB_PAGE,
			 100 * UDB_PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(1, faults_to_touch(map, length));
	EXPECT_EQ(-1, udb_stamp_wrong(map, length, 1, UDB_HUGE_PAGES - 10));
	munmap(map, length);
}

#define HUGE_VARIANTS(fixture)                  \
	FIXTURE_VARIANT(fixture)                \
	{                                       \
		enum udb_backing backing;       \
	};                                      \
	FIXTURE_VARIANT_ADD(fixture, shmem_thp) \
	{                                       \
		.backing = UDB_SHMEM_THP,       \
	};                                      \
	FIXTURE_VARIANT_ADD(fixture, hugetlb_2m)\
	{                                       \
		.backing = UDB_HUGETLB_2M,      \
	}

UDB_BUFFER_FIXTURE_OF(mmap_huge, SIZE, HUGE_VARIANTS);

/*
 * An entry for 2 MiB needs no table of small entries below it: eight of those
 * tables are missing from the memory that the process spends on page tables.
 */
TEST_F(mmap_huge, entries_are_huge)
{
	ssize_t before, after;
	char *map;

	UDB_HUGE_ENTRIES_OR_SKIP();
	map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, map);
	before = mapping_table_bytes();
	faults_to_touch(map, SIZE);
	after = mapping_table_bytes();
	ASSERT_GT(before, 0);
	/* Tables of the two levels above may be new. */
	EXPECT_LE(after - before, 2 * UDB_PAGE);
	munmap(map, SIZE);
}

/* Cutting a huge entry gives small ones to the rest, by one fault. */
TEST_F(mmap_huge, a_cut_entry_is_replaced_by_one_fault)
{
	char *map;

	UDB_HUGE_ENTRIES_OR_SKIP();
	map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, map);
	faults_to_touch(map, SIZE);
	ASSERT_EQ(0, munmap(map + UDB_HUGE + UDB_PAGE, UDB_PAGE));
	EXPECT_EQ(1, faults_to_touch(map + UDB_HUGE, UDB_PAGE));
	EXPECT_LE(faults_to_touch(map + UDB_HUGE + 2 * UDB_PAGE,
				  UDB_HUGE - 2 * UDB_PAGE),
		  1);
	EXPECT_EQ(0, faults_to_touch(map, UDB_HUGE));
	EXPECT_EQ(0, faults_to_touch(map + 2 * UDB_HUGE, SIZE - 2 * UDB_HUGE));
	munmap(map, SIZE);
}

TEST_HARNESS_MAIN
