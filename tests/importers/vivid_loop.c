// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other direction, and frames in several buffers. vivid has an S-Video
 * output that can be joined to the S-Video input of the same device: what the
 * processor draws into one buffer comes back in another one. Noise goes in, so
 * that each byte counts. And a frame whose planes lie in buffers of their own,
 * carved out of one memfd.
 *
 * Guards against: a kernel mapping that does not show what was written through
 * the memfd or the buffer, in the direction to the device; two buffers of one
 * folio that get mixed up.
 */
#include <stdlib.h>

#include "camera.h"

#define SIZE	(2 * UDB_HUGE)

/* What PAL has; both ends are set to it when vivid is loaded. */
#define WIDTH	720
#define HEIGHT	576
#define BYTES	(2UL * WIDTH * HEIGHT)
#define ROOM	(UDB_MIB)

CAMERA_FIXTURE(loop, CAMERA_VMAP, SIZE, UDB_BACKING_VARIANTS);

/* What joins input and output: a switch in 6.1, later a menu of outputs. */
#define JOIN_SWITCH	"Loop Video"
#define JOIN_MENU	"S-Video 000-0 Is Connected To"
/* 0 the test picture, 1 nothing, then the outputs of all devices */
#define JOIN_FIRST_OUTPUT 2
#define JOIN_TRIES	50

/*
 * The menu is set back now and then, by work of vivid that is started when it is
 * set and may have looked at it too early. So it is set until it stays.
 */
static int join(struct video *v)
{
	int tries;

	if (!video_control(v, JOIN_SWITCH, 1))
		return 0;
	for (tries = 0; tries < JOIN_TRIES; tries++) {
		if (video_control(v, JOIN_MENU, JOIN_FIRST_OUTPUT) &&
		    errno == ENOENT)
			return -1;
		usleep(100000);
		if (video_control_value(v, JOIN_MENU) == JOIN_FIRST_OUTPUT)
			return 0;
	}
	errno = ETIME;
	return -1;
}

/* Capture and output, of the same format, joined. */
#define JOIN(out)							\
	do {								\
		ASSERT_EQ(0, video_open(out, CAMERA_VMAP, true));	\
		ASSERT_EQ(0, video_select(&self->v, CAMERA_SVIDEO));	\
		ASSERT_EQ(0, video_select(out, 0));			\
		ASSERT_EQ(0, video_format(&self->v, V4L2_PIX_FMT_YUYV,	\
					  WIDTH, HEIGHT));		\
		ASSERT_EQ(0, video_format(out, V4L2_PIX_FMT_YUYV, WIDTH,\
					  HEIGHT));			\
		ASSERT_EQ(BYTES, self->v.size[0]);			\
		ASSERT_EQ(BYTES, (out)->size[0]);			\
		ASSERT_EQ(0, join(&self->v));				\
	} while (0)

/* A buffer over the MiB @number of the memfd. */
static int buffer_at(int dev, int memfd, int number)
{
	return udb_create(dev, memfd, number * ROOM, ROOM);
}

/*
 * Frames that are on their way when the output changes are of before: so wait
 * for the right one, for some. True when it comes.
 */
static bool comes_back(struct video *in, int buf, const void *want,
		       const void *got)
{
	int tries;

	for (tries = 0; tries < 20; tries++) {
		if (video_frame(in, &buf))
			return false;
		if (noise_wrong(want, got, BYTES) < 0)
			return true;
	}
	return false;
}

TEST_F_TIMEOUT(loop, drawn_frames_come_back, 120)
{
	unsigned char *drawn = self->mem + ROOM, *got = self->mem;
	int from[2], to, i;
	struct video out;

	JOIN(&out);
	to = buffer_at(self->dev, self->memfd, 0);
	ASSERT_GE(to, 0);
	for (i = 0; i < 2; i++) {
		from[i] = buffer_at(self->dev, self->memfd, 1 + i);
		ASSERT_GE(from[i], 0);
		noise_fill(drawn + i * ROOM, BYTES, 1 + i);
	}
	ASSERT_EQ(0, video_request(&out, V4L2_MEMORY_DMABUF, 2));
	ASSERT_EQ(0, video_queue(&out, 0, &from[0], NULL));
	ASSERT_EQ(0, video_start(&out));
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_start(&self->v));
	EXPECT_TRUE(comes_back(&self->v, to, drawn, got));
	/* The next one pushes it out. */
	ASSERT_EQ(0, video_queue(&out, 1, &from[1], NULL));
	EXPECT_EQ(0, video_dequeue(&out));
	EXPECT_TRUE(comes_back(&self->v, to, drawn + ROOM, got));
	/* What was the source is as it was. */
	noise_fill(self->want[0], BYTES, 1);
	EXPECT_EQ(-1, noise_wrong(self->want[0], drawn, BYTES));
	EXPECT_EQ(-1, noise_not(got + BYTES, ROOM - BYTES, CAMERA_BLANK));
	video_close(&out);
	close(to);
	close(from[0]);
	close(from[1]);
}

/* The picture is drawn through the buffer, while it is on the air. */
TEST_F_TIMEOUT(loop, drawn_while_it_is_shown, 120)
{
	int from, to, round;
	struct video out;
	void *map;

	JOIN(&out);
	to = buffer_at(self->dev, self->memfd, 0);
	from = buffer_at(self->dev, self->memfd, 1);
	ASSERT_GE(to, 0);
	ASSERT_GE(from, 0);
	map = udb_map(from, ROOM, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, video_request(&out, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_queue(&out, 0, &from, NULL));
	close(from);
	ASSERT_EQ(0, video_start(&out));
	ASSERT_EQ(0, video_request(&self->v, V4L2_MEMORY_DMABUF, 1));
	ASSERT_EQ(0, video_start(&self->v));
	for (round = 0; round < 3; round++) {
		noise_fill(map, BYTES, 10 + round);
		EXPECT_TRUE(comes_back(&self->v, to, map, self->mem));
	}
	munmap(map, ROOM);
	video_close(&out);
	close(to);
}

static const struct {
	uint32_t fourcc;
	unsigned int nr_planes;
} plane_formats[] = {
	{ V4L2_PIX_FMT_NV12M, 2 },
	{ V4L2_PIX_FMT_YUV420M, 3 },
	/* leaves room for a header of 128 bytes */
	{ V4L2_PIX_FMT_NV16M, 2 },
};

static size_t plane_room(const struct video *v, unsigned int plane)
{
	return (v->size[plane] + UDB_PAGE - 1) & ~(UDB_PAGE - 1);
}

/*
 * One plane after the other, each from the next page on: in a large folio,
 * buffers that begin anywhere.
 */
static size_t plane_offset(const struct video *v, unsigned int plane)
{
	size_t offset = 3 * UDB_PAGE;
	unsigned int i;

	for (i = 0; i < plane; i++)
		offset += plane_room(v, i);
	return offset;
}

/* Each plane has its bytes, and nothing else has any. */
#define EXPECT_PLANES(v)						\
	do {								\
		unsigned char *at_ = self->mem;				\
		unsigned int p_;					\
									\
		EXPECT_EQ(-1, noise_not(at_, plane_offset(v, 0),	\
					CAMERA_BLANK));			\
		for (p_ = 0; p_ < (v)->nr_planes; p_++) {		\
			at_ = self->mem + plane_offset(v, p_);		\
			EXPECT_EQ(-1, noise_wrong(self->want[p_], at_,	\
						  (v)->size[p_]));	\
			EXPECT_EQ(-1, noise_not(at_ + (v)->size[p_],	\
						plane_room(v, p_) -	\
						(v)->size[p_],		\
						CAMERA_BLANK));		\
		}							\
		at_ = self->mem + plane_offset(v, p_);			\
		EXPECT_EQ(-1, noise_not(at_, SIZE - plane_offset(v, p_), \
					CAMERA_BLANK));			\
	} while (0)

TEST_F_TIMEOUT(loop, planes_in_buffers_of_their_own, 120)
{
	int bufs[VIDEO_PLANES];
	struct video v;
	unsigned int p;
	size_t i;

	ASSERT_EQ(0, camera_open(&v, CAMERA_PLANES));
	for (i = 0; i < sizeof(plane_formats) / sizeof(*plane_formats); i++) {
		TH_LOG("format %zu", i);
		ASSERT_EQ(0,
			  video_format(&v, plane_formats[i].fourcc, 640, 480));
		ASSERT_EQ(plane_formats[i].nr_planes, v.nr_planes);
		ASSERT_EQ(0, video_reference(&v, self->want));
		memset(self->mem, CAMERA_BLANK, SIZE);
		for (p = 0; p < v.nr_planes; p++) {
			bufs[p] = udb_create(self->dev, self->memfd,
					     plane_offset(&v, p),
					     plane_room(&v, p));
			ASSERT_GE(bufs[p], 0);
		}
		ASSERT_EQ(0, video_capture(&v, bufs));
		EXPECT_PLANES(&v);
		for (p = 0; p < v.nr_planes; p++)
			close(bufs[p]);
	}
	video_close(&v);
}

TEST_HARNESS_MAIN
