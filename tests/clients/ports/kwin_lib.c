// SPDX-License-Identifier: GPL-2.0-only
/*
 * KWin, with the library: see kwin_hand.c. A frame could begin anywhere.
 */
#include <libudmabuf.h>

#include "port.h"

static struct udb_device *device;
static struct udb_buffer *frame;
static void *frame_map;

int port_open(void)
{
	return udb_device_open(NULL, &device);
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct udb_map_opts memfd = { .struct_size = sizeof(memfd),
				      .access = UDB_READ,
				      .flags = UDB_MAP_MEMFD };
	struct port_shm shm = port_client_frame(nr);
	struct udb_range range = { .memfd = shm.pool,
				   .offset = shm.offset,
				   .size = shm.size };

	if (udb_buffer_wrap(device, &range, 1, NULL, &frame))
		return -1;
	if (udb_buffer_map(frame, &memfd, &frame_map)) {
		udb_buffer_free(frame);
		return -1;
	}
	if (udb_buffer_sync_begin(frame, UDB_READ)) {
		udb_unmap(frame_map, udb_buffer_size(frame));
		udb_buffer_free(frame);
		return -1;
	}
	shown->fd = udb_buffer_fd(frame);
	shown->size = shm.size;
	shown->map = frame_map;
	return 0;
}

int port_end(unsigned int nr)
{
	int ret = udb_buffer_sync_end(frame, UDB_READ);

	(void)nr;
	udb_unmap(frame_map, udb_buffer_size(frame));
	udb_buffer_free(frame);
	return ret;
}

void port_close(void)
{
	udb_device_unref(device);
}
