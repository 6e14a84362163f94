// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands for the rest of the programs: who draws, a guest with its memory, a
 * client of a compositor. And who looks at a dma-buf, with nothing but the kernel's
 * interface.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "world.h"

/* A line of bytes is all the same; neighbours differ, and so do rounds. */
#define WORLD_LINE	512

static size_t world_page;
static struct iovec world_blobs[WORLD_ROUNDS][PORT_BLOB_PAGES];
static char *world_ram;
static size_t world_ram_size;
static int world_ram_fd;
static int world_pool;
static size_t world_slot;

static int world_byte(unsigned int nr, size_t offset)
{
	return (int)(1 + (offset / WORLD_LINE + 89 * nr) % 251);
}

static void world_draw_at(void *mem, size_t size, unsigned int nr, size_t at)
{
	for (size_t done = 0; done < size; done += WORLD_LINE)
		memset((char *)mem + done, world_byte(nr, at + done),
		       size - done < WORLD_LINE ? size - done : WORLD_LINE);
}

void port_draw(void *mem, size_t size, unsigned int nr)
{
	world_draw_at(mem, size, nr, 0);
}

static int world_memfd(const char *name, size_t size, int seals, char **mem)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, seals))
		err(2, "no memfd for %s", name);
	*mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*mem == MAP_FAILED)
		err(2, "cannot map the memfd for %s", name);
	return fd;
}

/* Each blob takes pages of its own; no two of one are neighbours. */
static void world_make_guest(void)
{
	const size_t pages = WORLD_ROUNDS * PORT_BLOB_PAGES;

	world_ram_size = pages * world_page;
	world_ram_fd = world_memfd("guest", world_ram_size,
				   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
				   &world_ram);
	for (unsigned int nr = 0; nr < WORLD_ROUNDS; nr++) {
		for (unsigned int i = 0; i < PORT_BLOB_PAGES; i++) {
			struct iovec *page = &world_blobs[nr][i];
			size_t place = (i * WORLD_ROUNDS + nr) * 37 % pages;

			page->iov_base = world_ram + place * world_page;
			page->iov_len = world_page;
			world_draw_at(page->iov_base, world_page, nr,
				      i * world_page);
		}
	}
}

static void world_make_client(void)
{
	char *mem;

	world_slot = (PORT_FRAME + world_page - 1) / world_page * world_page;
	world_pool = world_memfd("client", WORLD_ROUNDS * world_slot,
				 F_SEAL_SHRINK | F_SEAL_SEAL, &mem);
	for (unsigned int nr = 0; nr < WORLD_ROUNDS; nr++)
		port_draw(mem + nr * world_slot, world_slot, nr);
	munmap(mem, WORLD_ROUNDS * world_slot);
}

void world_make(void)
{
	world_page = (size_t)sysconf(_SC_PAGESIZE);
	world_make_guest();
	world_make_client();
}

const struct iovec *port_guest_blob(unsigned int nr, unsigned int *nr_pages)
{
	*nr_pages = PORT_BLOB_PAGES;
	return world_blobs[nr % WORLD_ROUNDS];
}

int port_guest_block(const void *host, uint64_t *offset)
{
	const char *at = host;

	if (at < world_ram || at >= world_ram + world_ram_size)
		return -1;
	*offset = (uint64_t)(at - world_ram);
	return world_ram_fd;
}

struct port_shm port_client_frame(unsigned int nr)
{
	return (struct port_shm){
		.pool = world_pool,
		.offset = nr % WORLD_ROUNDS * world_slot,
		.size = world_slot,
	};
}

/* Byte for byte; the first that is wrong is told. */
static bool world_is_drawn(const char *what, const unsigned char *mem,
			   size_t size, unsigned int nr)
{
	for (size_t i = 0; i < size; i++) {
		if (mem[i] == world_byte(nr, i))
			continue;
		warnx("%s: byte %zu of buffer %u is %d, not %d", what, i, nr,
		      mem[i], world_byte(nr, i));
		return false;
	}
	return true;
}

static bool world_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_READ };

	return !ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/* Memory of another exporter would be other work. */
static bool world_is_udmabuf(int fd)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		found = found || !strcmp(line, "exp_name:\tudmabuf\n");
	fclose(file);
	if (!found)
		warnx("file %d is no dma-buf of udmabuf", fd);
	return found;
}

static bool world_is_in_buffer(const struct port_shown *shown, unsigned int nr)
{
	bool right = world_sync(shown->fd, DMA_BUF_SYNC_START);
	void *mem =
		mmap(NULL, shown->size, PROT_READ, MAP_SHARED, shown->fd, 0);

	if (!right || mem == MAP_FAILED) {
		warn("cannot look into file %d", shown->fd);
		return false;
	}
	right = world_is_drawn("the dma-buf", mem, shown->size, nr);
	munmap(mem, shown->size);
	return world_sync(shown->fd, DMA_BUF_SYNC_END) && right;
}

static bool world_is_signalled(int fence)
{
	struct pollfd poll_fd = { .fd = fence, .events = POLLIN };

	return fence < 0 || poll(&poll_fd, 1, 0) == 1;
}

bool world_is_shown(const struct port_shown *shown, unsigned int nr)
{
	if (!world_is_udmabuf(shown->fd) || !world_is_in_buffer(shown, nr))
		return false;
	if (shown->map &&
	    !world_is_drawn("the program", shown->map, shown->size, nr))
		return false;
	if (!world_is_signalled(shown->fence)) {
		warnx("the fence of buffer %u is not signalled", nr);
		return false;
	}
	return true;
}

int world_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	if (!dir)
		err(2, "/proc/self/fd");
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}
