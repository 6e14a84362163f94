// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data identity of lists: a buffer of many ranges shows, page for page, the
 * memory that the list names, in its order, however the ranges lie: several
 * memfds, overlaps, the same page often, backwards, next to each other inside
 * one large folio.
 *
 * What a list promises is computed page by page (struct layout) and compared
 * with what the mapping of the buffer shows; then every page is written through
 * the buffer and looked for in the memfds.
 */
#include <stdlib.h>

#include "common.h"

#define NR_MEMFDS	3
#define SIZE		(2 * UDB_HUGE)
#define NR_PAGES	(SIZE / UDB_PAGE)
#define ITEMS_MAX	1024

enum { GEN_MEMFD = 1, GEN_BUFFER };

FIXTURE(list) {
	int dev;
	int memfd[NR_MEMFDS];
	char *mem[NR_MEMFDS];
	struct udmabuf_create_item items[ITEMS_MAX];
	uint32_t nr_items;
};

UDB_BACKING_VARIANTS(list);

/* The variants' memfds; the mixed fixture has its own. */
static void setup_memfd(struct udb_test *_metadata,
			FIXTURE_DATA(list) *self, int i,
			enum udb_backing backing)
{
	UDB_MEMFD_OR_SKIP(self->memfd[i], backing, SIZE);
	self->mem[i] = udb_map(self->memfd[i], SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem[i]);
	udb_stamp(self->mem[i], SIZE, GEN_MEMFD, i * NR_PAGES);
}

FIXTURE_SETUP(list)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	for (i = 0; i < NR_MEMFDS; i++)
		setup_memfd(_metadata, self, i, variant->backing);
}

static void teardown_list(struct udb_test *_metadata, FIXTURE_DATA(list) *self)
{
	int i;

	for (i = 0; i < NR_MEMFDS; i++) {
		munmap(self->mem[i], SIZE);
		EXPECT_EQ(0, fcntl(self->memfd[i], F_ADD_SEALS, F_SEAL_WRITE))
		{
			TH_LOG("pages of memfd %d are still pinned", i);
		}
		close(self->memfd[i]);
	}
	close(self->dev);
}

FIXTURE_TEARDOWN(list)
{
	teardown_list(_metadata, self);
}

/* One more range: @nr pages of memfd number @m from page @first on. */
static void add(FIXTURE_DATA(list) *self, int m, size_t first, size_t nr)
{
	self->items[self->nr_items++] = (struct udmabuf_create_item){
		.memfd = self->memfd[m],
		.offset = first * UDB_PAGE,
		.size = nr * UDB_PAGE,
	};
}

/*
 * For each page of the buffer which page of the memfds it must be, counted
 * through all memfds: m * NR_PAGES + page. As the stamps are.
 */
struct layout {
	size_t nr;
	uint32_t *page;
};

static int memfd_number(FIXTURE_DATA(list) *self, int fd)
{
	int m = 0;

	while (self->memfd[m] != fd)
		m++;
	return m;
}

static void layout_make(FIXTURE_DATA(list) *self, struct layout *l)
{
	size_t total = 0, nr, i;
	uint32_t n;
	int m;

	for (n = 0; n < self->nr_items; n++)
		total += self->items[n].size / UDB_PAGE;
	l->page = calloc(total + 1, sizeof(*l->page));
	l->nr = 0;
	for (n = 0; l->page && n < self->nr_items; n++) {
		m = memfd_number(self, self->items[n].memfd);
		nr = self->items[n].size / UDB_PAGE;
		for (i = 0; i < nr; i++)
			l->page[l->nr++] = m * NR_PAGES + i +
					   self->items[n].offset / UDB_PAGE;
	}
}

/* The first page of the buffer that is not the right one, or -1. */
static long layout_wrong(const struct layout *l, const char *map)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (!udb_page_has(map + i * UDB_PAGE,
				  UDB_STAMP(GEN_MEMFD, l->page[i])))
			return i;
	return -1;
}

/*
 * After each page of the buffer was stamped with its place in the buffer: the
 * first page of the memfds that shows anything but its last place, or its old
 * stamp when it has none.
 */
static long layout_wrong_behind(FIXTURE_DATA(list) *self, struct layout *l)
{
	static long last[NR_MEMFDS * NR_PAGES];
	uint64_t stamp;
	size_t i;

	for (i = 0; i < NR_MEMFDS * NR_PAGES; i++)
		last[i] = -1;
	for (i = 0; i < l->nr; i++)
		last[l->page[i]] = i;
	for (i = 0; i < NR_MEMFDS * NR_PAGES; i++) {
		stamp = last[i] < 0 ? UDB_STAMP(GEN_MEMFD, i) :
				      UDB_STAMP(GEN_BUFFER, last[i]);
		if (!udb_page_has(self->mem[i / NR_PAGES] +
					  i % NR_PAGES * UDB_PAGE,
				  stamp))
			return i;
	}
	return -1;
}

/* The claim of this file, for the list that was added up. */
static void expect_identity(struct udb_test *_metadata,
			    FIXTURE_DATA(list) *self)
{
	struct layout l;
	char *map;
	int buf;

	layout_make(self, &l);
	ASSERT_NE(NULL, l.page);
	buf = udb_create_list(self->dev, self->items, self->nr_items);
	ASSERT_GE(buf, 0);
	EXPECT_EQ(l.nr * UDB_PAGE, lseek(buf, 0, SEEK_END));
	map = udb_map(buf, l.nr * UDB_PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);

	EXPECT_EQ(-1, layout_wrong(&l, map));
	udb_stamp(map, l.nr * UDB_PAGE, GEN_BUFFER, 0);
	EXPECT_EQ(-1, layout_wrong_behind(self, &l));

	munmap(map, l.nr * UDB_PAGE);
	close(buf);
	free(l.page);
}

#define EXPECT_IDENTITY() expect_identity(_metadata, self)

TEST_F(list, one_whole_memfd)
{
	add(self, 0, 0, NR_PAGES);
	EXPECT_IDENTITY();
}

TEST_F(list, several_whole_memfds)
{
	add(self, 2, 0, NR_PAGES);
	add(self, 0, 0, NR_PAGES);
	add(self, 1, 0, NR_PAGES);
	EXPECT_IDENTITY();
}

/* Odd pieces of all memfds, in turn. */
TEST_F(list, many_ranges_of_many_memfds)
{
	size_t i;

	for (i = 0; i < 90; i++)
		add(self, i % NR_MEMFDS, i * 11, 1 + i % 7);
	EXPECT_IDENTITY();
}

TEST_F(list, page_by_page_in_turn)
{
	size_t i;

	for (i = 0; i < ITEMS_MAX; i++)
		add(self, i % 2, i / 2, 1);
	EXPECT_IDENTITY();
}

/* The second range begins where the first one ends: in the same folio. */
TEST_F(list, neighbours_inside_a_huge_page)
{
	add(self, 0, 0, 64);
	add(self, 0, 64, 64);
	add(self, 0, 128, 300);
	EXPECT_IDENTITY();
}

TEST_F(list, every_page_as_neighbour)
{
	size_t i;

	for (i = 0; i < NR_PAGES; i++)
		add(self, 0, i, 1);
	EXPECT_IDENTITY();
}

/* Two pieces of one huge page with a gap, the second up to its end. */
TEST_F(list, gap_inside_a_huge_page)
{
	add(self, 0, 64, 64);
	add(self, 0, 256, 256);
	EXPECT_IDENTITY();
}

/* The first range ends with its folio, the second starts the next one. */
TEST_F(list, neighbours_at_a_huge_boundary)
{
	add(self, 0, 300, UDB_HUGE_PAGES - 300);
	add(self, 0, UDB_HUGE_PAGES, 200);
	EXPECT_IDENTITY();
}

/* The second range is physically in front of the first one. */
TEST_F(list, neighbours_backwards)
{
	add(self, 0, 100, 50);
	add(self, 0, 50, 50);
	add(self, 0, 0, 50);
	EXPECT_IDENTITY();
}

TEST_F(list, reversed_page_by_page)
{
	size_t i;

	for (i = 0; i < NR_PAGES; i++)
		add(self, 0, NR_PAGES - 1 - i, 1);
	EXPECT_IDENTITY();
}

TEST_F(list, huge_pages_reversed)
{
	add(self, 1, UDB_HUGE_PAGES, UDB_HUGE_PAGES);
	add(self, 1, 0, UDB_HUGE_PAGES);
	add(self, 0, UDB_HUGE_PAGES, UDB_HUGE_PAGES);
	add(self, 0, 0, UDB_HUGE_PAGES);
	EXPECT_IDENTITY();
}

TEST_F(list, overlapping_ranges)
{
	add(self, 0, 0, 700);
	add(self, 0, 300, 700);
	add(self, 0, 500, 13);
	add(self, 0, 0, NR_PAGES);
	EXPECT_IDENTITY();
}

TEST_F(list, same_range_twice)
{
	add(self, 0, 0, NR_PAGES);
	add(self, 0, 0, NR_PAGES);
	EXPECT_IDENTITY();
}

TEST_F(list, same_page_many_times)
{
	int i;

	for (i = 0; i < ITEMS_MAX; i++)
		add(self, 1, 333, 1);
	EXPECT_IDENTITY();
}

/* All places of a page show a write to any of them. */
TEST_F(list, same_page_is_one_page)
{
	char *map;
	int buf, i;

	for (i = 0; i < 256; i++)
		add(self, 1, 333, 1);
	buf = udb_create_list(self->dev, self->items, self->nr_items);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, 256 * UDB_PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	udb_page_stamp(map + 200 * UDB_PAGE, UDB_STAMP(GEN_BUFFER, 7));
	for (i = 0; i < 256; i++)
		EXPECT_TRUE(udb_page_has(map + i * UDB_PAGE,
					 UDB_STAMP(GEN_BUFFER, 7)));
	munmap(map, 256 * UDB_PAGE);
	close(buf);
}

/* Ranges of a fixed sequence that looks like none. */
TEST_F_TIMEOUT(list, many_odd_lists, 60)
{
	uint32_t seed = 7;
	size_t first;
	int round, i;

	for (round = 0; round < 10; round++) {
		self->nr_items = 0;
		for (i = 0; i < 50; i++) {
			seed = seed * 1664525 + 1013904223;
			first = (seed >> 8) % NR_PAGES;
			seed = seed * 1664525 + 1013904223;
			add(self, (seed >> 24) % NR_MEMFDS, first,
			    1 + (seed >> 8) % 64 % (NR_PAGES - first));
		}
		EXPECT_IDENTITY();
		for (i = 0; i < NR_MEMFDS; i++)
			udb_stamp(self->mem[i], SIZE, GEN_MEMFD, i * NR_PAGES);
	}
}

/*
 * All kinds of memory in one list
 */
FIXTURE(mixed) {
	FIXTURE_DATA(list) list;
};

FIXTURE_SETUP(mixed)
{
	static const enum udb_backing backings[NR_MEMFDS] = {
		UDB_SHMEM_4K,
		UDB_SHMEM_THP,
		UDB_HUGETLB_2M,
	};
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->list.dev);
	for (i = 0; i < NR_MEMFDS; i++)
		setup_memfd(_metadata, &self->list, i, backings[i]);
}

FIXTURE_TEARDOWN(mixed)
{
	teardown_list(_metadata, &self->list);
}

TEST_F(mixed, whole_memfds)
{
	int i;

	for (i = 0; i < NR_MEMFDS; i++)
		add(&self->list, i, 0, NR_PAGES);
	expect_identity(_metadata, &self->list);
}

TEST_F(mixed, odd_pieces)
{
	size_t i;

	for (i = 0; i < 120; i++)
		add(&self->list, i % NR_MEMFDS, i * 8, 1 + i % 9);
	expect_identity(_metadata, &self->list);
}

TEST_HARNESS_MAIN
