// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data identity of one range: page i of the buffer is page first + i of the
 * memfd, seen from both sides. Every page is stamped through the memfd and
 * looked at through the buffer, then the other way round; the pages around the
 * range must not change.
 */
#include "common.h"

#define NR_HUGE		4
#define SIZE		(NR_HUGE * UDB_HUGE)
#define NR_PAGES	(SIZE / UDB_PAGE)

enum { GEN_MEMFD = 1, GEN_BUFFER };

FIXTURE(range) {
	int dev;
	int memfd;
	char *mem;
};

UDB_BACKING_VARIANTS(range);

FIXTURE_SETUP(range)
{
	TH_CHECK_FDS();
	UDB_MEMORY_OR_SKIP(variant->backing, SIZE);
}

FIXTURE_TEARDOWN(range)
{
	munmap(self->mem, SIZE);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE))
	{
		TH_LOG("pages are still pinned");
	}
	close(self->memfd);
	close(self->dev);
}

/* Pages [first, first + nr) of the memfd carry @gen, all others GEN_MEMFD. */
static void expect_memfd(struct udb_test *_metadata, FIXTURE_DATA(range) *self,
			 size_t first, size_t nr, int gen)
{
	size_t end = first + nr;
	char *mem = self->mem;

	EXPECT_EQ(-1, udb_stamp_wrong(mem, first * UDB_PAGE, GEN_MEMFD, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(mem + first * UDB_PAGE, nr * UDB_PAGE,
				      gen, first));
	EXPECT_EQ(-1,
		  udb_stamp_wrong(mem + end * UDB_PAGE,
				  (NR_PAGES - end) * UDB_PAGE, GEN_MEMFD, end));
}

/* The claim of this file for one range. Leaves all as it was. */
static void expect_identity(struct udb_test *_metadata,
			    FIXTURE_DATA(range) *self,
			    size_t first, size_t nr)
{
	size_t size = nr * UDB_PAGE;
	int buf = udb_create(self->dev, self->memfd, first * UDB_PAGE, size);
	char *map;

	ASSERT_GE(buf, 0)
	{
		TH_LOG("pages %zu + %zu", first, nr);
	}
	map = udb_map(buf, size, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, size, GEN_MEMFD, first))
	{
		TH_LOG("pages %zu + %zu", first, nr);
	}

	udb_stamp(map, size, GEN_BUFFER, first);
	expect_memfd(_metadata, self, first, nr, GEN_BUFFER);

	/* and back again, while the buffer is mapped */
	udb_stamp(self->mem + first * UDB_PAGE, size, GEN_MEMFD, first);
	EXPECT_EQ(-1, udb_stamp_wrong(map, size, GEN_MEMFD, first));
	munmap(map, size);
	close(buf);
}

#define EXPECT_IDENTITY(first, nr) \
	expect_identity(_metadata, self, first, nr)

TEST_F(range, whole)
{
	EXPECT_IDENTITY(0, NR_PAGES);
}

TEST_F(range, first_page)
{
	EXPECT_IDENTITY(0, 1);
}

TEST_F(range, last_page)
{
	EXPECT_IDENTITY(NR_PAGES - 1, 1);
}

/* On hugetlb too the granularity is 4 KiB. */
TEST_F(range, inside_of_a_huge_page)
{
	EXPECT_IDENTITY(3, 7);
	EXPECT_IDENTITY(UDB_HUGE_PAGES + 100, 300);
}

TEST_F(range, one_huge_page)
{
	EXPECT_IDENTITY(UDB_HUGE_PAGES, UDB_HUGE_PAGES);
}

TEST_F(range, across_a_huge_boundary)
{
	EXPECT_IDENTITY(UDB_HUGE_PAGES - 1, 2);
	EXPECT_IDENTITY(2 * UDB_HUGE_PAGES - 5, 11);
}

TEST_F(range, from_a_middle_to_the_end)
{
	EXPECT_IDENTITY(UDB_HUGE_PAGES / 2, NR_PAGES - UDB_HUGE_PAGES / 2);
}

TEST_F(range, from_the_start_to_a_middle)
{
	EXPECT_IDENTITY(0, NR_PAGES - UDB_HUGE_PAGES / 2);
}

TEST_F(range, from_a_middle_to_a_middle)
{
	EXPECT_IDENTITY(1, NR_PAGES - 2);
	EXPECT_IDENTITY(UDB_HUGE_PAGES - 1, 2 * UDB_HUGE_PAGES + 2);
	EXPECT_IDENTITY(UDB_HUGE_PAGES + 1, 2 * UDB_HUGE_PAGES - 2);
}

/* Every distance from a huge boundary occurs: 37 and 512 share no divisor. */
TEST_F_TIMEOUT(range, single_pages, 60)
{
	size_t first;

	for (first = 0; first < NR_PAGES; first += 37)
		EXPECT_IDENTITY(first, 1);
}

/* Starts and lengths of a fixed sequence that looks like none. */
TEST_F_TIMEOUT(range, many_odd_ranges, 60)
{
	uint32_t seed = 1;
	size_t first, nr;
	int i;

	for (i = 0; i < 40; i++) {
		seed = seed * 1664525 + 1013904223;
		first = (seed >> 8) % NR_PAGES;
		seed = seed * 1664525 + 1013904223;
		nr = 1 + (seed >> 8) % (NR_PAGES - first);
		EXPECT_IDENTITY(first, nr);
	}
}

/* What is written by write(2), which hugetlb has not, is the same memory. */
TEST_F(range, written_by_syscall)
{
	char page[UDB_PAGE] = { 0 };
	char *map;
	int buf;

	if (variant->backing == UDB_HUGETLB_2M) {
		EXPECT_ERRNO(EINVAL, pwrite(self->memfd, page, UDB_PAGE, 0));
		return;
	}
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	udb_page_stamp(page, UDB_STAMP(GEN_BUFFER, 77));
	ASSERT_EQ(UDB_PAGE, pwrite(self->memfd, page, UDB_PAGE, 77 * UDB_PAGE));
	EXPECT_TRUE(udb_page_has(map + 77 * UDB_PAGE,
				 UDB_STAMP(GEN_BUFFER, 77)));
	munmap(map, SIZE);
	close(buf);
}

/* A private mapping of the memfd has copies, which stay apart. */
TEST_F(range, private_copies_stay_private)
{
	char *map, *priv;
	int buf;

	priv = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		    self->memfd, 0);
	ASSERT_NE(MAP_FAILED, priv);
	udb_stamp(priv, SIZE, GEN_BUFFER, 0);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, GEN_MEMFD, 0));
	munmap(map, SIZE);
	munmap(priv, SIZE);
	close(buf);
}

TEST_HARNESS_MAIN
