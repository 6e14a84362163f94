// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mesa, llvmpipe, with the library: see mesa_hand.c.
 */
#include <libudmabuf.h>
#include <unistd.h>

#include "port.h"

static struct udb_device *device;
static struct udb_buffer *idle, *texture, *import;
static void *texture_map, *import_map;
static int fence = -1;

int port_open(void)
{
	if (udb_device_open(NULL, &device))
		return -1;
	if (!udb_buffer_alloc(device, 1, NULL, &idle))
		return 0;
	udb_device_unref(device);
	return -1;
}

static int import_texture(int fd)
{
	if (fd < 0)
		return -1;
	if (udb_buffer_adopt(fd, &import)) {
		close(fd);
		return -1;
	}
	if (!udb_buffer_map(import, NULL, &import_map))
		return 0;
	udb_buffer_free(import);
	return -1;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct udb_alloc_opts opts = { .struct_size = sizeof(opts),
				       .name = "texture" };
	struct udb_map_opts memfd = { .struct_size = sizeof(memfd),
				      .flags = UDB_MAP_MEMFD };

	if (udb_buffer_alloc(device, PORT_FRAME, &opts, &texture))
		return -1;
	if (udb_buffer_map(texture, &memfd, &texture_map))
		goto err_texture;
	port_draw(texture_map, PORT_FRAME, nr);
	if (import_texture(udb_buffer_dup_fd(texture)))
		goto err_map;
	fence = udb_sync_export(udb_buffer_fd(idle), UDB_READ | UDB_WRITE);
	if (fence < 0)
		goto err_import;
	shown->fd = udb_buffer_fd(import);
	shown->size = PORT_FRAME;
	shown->map = import_map;
	shown->fence = fence;
	return 0;

err_import:
	udb_unmap(import_map, udb_buffer_size(import));
	udb_buffer_free(import);
err_map:
	udb_unmap(texture_map, udb_buffer_size(texture));
err_texture:
	udb_buffer_free(texture);
	return -1;
}

int port_end(unsigned int nr)
{
	(void)nr;
	close(fence);
	udb_unmap(import_map, udb_buffer_size(import));
	udb_buffer_free(import);
	udb_unmap(texture_map, udb_buffer_size(texture));
	udb_buffer_free(texture);
	return 0;
}

void port_close(void)
{
	udb_buffer_free(idle);
	udb_device_unref(device);
}
