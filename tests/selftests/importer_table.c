// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table that an importer gets: as few segments as the memory has pieces,
 * none longer than the device takes, and, where the device cannot reach the
 * memory, bounce buffers that SYNC keeps up to date.
 */
#include <errno.h>
#include <stdlib.h>

#include "common.h"
#include "peek.h"

#define SIZE	(4 * UDB_HUGE)

FIXTURE(importer_table) {
	int dev;
	int memfd;
	int buf;
	char *mem;
	char *copy;
};

UDB_BACKING_VARIANTS(importer_table);

FIXTURE_SETUP(importer_table)
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

FIXTURE_TEARDOWN(importer_table)
{
	EXPECT_EQ(0, peek_set("max_segment", PEEK_ANY_SEGMENT));
	EXPECT_EQ(0, peek_set("dma_mask_bits", PEEK_ANY_ADDRESS));
	free(self->copy);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

TEST_F(importer_table, covers_the_buffer)
{
	int peek = peek_attach(self->buf, PEEK_SG, PEEK_BIDIRECTIONAL);
	struct peek_info info;

	ASSERT_GE(peek, 0);
	ASSERT_EQ(0, peek_info(peek, &info));
	EXPECT_EQ(SIZE, info.size);
	EXPECT_EQ(SIZE, info.total);
	EXPECT_GT(info.nents, 0);
	EXPECT_LE(info.nents, info.orig_nents);
	EXPECT_LE(info.orig_nents, SIZE / UDB_PAGE);
	close(peek);
}

/* A segment per piece of memory, not per page: a piece is what DMA sees. */
TEST_F(importer_table, has_a_segment_per_piece)
{
	int peek = peek_attach(self->buf, PEEK_SG, PEEK_BIDIRECTIONAL);
	struct peek_info info;

	ASSERT_GE(peek, 0);
	ASSERT_EQ(0, peek_info(peek, &info));
	EXPECT_EQ(info.dma_runs, info.orig_nents);
	if (variant->backing != UDB_SHMEM_4K) {
		EXPECT_LE(info.orig_nents, SIZE / UDB_HUGE);
		EXPECT_GE(info.longest, UDB_HUGE);
	}
	close(peek);
}

/* No page follows another: that takes an entry for each. */
TEST_F(importer_table, of_a_reversed_list)
{
	struct udmabuf_create_item items[512] = {};
	struct peek_info info;
	int buf, peek, i, wrong = 0;

	for (i = 0; i < 512; i++) {
		items[i].memfd = self->memfd;
		items[i].offset = (511 - i) * UDB_PAGE;
		items[i].size = UDB_PAGE;
	}
	buf = udb_create_list(self->dev, items, 512);
	ASSERT_GE(buf, 0);
	peek = peek_attach(buf, PEEK_PAGES, PEEK_BIDIRECTIONAL);
	ASSERT_GE(peek, 0);
	ASSERT_EQ(0, peek_info(peek, &info));
	EXPECT_EQ(512 * UDB_PAGE, info.total);
	EXPECT_EQ(512, info.pieces);
	ASSERT_TRUE(peek_read(peek, self->copy, 512 * UDB_PAGE, 0));
	for (i = 0; i < 512; i++)
		wrong += !udb_page_has(self->copy + i * UDB_PAGE,
				       UDB_STAMP(1, 511 - i));
	EXPECT_EQ(0, wrong);
	close(peek);
	close(buf);
}

TEST_F(importer_table, is_cut_to_what_the_device_takes)
{
	static const unsigned long longest[] = {
		UDB_PAGE,	3 * UDB_PAGE, 64 * UDB_KIB,
		100 * UDB_PAGE, UDB_HUGE,     UDB_MIB + UDB_PAGE / 2,
	};
	static const enum peek_view views[] = {
		PEEK_SG,
		PEEK_PAGES,
		PEEK_DMA,
	};
	struct peek_info info;
	size_t i, j;
	int peek;

	for (i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		ASSERT_EQ(0, peek_set("max_segment", longest[i]));
		for (j = 0; j < sizeof(views) / sizeof(views[0]); j++) {
			peek = peek_attach(self->buf, views[j],
					   PEEK_BIDIRECTIONAL);
			ASSERT_GE(peek, 0);
			ASSERT_EQ(0, peek_info(peek, &info));
			EXPECT_LE(info.longest, longest[i]);
			EXPECT_EQ(SIZE, info.total);
			ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
			EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
			close(peek);
		}
	}
}

/* Two devices of different abilities at a time: a table for each. */
TEST_F(importer_table, belongs_to_its_device)
{
	struct peek_info large, small;
	int first, second;

	first = peek_attach(self->buf, PEEK_SG, PEEK_BIDIRECTIONAL);
	ASSERT_GE(first, 0);
	ASSERT_EQ(0, peek_set("max_segment", UDB_PAGE));
	second = peek_attach(self->buf, PEEK_SG, PEEK_TO_DEVICE);
	ASSERT_GE(second, 0);
	ASSERT_EQ(0, peek_info(first, &large));
	ASSERT_EQ(0, peek_info(second, &small));
	EXPECT_EQ(UDB_PAGE, small.longest);
	EXPECT_EQ(SIZE / UDB_PAGE, small.orig_nents);
	if (variant->backing != UDB_SHMEM_4K)
		EXPECT_GT(large.longest, UDB_PAGE);
	close(first);
	ASSERT_TRUE(peek_read(second, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
	close(second);
}

/*
 * A device of 32 address bits cannot reach memory above 4 GiB: the kernel
 * copies through bounce buffers. PEEK_DMA sees what such a device sees.
 */
static int attach_bounced(int buf, enum peek_direction direction, bool *bounced)
{
	struct peek_info info = {};
	int peek;

	if (peek_set("dma_mask_bits", 32))
		return -1;
	peek = peek_attach(buf, PEEK_DMA, direction);
	*bounced = peek >= 0 && !peek_info(peek, &info) && info.bounced == SIZE;
	return peek;
}

#define ATTACH_BOUNCED_OR_SKIP(peek, direction)				\
	do {								\
		bool bounced_;						\
									\
		(peek) = attach_bounced(self->buf, direction, &bounced_); \
		ASSERT_GE(peek, 0);					\
		if (!bounced_)						\
			SKIP(return, "not all memory is above 4 GiB");	\
	} while (0)

TEST_F(importer_table, bounce_device_sees_the_memory)
{
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_TO_DEVICE);
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 1, 0));
	close(peek);
}

TEST_F(importer_table, bounce_segments_fit_a_slot)
{
	struct peek_info info;
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_TO_DEVICE);
	ASSERT_EQ(0, peek_info(peek, &info));
	/* The most that one bounce buffer takes. */
	EXPECT_LE(info.longest, 256 * UDB_KIB);
	EXPECT_EQ(SIZE, info.total);
	close(peek);
}

/*
 * More than all bounce buffers together: the mapping fails. Drivers used to keep
 * the error where the table belongs, and to use it at the next SYNC, or at the
 * close. The buffer has to be as good as before.
 */
TEST_F_TIMEOUT(importer_table, failed_mapping_is_forgotten, 60)
{
	size_t size = 128 * UDB_MIB;
	long limit = udb_size_limit_raise(128);
	int memfd, buf, peek, i;

	UDB_MEMFD_OR_SKIP(memfd, variant->backing, size);
	buf = udb_create(self->dev, memfd, 0, size);
	ASSERT_GE(buf, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, peek_set("dma_mask_bits", 32));
		errno = 0;
		EXPECT_EQ(-1, peek_attach(buf, PEEK_DMA, i));
		EXPECT_NE(EOPNOTSUPP, errno);
		ASSERT_EQ(0, peek_set("dma_mask_bits", PEEK_ANY_ADDRESS));
		EXPECT_EQ(0,
			  udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
		EXPECT_EQ(0, udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	}
	peek = peek_attach(buf, PEEK_SG, PEEK_BIDIRECTIONAL);
	ASSERT_GE(peek, 0);
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, size - SIZE));
	EXPECT_EQ(-1, udb_zero_wrong(self->copy, SIZE));
	close(peek);
	close(buf);
	EXPECT_EQ(0, fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(0, udb_size_limit_restore(limit));
	close(memfd);
}

/* The processor writes, ends, and the device sees it. */
TEST_F(importer_table, bounce_end_gives_to_the_device)
{
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_BIDIRECTIONAL);
	EXPECT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	udb_stamp(self->mem, SIZE, 2, 0);
	EXPECT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	ASSERT_TRUE(peek_read(peek, self->copy, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->copy, SIZE, 2, 0));
	close(peek);
}

/* The device writes; whoever begins to read sees it. */
TEST_F(importer_table, bounce_start_takes_from_the_device)
{
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_BIDIRECTIONAL);
	udb_stamp(self->copy, SIZE, 3, 0);
	ASSERT_TRUE(peek_write(peek, self->copy, SIZE, 0));
	EXPECT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 3, 0));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	close(peek);
}

/* Unmapping hands over what the device wrote, without any SYNC. */
TEST_F(importer_table, bounce_unmap_takes_from_the_device)
{
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_FROM_DEVICE);
	udb_stamp(self->copy, SIZE, 4, 0);
	ASSERT_TRUE(peek_write(peek, self->copy, SIZE, 0));
	close(peek);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 4, 0));
}

/*
 * SYNC without importers has nothing to copy: data that came in by the memfd
 * must not be replaced by anything older.
 */
TEST_F(importer_table, bounce_sync_keeps_newer_data)
{
	int peek;

	ATTACH_BOUNCED_OR_SKIP(peek, PEEK_TO_DEVICE);
	udb_stamp(self->mem, SIZE, 5, 0);
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 5, 0));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	close(peek);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 5, 0));
}

TEST_HARNESS_MAIN
