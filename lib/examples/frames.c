// SPDX-License-Identifier: MIT
/*
 * A source of frames with a pool: no more than three buffers, each of which is
 * filled again when nobody uses it. Goes on without a driver, in plain memory.
 *
 * cc frames.c $(pkg-config --cflags --libs libudmabuf)
 */
#include <libudmabuf.h>
#include <stdio.h>
#include <string.h>

#define FRAMES	100

static int draw(struct udb_buffer *buf, int number)
{
	void *mem;
	int ret = udb_buffer_map(buf, NULL, &mem);

	if (ret)
		return ret;
	ret = udb_buffer_sync_begin(buf, UDB_WRITE);
	if (!ret) {
		memset(mem, number, udb_buffer_size(buf));
		ret = udb_buffer_sync_end(buf, UDB_WRITE);
	}
	udb_unmap(mem, udb_buffer_size(buf));
	return ret;
}

/* A compositor would get the buffer here, and give it back later. */
static int show_frames(struct udb_pool *pool)
{
	struct udb_buffer *buf;
	int ret = 0;

	for (int i = 0; i < FRAMES && !ret; i++) {
		ret = udb_pool_get(pool, 1000, &buf);
		if (ret)
			break;
		ret = draw(buf, i);
		udb_pool_put(pool, buf);
	}
	return ret;
}

static int run(struct udb_device *dev)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	struct udb_pool_opts opts = { .struct_size = sizeof(opts),
				      .layout = &layout,
				      .max = 3 };
	struct udb_pool *pool;
	int ret;

	ret = udb_layout_compute(UDB_FOURCC('X', 'R', '2', '4'), 320, 240, 0,
				 &layout);
	if (!ret)
		ret = udb_pool_new(dev, 0, &opts, &pool);
	if (ret)
		return ret;
	ret = show_frames(pool);
	udb_pool_free(pool);
	return ret;
}

int main(void)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD,
	};
	struct udb_device *dev;
	int ret = udb_device_open(&opts, &dev);

	if (!ret) {
		ret = run(dev);
		udb_device_unref(dev);
	}
	if (ret)
		fprintf(stderr, "no frames: %s\n", strerror(-ret));
	else
		printf("%d frames\n", FRAMES);
	return ret ? 1 : 0;
}
