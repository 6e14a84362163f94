// SPDX-License-Identifier: GPL-2.0-only
/*
 * libcamera, with the library: see libcamera_hand.c. The heap is what is taken when there
 * is no driver.
 */
#include <libudmabuf.h>

#include "port.h"

static struct udb_device *device;
static struct udb_buffer *frame;
static void *frame_map;

int port_open(void)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = UDB_FALLBACK_HEAP };

	return udb_device_open(&opts, &device);
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct udb_alloc_opts opts = { .struct_size = sizeof(opts),
				       .name = "frame" };

	if (udb_buffer_alloc(device, PORT_FRAME, &opts, &frame))
		return -1;
	if (udb_buffer_map(frame, NULL, &frame_map))
		goto err_frame;
	if (udb_buffer_sync_begin(frame, UDB_WRITE))
		goto err_map;
	port_draw(frame_map, PORT_FRAME, nr);
	if (udb_buffer_sync_end(frame, UDB_WRITE))
		goto err_map;
	shown->fd = udb_buffer_fd(frame);
	shown->size = PORT_FRAME;
	shown->map = frame_map;
	return 0;

err_map:
	udb_unmap(frame_map, udb_buffer_size(frame));
err_frame:
	udb_buffer_free(frame);
	return -1;
}

int port_end(unsigned int nr)
{
	(void)nr;
	udb_unmap(frame_map, udb_buffer_size(frame));
	udb_buffer_free(frame);
	return 0;
}

void port_close(void)
{
	udb_device_unref(device);
}
