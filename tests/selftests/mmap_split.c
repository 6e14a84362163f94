// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing a part of a mapping: unmapping, protecting, replacing, moving and
 * shrinking, each also in the middle of 2 MiB that one entry may map. The rest
 * must keep showing the right pages, and the part must really be changed.
 */
#include <signal.h>

#include "buffer.h"
#include "mapping.h"

#define SIZE	(4 * UDB_HUGE)
#define PAGES	(SIZE / UDB_PAGE)

/* A page well inside the second 2 MiB. */
#define MIDDLE	(UDB_HUGE + 200 * UDB_PAGE)

UDB_BUFFER_FIXTURE(mmap_split, SIZE);

/* Maps all, aligned, and touches all, so that huge entries exist if ever. */
static char *map_and_touch(int buf, int prot)
{
	char *map = mapping_at(buf, SIZE, 0, 0, prot);
	size_t at;

	if (map == MAP_FAILED)
		return NULL;
	for (at = 0; at < SIZE; at += UDB_PAGE)
		if (mapping_touch(map + at, prot & PROT_WRITE))
			return NULL;
	return map;
}

/* All pages but [@from, @to) have the stamps of @generation. */
static bool rest_is_right(const char *map, size_t from, size_t to,
			  uint64_t generation)
{
	return udb_stamp_wrong(map, from, generation, 0) == -1 &&
	       udb_stamp_wrong(map + to, SIZE - to, generation,
			       to / UDB_PAGE) == -1;
}

TEST_F(mmap_split, unmap_one_page)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, munmap(map + MIDDLE, UDB_PAGE));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, false));
	EXPECT_TRUE(rest_is_right(map, MIDDLE, MIDDLE + UDB_PAGE, 1));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE - 1, true));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE + UDB_PAGE, true));
	munmap(map, SIZE);
}

TEST_F(mmap_split, unmap_across_huge_pages)
{
	size_t from = UDB_HUGE - UDB_PAGE, to = 3 * UDB_HUGE + UDB_PAGE;
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, munmap(map + from, to - from));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + from, false));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + to - 1, false));
	EXPECT_TRUE(rest_is_right(map, from, to, 1));
	munmap(map, SIZE);
}

/* Every second page goes: nothing is left that a huge entry could map. */
TEST_F(mmap_split, unmap_every_second_page)
{
	char *map = map_and_touch(self->buf, PROT_READ);
	int wrong = 0;
	size_t i;

	ASSERT_NE(NULL, map);
	for (i = 0; i < UDB_HUGE_PAGES; i += 2)
		ASSERT_EQ(0, munmap(map + UDB_HUGE + i * UDB_PAGE, UDB_PAGE));
	for (i = 1; i < UDB_HUGE_PAGES; i += 2)
		wrong += !udb_page_has(map + UDB_HUGE + i * UDB_PAGE,
				       UDB_STAMP(1, UDB_HUGE_PAGES + i));
	EXPECT_EQ(0, wrong);
	EXPECT_TRUE(rest_is_right(map, UDB_HUGE, 2 * UDB_HUGE, 1));
	munmap(map, SIZE);
}

TEST_F(mmap_split, protect_one_page_read_only)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, mprotect(map + MIDDLE, UDB_PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, true));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE, false));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE - 1, true));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE + UDB_PAGE, true));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_split, protect_one_page_none)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, mprotect(map + MIDDLE, UDB_PAGE, PROT_NONE));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, false));
	EXPECT_TRUE(rest_is_right(map, MIDDLE, MIDDLE + UDB_PAGE, 1));
	ASSERT_EQ(0, mprotect(map + MIDDLE, UDB_PAGE, PROT_READ));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_split, protect_and_allow_again)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, mprotect(map, SIZE, PROT_READ));
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + SIZE - 1, true));
	ASSERT_EQ(0, mprotect(map, SIZE, MAPPING_RW));
	udb_stamp(map, SIZE, 2, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	munmap(map, SIZE);
}

/* A fresh window whose middle is read-only when the first write faults. */
TEST_F(mmap_split, fault_beside_a_read_only_page)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(map + MIDDLE, UDB_PAGE, PROT_READ));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE - UDB_PAGE, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, true));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE + UDB_PAGE, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, true));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_split, replace_by_anonymous_memory)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);
	void *hole;

	ASSERT_NE(NULL, map);
	hole = mmap(map + MIDDLE, UDB_PAGE, MAPPING_RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(map + MIDDLE, hole);
	EXPECT_TRUE(udb_page_is_zero(hole));
	udb_page_stamp(hole, UDB_STAMP(99, 99));
	EXPECT_TRUE(rest_is_right(map, MIDDLE, MIDDLE + UDB_PAGE, 1));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_split, replace_by_another_part)
{
	size_t length = UDB_HUGE + 2 * UDB_PAGE;
	char *map = map_and_touch(self->buf, MAPPING_RW);
	char *part;

	ASSERT_NE(NULL, map);
	part = mmap(map + MIDDLE, length, PROT_READ, MAP_SHARED | MAP_FIXED,
		    self->buf, 3 * UDB_PAGE);
	ASSERT_EQ(map + MIDDLE, part);
	EXPECT_EQ(-1, udb_stamp_wrong(part, length, 1, 3));
	EXPECT_TRUE(rest_is_right(map, MIDDLE, MIDDLE + length, 1));
	munmap(map, SIZE);
}

/* Moves to places that are and that are not aligned as the old one was. */
TEST_F(mmap_split, move)
{
	static const size_t skews[] = { 0, UDB_PAGE, UDB_HUGE - UDB_PAGE };
	char *map = map_and_touch(self->buf, MAPPING_RW), *target, *moved;
	size_t i;

	ASSERT_NE(NULL, map);
	for (i = 0; i < sizeof(skews) / sizeof(skews[0]); i++) {
		target = mapping_at(self->buf, SIZE, 0, skews[i], PROT_READ);
		ASSERT_NE(MAP_FAILED, target);
		moved = mremap(map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			       target);
		ASSERT_EQ(target, moved);
		EXPECT_EQ(SIGSEGV, mapping_touch(map, false));
		EXPECT_EQ(-1, udb_stamp_wrong(moved, SIZE, 1, 0));
		EXPECT_EQ(0, mapping_touch(moved + MIDDLE, true));
		map = moved;
	}
	munmap(map, SIZE);
}

TEST_F(mmap_split, move_untouched)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	char *target = mapping_at(self->buf, SIZE, 0, UDB_PAGE, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_NE(MAP_FAILED, target);
	ASSERT_EQ(target, mremap(map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 target));
	EXPECT_EQ(-1, udb_stamp_wrong(target, SIZE, 1, 0));
	munmap(target, SIZE);
}

/* The moved part keeps its place in the buffer, not in the address space. */
TEST_F(mmap_split, move_a_part)
{
	size_t length = UDB_HUGE + 7 * UDB_PAGE;
	char *map = map_and_touch(self->buf, MAPPING_RW);
	char *target = mapping_at(self->buf, length, 0, 0, PROT_READ);

	ASSERT_NE(NULL, map);
	ASSERT_NE(MAP_FAILED, target);
	ASSERT_EQ(target, mremap(map + MIDDLE, length, length,
				 MREMAP_MAYMOVE | MREMAP_FIXED, target));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, false));
	EXPECT_EQ(-1, udb_stamp_wrong(target, length, 1, MIDDLE / UDB_PAGE));
	EXPECT_TRUE(rest_is_right(map, MIDDLE, MIDDLE + length, 1));
	munmap(target, length);
	munmap(map, SIZE);
}

TEST_F(mmap_split, shrink)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(map, mremap(map, SIZE, MIDDLE, 0));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + MIDDLE, false));
	EXPECT_EQ(0, mapping_touch(map + MIDDLE - 1, true));
	EXPECT_EQ(-1, udb_stamp_wrong(map, MIDDLE, 1, 0));
	munmap(map, MIDDLE);
}

/* Growing was once the way to pages behind the buffer. */
TEST_F(mmap_split, growing_is_refused)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	EXPECT_ERRNO(EFAULT,
		     (long)mremap(map, SIZE, SIZE + UDB_PAGE, MREMAP_MAYMOVE));
	EXPECT_ERRNO(EFAULT,
		     (long)mremap(map, UDB_PAGE, 2 * UDB_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

/* Growing inside of the buffer is refused too: the mapping may not expand. */
TEST_F(mmap_split, growing_a_small_one_is_refused)
{
	char *map = udb_map(self->buf, UDB_PAGE, PROT_READ);

	ASSERT_NE(NULL, map);
	EXPECT_ERRNO(EFAULT, (long)mremap(map, UDB_PAGE, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(-1, udb_stamp_wrong(map, UDB_PAGE, 1, 0));
	munmap(map, UDB_PAGE);
}

/*
 * A shared mapping can be doubled by a move of no bytes, and told another place
 * in the file. Neither leads behind the buffer.
 */
TEST_F(mmap_split, growing_by_other_calls_is_refused)
{
	char *map = map_and_touch(self->buf, MAPPING_RW);

	ASSERT_NE(NULL, map);
	EXPECT_ERRNO(EFAULT, (long)mremap(map, 0, 2 * SIZE, MREMAP_MAYMOVE));
	EXPECT_ERRNO(EFAULT, (long)mremap(map, 0, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_ERRNO(EINVAL, remap_file_pages(map, SIZE, 0, PAGES, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_split, page_by_page)
{
	char *maps[64];
	size_t i, page;

	for (i = 0; i < 64; i++) {
		page = i * 37 % PAGES;
		maps[i] = udb_map_at(self->buf, page * UDB_PAGE, UDB_PAGE,
				     PROT_READ);
		ASSERT_NE(NULL, maps[i]);
		EXPECT_EQ(-1, udb_stamp_wrong(maps[i], UDB_PAGE, 1, page));
	}
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0, munmap(maps[i], UDB_PAGE));
}

TEST_HARNESS_MAIN
