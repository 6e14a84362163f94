// SPDX-License-Identifier: GPL-2.0-only
/*
 * The drivers that are compared, and a buffer of each.
 */
#include <fcntl.h>
#include <libdrm/drm.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

const char *const bench_driver_name[BENCH_NR_DRIVERS] = {
	[BENCH_STOCK] = "stock",
	[BENCH_OURS] = "ours",
	[BENCH_HEAP] = "heap",
	[BENCH_LIMIT] = "limit",
};

static const char *const bench_driver_node[BENCH_NR_DRIVERS] = {
	[BENCH_STOCK] = "/dev/udmabuf",
	[BENCH_OURS] = "/dev/udmabuf-ng",
	[BENCH_HEAP] = "/dev/dma_heap/system",
};

/* @names: those that must be there, with commas in between. */
int bench_drivers_open(struct bench *b, const char *names)
{
	for (int i = 0; i < BENCH_NR_DRIVERS; i++)
		b->driver[i] = -1;
	for (int i = 0; i < BENCH_LIMIT; i++) {
		if (!bench_has_word(names, bench_driver_name[i]))
			continue;
		b->driver[i] = open(bench_driver_node[i], O_RDWR | O_CLOEXEC);
		if (b->driver[i] < 0)
			return bench_errno(bench_driver_node[i]);
	}
	return 0;
}

static int bench_heap_alloc(int heap, size_t size)
{
	struct dma_heap_allocation_data data = {
		.len = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		return bench_errno("DMA_HEAP_IOCTL_ALLOC");
	return (int)data.fd;
}

/* A dma-buf of the memory; of the heap one of its own memory, as large. */
int bench_buffer(const struct bench *b, const struct bench_memory *m,
		 enum bench_driver driver)
{
	struct udmabuf_create create = {
		.memfd = m->fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = m->size,
	};
	int fd;

	if (driver == BENCH_HEAP)
		return bench_heap_alloc(b->driver[driver], m->size);
	fd = ioctl(b->driver[driver], UDMABUF_CREATE, &create);
	return fd < 0 ? bench_errno("UDMABUF_CREATE") : fd;
}

/* The first @bytes of the memory, in @items ranges of one size. */
int bench_buffer_list(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver, unsigned int items,
		      size_t bytes)
{
	struct udmabuf_create_list *list;
	size_t size = bytes / items;
	int fd;

	list = calloc(1, sizeof(*list) + items * sizeof(list->list[0]));
	if (!list)
		return bench_errno("a list");
	list->flags = UDMABUF_FLAGS_CLOEXEC;
	list->count = items;
	for (unsigned int i = 0; i < items; i++) {
		list->list[i].memfd = m->fd;
		list->list[i].offset = i * size;
		list->list[i].size = size;
	}
	fd = ioctl(b->driver[driver], UDMABUF_CREATE_LIST, list);
	free(list);
	return fd < 0 ? bench_errno("UDMABUF_CREATE_LIST") : fd;
}

/* A buffer of one page: what it costs is what everything around it costs. */
int bench_buffer_small(const struct bench *b)
{
	struct bench_memory m = { .size = BENCH_PAGE };
	int fd;

	m.fd = bench_memory_empty(m.size);
	if (m.fd < 0)
		return -1;
	fd = bench_buffer(b, &m, BENCH_OURS);
	close(m.fd);
	return fd;
}

int bench_import(const struct bench *b, int fd)
{
	struct drm_prime_handle prime = { .fd = fd };

	return ioctl(b->vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) ?
		       bench_errno("import by vgem") :
		       (int)prime.handle;
}

int bench_import_close(const struct bench *b, int handle)
{
	struct drm_gem_close gem = { .handle = (uint32_t)handle };

	return ioctl(b->vgem, DRM_IOCTL_GEM_CLOSE, &gem) ?
		       bench_errno("DRM_IOCTL_GEM_CLOSE") :
		       0;
}

int bench_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) ?
		       bench_errno("DMA_BUF_IOCTL_SYNC") :
		       0;
}

/* Which driver comes at place @at of round @round. */
static enum bench_driver bench_turn(unsigned int round, unsigned int at)
{
	return (round + at) % BENCH_NR_DRIVERS;
}

/* A heap has no kinds of memory: it is compared once. */
static bool bench_takes_part(const struct bench *b,
			     const struct bench_memory *m,
			     enum bench_driver driver)
{
	if (driver == BENCH_LIMIT)
		return true;
	return b->driver[driver] >= 0 &&
	       (driver != BENCH_HEAP || m->backing == BENCH_SHMEM);
}

/*
 * Calls @fn for each of @drivers that is there, in turn, round after round; who is
 * first changes. The first round pays for what is made once, and does not count.
 */
int bench_rounds(const struct bench *b, const struct bench_memory *m,
		 bench_fn fn, unsigned int drivers)
{
	for (unsigned int round = 0; round <= b->rounds; round++) {
		bench_warm_up(!round);
		for (unsigned int at = 0; at < BENCH_NR_DRIVERS; at++) {
			enum bench_driver driver = bench_turn(round, at);

			if ((drivers & (1U << driver)) &&
			    bench_takes_part(b, m, driver) && fn(b, m, driver))
				return -1;
		}
	}
	return 0;
}
