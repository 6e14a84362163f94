// SPDX-License-Identifier: GPL-2.0-only
/*
 * GStreamer, with the library: see gstreamer_hand.c. The mapping is kept here, too, in
 * a slot for each buffer of the pool.
 */
#include <libudmabuf.h>

#include "port.h"

#define POOL_MAX	3
#define NV12		UDB_FOURCC('N', 'V', '1', '2')

struct frame {
	struct udb_buffer *buf;
	void *map;
};

static struct udb_device *device;
static struct udb_pool *pool;
static struct frame frames[POOL_MAX];
static struct udb_layout layout = { .struct_size = sizeof(layout) };
static struct udb_buffer *now;

int port_open(void)
{
	struct udb_pool_opts opts = { .struct_size = sizeof(opts),
				      .layout = &layout,
				      .max = POOL_MAX };

	if (udb_layout_compute(NV12, PORT_WIDTH, PORT_HEIGHT, 0, &layout) ||
	    udb_device_open(NULL, &device))
		return -1;
	if (!udb_pool_new(device, 0, &opts, &pool))
		return 0;
	udb_device_unref(device);
	return -1;
}

static void *frame_map(struct udb_buffer *buf)
{
	struct frame *frame = frames;

	while (frame->buf && frame->buf != buf)
		frame++;
	if (!frame->buf && !udb_buffer_map(buf, NULL, &frame->map))
		frame->buf = buf;
	return frame->map;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	void *map;

	if (udb_pool_get(pool, -1, &now))
		return -1;
	map = frame_map(now);
	if (!map || udb_buffer_sync_begin(now, UDB_WRITE))
		return -1;
	port_draw(map, layout.size, nr);
	if (udb_buffer_sync_end(now, UDB_WRITE))
		return -1;
	shown->fd = udb_buffer_fd(now);
	shown->size = layout.size;
	shown->map = map;
	return 0;
}

int port_end(unsigned int nr)
{
	(void)nr;
	return udb_pool_put(pool, now);
}

void port_close(void)
{
	for (unsigned int i = 0; i < POOL_MAX && frames[i].buf; i++)
		udb_unmap(frames[i].map, udb_buffer_size(frames[i].buf));
	udb_pool_free(pool);
	udb_device_unref(device);
}
