// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a dma-buf: the right pages at every place, both ways, and what the
 * core refuses. What happens to a part of a mapping is in mmap_split.c, how
 * faults are taken in mmap_fault.c, other uses of the memory in mmap_access.c.
 */
#include <signal.h>
#include <sys/wait.h>

#include "buffer.h"
#include "mapping.h"

#define SIZE	(4 * UDB_HUGE)

UDB_BUFFER_FIXTURE(mmap, SIZE);

TEST_F(mmap, whole)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap, parts)
{
	static const struct {
		size_t first, count;
	} parts[] = {
		{ 0, 1 },      { 1, 1 },       { 511, 1 },  { 512, 1 },
		{ 2047, 1 },   { 511, 2 },     { 1, 511 },  { 100, 900 },
		{ 513, 1023 }, { 1024, 1024 }, { 1, 2046 },
	};
	size_t i;
	char *map;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t length = parts[i].count * UDB_PAGE;

		map = udb_map_at(self->buf, parts[i].first * UDB_PAGE, length,
				 PROT_READ);
		ASSERT_NE(NULL, map);
		EXPECT_EQ(-1, udb_stamp_wrong(map, length, 1, parts[i].first))
		TH_LOG("pages %zu + %zu", parts[i].first, parts[i].count);
		munmap(map, length);
	}
}

/*
 * An entry for 2 MiB is right only when address and memory are aligned to each
 * other: wrong pages would show in one of these.
 */
TEST_F(mmap, every_kind_of_alignment)
{
	static const size_t firsts[] = { 0, 1, 511, 512, 513 };
	static const size_t skews[] = { 0, 1, 2, 255, 511 };
	size_t i, j, length;
	char *map;

	for (i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		for (j = 0; j < sizeof(skews) / sizeof(skews[0]); j++) {
			length = SIZE - firsts[i] * UDB_PAGE;
			map = mapping_at(self->buf, length,
					 firsts[i] * UDB_PAGE,
					 skews[j] * UDB_PAGE, PROT_READ);
			ASSERT_NE(MAP_FAILED, map);
			EXPECT_EQ(-1,
				  udb_stamp_wrong(map, length, 1, firsts[i]))
			TH_LOG("from page %zu at 2 MiB + %zu pages", firsts[i],
			       skews[j]);
			munmap(map, length);
		}
	}
}

/* A huge window that the mapping only partly covers, at both of its ends. */
TEST_F(mmap, windows_cut_by_the_edges)
{
	size_t length = SIZE - 200 * UDB_PAGE;
	char *map;

	map = mapping_at(self->buf, length, 100 * UDB_PAGE, 100 * UDB_PAGE,
			 MAPPING_RW);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, mapping_touch(map, true));
	EXPECT_EQ(0, mapping_touch(map + length - 1, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map - 1, false));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + length, false));
	EXPECT_EQ(-1, udb_stamp_wrong(map, length, 1, 100));
	munmap(map, length);
}

TEST_F(mmap, writes_arrive_in_the_memfd)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	udb_stamp(map, SIZE, 2, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	munmap(map, SIZE);
}

TEST_F(mmap, writes_arrive_from_the_memfd)
{
	char *map = udb_map(self->buf, SIZE, PROT_READ);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	udb_stamp(self->mem, SIZE, 3, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 3, 0));
	munmap(map, SIZE);
}

/* The entry made by a read must not keep a later write from getting through. */
TEST_F(mmap, write_after_read)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	udb_stamp(map, SIZE, 4, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 4, 0));
	munmap(map, SIZE);
}

TEST_F(mmap, read_only_mapping)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + SIZE - 1, true));
	munmap(map, SIZE);
}

TEST_F(mmap, write_only_mapping)
{
	char *map = udb_map(self->buf, SIZE, PROT_WRITE);

	ASSERT_NE(NULL, map);
	udb_stamp(map, SIZE, 5, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 5, 0));
	munmap(map, SIZE);
}

TEST_F(mmap, private_is_refused)
{
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE,
					self->buf, 0));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, SIZE, MAPPING_RW, MAP_PRIVATE,
					self->buf, 0));
}

TEST_F(mmap, beyond_the_end_is_refused)
{
	static const struct {
		off_t offset;
		size_t length;
	} bad[] = {
		{ 0, SIZE + UDB_PAGE },
		{ UDB_PAGE, SIZE },
		{ SIZE, UDB_PAGE },
		{ SIZE + UDB_HUGE, UDB_PAGE },
		{ SIZE - UDB_PAGE, 2 * UDB_PAGE },
		{ 0, SIZE + 1 },
		{ 1L << 62, UDB_PAGE },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_ERRNO(EINVAL,
			     (long)mmap(NULL, bad[i].length, PROT_READ,
					MAP_SHARED, self->buf, bad[i].offset))
	TH_LOG("%#zx bytes at %#lx", bad[i].length, bad[i].offset);
}

TEST_F(mmap, two_mappings_are_one_memory)
{
	char *aligned = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	char *skewed = mapping_at(self->buf, SIZE, 0, UDB_PAGE, MAPPING_RW);

	ASSERT_NE(MAP_FAILED, aligned);
	ASSERT_NE(MAP_FAILED, skewed);
	udb_stamp(aligned, SIZE, 6, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(skewed, SIZE, 6, 0));
	udb_stamp(skewed, SIZE, 7, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(aligned, SIZE, 7, 0));
	munmap(skewed, SIZE);
	EXPECT_EQ(-1, udb_stamp_wrong(aligned, SIZE, 7, 0));
	munmap(aligned, SIZE);
}

TEST_F(mmap, survives_closing_every_descriptor)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	udb_stamp(map, SIZE, 8, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 8, 0));
	munmap(map, SIZE);
}

/* The child stops twice, so that each side sees what the other wrote. */
static int fork_child(char *map, int from_parent, int to_parent)
{
	char byte = 0;

	if (udb_stamp_wrong(map, SIZE, 1, 0) != -1)
		return 1;
	udb_stamp(map, SIZE, 9, 0);
	if (write(to_parent, &byte, 1) != 1 || read(from_parent, &byte, 1) != 1)
		return 2;
	return udb_stamp_wrong(map, SIZE, 10, 0) == -1 ? 0 : 3;
}

TEST_F(mmap, fork_shares_both_ways)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	int down[2], up[2], status;
	char byte = 0;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, map);
	/* Half of it is in the page tables when they are copied. */
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE / 2, 1, 0));
	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, pipe(up));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(fork_child(map, down[0], up[1]));

	close(up[1]);
	EXPECT_EQ(1, read(up[0], &byte, 1));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 9, 0));
	udb_stamp(map, SIZE, 10, 0);
	EXPECT_EQ(1, write(down[1], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	munmap(map, SIZE);
}

/* Parent and child each unmap; the other must not notice. */
TEST_F(mmap, fork_and_unmap)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		munmap(map, SIZE / 2);
		_exit(udb_stamp_wrong(map + SIZE / 2, SIZE / 2, 1,
				      SIZE / 2 / UDB_PAGE) != -1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

/* A list of ranges in reverse: neighbours in the buffer are none in memory. */
TEST_F(mmap, list_in_reverse)
{
	struct udmabuf_create_item items[64] = {};
	size_t chunk = SIZE / 64, i;
	char *map;
	int buf;

	for (i = 0; i < 64; i++) {
		items[i].memfd = self->memfd;
		items[i].offset = SIZE - (i + 1) * chunk;
		items[i].size = chunk;
	}
	buf = udb_create_list(self->dev, items, 64);
	ASSERT_GE(buf, 0);
	map = mapping_at(buf, SIZE, 0, 0, PROT_READ);
	ASSERT_NE(MAP_FAILED, map);
	for (i = 0; i < 64; i++)
		EXPECT_EQ(-1, udb_stamp_wrong(map + i * chunk, chunk, 1,
					      items[i].offset / UDB_PAGE));
	munmap(map, SIZE);
	close(buf);
}

/* Huge pages that follow each other again after a cut of 4 KiB. */
TEST_F(mmap, list_that_shifts_huge_pages)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd,
		  .offset = UDB_PAGE,
		  .size = 2 * UDB_HUGE - UDB_PAGE },
		{ .memfd = self->memfd, .offset = 0, .size = 2 * UDB_HUGE },
	};
	char *map;
	int buf;

	buf = udb_create_list(self->dev, items, 2);
	ASSERT_GE(buf, 0);
	map = mapping_at(buf, 4 * UDB_HUGE - UDB_PAGE, 0, UDB_PAGE, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, items[0].size, 1, 1));
	EXPECT_EQ(-1,
		  udb_stamp_wrong(map + items[0].size, items[1].size, 1, 0));
	munmap(map, 4 * UDB_HUGE - UDB_PAGE);
	close(buf);
}

TEST_HARNESS_MAIN
