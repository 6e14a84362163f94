// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real DMA, the data: what the processor writes between SYNC START and END
 * reaches the device, what the device writes reaches the processor after START,
 * while the device keeps its mapping all the time. The same suite runs where the
 * device reaches all memory, where bounce buffers are in between (swiotlb=force,
 * or 28 address bits), and behind an IOMMU; whatever lies there, the bytes have
 * to be right.
 *
 * Where nothing bounces and nothing is cached in between, a driver that syncs
 * nothing passes as well: bounce buffers are what shows it.
 */
#include "edu_device.h"

/* Often enough that data of an earlier round could be taken for this one's. */
#define ROUNDS	4

EDU_BUFFER_FIXTURE(edu);

static int edu_start_sync(int buf, uint64_t direction)
{
	return udb_sync(buf, DMA_BUF_SYNC_START | direction);
}

static int edu_end_sync(int buf, uint64_t direction)
{
	return udb_sync(buf, DMA_BUF_SYNC_END | direction);
}

/*
 * Importers that keep their mapping saw what was there when they mapped, and
 * never a later frame: the exporter synced a mapping of its own only, and mapped
 * theirs with DMA_ATTR_SKIP_CPU_SYNC. Written through the buffer and through the
 * memfd in turns.
 */
TEST_F(edu, end_gives_to_the_device)
{
	int edu = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	unsigned int round;

	ASSERT_GE(edu, 0);
	for (round = 2; round < 2 + ROUNDS; round++) {
		struct edu_pieces pieces = edu_some_pages(round * 5);

		EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_WRITE));
		edu_fill(round % 2 ? self->map : self->mem, 0, EDU_SIZE, round);
		EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_WRITE));
		EXPECT_EQ(-1, edu_device_reads(edu, &pieces, round))
		TH_LOG("round %u", round);
	}
	close(edu);
}

/*
 * The same way back. The very first SYNC counts: after one fix upstream it was
 * the only one that moved nothing, and earlier START called for_device() where
 * for_cpu() was meant. What the device did not write stays as it was.
 */
TEST_F(edu, start_takes_from_the_device)
{
	int edu = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	struct edu_pieces untouched = edu_some_pages(31);
	unsigned int round;

	ASSERT_GE(edu, 0);
	for (round = 2; round < 2 + ROUNDS; round++) {
		struct edu_pieces pieces = edu_some_pages(round);

		ASSERT_EQ(0, edu_device_writes(edu, &pieces, round));
		EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_READ));
		EXPECT_EQ(-1, edu_wrong_pieces(self->map, &pieces, round));
		EXPECT_EQ(-1, edu_wrong_pieces(self->mem, &pieces, round));
		EXPECT_EQ(-1, edu_wrong_pieces(self->map, &untouched, 1));
		EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_READ));
	}
	close(edu);
}

/*
 * A look at each page at least, of what the processor wrote under the mapping: a
 * sync that takes nents for orig_nents leaves out the end of the table.
 */
TEST_F(edu, each_page_reaches_the_device)
{
	int edu = edu_attach(self->buf, 0, EDU_TO_DEVICE);
	struct edu_pieces pieces = edu_each_page();

	ASSERT_GE(edu, 0);
	EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_WRITE));
	edu_fill_pieces(self->mem, &pieces, 2);
	EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(-1, edu_device_reads(edu, &pieces, 2));
	close(edu);
}

TEST_F(edu, each_page_comes_from_the_device)
{
	int edu = edu_attach(self->buf, 0, EDU_FROM_DEVICE);
	struct edu_pieces pieces = edu_each_page();

	ASSERT_GE(edu, 0);
	ASSERT_EQ(0, edu_device_writes(edu, &pieces, 2));
	EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_READ));
	EXPECT_EQ(-1, edu_wrong_pieces(self->mem, &pieces, 2));
	EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_READ));
	close(edu);
}

/*
 * Pieces that begin in one segment and end in the next, which the device has to
 * take in two transfers: a segment that is a page too short, or the wrong way
 * round, shows here.
 */
TEST_F(edu, pieces_across_segments)
{
	struct edu_pieces pieces = {
		.offset = 64 * UDB_KIB - 150,
		.stride = 64 * UDB_KIB,
		.length = 301,
		.count = EDU_SIZE / (64 * UDB_KIB) - 1,
	};
	int edu;

	ASSERT_EQ(0, edu_set("max_segment", 64 * UDB_KIB));
	edu = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	ASSERT_GE(edu, 0);
	EXPECT_EQ(-1, edu_device_reads(edu, &pieces, 1));
	ASSERT_EQ(0, edu_device_writes(edu, &pieces, 2));
	EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_READ));
	EXPECT_EQ(-1, edu_wrong_pieces(self->mem, &pieces, 2));
	EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_READ));
	close(edu);
}

/*
 * Begun to read, ended by having written, or both at once: the direction of the
 * first SYNC was kept for all later ones, so that these moved nothing, or the
 * wrong way.
 */
TEST_F(edu, directions_may_change)
{
	static const uint64_t directions[] = {
		DMA_BUF_SYNC_READ,
		DMA_BUF_SYNC_RW,
		DMA_BUF_SYNC_WRITE,
		DMA_BUF_SYNC_READ,
	};
	int edu = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	unsigned int i;

	ASSERT_GE(edu, 0);
	for (i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		struct edu_pieces pieces = edu_some_pages(i);

		EXPECT_EQ(0, edu_start_sync(self->buf, directions[i]));
		edu_fill_pieces(self->map, &pieces, 2 + i);
		EXPECT_EQ(0,
			  edu_end_sync(self->buf, i % 2 ? DMA_BUF_SYNC_WRITE :
							  DMA_BUF_SYNC_RW));
		EXPECT_EQ(-1, edu_device_reads(edu, &pieces, 2 + i))
		TH_LOG("change %u", i);
	}
	close(edu);
}

/*
 * A device that only reads has nothing to give: START must not replace what came
 * in through the memfd by the older copy in a bounce buffer, be it that of the
 * device or one that the exporter made for itself at an earlier SYNC.
 */
TEST_F(edu, start_keeps_newer_data)
{
	int edu = edu_attach(self->buf, 0, EDU_TO_DEVICE);

	ASSERT_GE(edu, 0);
	EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_RW));
	edu_fill(self->mem, 0, EDU_SIZE, 2);
	EXPECT_EQ(0, edu_start_sync(self->buf, DMA_BUF_SYNC_RW));
	EXPECT_EQ(-1, edu_wrong(self->mem, 0, EDU_SIZE, 2));
	EXPECT_EQ(0, edu_end_sync(self->buf, DMA_BUF_SYNC_RW));
	close(edu);
	EXPECT_EQ(-1, edu_wrong(self->mem, 0, EDU_SIZE, 2));
}

/* A camera on one board, a display on another: frames go through START and END. */
static void edu_pass_frames(struct udb_test *_metadata, int buf, int camera,
			    int display)
{
	unsigned int round;

	for (round = 2; round < 2 + ROUNDS; round++) {
		struct edu_pieces pieces = edu_some_pages(round);

		ASSERT_EQ(0, edu_device_writes(camera, &pieces, round));
		EXPECT_EQ(0, edu_start_sync(buf, DMA_BUF_SYNC_RW));
		EXPECT_EQ(0, edu_end_sync(buf, DMA_BUF_SYNC_RW));
		EXPECT_EQ(-1, edu_device_reads(display, &pieces, round))
		TH_LOG("round %u", round);
	}
}

/* Each mapping is synced in its own direction, whichever came first. */
TEST_F(edu, two_devices)
{
	int camera = edu_attach(self->buf, 0, EDU_FROM_DEVICE);
	int display = edu_attach(self->buf, 1, EDU_TO_DEVICE);

	ASSERT_GE(camera, 0);
	ASSERT_GE(display, 0);
	edu_pass_frames(_metadata, self->buf, camera, display);
	close(camera);
	camera = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	ASSERT_GE(camera, 0);
	edu_pass_frames(_metadata, self->buf, camera, display);
	close(display);
	close(camera);
}

/* Two mappings for one device, too, are two: DMA debugging once said EEXIST. */
TEST_F(edu, two_mappings_for_one_device)
{
	int camera = edu_attach(self->buf, 0, EDU_FROM_DEVICE);
	int display = edu_attach(self->buf, 0, EDU_TO_DEVICE);

	ASSERT_GE(camera, 0);
	ASSERT_GE(display, 0);
	edu_pass_frames(_metadata, self->buf, camera, display);
	close(camera);
	close(display);
}

/*
 * Drivers that map for each transfer need no SYNC: unmapping in the direction of
 * the mapping hands over what the device wrote, mapping again what the processor
 * did.
 */
TEST_F(edu, map_and_unmap_hand_over)
{
	static const enum edu_direction directions[] = {
		EDU_FROM_DEVICE,
		EDU_BIDIRECTIONAL,
		EDU_FROM_DEVICE,
	};
	unsigned int i;
	int edu;

	for (i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		struct edu_pieces pieces = edu_some_pages(i);

		edu = edu_attach(self->buf, 0, directions[i]);
		ASSERT_GE(edu, 0);
		ASSERT_EQ(0, edu_device_writes(edu, &pieces, 2 + i));
		ASSERT_EQ(0, edu_detach(edu));
		close(edu);
		EXPECT_EQ(-1, edu_wrong_pieces(self->mem, &pieces, 2 + i));

		edu_fill_pieces(self->map, &pieces, 12 + i);
		edu = edu_attach(self->buf, 0, EDU_TO_DEVICE);
		ASSERT_GE(edu, 0);
		EXPECT_EQ(-1, edu_device_reads(edu, &pieces, 12 + i));
		close(edu);
	}
}

TEST_HARNESS_MAIN
