// SPDX-License-Identifier: MIT
/*
 * The quick start of libudmabuf.h: white pixels in a dma-buf, and what to tell
 * a person when there is no driver.
 *
 * cc quickstart.c $(pkg-config --cflags --libs libudmabuf)
 */
#include <libudmabuf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int make_picture(void)
{
	struct udb_device *dev;
	struct udb_buffer *buf;
	void *mem;
	int fd;

	if (udb_device_open(NULL, &dev) < 0 ||
	    udb_buffer_alloc(dev, 1920UL * 1080 * 4, NULL, &buf) < 0 ||
	    udb_buffer_map(buf, NULL, &mem) < 0)
		return -1;
	udb_buffer_sync_begin(buf, UDB_WRITE);
	memset(mem, 0xff, udb_buffer_size(buf));
	udb_buffer_sync_end(buf, UDB_WRITE);
	udb_unmap(mem, udb_buffer_size(buf));
	fd = udb_buffer_dup_fd(buf);
	udb_buffer_free(buf);
	udb_device_unref(dev);
	return fd;
}

int main(void)
{
	struct udb_probe probe = { .struct_size = sizeof(probe) };
	char why[256];
	int fd = make_picture();

	if (fd >= 0) {
		printf("a dma-buf: %d\n", fd);
		close(fd);
		return 0;
	}
	if (!udb_probe(NULL, &probe) &&
	    !udb_probe_explain(&probe, why, sizeof(why)))
		fprintf(stderr, "%s\n", why);
	return 1;
}
