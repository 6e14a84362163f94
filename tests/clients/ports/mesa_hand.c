// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mesa, llvmpipe: memory of a texture that can be shared, drawn by the processor, and
 * imported again by its number. By hand: a sealed memfd that stays mapped, a dma-buf of
 * it, the size of an import by lseek(), and for "all is done" the sync file of a small
 * buffer that nobody uses.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

struct memory {
	int memfd;
	int dmabuf;
	size_t size;
	void *map;
};

static int device = -1;
static struct memory idle, texture;
static int import = -1;
static void *import_map;
static size_t import_size;
static int fence = -1;

static int memory_new(struct memory *mem, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };

	mem->size = (size + page - 1) & ~(page - 1);
	mem->memfd = memfd_create("texture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (mem->memfd < 0)
		return -1;
	if (fcntl(mem->memfd, F_ADD_SEALS, F_SEAL_SHRINK) ||
	    ftruncate(mem->memfd, (off_t)mem->size))
		goto err_memfd;
	create.memfd = (__u32)mem->memfd;
	create.size = mem->size;
	mem->dmabuf = ioctl(device, UDMABUF_CREATE, &create);
	if (mem->dmabuf < 0)
		goto err_memfd;
	mem->map = mmap(NULL, mem->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			mem->memfd, 0);
	if (mem->map == MAP_FAILED)
		goto err_dmabuf;
	return 0;

err_dmabuf:
	close(mem->dmabuf);
err_memfd:
	close(mem->memfd);
	return -1;
}

static void memory_free(struct memory *mem)
{
	munmap(mem->map, mem->size);
	close(mem->dmabuf);
	close(mem->memfd);
}

int port_open(void)
{
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return -1;
	if (!memory_new(&idle, 1))
		return 0;
	close(device);
	return -1;
}

static int import_texture(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return -1;
	import_size = (size_t)size;
	import_map = mmap(NULL, import_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	return import_map == MAP_FAILED ? -1 : 0;
}

static int export_done(void)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };

	if (ioctl(idle.dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export))
		return -1;
	return export.fd;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	if (memory_new(&texture, PORT_FRAME))
		return -1;
	port_draw(texture.map, PORT_FRAME, nr);
	import = fcntl(texture.dmabuf, F_DUPFD_CLOEXEC, 0);
	if (import < 0)
		goto err_texture;
	if (import_texture(import))
		goto err_import;
	fence = export_done();
	if (fence < 0)
		goto err_map;
	shown->fd = import;
	shown->size = PORT_FRAME;
	shown->map = import_map;
	shown->fence = fence;
	return 0;

err_map:
	munmap(import_map, import_size);
err_import:
	close(import);
err_texture:
	memory_free(&texture);
	return -1;
}

int port_end(unsigned int nr)
{
	(void)nr;
	close(fence);
	munmap(import_map, import_size);
	close(import);
	memory_free(&texture);
	return 0;
}

void port_close(void)
{
	memory_free(&idle);
	close(device);
}
