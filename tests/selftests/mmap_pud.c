// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer of one 1 GiB page of hugetlb, mapped where one entry of the page
 * tables could hold all of it. The driver makes entries of 2 MiB: Linux 6.12
 * takes the memory behind a larger entry for a page table when the mapping is
 * split; hole_in_the_middle never returned.
 */
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "mapping.h"

#define POOL	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define SIZE	UDB_GIB

/* One page in a number that does not divide 2 MiB, so that no order is missed. */
#define STEP	(509 * UDB_PAGE)

FIXTURE(mmap_pud) {
	int pages; /* in the pool, before */
	int memfd;
	int buf;
	char *map;
	long limit;
};

/* -1: there is no such pool. */
static int pool_get(void)
{
	FILE *file = fopen(POOL, "re");
	int got = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &got) != 1)
		got = -1;
	fclose(file);
	return got;
}

static bool pool_set(int pages)
{
	FILE *file = fopen(POOL, "we");

	if (!file)
		return false;
	fprintf(file, "%d\n", pages);
	fclose(file);
	return pool_get() == pages;
}

static int memfd_of_one_page(void)
{
	int fd = memfd_create("pud", MFD_CLOEXEC | MFD_ALLOW_SEALING |
					     MFD_HUGETLB | MFD_HUGE_1GB);

	if (fd < 0)
		return -1;
	if (!fcntl(fd, F_ADD_SEALS, UDB_SEALS_DEFAULT) && !ftruncate(fd, SIZE))
		return fd;
	close(fd);
	return -1;
}

/* Some pages of each 2 MiB get a stamp that tells where they are. */
static void stamp_all(char *map, uint64_t generation)
{
	size_t at;

	for (at = 0; at < SIZE; at += STEP)
		udb_page_stamp(map + at, UDB_STAMP(generation, at));
}

/* The first byte where a stamp is wrong; -1 when all in the range are right. */
static long stamp_wrong(const char *map, uint64_t generation, size_t from,
			size_t to)
{
	size_t at;

	for (at = 0; at < to; at += STEP)
		if (at >= from &&
		    !udb_page_has(map + at, UDB_STAMP(generation, at)))
			return at;
	return -1;
}

/* Maps the buffer at a multiple of 1 GiB. */
static char *map_aligned(int fd, int prot)
{
	char *room = mmap(NULL, 2 * SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t addr = ((uintptr_t)room + SIZE - 1) & ~(SIZE - 1);

	if (room == MAP_FAILED)
		return room;
	munmap(room, 2 * SIZE);
	return mmap((void *)addr, SIZE, prot, MAP_SHARED | MAP_FIXED_NOREPLACE,
		    fd, 0);
}

FIXTURE_SETUP(mmap_pud)
{
	char *map;
	int dev;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(dev);
	self->pages = pool_get();
	ASSERT_TRUE(self->pages > 0 || pool_set(1))
	TH_LOG("no page of 1 GiB can be had: boot with hugepagesz=1G hugepages=1");
	self->memfd = memfd_of_one_page();
	ASSERT_GE(self->memfd, 0);
	map = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	stamp_all(map, 1);
	munmap(map, SIZE);

	self->limit = udb_size_limit_raise(SIZE / UDB_MIB);
	self->buf = udb_create(dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->map = map_aligned(self->buf, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, self->map);
	close(dev);
}

FIXTURE_TEARDOWN(mmap_pud)
{
	munmap(self->map, SIZE);
	close(self->buf);
	close(self->memfd);
	EXPECT_TRUE(pool_set(self->pages));
	EXPECT_EQ(0, udb_size_limit_restore(self->limit));
}

/* One for each entry, and few for the stack and the like. */
TEST_F(mmap_pud, faults_are_one_for_2_mib)
{
	long before = mapping_faults();
	size_t at;

	for (at = 0; at < SIZE; at += 32 * UDB_PAGE)
		(void)*(volatile char *)(self->map + at);
	EXPECT_LE(mapping_faults() - before, SIZE / UDB_HUGE + 4);
}

/* Pages of each entry show what the memfd has. */
TEST_F(mmap_pud, shows_the_memfd)
{
	EXPECT_EQ(-1, stamp_wrong(self->map, 1, 0, SIZE));
}

TEST_F(mmap_pud, writes_reach_the_memfd)
{
	char *map;

	stamp_all(self->map, 2);
	map = udb_map(self->memfd, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, stamp_wrong(map, 2, 0, SIZE));
	munmap(map, SIZE);
}

TEST_F(mmap_pud, hole_in_the_middle)
{
	size_t hole = SIZE / 2 + 5 * UDB_PAGE;

	EXPECT_EQ(0, mapping_touch(self->map + hole, true));
	ASSERT_EQ(0, munmap(self->map + hole, UDB_PAGE));
	EXPECT_EQ(SIGSEGV, mapping_touch(self->map + hole, false));
	EXPECT_EQ(-1, stamp_wrong(self->map, 1, 0, hole - UDB_PAGE));
	EXPECT_EQ(-1, stamp_wrong(self->map, 1, hole + UDB_PAGE, SIZE));
}

TEST_F(mmap_pud, protected_part)
{
	char *part = self->map + 3 * UDB_HUGE + UDB_PAGE;

	EXPECT_EQ(0, mapping_touch(part, true));
	ASSERT_EQ(0, mprotect(part, UDB_PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, mapping_touch(part, true));
	EXPECT_EQ(0, mapping_touch(part, false));
	EXPECT_EQ(0, mapping_touch(part - UDB_PAGE, true));
	EXPECT_EQ(0, mapping_touch(part + UDB_PAGE, true));
}

TEST_F(mmap_pud, child_sees_the_same)
{
	int status;
	pid_t pid;

	EXPECT_EQ(0, mapping_touch(self->map, true));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (stamp_wrong(self->map, 1, STEP, SIZE) >= 0)
			_exit(1);
		stamp_all(self->map, 3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-1, stamp_wrong(self->map, 3, 0, SIZE));
}

TEST_F(mmap_pud, moved_mapping)
{
	char *room = mmap(NULL, SIZE + UDB_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *moved;

	ASSERT_NE(MAP_FAILED, room);
	EXPECT_EQ(0, mapping_touch(self->map, true));
	moved = mremap(self->map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       room);
	ASSERT_EQ(room, moved);
	self->map = moved;
	EXPECT_EQ(-1, stamp_wrong(self->map, 1, STEP, SIZE));
	munmap(room + SIZE, UDB_PAGE);
}

TEST_HARNESS_MAIN
