// SPDX-License-Identifier: GPL-2.0-only
/*
 * GStreamer 1.28: a pipeline whose source draws into frames of GstVideoDmabufPool, which
 * are dma-bufs of udmabuf. Each frame is compared, byte by byte, with that of the same
 * pipeline in ordinary memory.
 *
 * Built with the headers of Debian 13, which has GStreamer 1.26: the function that is
 * new is looked up by its name.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <gst/allocators/gstdmabuf.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../share.h"
#include "udb_harness.h"

#define FRAMES		60
#define FRAMES_WIDTH	500 /* its rows are no multiple of what the pool aligns to */
#define FRAMES_HEIGHT	240
#define FRAMES_LIMIT	120
#define FRAMES_CAPS	"video/x-raw,format=BGRx,width=500,height=240,framerate=30/1"

struct frames_pipeline {
	GstElement *pipeline;
	GstElement *sink;
	GstSample *sample;
};

/* A pool as waylandsink makes one. It changes what it is told, and says so. */
static GstBufferPool *frames_pool(GstCaps *caps, guint size)
{
	GstBufferPool *(*new_pool)(void);
	GstBufferPool *pool;
	GstStructure *config;
	int tries;

	new_pool = (GstBufferPool * (*)(void))
		dlsym(RTLD_DEFAULT, "gst_video_dmabuf_pool_new");
	pool = new_pool ? new_pool() : NULL;
	if (!pool)
		return NULL;
	config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, size, 2, 0);
	gst_buffer_pool_config_add_option(config,
					  GST_BUFFER_POOL_OPTION_VIDEO_META);
	gst_buffer_pool_config_add_option(
		config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
	for (tries = 0; tries < 3 && !gst_buffer_pool_set_config(pool, config);
	     tries++)
		config = gst_buffer_pool_get_config(pool);
	return pool;
}

/* The sink tells the source which memory to use. */
static gboolean frames_propose(GstElement *sink, GstQuery *query,
			       gpointer unused)
{
	GstBufferPool *pool;
	GstVideoInfo info;
	GstCaps *caps;

	(void)sink;
	(void)unused;
	gst_query_parse_allocation(query, &caps, NULL);
	if (!caps || !gst_video_info_from_caps(&info, caps))
		return FALSE;
	pool = frames_pool(caps, (guint)info.size);
	if (!pool)
		return FALSE;
	gst_query_add_allocation_pool(query, pool, (guint)info.size, 2, 0);
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	gst_object_unref(pool);
	return TRUE;
}

static bool frames_start(struct frames_pipeline *p, bool udmabuf)
{
	*p = (struct frames_pipeline){};
	p->pipeline = gst_parse_launch(
		"videotestsrc pattern=ball num-buffers=60 ! " FRAMES_CAPS
		" ! appsink name=sink sync=false max-buffers=2 emit-signals=true",
		NULL);
	if (!p->pipeline)
		return false;
	p->sink = gst_bin_get_by_name((GstBin *)p->pipeline, "sink");
	if (udmabuf)
		g_signal_connect(p->sink, "propose-allocation",
				 G_CALLBACK(frames_propose), NULL);
	return gst_element_set_state(p->pipeline, GST_STATE_PLAYING) !=
	       GST_STATE_CHANGE_FAILURE;
}

static void frames_stop(struct frames_pipeline *p)
{
	if (p->sample)
		gst_sample_unref(p->sample);
	gst_element_set_state(p->pipeline, GST_STATE_NULL);
	gst_object_unref(p->sink);
	gst_object_unref(p->pipeline);
}

/* The next frame; NULL at the end. Good until the next call. */
static GstBuffer *frames_next(struct frames_pipeline *p)
{
	if (p->sample)
		gst_sample_unref(p->sample);
	p->sample = NULL;
	g_signal_emit_by_name(p->sink, "pull-sample", &p->sample);
	return p->sample ? gst_sample_get_buffer(p->sample) : NULL;
}

/* Its dma-buf, if it is one of udmabuf; else -1. */
static int frames_fd(GstBuffer *buffer)
{
	GstMemory *memory = gst_buffer_peek_memory(buffer, 0);
	int fd;

	if (gst_buffer_n_memory(buffer) != 1 || !gst_is_dmabuf_memory(memory))
		return -1;
	fd = gst_dmabuf_memory_get_fd(memory);
	return share_is_udmabuf(fd) ? fd : -1;
}

/* Rows that differ between a dma-buf, as anybody maps it, and an ordinary frame. */
static int frames_wrong_rows(GstBuffer *shared, int fd, GstBuffer *plain)
{
	const GstVideoMeta *meta = gst_buffer_get_video_meta(shared);
	GstMapInfo info;
	size_t size;
	uint8_t *map = share_map(fd, &size);
	int wrong = 0, y;

	if (!map || !meta || !gst_buffer_map(plain, &info, GST_MAP_READ))
		return -1;
	for (y = 0; y < FRAMES_HEIGHT; y++)
		wrong += !!memcmp(map + meta->offset[0] +
					  (size_t)y * (size_t)meta->stride[0],
				  info.data + (size_t)y * FRAMES_WIDTH * 4,
				  FRAMES_WIDTH * 4);
	gst_buffer_unmap(plain, &info);
	munmap(map, size);
	return wrong;
}

FIXTURE(frames) {
	struct frames_pipeline shared;
	struct frames_pipeline plain;
};

FIXTURE_SETUP(frames)
{
	gst_init(NULL, NULL);
	ASSERT_TRUE(frames_start(&self->shared, true));
	ASSERT_TRUE(frames_start(&self->plain, false));
}

FIXTURE_TEARDOWN(frames)
{
	frames_stop(&self->shared);
	frames_stop(&self->plain);
}

TEST_F_TIMEOUT(frames, of_the_pool_are_what_the_source_drew, FRAMES_LIMIT)
{
	GstBuffer *shared, *plain;
	int frame, fd;

	for (frame = 0; frame < FRAMES; frame++) {
		shared = frames_next(&self->shared);
		plain = frames_next(&self->plain);
		ASSERT_TRUE(shared && plain);
		fd = frames_fd(shared);
		ASSERT_GE(fd, 0)
		TH_LOG("frame %d is no dma-buf of udmabuf", frame);
		ASSERT_EQ(0, frames_wrong_rows(shared, fd, plain))
		TH_LOG("frame %d differs", frame);
	}
	EXPECT_NULL(frames_next(&self->shared));
}

/* A pool: few dma-bufs for many frames. */
TEST_F_TIMEOUT(frames, few_buffers_carry_them, FRAMES_LIMIT)
{
	char seen[4096] = {};
	GstBuffer *shared;
	int buffers = 0, frames = 0;

	while ((shared = frames_next(&self->shared))) {
		int fd = frames_fd(shared);

		ASSERT_GE(fd, 0);
		ASSERT_LT(fd, (int)sizeof(seen));
		buffers += !seen[fd];
		seen[fd] = 1;
		frames++;
	}
	EXPECT_EQ(FRAMES, frames);
	EXPECT_LT(buffers, 10);
}

TEST_HARNESS_MAIN
