// SPDX-License-Identifier: GPL-2.0-only
/*
 * libcamera: memory for frames of the processor, from the first of some allocators that
 * is there. By hand: the heaps are tried before udmabuf, each in its own way, the buffer
 * gets a name, and SYNC is repeated until it is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

static const struct {
	const char *path;
	bool heap;
} providers[] = {
	{ "/dev/dma_heap/linux,cma", true },
	{ "/dev/dma_heap/reserved", true },
	{ "/dev/dma_heap/system", true },
	{ "/dev/udmabuf", false },
};

static int provider = -1;
static bool provider_is_heap;
static int frame = -1;
static void *frame_map;

int port_open(void)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		provider = open(providers[i].path, O_RDWR | O_CLOEXEC);
		if (provider < 0)
			continue;
		provider_is_heap = providers[i].heap;
		return 0;
	}
	return -1;
}

static int alloc_from_heap(size_t size)
{
	struct dma_heap_allocation_data alloc = {
		.len = size,
		.fd_flags = O_CLOEXEC | O_RDWR,
	};

	if (ioctl(provider, DMA_HEAP_IOCTL_ALLOC, &alloc))
		return -1;
	return (int)alloc.fd;
}

static int alloc_from_udmabuf(const char *name, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int memfd, fd;

	create.size = (size + page - 1) / page * page;
	memfd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0)
		return -1;
	if (ftruncate(memfd, (off_t)create.size) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		close(memfd);
		return -1;
	}
	create.memfd = (__u32)memfd;
	fd = ioctl(provider, UDMABUF_CREATE, &create);
	close(memfd);
	return fd;
}

static int frame_alloc(const char *name, size_t size)
{
	int fd = provider_is_heap ? alloc_from_heap(size) :
				    alloc_from_udmabuf(name, size);

	if (fd < 0)
		return -1;
	if (ioctl(fd, DMA_BUF_SET_NAME, name)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int frame_sync(__u64 flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_WRITE | flags };
	int ret;

	do {
		ret = ioctl(frame, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	frame = frame_alloc("frame", PORT_FRAME);
	if (frame < 0)
		return -1;
	frame_map = mmap(NULL, PORT_FRAME, PROT_READ | PROT_WRITE, MAP_SHARED,
			 frame, 0);
	if (frame_map == MAP_FAILED)
		goto err_frame;
	if (frame_sync(DMA_BUF_SYNC_START))
		goto err_map;
	port_draw(frame_map, PORT_FRAME, nr);
	if (frame_sync(DMA_BUF_SYNC_END))
		goto err_map;
	shown->fd = frame;
	shown->size = PORT_FRAME;
	shown->map = frame_map;
	return 0;

err_map:
	munmap(frame_map, PORT_FRAME);
err_frame:
	close(frame);
	return -1;
}

int port_end(unsigned int nr)
{
	(void)nr;
	munmap(frame_map, PORT_FRAME);
	return close(frame);
}

void port_close(void)
{
	close(provider);
}
