// SPDX-License-Identifier: GPL-2.0-only
/*
 * GStreamer: frames of NV12 from a pool, for a display. By hand: lines that begin at
 * multiples of 256 bytes, a memfd that is closed as soon as the dma-buf is there, a
 * mapping that is kept, SYNC around each access, and before a buffer is used again a
 * wait for what devices are still doing with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

#define POOL_MAX	3

struct frame {
	int fd;
	void *map;
	bool out;
};

static int device = -1;
static struct frame pool[POOL_MAX];
static unsigned int pool_nr;
static size_t frame_size, frame_bytes;
static struct frame *now;

static size_t align(size_t value, size_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static void layout(void)
{
	size_t stride = align(PORT_WIDTH, 256);
	size_t luma = stride * PORT_HEIGHT;
	size_t chroma = stride * (PORT_HEIGHT / 2);

	frame_bytes = luma + chroma;
	frame_size = align(frame_bytes, (size_t)sysconf(_SC_PAGESIZE));
}

int port_open(void)
{
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return -1;
	layout();
	return 0;
}

static int frame_new(struct frame *frame)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC,
					 .size = frame_size };
	int memfd = memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (memfd < 0)
		return -1;
	if (ftruncate(memfd, (off_t)frame_size) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		close(memfd);
		return -1;
	}
	create.memfd = (__u32)memfd;
	frame->fd = ioctl(device, UDMABUF_CREATE, &create);
	close(memfd);
	if (frame->fd < 0)
		return -1;
	frame->map = mmap(NULL, frame_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  frame->fd, 0);
	if (frame->map == MAP_FAILED) {
		close(frame->fd);
		return -1;
	}
	return 0;
}

static int frame_wait(const struct frame *frame)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };
	struct pollfd fence = { .events = POLLIN };
	int ret;

	if (ioctl(frame->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export))
		return -1;
	fence.fd = export.fd;
	do {
		ret = poll(&fence, 1, -1);
	} while (ret < 0 && errno == EINTR);
	close(export.fd);
	return ret == 1 ? 0 : -1;
}

static struct frame *pool_get(void)
{
	for (unsigned int i = 0; i < pool_nr; i++) {
		if (pool[i].out)
			continue;
		if (frame_wait(&pool[i]))
			return NULL;
		pool[i].out = true;
		return &pool[i];
	}
	if (pool_nr == POOL_MAX || frame_new(&pool[pool_nr]))
		return NULL;
	pool[pool_nr].out = true;
	return &pool[pool_nr++];
}

static int frame_sync(const struct frame *frame, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_WRITE | flags };
	int ret;

	do {
		ret = ioctl(frame->fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	now = pool_get();
	if (!now || frame_sync(now, DMA_BUF_SYNC_START))
		return -1;
	port_draw(now->map, frame_bytes, nr);
	if (frame_sync(now, DMA_BUF_SYNC_END))
		return -1;
	shown->fd = now->fd;
	shown->size = frame_bytes;
	shown->map = now->map;
	return 0;
}

int port_end(unsigned int nr)
{
	(void)nr;
	now->out = false;
	return 0;
}

void port_close(void)
{
	for (unsigned int i = 0; i < pool_nr; i++) {
		munmap(pool[i].map, frame_size);
		close(pool[i].fd);
	}
	close(device);
}
