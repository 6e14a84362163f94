// SPDX-License-Identifier: GPL-2.0-only
/*
 * KWin: a frame that a client has drawn into its pool of wl_shm becomes a dma-buf, so
 * that the GPU takes it without a copy. By hand: the frame has to begin and end at a
 * page, the pool has to be sealed; the processor reads it where the pool is mapped,
 * between SYNCs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

static int device = -1;
static int frame = -1;
static void *frame_map;
static size_t frame_size;

int port_open(void)
{
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	return device < 0 ? -1 : 0;
}

static int frame_import(const struct port_shm *shm)
{
	uint64_t below_page = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	struct udmabuf_create create = {
		.memfd = (__u32)shm->pool,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = shm->offset,
		.size = shm->size,
	};
	int seals;

	if ((shm->offset | shm->size) & below_page)
		return -1;
	seals = fcntl(shm->pool, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -1;
	return ioctl(device, UDMABUF_CREATE, &create);
}

static int frame_sync(__u64 flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_READ | flags };
	int ret;

	do {
		ret = ioctl(frame, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct port_shm shm = port_client_frame(nr);

	frame = frame_import(&shm);
	if (frame < 0)
		return -1;
	frame_size = shm.size;
	frame_map = mmap(NULL, frame_size, PROT_READ, MAP_SHARED, shm.pool,
			 (off_t)shm.offset);
	if (frame_map == MAP_FAILED) {
		close(frame);
		return -1;
	}
	if (frame_sync(DMA_BUF_SYNC_START)) {
		munmap(frame_map, frame_size);
		close(frame);
		return -1;
	}
	shown->fd = frame;
	shown->size = frame_size;
	shown->map = frame_map;
	return 0;
}

int port_end(unsigned int nr)
{
	int ret = frame_sync(DMA_BUF_SYNC_END);

	(void)nr;
	munmap(frame_map, frame_size);
	close(frame);
	return ret;
}

void port_close(void)
{
	close(device);
}
