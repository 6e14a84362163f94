// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU, virtio-gpu, with the library: see qemu_hand.c.
 */
#include <libudmabuf.h>

#include "port.h"

static struct udb_device *device;
static struct udb_buffer *blob;
static void *blob_map;

int port_open(void)
{
	return udb_device_open(NULL, &device);
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct udb_map_opts read = { .struct_size = sizeof(read),
				     .access = UDB_READ };
	struct udb_range ranges[PORT_BLOB_PAGES] = { 0 };
	const struct iovec *pages;
	unsigned int nr_pages;

	pages = port_guest_blob(nr, &nr_pages);
	for (unsigned int i = 0; i < nr_pages; i++) {
		ranges[i].memfd =
			port_guest_block(pages[i].iov_base, &ranges[i].offset);
		ranges[i].size = pages[i].iov_len;
	}
	if (udb_buffer_wrap(device, ranges, nr_pages, NULL, &blob))
		return -1;
	if (udb_buffer_map(blob, &read, &blob_map)) {
		udb_buffer_free(blob);
		return -1;
	}
	shown->fd = udb_buffer_fd(blob);
	shown->size = udb_buffer_size(blob);
	shown->map = blob_map;
	return 0;
}

int port_end(unsigned int nr)
{
	(void)nr;
	udb_unmap(blob_map, udb_buffer_size(blob));
	udb_buffer_free(blob);
	return 0;
}

void port_close(void)
{
	udb_device_unref(device);
}
