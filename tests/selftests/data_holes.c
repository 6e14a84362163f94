// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holes: pages of a memfd that nobody touched before the create, memfds of
 * mixed folios, and pages that the memfd loses afterwards. A hole reads zero,
 * is then the same memory on both sides, and what was written to it through
 * the buffer is there to stay.
 */
#include <sched.h>
#include <sys/stat.h>

#include "common.h"

#define SIZE		(2 * UDB_HUGE)
#define NR_PAGES	(SIZE / UDB_PAGE)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

enum { GEN_MEMFD = 1, GEN_BUFFER };

FIXTURE(holes) {
	int dev;
	int memfd;
};

FIXTURE_SETUP(holes)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE);
	ASSERT_GE(self->memfd, 0);
}

FIXTURE_TEARDOWN(holes)
{
	close(self->memfd);
	close(self->dev);
}

/* A mapping of a new buffer of the whole memfd, which is left in @buf. */
static char *map_buffer(struct udb_test *_metadata,
			FIXTURE_DATA(holes) *self, int *buf)
{
	char *map;

	*buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(*buf, 0);
	map = udb_map(*buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	return map;
}

TEST_F(holes, read_zero)
{
	char *map, *mem;
	int buf;

	map = map_buffer(_metadata, self, &buf);
	EXPECT_EQ(-1, udb_zero_wrong(map, SIZE));
	mem = udb_map(self->memfd, SIZE, PROT_READ);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-1, udb_zero_wrong(mem, SIZE));
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

TEST_F(holes, are_shared_memory_afterwards)
{
	char *map, *mem;
	int buf;

	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	map = map_buffer(_metadata, self, &buf);
	udb_stamp(map, SIZE / 2, GEN_BUFFER, 0);
	udb_stamp(mem + SIZE / 2, SIZE / 2, GEN_MEMFD, NR_PAGES / 2);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE / 2, GEN_BUFFER, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(map + SIZE / 2, SIZE / 2, GEN_MEMFD,
				      NR_PAGES / 2));
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

/* A read of a hole maps a page too, before the create. */
TEST_F(holes, that_were_read_before)
{
	char *map, *mem;
	int buf;

	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-1, udb_zero_wrong(mem, SIZE));
	map = map_buffer(_metadata, self, &buf);
	udb_stamp(map, SIZE, GEN_BUFFER, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE, GEN_BUFFER, 0));
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

TEST_F(holes, between_written_pages)
{
	char *map, *mem;
	int buf;
	size_t i;

	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	for (i = 0; i < NR_PAGES; i += 3)
		udb_page_stamp(mem + i * UDB_PAGE, UDB_STAMP(GEN_MEMFD, i));
	map = map_buffer(_metadata, self, &buf);
	for (i = 0; i < NR_PAGES; i++)
		ASSERT_TRUE(i % 3 ? udb_page_is_zero(map + i * UDB_PAGE) :
				    udb_page_has(map + i * UDB_PAGE,
						 UDB_STAMP(GEN_MEMFD, i)))
		{
			TH_LOG("page %zu", i);
		}
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

/* Memory of others, as it is found where nobody clears it. */
static void leave_old_data(struct udb_test *_metadata)
{
	char *old = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, old);
	ASSERT_EQ(0, madvise(old, SIZE, MADV_NOHUGEPAGE));
	memset(old, 0x5a, SIZE);
	munmap(old, SIZE);
}

/*
 * What fallocate() adds is memory that the kernel has not cleared yet; it does so
 * when the memfd is read, written or mapped for the first time.
 */
TEST_F(holes, that_were_allocated_read_zero)
{
	char *map;
	int buf;

	leave_old_data(_metadata);
	ASSERT_EQ(0, fallocate(self->memfd, 0, 0, SIZE));
	map = map_buffer(_metadata, self, &buf);
	EXPECT_EQ(-1, udb_zero_wrong(map, SIZE));
	munmap(map, SIZE);
	close(buf);
}

/* A fault of the memfd, a read and a write of a part must not clear it then. */
TEST_F(holes, that_were_allocated_keep_what_is_written)
{
	const uint64_t stamp = UDB_STAMP(GEN_BUFFER, 1);
	char page[UDB_PAGE], *map, *mem;
	int buf;

	ASSERT_EQ(0, fallocate(self->memfd, 0, 0, SIZE));
	map = map_buffer(_metadata, self, &buf);
	udb_stamp(map, SIZE, GEN_BUFFER, 0);
	ASSERT_EQ((ssize_t)sizeof(page),
		  pread(self->memfd, page, sizeof(page), UDB_PAGE));
	EXPECT_TRUE(udb_page_has(page, stamp));
	ASSERT_EQ(8, pwrite(self->memfd, page, 8, UDB_PAGE));
	mem = udb_map(self->memfd, SIZE, PROT_READ);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE, GEN_BUFFER, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, GEN_BUFFER, 0));
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

/* Only what was asked for is allocated. */
TEST_F(holes, outside_of_the_range_stay_holes)
{
	struct stat st;
	int buf;

	buf = udb_create(self->dev, self->memfd, 100 * UDB_PAGE, 50 * UDB_PAGE);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, fstat(self->memfd, &st));
	EXPECT_EQ(50 * UDB_PAGE, st.st_blocks * 512);
	close(buf);
}

/* One huge folio, then small ones; ranges that start in either. */
TEST_F(holes, huge_folio_beside_small_ones)
{
	static const size_t firsts[] = { 0, 100, 500, 511, 512, 700 };
	char *map, *mem;
	int buf, ret;
	size_t i, size;

	ret = udb_memfd_populate(UDB_SHMEM_THP, self->memfd, UDB_HUGE);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel gives no huge shmem folio");
	ASSERT_EQ(0, ret);
	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	udb_stamp(mem, SIZE, GEN_MEMFD, 0);
	for (i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		size = (NR_PAGES - firsts[i]) * UDB_PAGE;
		buf = udb_create(self->dev, self->memfd, firsts[i] * UDB_PAGE,
				 size);
		ASSERT_GE(buf, 0);
		map = udb_map(buf, size, PROT_READ);
		ASSERT_NE(NULL, map);
		EXPECT_EQ(-1, udb_stamp_wrong(map, size, GEN_MEMFD, firsts[i]))
		{
			TH_LOG("from page %zu on", firsts[i]);
		}
		munmap(map, size);
		close(buf);
	}
	munmap(mem, SIZE);
}

/*
 * Drops the memfd's clean pages, as memory pressure would. Reading first
 * puts them where MADV_PAGEOUT looks for them.
 */
static void reclaim(struct udb_test *_metadata, int memfd)
{
	char *mem = udb_map(memfd, SIZE, PROT_READ);
	volatile char sum = 0;
	size_t i;

	ASSERT_NE(NULL, mem);
	for (i = 0; i < NR_PAGES; i++)
		sum += mem[i * UDB_PAGE];
	ASSERT_EQ(0, madvise(mem, SIZE, MADV_PAGEOUT));
	munmap(mem, SIZE);
}

/* Pages wait in a list per CPU before reclaim can see them: stay on one. */
static void stay_on_one_cpu(struct udb_test *_metadata)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
}

/*
 * A page that came into a hole for the create is clean, and a write through
 * the buffer leaves no trace in it that the memory manager could see. When the
 * driver does not mark it dirty, reclaim throws it away after the close, and
 * the hole is back: all data is lost.
 */
static void expect_data_survives(struct udb_test *_metadata,
				 FIXTURE_DATA(holes) *self)
{
	char *map, *mem;
	int buf;

	stay_on_one_cpu(_metadata);
	map = map_buffer(_metadata, self, &buf);
	udb_stamp(map, SIZE, GEN_BUFFER, 0);
	munmap(map, SIZE);
	close(buf);

	reclaim(_metadata, self->memfd);
	mem = udb_map(self->memfd, SIZE, PROT_READ);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE, GEN_BUFFER, 0));
	munmap(mem, SIZE);
}

TEST_F(holes, written_data_survives_reclaim)
{
	expect_data_survives(_metadata, self);
}

/* The same for a range inside of the memfd, and for one page. */
TEST_F(holes, written_page_survives_reclaim)
{
	char *map, *mem;
	int buf;

	stay_on_one_cpu(_metadata);
	buf = udb_create(self->dev, self->memfd, 5 * UDB_PAGE, UDB_PAGE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, UDB_PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	udb_page_stamp(map, UDB_STAMP(GEN_BUFFER, 5));
	munmap(map, UDB_PAGE);
	close(buf);

	reclaim(_metadata, self->memfd);
	mem = udb_map(self->memfd, SIZE, PROT_READ);
	ASSERT_NE(NULL, mem);
	EXPECT_TRUE(udb_page_has(mem + 5 * UDB_PAGE, UDB_STAMP(GEN_BUFFER, 5)));
	munmap(mem, SIZE);
}

/* Reclaim must find nothing to take while the buffer lives. */
TEST_F(holes, reclaim_spares_a_live_buffer)
{
	char *map, *mem;
	int buf;

	stay_on_one_cpu(_metadata);
	map = map_buffer(_metadata, self, &buf);
	udb_stamp(map, SIZE, GEN_BUFFER, 0);
	reclaim(_metadata, self->memfd);
	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE, GEN_BUFFER, 0));
	udb_stamp(mem, SIZE, GEN_MEMFD, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, GEN_MEMFD, 0));
	munmap(mem, SIZE);
	munmap(map, SIZE);
	close(buf);
}

/*
 * Pages that the memfd loses: a hole punched afterwards
 */
FIXTURE(punch) {
	int dev;
	int memfd;
	char *mem;
	int buf;
	char *map;
};

UDB_BACKING_VARIANTS(punch);

FIXTURE_SETUP(punch)
{
	TH_CHECK_FDS();
	UDB_MEMORY_OR_SKIP(variant->backing, SIZE);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->map = udb_map(self->buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(punch)
{
	munmap(self->mem, SIZE);
	munmap(self->map, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

/* The seals do not forbid it. The buffer keeps the memory, with its data. */
TEST_F(punch, buffer_keeps_its_pages)
{
	ASSERT_EQ(0, fallocate(self->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       SIZE));
	EXPECT_EQ(-1, udb_stamp_wrong(self->map, SIZE, GEN_MEMFD, 0));
	EXPECT_EQ(-1, udb_zero_wrong(self->mem, SIZE));
}

/* From then on the two are different memory. */
TEST_F(punch, memfd_goes_its_own_way)
{
	ASSERT_EQ(0, fallocate(self->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       UDB_HUGE, UDB_HUGE));
	udb_stamp(self->mem, SIZE, GEN_BUFFER, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->map, UDB_HUGE, GEN_BUFFER, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->map + UDB_HUGE, UDB_HUGE, GEN_MEMFD,
				      UDB_HUGE_PAGES));
}

/*
 * A hole that is smaller than the page that it is in is no hole: the page is cleared
 * there, and stays in both. A huge page that a buffer pins cannot be split for it.
 */
TEST_F(punch, piece_of_a_page_is_cleared_in_both)
{
	const size_t page = variant->backing == UDB_SHMEM_4K ? UDB_PAGE :
							       UDB_HUGE;
	const size_t at = page / 2, size = page / 4;
	size_t i;

	memset(self->mem, 1, page);
	ASSERT_EQ(0, fallocate(self->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       (off_t)at, (off_t)size));
	for (i = 0; i < page && self->map[i] == (i < at || i >= at + size); i++)
		;
	EXPECT_EQ(page, i);
	memset(self->mem + at, 2, size);
	EXPECT_EQ(2, self->map[at]);
	EXPECT_EQ(2, self->map[at + size - 1]);
}

/* A new buffer is of what the memfd has now. */
TEST_F(punch, new_buffer_shows_the_hole)
{
	char *map;
	int buf;

	ASSERT_EQ(0, fallocate(self->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       UDB_HUGE));
	/* touched, so that hugetlb has its page before the create */
	self->mem[0] = 0;
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, UDB_HUGE));
	EXPECT_EQ(-1, udb_stamp_wrong(map + UDB_HUGE, UDB_HUGE, GEN_MEMFD,
				      UDB_HUGE_PAGES));
	munmap(map, SIZE);
	close(buf);
}

TEST_HARNESS_MAIN
