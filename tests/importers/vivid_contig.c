// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real importer that wants memory in one piece: vivid with vb2_dma_contig. It
 * attaches, maps for DMA, adds up segments as long as each begins where the one
 * before ends, and refuses the buffer when that is less than a frame. Then it
 * writes frames through dma_buf_vmap(). Its device reaches 4 GiB and takes
 * segments of 64 KiB.
 *
 * Guards against: segments that are out of order, short or overlap where the
 * buffer is one folio, a malformed scatterlist for large folios (6.11 to 7.1), a
 * mapping that is left behind when an importer refuses the buffer, and the
 * vmap of the head page (6.11 to 6.12).
 */
#include <stdlib.h>

#include "camera.h"
#include "settled.h"

#define SIZE	UDB_HUGE

/* Only these are sure to lie in one piece. */
#define LARGE_FOLIO_VARIANTS(fixture)					\
	FIXTURE_VARIANT(fixture) {					\
		enum udb_backing backing;				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, shmem_thp) {			\
		.backing = UDB_SHMEM_THP,				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, hugetlb_2m) {			\
		.backing = UDB_HUGETLB_2M,				\
	}

CAMERA_FIXTURE(contig, CAMERA_CONTIG, SIZE, LARGE_FOLIO_VARIANTS);

#define WIDTH	640
#define HEIGHT	480
#define BYTES	(2UL * WIDTH * HEIGHT)

#define SET_FORMAT()							\
	do {								\
		ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV,	\
					  WIDTH, HEIGHT));		\
		ASSERT_EQ(BYTES, self->v.size[0]);			\
		ASSERT_EQ(0, video_reference(&self->v, self->want));	\
	} while (0)

/* A frame at @offset of the memfd, and nothing else. */
#define EXPECT_FRAME_AT(offset)						\
	do {								\
		const size_t end_ = (offset) + BYTES;			\
									\
		EXPECT_EQ(-1, noise_not(self->mem, offset,		\
					CAMERA_BLANK));			\
		EXPECT_EQ(-1, noise_wrong(self->want[0],		\
					  self->mem + (offset), BYTES)); \
		EXPECT_EQ(-1, noise_not(self->mem + end_, SIZE - end_,	\
					CAMERA_BLANK));			\
	} while (0)

TEST_F(contig, frame_in_one_folio)
{
	SET_FORMAT();
	ASSERT_EQ(0, video_capture(&self->v, &self->buf));
	EXPECT_FRAME_AT(0);
}

TEST_F(contig, frame_in_the_middle_of_a_folio)
{
	const size_t first = 101 * UDB_PAGE;
	int buf;

	SET_FORMAT();
	buf = udb_create(self->dev, self->memfd, first, SIZE - first);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, video_capture(&self->v, &buf));
	EXPECT_FRAME_AT(first);
	close(buf);
}

/*
 * Two ranges that meet inside of a folio: two pins and two runs, yet one piece
 * for the device.
 */
TEST_F(contig, ranges_that_meet_in_a_folio)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd,
		  .offset = 3 * UDB_PAGE,
		  .size = 70 * UDB_PAGE },
		{ .memfd = self->memfd,
		  .offset = 73 * UDB_PAGE,
		  .size = 400 * UDB_PAGE },
	};
	int buf = udb_create_list(self->dev, items, 2);

	ASSERT_GE(buf, 0);
	SET_FORMAT();
	ASSERT_EQ(0, video_capture(&self->v, &buf));
	EXPECT_FRAME_AT(3 * UDB_PAGE);
	close(buf);
}

/* The importer unmaps and detaches, and the memory is free. */
TEST_F(contig, memory_in_pieces_is_refused)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .offset = SIZE / 2, .size = SIZE / 4 },
		{ .memfd = self->memfd, .offset = 0, .size = SIZE / 4 },
	};
	int buf = udb_create_list(self->dev, items, 2);

	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, WIDTH, HEIGHT));
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	EXPECT_ERRNO(EFAULT, video_queue(&self->v, 0, &buf, NULL));
	close(buf);
	close(self->buf);
	munmap(self->mem, SIZE);
	self->mem = NULL;
	EXPECT_EQ(0, camera_seal(self->memfd));
}

/* The same buffer is good for what fits into its first piece. */
TEST_F(contig, first_piece_is_enough)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .offset = SIZE / 2, .size = SIZE / 2 },
		{ .memfd = self->memfd, .offset = 0, .size = SIZE / 2 },
	};
	int buf = udb_create_list(self->dev, items, 2);
	size_t length = BYTES;

	ASSERT_GE(buf, 0);
	SET_FORMAT();
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_queue(&self->v, 0, &buf, &length));
	ASSERT_EQ(0, video_start(&self->v));
	ASSERT_EQ(0, video_dequeue(&self->v));
	EXPECT_FRAME_AT(SIZE / 2);
	close(buf);
}

TEST_F(contig, device_closed_while_streaming)
{
	SET_FORMAT();
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_queue(&self->v, 0, &self->buf, NULL));
	ASSERT_EQ(0, video_start(&self->v));
	close(self->buf);
	video_close(&self->v);
	munmap(self->mem, SIZE);
	self->mem = NULL;
	EXPECT_EQ(0, camera_seal(self->memfd));
}

static bool map_many_times(const void *arg)
{
	FIXTURE_DATA(contig) self = *(FIXTURE_DATA(contig) const *)arg;
	int round, buf;

	for (round = 0; round < SETTLED_ROUNDS; round++) {
		buf = udb_create(self.dev, self.memfd, round % 64 * UDB_PAGE,
				 256 * UDB_PAGE);
		if (buf < 0 || video_request(&self.v, V4L2_MEMORY_DMABUF, 1) ||
		    video_queue(&self.v, 0, &buf, NULL))
			return false;
		close(buf);
		if (video_request(&self.v, V4L2_MEMORY_DMABUF, 0))
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(contig, mapping_costs_nothing_for_good, 300)
{
	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, WIDTH, HEIGHT));
	EXPECT_NO_GROWTH(map_many_times, self);
}

TEST_HARNESS_MAIN
