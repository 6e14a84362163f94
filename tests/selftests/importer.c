// SPDX-License-Identifier: GPL-2.0-only
/*
 * Importers see the memory of the memfd, whichever way they walk the table or
 * the kernel mapping, wherever in a folio the ranges begin. What the table
 * looks like is in importer_table.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "common.h"
#include "peek.h"

#define SIZE	(4 * UDB_HUGE)

FIXTURE(importer) {
	int dev;
	int memfd;
	int buf;
	char *mem;
	char *copy;
};

FIXTURE_VARIANT(importer) {
	enum udb_backing backing;
	enum peek_view view;
};

#define IMPORTER_VARIANT(name, _backing, _view)				\
	FIXTURE_VARIANT_ADD(importer, name) {				\
		.backing = _backing,					\
		.view = _view,						\
	}

IMPORTER_VARIANT(shmem_4k_segments, UDB_SHMEM_4K, PEEK_SG);
IMPORTER_VARIANT(shmem_4k_pages, UDB_SHMEM_4K, PEEK_PAGES);
IMPORTER_VARIANT(shmem_4k_vmap, UDB_SHMEM_4K, PEEK_VMAP);
IMPORTER_VARIANT(shmem_4k_dma, UDB_SHMEM_4K, PEEK_DMA);
IMPORTER_VARIANT(shmem_thp_segments, UDB_SHMEM_THP, PEEK_SG);
IMPORTER_VARIANT(shmem_thp_pages, UDB_SHMEM_THP, PEEK_PAGES);
IMPORTER_VARIANT(shmem_thp_vmap, UDB_SHMEM_THP, PEEK_VMAP);
IMPORTER_VARIANT(shmem_thp_dma, UDB_SHMEM_THP, PEEK_DMA);
IMPORTER_VARIANT(hugetlb_2m_segments, UDB_HUGETLB_2M, PEEK_SG);
IMPORTER_VARIANT(hugetlb_2m_pages, UDB_HUGETLB_2M, PEEK_PAGES);
IMPORTER_VARIANT(hugetlb_2m_vmap, UDB_HUGETLB_2M, PEEK_VMAP);
IMPORTER_VARIANT(hugetlb_2m_dma, UDB_HUGETLB_2M, PEEK_DMA);

FIXTURE_SETUP(importer)
{
	ASSERT_EQ(0, peek_load());
	ASSERT_EQ(0, peek_set("max_segment", PEEK_ANY_SEGMENT));
	ASSERT_EQ(0, peek_set("dma_mask_bits", PEEK_ANY_ADDRESS));
	UDB_MEMORY_OR_SKIP(variant->backing, SIZE);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->copy = malloc(SIZE);
	ASSERT_NE(NULL, self->copy);
}

FIXTURE_TEARDOWN(importer)
{
	free(self->copy);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

TEST_F(importer, sees_the_memfd)
{
	int peek = peek_attach(self->buf, variant->view, PEEK_BIDIRECTIONAL);

	ASSERT_GE(peek, 0);
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
	close(peek);
}

TEST_F(importer, sees_later_writes)
{
	int peek = peek_attach(self->buf, variant->view, PEEK_TO_DEVICE);

	ASSERT_GE(peek, 0);
	udb_stamp(self->mem, SIZE, 2, 0);
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 2, 0));
	close(peek);
}

TEST_F(importer, writes_into_the_memfd)
{
	int peek = peek_attach(self->buf, variant->view, PEEK_BIDIRECTIONAL);

	ASSERT_GE(peek, 0);
	udb_stamp(self->copy, SIZE, 3, 0);
	ASSERT_TRUE(peek_write(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 3, 0));
	close(peek);
}

/* Not more and not less than the buffer can be reached. */
TEST_F(importer, ends_where_the_buffer_ends)
{
	int peek = peek_attach(self->buf, variant->view, PEEK_BIDIRECTIONAL);
	char page[UDB_PAGE] = "";

	ASSERT_GE(peek, 0);
	EXPECT_EQ(0, pread(peek, page, UDB_PAGE, SIZE));
	EXPECT_EQ(100, pread(peek, page, UDB_PAGE, SIZE - 100));
	EXPECT_EQ(0, pwrite(peek, page, UDB_PAGE, SIZE));
	EXPECT_EQ((ssize_t)UDB_PAGE,
		  pread(peek, page, UDB_PAGE, SIZE - UDB_PAGE));
	EXPECT_TRUE(udb_page_has(page, UDB_STAMP(1, SIZE / UDB_PAGE - 1)));
	close(peek);
}

/* Page offsets and lengths: within folios, across them, over and over. */
static const struct {
	size_t first, count;
} ranges[] = {
	{ 5, 3 },     { 1, 511 },  { 100, 900 }, { 511, 2 },
	{ 512, 512 }, { 0, 1 },	   { 2047, 1 },	 { 1000, 1 },
	{ 1001, 1 },  { 1000, 2 }, { 3, 2040 },
};

#define NR_RANGES	(sizeof(ranges) / sizeof(ranges[0]))

TEST_F(importer, sees_ranges)
{
	size_t i, length;
	int buf, peek;

	for (i = 0; i < NR_RANGES; i++) {
		length = ranges[i].count * UDB_PAGE;
		buf = udb_create(self->dev, self->memfd,
				 ranges[i].first * UDB_PAGE, length);
		ASSERT_GE(buf, 0);
		peek = peek_attach(buf, variant->view, PEEK_BIDIRECTIONAL);
		ASSERT_GE(peek, 0);
		ASSERT_TRUE(peek_read(peek, self->copy, length, 0));
		EXPECT_EQ(-1, udb_stamp_wrong(self->copy, length, 1,
					      ranges[i].first))
		TH_LOG("pages %zu + %zu", ranges[i].first, ranges[i].count);
		close(peek);
		close(buf);
	}
}

/* All of the ranges above in one buffer: they overlap and go back. */
static int create_all_ranges(int dev, int memfd, size_t *size)
{
	struct udmabuf_create_item items[NR_RANGES] = {};
	size_t i;

	*size = 0;
	for (i = 0; i < NR_RANGES; i++) {
		items[i].memfd = memfd;
		items[i].offset = ranges[i].first * UDB_PAGE;
		items[i].size = ranges[i].count * UDB_PAGE;
		*size += items[i].size;
	}
	return udb_create_list(dev, items, NR_RANGES);
}

TEST_F(importer, sees_a_list_with_overlaps)
{
	size_t size, i, at = 0, length;
	int buf = create_all_ranges(self->dev, self->memfd, &size), peek;
	char *copy;

	ASSERT_GE(buf, 0);
	copy = malloc(size);
	ASSERT_NE(NULL, copy);
	peek = peek_attach(buf, variant->view, PEEK_BIDIRECTIONAL);
	ASSERT_GE(peek, 0);
	ASSERT_TRUE(peek_read(peek, copy, size, 0));
	for (i = 0; i < NR_RANGES; i++) {
		length = ranges[i].count * UDB_PAGE;
		EXPECT_EQ(-1, udb_stamp_wrong(copy + at, length, 1,
					      ranges[i].first))
		TH_LOG("range %zu of the list", i);
		at += length;
	}
	EXPECT_EQ(0, pread(peek, copy, UDB_PAGE, size));
	close(peek);
	free(copy);
	close(buf);
}

TEST_F(importer, writes_ranges)
{
	size_t first = 700, length = 900 * UDB_PAGE;
	int buf, peek;

	buf = udb_create(self->dev, self->memfd, first * UDB_PAGE, length);
	ASSERT_GE(buf, 0);
	peek = peek_attach(buf, variant->view, PEEK_FROM_DEVICE);
	ASSERT_GE(peek, 0);
	udb_stamp(self->copy, length, 4, 0);
	ASSERT_TRUE(peek_write(peek, self->copy, length, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, first * UDB_PAGE, 1, 0));
	EXPECT_EQ(-1,
		  udb_stamp_wrong(self->mem + first * UDB_PAGE, length, 4, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem + first * UDB_PAGE + length,
				      SIZE - first * UDB_PAGE - length, 1,
				      first + length / UDB_PAGE));
	close(peek);
	close(buf);
}

TEST_F(importer, outlives_the_descriptors)
{
	int peek = peek_attach(self->buf, variant->view, PEEK_BIDIRECTIONAL);

	ASSERT_GE(peek, 0);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->dev);
	EXPECT_ERRNO(EBUSY, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
	close(peek);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

/*
 * Several at a time, of every direction; one going is nothing to the others. A
 * kernel that checks how devices map memory (CONFIG_DMA_API_DEBUG) takes more than
 * eight of the same memory for a leak, unless it is told that they may overlap.
 */
TEST_F(importer, several_at_a_time)
{
	int peeks[16], i;
	size_t size;

	for (i = 0; i < 16; i++) {
		peeks[i] = peek_attach(self->buf,
				       i < 3 ? variant->view : PEEK_SG, i % 3);
		ASSERT_GE(peeks[i], 0);
	}
	udb_stamp(self->copy, SIZE, 5, 0);
	ASSERT_TRUE(peek_write(peeks[PEEK_BIDIRECTIONAL], self->copy, SIZE, 0));
	for (i = 0; i < 16; i++) {
		size = i < 6 ? SIZE : UDB_PAGE;
		memset(self->copy, 0, size);
		ASSERT_TRUE(peek_read(peeks[i], self->copy, size, 0));
		EXPECT_EQ(-1, udb_stamp_wrong(self->copy, size, 5, 0));
		close(peeks[i]);
	}
}

TEST_F(importer, attach_and_detach_again)
{
	int peek, i, wrong = 0;

	for (i = 0; i < 20; i++) {
		peek = peek_attach(self->buf, variant->view, i % 3);
		ASSERT_GE(peek, 0);
		ASSERT_TRUE(peek_read(peek, self->copy, UDB_PAGE,
				      i * 37 * UDB_PAGE));
		wrong += !udb_page_has(self->copy, UDB_STAMP(1, i * 37));
		close(peek);
	}
	EXPECT_EQ(0, wrong);
}

TEST_F(importer, sync_while_attached)
{
	static const uint64_t flags[] = {
		DMA_BUF_SYNC_READ,
		DMA_BUF_SYNC_WRITE,
		DMA_BUF_SYNC_RW,
	};
	int peek = peek_attach(self->buf, variant->view, PEEK_BIDIRECTIONAL);
	size_t i;

	ASSERT_GE(peek, 0);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0,
			  udb_sync(self->buf, DMA_BUF_SYNC_START | flags[i]));
		EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | flags[i]));
		EXPECT_EQ(0, peek_sync(peek, PEEK_SYNC_BEGIN, i));
		EXPECT_EQ(0, peek_sync(peek, PEEK_SYNC_END, i));
	}
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
	close(peek);
}

/*
 * SYNC in one direction reaches importers of all three. Drivers used to know one
 * direction for all of them, that of the first SYNC.
 */
TEST_F(importer, sync_in_every_direction)
{
	static const uint64_t flags[] = {
		DMA_BUF_SYNC_READ,
		DMA_BUF_SYNC_WRITE,
		DMA_BUF_SYNC_RW,
	};
	int peeks[3], i;

	for (i = 0; i < 3; i++) {
		peeks[i] = peek_attach(self->buf, variant->view, i);
		ASSERT_GE(peeks[i], 0);
	}
	for (i = 0; i < 9; i++) {
		EXPECT_EQ(0, udb_sync(self->buf,
				      DMA_BUF_SYNC_START | flags[i / 3]));
		EXPECT_EQ(0,
			  udb_sync(self->buf, DMA_BUF_SYNC_END | flags[i % 3]));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(peek_read(peeks[i], self->copy, SIZE, 0));
		EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
		close(peeks[i]);
	}
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
}

struct worker {
	pthread_t thread;
	int buf;
	enum peek_view view;
	int failed;
};

static void *worker_run(void *arg)
{
	struct worker *worker = arg;
	char page[UDB_PAGE];
	int i, peek;

	for (i = 0; i < 25; i++) {
		peek = peek_attach(worker->buf, worker->view, i % 3);
		if (peek < 0 ||
		    udb_sync(worker->buf,
			     DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
		    !peek_read(peek, page, UDB_PAGE, i * 41 * UDB_PAGE) ||
		    !udb_page_has(page, UDB_STAMP(1, i * 41)) ||
		    udb_sync(worker->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))
			worker->failed++;
		close(peek);
	}
	return NULL;
}

/* Attachments come and go while others SYNC: both walk the same list. */
TEST_F(importer, threads_attach_and_sync)
{
	struct worker workers[4];
	int i;

	for (i = 0; i < 4; i++) {
		workers[i] = (struct worker){
			.buf = self->buf,
			.view = variant->view,
		};
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    worker_run, &workers[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(workers[i].thread, NULL);
		EXPECT_EQ(0, workers[i].failed);
	}
}

TEST_HARNESS_MAIN
