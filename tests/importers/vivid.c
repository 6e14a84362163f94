// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real importer that maps buffers into the kernel: vivid, a V4L2 device with
 * videobuf2 above vb2_vmalloc. It calls dma_buf_vmap() for every buffer that is
 * queued, and its processor writes a frame through the mapping. Each byte of a
 * frame is compared with what vivid writes into memory of its own, and each byte
 * around it with what was there before.
 *
 * Guards against: no vmap at all (before 6.2), every page shown as the first of
 * its folio (6.11 to 6.12), vmap refused (6.13 to 6.14), pages of a range mapped
 * from the start of the folio (until 6.16), and references to a buffer that
 * outlive the device's use of it.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "camera.h"
#include "settled.h"

#define SIZE	UDB_HUGE

CAMERA_FIXTURE(vivid, CAMERA_VMAP, SIZE, UDB_BACKING_VARIANTS);

/* Frames of a size that a test of something else than sizes likes. */
#define SMALL_WIDTH	320
#define SMALL_HEIGHT	180
#define SMALL_PAGES	32

static size_t pages_of(size_t bytes)
{
	return (bytes + UDB_PAGE - 1) / UDB_PAGE;
}

/* Sets a format, and what a frame of it should be. */
#define SET_FORMAT(fourcc, width, height)				\
	do {								\
		ASSERT_EQ(0, video_format(&self->v, fourcc, width, height)); \
		ASSERT_LE(self->v.size[0], SIZE);			\
		ASSERT_EQ(0, video_reference(&self->v, self->want));	\
	} while (0)

#define SET_SMALL_FORMAT() \
	SET_FORMAT(V4L2_PIX_FMT_YUYV, SMALL_WIDTH, SMALL_HEIGHT)

/* A frame at @mem, @room bytes of which were blank. */
#define EXPECT_FRAME(mem, room)						\
	do {								\
		unsigned char *mem_ = mem;				\
									\
		EXPECT_EQ(-1, noise_wrong(self->want[0], mem_,		\
					  self->v.size[0]));		\
		EXPECT_EQ(-1, noise_not(mem_ + self->v.size[0],		\
					(room) - self->v.size[0],	\
					CAMERA_BLANK));			\
	} while (0)

static const struct {
	uint32_t fourcc;
	unsigned int width;
	unsigned int height;
} formats[] = {
	{ V4L2_PIX_FMT_GREY, 320, 180 },   { V4L2_PIX_FMT_YUYV, 640, 480 },
	{ V4L2_PIX_FMT_RGB24, 640, 360 },  { V4L2_PIX_FMT_XBGR32, 640, 480 },
	{ V4L2_PIX_FMT_YUV420, 640, 480 }, { V4L2_PIX_FMT_NV12, 1280, 720 },
	{ V4L2_PIX_FMT_YUYV, 1280, 720 },
};

/* From 15 pages to nearly all of the buffer, packed and with planes. */
TEST_F_TIMEOUT(vivid, frames_of_many_formats, 120)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		TH_LOG("format %zu", i);
		SET_FORMAT(formats[i].fourcc, formats[i].width,
			   formats[i].height);
		memset(self->mem, CAMERA_BLANK, SIZE);
		ASSERT_EQ(0, video_capture(&self->v, &self->buf));
		EXPECT_FRAME(self->mem, SIZE);
	}
}

TEST_F(vivid, frame_through_the_buffers_own_mapping)
{
	unsigned char *map = udb_map(self->buf, SIZE, PROT_READ);

	ASSERT_NE(NULL, map);
	SET_FORMAT(V4L2_PIX_FMT_YUYV, 640, 480);
	ASSERT_EQ(0, video_capture(&self->v, &self->buf));
	EXPECT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_FRAME(map, SIZE);
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	munmap(map, SIZE);
}

/* A buffer that begins in the middle of a folio: not one page off. */
TEST_F(vivid, buffer_inside_of_a_folio)
{
	const size_t first = 37 * UDB_PAGE;
	size_t room;
	int buf;

	SET_FORMAT(V4L2_PIX_FMT_YUYV, 640, 480);
	room = pages_of(self->v.size[0]) * UDB_PAGE;
	buf = udb_create(self->dev, self->memfd, first, room);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, video_capture(&self->v, &buf));
	close(buf);
	EXPECT_EQ(-1, noise_not(self->mem, first, CAMERA_BLANK));
	EXPECT_FRAME(self->mem + first, SIZE - first);
}

#define RANGE_PAGES	8
#define NR_RANGES	(SIZE / UDB_PAGE / RANGE_PAGES)

/* Many runs, in an order that no physical order of pages has. */
TEST_F(vivid, buffer_of_ranges_in_reverse)
{
	struct udmabuf_create_item items[NR_RANGES];
	unsigned char *map;
	size_t i;
	int buf;

	for (i = 0; i < NR_RANGES; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = (NR_RANGES - 1 - i) * RANGE_PAGES * UDB_PAGE,
			.size = RANGE_PAGES * UDB_PAGE,
		};
	buf = udb_create_list(self->dev, items, NR_RANGES);
	ASSERT_GE(buf, 0);
	SET_FORMAT(V4L2_PIX_FMT_YUYV, 640, 480);
	ASSERT_EQ(0, video_capture(&self->v, &buf));
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_FRAME(map, SIZE);
	/* The last range of the memfd is the first of the buffer. */
	EXPECT_EQ(-1, noise_wrong(self->want[0], self->mem + items[0].offset,
				  RANGE_PAGES * UDB_PAGE));
	munmap(map, SIZE);
	close(buf);
}

#define NR_BUFFERS	4
#define NR_FRAMES	12

/* Buffers that are neighbours in one folio, each with a mapping of its own. */
TEST_F_TIMEOUT(vivid, four_buffers_take_turns, 120)
{
	const size_t room = SMALL_PAGES * UDB_PAGE;
	int bufs[NR_BUFFERS], i, index;

	SET_SMALL_FORMAT();
	ASSERT_LE(self->v.size[0], room);
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, NR_BUFFERS));
	for (i = 0; i < NR_BUFFERS; i++) {
		bufs[i] = udb_create(self->dev, self->memfd, i * room, room);
		ASSERT_GE(bufs[i], 0);
		ASSERT_EQ(0, video_queue(&self->v, i, &bufs[i], NULL));
	}
	ASSERT_EQ(0, video_start(&self->v));
	for (i = 0; i < NR_FRAMES; i++) {
		index = video_dequeue(&self->v);
		ASSERT_EQ(i % NR_BUFFERS, index);
		EXPECT_FRAME(self->mem + index * room, room);
		memset(self->mem + index * room, CAMERA_BLANK, room);
		ASSERT_EQ(0, video_queue(&self->v, index, &bufs[index], NULL));
	}
	EXPECT_EQ(0, video_stop(&self->v));
	EXPECT_EQ(-1, noise_not(self->mem + NR_BUFFERS * room,
				SIZE - NR_BUFFERS * room, CAMERA_BLANK));
	for (i = 0; i < NR_BUFFERS; i++)
		close(bufs[i]);
}

/* Nothing but the failed call may have pinned the memory. */
#define EXPECT_UNPINNED()						\
	do {								\
		munmap(self->mem, SIZE);				\
		EXPECT_EQ(0, camera_seal(self->memfd));			\
		self->mem = NULL;					\
	} while (0)

TEST_F(vivid, buffer_too_small_is_refused)
{
	int buf;

	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, 640, 480));
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	close(self->buf);
	buf = udb_create(self->dev, self->memfd, 0,
			 (pages_of(self->v.size[0]) - 1) * UDB_PAGE);
	ASSERT_GE(buf, 0);
	EXPECT_ERRNO(EINVAL, video_queue(&self->v, 0, &buf, NULL));
	close(buf);
	EXPECT_UNPINNED();
}

TEST_F(vivid, no_dmabuf_is_refused)
{
	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, 640, 480));
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	EXPECT_ERRNO(EINVAL, video_queue(&self->v, 0, &self->memfd, NULL));
}

/* The frame comes, although nobody but the device has the buffer. */
TEST_F(vivid, buffer_closed_while_queued)
{
	SET_SMALL_FORMAT();
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_queue(&self->v, 0, &self->buf, NULL));
	close(self->buf);
	close(self->dev);
	ASSERT_EQ(0, video_start(&self->v));
	ASSERT_EQ(0, video_dequeue(&self->v));
	EXPECT_FRAME(self->mem, SIZE);
	EXPECT_EQ(0, video_stop(&self->v));
	EXPECT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 0));
	EXPECT_UNPINNED();
}

/* Queued for the same place, another buffer takes the place of the first. */
TEST_F(vivid, another_buffer_takes_the_place)
{
	const size_t room = SMALL_PAGES * UDB_PAGE;
	int one, other;

	SET_SMALL_FORMAT();
	one = udb_create(self->dev, self->memfd, 0, room);
	other = udb_create(self->dev, self->memfd, 2 * room, room);
	ASSERT_GE(one, 0);
	ASSERT_GE(other, 0);
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_start(&self->v));
	ASSERT_EQ(0, video_frame(&self->v, &one));
	close(one);
	EXPECT_FRAME(self->mem, 2 * room);
	memset(self->mem, CAMERA_BLANK, room);
	ASSERT_EQ(0, video_frame(&self->v, &other));
	EXPECT_EQ(-1, noise_not(self->mem, 2 * room, CAMERA_BLANK));
	EXPECT_FRAME(self->mem + 2 * room, SIZE - 2 * room);
	close(other);
}

#define QUEUE_ALL()							\
	do {								\
		const size_t room_ = SMALL_PAGES * UDB_PAGE;		\
		int i_, buf_;						\
									\
		ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF,\
					   NR_BUFFERS));		\
		for (i_ = 0; i_ < NR_BUFFERS; i_++) {			\
			buf_ = udb_create(self->dev, self->memfd,	\
					  i_ * room_, room_);		\
			ASSERT_GE(buf_, 0);				\
			ASSERT_EQ(0, video_queue(&self->v, i_, &buf_,	\
						 NULL));		\
			close(buf_);					\
		}							\
		close(self->buf);					\
	} while (0)

TEST_F(vivid, stop_with_queued_buffers)
{
	SET_SMALL_FORMAT();
	QUEUE_ALL();
	EXPECT_EQ(0, video_start(&self->v));
	EXPECT_EQ(0, video_stop(&self->v));
	EXPECT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 0));
	EXPECT_UNPINNED();
}

TEST_F(vivid, device_closed_while_streaming)
{
	SET_SMALL_FORMAT();
	QUEUE_ALL();
	EXPECT_EQ(0, video_start(&self->v));
	video_close(&self->v);
	EXPECT_UNPINNED();
}

/* Until the process is gone and, with it, the last use: some ten seconds. */
static int seal_in_time(int memfd)
{
	int tries, err = EBUSY;

	for (tries = 0; err && tries < 1000; tries++) {
		err = camera_seal(memfd);
		usleep(10000);
	}
	return err;
}

static _Noreturn void stream_until_killed(struct video *v, int buf)
{
	if (!video_request(v, V4L2_MEMORY_DMABUF, 1) && !video_start(v))
		while (!video_frame(v, &buf))
			;
	_exit(1);
}

TEST_F(vivid, killed_while_streaming)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, SMALL_WIDTH,
				  SMALL_HEIGHT));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		stream_until_killed(&self->v, self->buf);
	video_close(&self->v);
	close(self->buf);
	while (noise_not(self->mem, UDB_PAGE, CAMERA_BLANK) < 0 &&
	       !waitpid(pid, &status, WNOHANG))
		usleep(10000);
	munmap(self->mem, SIZE);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, seal_in_time(self->memfd));
}

static bool queue_many_times(const void *arg)
{
	FIXTURE_DATA(vivid) self = *(FIXTURE_DATA(vivid) const *)arg;
	int round, buf;

	for (round = 0; round < SETTLED_ROUNDS; round++) {
		buf = udb_create(self.dev, self.memfd, round % 64 * UDB_PAGE,
				 SMALL_PAGES * UDB_PAGE);
		if (buf < 0 || video_request(&self.v, V4L2_MEMORY_DMABUF, 1) ||
		    video_queue(&self.v, 0, &buf, NULL))
			return false;
		close(buf);
		if (video_request(&self.v, V4L2_MEMORY_DMABUF, 0))
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(vivid, queueing_costs_nothing_for_good, 300)
{
	ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV, SMALL_WIDTH,
				  SMALL_HEIGHT));
	EXPECT_NO_GROWTH(queue_many_times, self);
}

TEST_HARNESS_MAIN
