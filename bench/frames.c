// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two real loops, in frames a second, of 1920 x 1080 pixels of 32 bits.
 *
 * scan-out, as QEMU does with blob resources, where each frame is a resource of its
 * own: the guest's pages as a list of ranges become a dma-buf; the display maps and
 * reads it, and imports it; all of that is let go.
 *
 * recycle, as GStreamer's pool and Mesa's software renderers: buffers are made once
 * and stay mapped; each frame is written between SYNC START and END and waited for
 * through a sync file.
 *
 * The limit is the same without a dma-buf: the frame read, or written.
 */
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define FRAME_BYTES	(1920UL * 1080 * 4)
#define FRAME_ITEMS	405U /* of 20 KiB */
#define FRAME_COUNT	30U
#define FRAME_POOL	4U

/* A second in the unit of bench_now(). */
#define FRAME_SECOND	1e9

static uint64_t frame_read(const char *map)
{
	const uint64_t *word = (const uint64_t *)map;
	uint64_t sum = 0;

	for (size_t i = 0; i < FRAME_BYTES / sizeof(*word); i += 8)
		sum += __atomic_load_n(&word[i], __ATOMIC_RELAXED);
	return sum;
}

static int scanout_import(const struct bench *b, int fd)
{
	int handle;

	if (b->vgem < 0)
		return 0;
	handle = bench_import(b, fd);
	return handle < 0 ? -1 : bench_import_close(b, handle);
}

static int scanout_show(int fd)
{
	char *map = bench_map(fd, FRAME_BYTES, PROT_READ);

	if (!map)
		return -1;
	frame_read(map);
	munmap(map, FRAME_BYTES);
	return 0;
}

static int scanout_frame(const struct bench *b, const struct bench_memory *m,
			 enum bench_driver driver)
{
	int fd, ret;

	fd = bench_buffer_list(b, m, driver, FRAME_ITEMS, FRAME_BYTES);
	if (fd < 0)
		return -1;
	ret = scanout_show(fd);
	if (!ret)
		ret = scanout_import(b, fd);
	close(fd);
	return ret;
}

static int scanout_frames(const struct bench *b, const struct bench_memory *m,
			  enum bench_driver driver)
{
	char *map;

	if (driver == BENCH_LIMIT) {
		map = bench_map(m->fd, FRAME_BYTES, PROT_READ);
		if (!map)
			return -1;
		for (unsigned int i = 0; i < FRAME_COUNT; i++)
			frame_read(map);
		munmap(map, FRAME_BYTES);
		return 0;
	}
	for (unsigned int i = 0; i < FRAME_COUNT; i++)
		if (scanout_frame(b, m, driver))
			return -1;
	return 0;
}

static void frame_add(enum bench_driver driver, uint64_t spent,
		      const char *operation)
{
	bench_add(driver, BENCH_FPS,
		  FRAME_COUNT * FRAME_SECOND / (double)(spent ? spent : 1),
		  operation);
}

static int scanout_round(const struct bench *b, const struct bench_memory *m,
			 enum bench_driver driver)
{
	uint64_t begin = bench_now(b);
	int ret = scanout_frames(b, m, driver);

	frame_add(driver, bench_now(b) - begin, "frames-scanout");
	return ret;
}

/* A frame of the pool: memory that stays mapped, and its dma-buf. */
struct recycle_frame {
	int fd; /* -1: none, just memory */
	char *map;
};

static int recycle_write(const struct recycle_frame *frame, int value)
{
	struct dma_buf_export_sync_file fence = { .flags = DMA_BUF_SYNC_RW };

	if (frame->fd < 0) {
		memset(frame->map, value, FRAME_BYTES);
		return 0;
	}
	if (bench_sync(frame->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE))
		return -1;
	memset(frame->map, value, FRAME_BYTES);
	if (bench_sync(frame->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE))
		return -1;
	if (ioctl(frame->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &fence))
		return bench_errno("DMA_BUF_IOCTL_EXPORT_SYNC_FILE");
	close(fence.fd);
	return 0;
}

static int recycle_open(const struct bench *b, enum bench_driver driver,
			struct recycle_frame *frame)
{
	struct bench_memory m = { .size = FRAME_BYTES };

	m.fd = bench_memory_empty(m.size);
	if (m.fd < 0)
		return -1;
	frame->fd = driver == BENCH_LIMIT ? -1 : bench_buffer(b, &m, driver);
	if (driver == BENCH_LIMIT || frame->fd >= 0)
		frame->map = bench_map(frame->fd < 0 ? m.fd : frame->fd, m.size,
				       PROT_READ | PROT_WRITE);
	close(m.fd);
	return frame->map ? 0 : -1;
}

static void recycle_close(struct recycle_frame *frame)
{
	if (frame->map)
		munmap(frame->map, FRAME_BYTES);
	if (frame->fd >= 0)
		close(frame->fd);
}

static int recycle_round(const struct bench *b, const struct bench_memory *m,
			 enum bench_driver driver)
{
	struct recycle_frame pool[FRAME_POOL] = { 0 };
	uint64_t begin = bench_now(b);
	int ret = 0;

	(void)m;
	for (unsigned int i = 0; i < FRAME_POOL; i++)
		pool[i].fd = -1;
	for (unsigned int i = 0; !ret && i < FRAME_POOL; i++)
		ret = recycle_open(b, driver, &pool[i]);
	for (unsigned int i = 0; !ret && i < FRAME_COUNT; i++)
		ret = recycle_write(&pool[i % FRAME_POOL], (int)i);
	for (unsigned int i = 0; i < FRAME_POOL; i++)
		recycle_close(&pool[i]);
	if (!ret)
		frame_add(driver, bench_now(b) - begin, "frames-recycle");
	return ret;
}

int bench_frames(const struct bench *b, const struct bench_memory *m)
{
	int ret = bench_rounds(b, m, scanout_round,
			       BENCH_UDMABUF | BENCH_ONLY_LIMIT);

	return ret ? ret :
		     bench_rounds(b, m, recycle_round,
				  BENCH_ALL_DRIVERS | BENCH_ONLY_LIMIT);
}
