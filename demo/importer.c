// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who import a dma-buf: the DRM device vgem, and the test importer that
 * reads through the sg table that a device would be given.
 *
 * What an importer sees is looked at in two ways, because vgem alone proves
 * less than it seems: its GEM object attaches and maps the buffer (this is
 * what the import is timed for), but mapping that object for the CPU ends in
 * the exporter's own mmap. The test importer reads the bytes at the addresses
 * in the mapped sg table and nowhere else.
 */
#include "demo.h"
#include "udmabuf_peek.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xf86drm.h>

#define DEMO_MAX_CARDS		16
#define DEMO_NO_OFFSET		UINT64_MAX

/*
 * One imported object at a time. @offset is where it can be mapped in the
 * node's file, or DEMO_NO_OFFSET.
 */
struct demo_vgem {
	int fd;
	uint32_t handle;
	uint64_t offset;
	size_t size;
};

static bool demo_drm_is(int fd, const char *driver)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool is = version && !strcmp(version->name, driver);

	drmFreeVersion(version);
	return is;
}

/* Open the primary node of a driver. */
int demo_drm_open(const char *driver)
{
	char path[32];

	for (int i = 0; i < DEMO_MAX_CARDS; i++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (demo_drm_is(fd, driver))
			return fd;
		close(fd);
	}
	demo_error("no DRM device of the driver %s: is its module loaded?",
		   driver);
	return -1;
}

/* The primary node, since a render node makes no dumb buffers (see below). */
struct demo_vgem *demo_vgem_open(void)
{
	struct demo_vgem *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->offset = DEMO_NO_OFFSET;
	v->fd = demo_drm_open("vgem");
	if (v->fd >= 0)
		return v;
	free(v);
	return NULL;
}

void demo_vgem_close(struct demo_vgem *v)
{
	if (!v)
		return;
	close(v->fd);
	free(v);
}

/*
 * Every GEM object of vgem, imported ones as well, gets an offset in the
 * node's file at which it can be mapped, but Linux 6.12 tells it for objects
 * of its own only. A dumb buffer of equal size, gone again, shows which offset
 * the next object of that size will get. That is a guess, and checked:
 * demo_map_inode() tells what really got mapped.
 */
static uint64_t demo_vgem_next_offset(struct demo_vgem *v, size_t size)
{
	struct drm_mode_create_dumb dumb = {
		.width = DEMO_PAGE / 4,
		.height = (uint32_t)(size / DEMO_PAGE),
		.bpp = 32,
	};
	struct drm_mode_destroy_dumb destroy = { 0 };
	struct drm_mode_map_dumb map = { 0 };

	if (drmIoctl(v->fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return DEMO_NO_OFFSET;
	map.handle = dumb.handle;
	destroy.handle = dumb.handle;
	if (drmIoctl(v->fd, DRM_IOCTL_MODE_MAP_DUMB, &map))
		map.offset = DEMO_NO_OFFSET;
	drmIoctl(v->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	return dumb.size == size ? map.offset : DEMO_NO_OFFSET;
}

/* Get ready for demo_vgem_import(), so that it can be timed alone. */
void demo_vgem_expect(struct demo_vgem *v, size_t size)
{
	v->size = size;
	v->offset = demo_vgem_next_offset(v, size);
}

/* On 6.12 this attaches the device and maps the sg table. */
int demo_vgem_import(struct demo_vgem *v, int fd)
{
	if (!drmPrimeFDToHandle(v->fd, fd, &v->handle))
		return 0;
	demo_error("vgem does not import the dma-buf: %s", strerror(errno));
	return -1;
}

int demo_vgem_drop(struct demo_vgem *v)
{
	if (!drmCloseBufferHandle(v->fd, v->handle))
		return 0;
	demo_error("vgem does not let the buffer go: %s", strerror(errno));
	return -1;
}

/* The inode of the file that is mapped at @addr, 0 when there is none. */
static ino_t demo_map_inode(const void *addr)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start, end, inode = 0, ino;
	char line[512];

	while (f && !inode && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %*s %*x %*x:%*x %lu", &start, &end,
			   &ino) == 3 &&
		    start <= (unsigned long)addr && (unsigned long)addr < end)
			inode = ino;
	if (f)
		fclose(f);
	return inode;
}

/* Map @file at @offset and make sure that it is the dma-buf that appears. */
static void *demo_vgem_try(struct demo_vgem *v, int file, uint64_t offset,
			   ino_t inode)
{
	void *map =
		mmap(NULL, v->size, PROT_READ, MAP_SHARED, file, (off_t)offset);

	if (map == MAP_FAILED)
		return NULL;
	if (demo_map_inode(map) == inode)
		return map;
	munmap(map, v->size);
	return NULL;
}

/* Where the offset is not to be had: export the object again and map that. */
static void *demo_vgem_reexport(struct demo_vgem *v, ino_t inode)
{
	void *map;
	int fd;

	if (drmPrimeHandleToFD(v->fd, v->handle, O_CLOEXEC | O_RDWR, &fd))
		return NULL;
	map = demo_vgem_try(v, fd, 0, inode);
	close(fd);
	return map;
}

static void *demo_vgem_map(struct demo_vgem *v, int fd, const char **how)
{
	void *map = NULL;
	struct stat st;

	if (fstat(fd, &st))
		return NULL;
	*how = "mmap of the imported GEM object";
	if (v->offset != DEMO_NO_OFFSET)
		map = demo_vgem_try(v, v->fd, v->offset, st.st_ino);
	if (map)
		return map;
	*how = "mmap of the dma-buf that vgem exports again";
	return demo_vgem_reexport(v, st.st_ino);
}

/* @fd is the dma-buf that was imported. */
int demo_vgem_hash(struct demo_vgem *v, int fd, size_t len,
		   char sha[DEMO_SHA_LEN], char *how_buf, size_t how_len)
{
	const char *how = "";
	void *map = demo_vgem_map(v, fd, &how);
	int ret;

	if (!map) {
		demo_error("the object that vgem imported cannot be mapped: %s",
			   strerror(errno));
		return -1;
	}
	snprintf(how_buf, how_len, "%s", how);
	ret = demo_hash_memory(map, len, sha);
	munmap(map, v->size);
	return ret;
}

/* The bytes at the addresses that a device is given. */
int demo_device_hash(int fd, size_t len, char sha[DEMO_SHA_LEN])
{
	struct peek_attach attach = {
		.fd = fd,
		.view = PEEK_DMA,
		.direction = PEEK_TO_DEVICE,
	};
	int peek = open(PEEK_DEVICE, O_RDWR | O_CLOEXEC);
	int ret = -1;

	if (peek < 0) {
		demo_error("%s: %s", PEEK_DEVICE, strerror(errno));
		return -1;
	}
	if (ioctl(peek, PEEK_ATTACH, &attach))
		demo_error("the test importer does not import: %s",
			   strerror(errno));
	else
		ret = demo_hash_fd(peek, len, sha);
	close(peek);
	return ret;
}
