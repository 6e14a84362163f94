// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf made by one of the two drivers, and what the kernel keeps for it.
 *
 * Raw ioctls only: the demonstration shows the driver, not a library.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DEMO_TABLE	"/sys/kernel/debug/udmabuf_ng/buffers"

int demo_device_open(const char *path)
{
	int dev = open(path, O_RDWR | O_CLOEXEC);

	if (dev < 0)
		demo_error("%s: %s", path, strerror(errno));
	return dev;
}

int demo_buffer_open(struct demo_buffer *b, int dev,
		     const struct demo_memory *m)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)m->fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = m->size,
	};

	*b = (struct demo_buffer){ .size = m->size };
	b->fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (b->fd >= 0)
		return 0;
	demo_error("UDMABUF_CREATE of %zu MiB (%s): %s", m->size >> 20,
		   demo_kind_name[m->kind], strerror(errno));
	return -1;
}

int demo_buffer_inode(const struct demo_buffer *b, ino_t *inode)
{
	struct stat st;

	if (fstat(b->fd, &st)) {
		demo_error("fstat of the dma-buf: %s", strerror(errno));
		return -1;
	}
	*inode = st.st_ino;
	return 0;
}

void demo_buffer_unmap(struct demo_buffer *b)
{
	if (b->map)
		munmap(b->map, b->size);
	b->map = NULL;
}

void demo_buffer_close(struct demo_buffer *b)
{
	demo_buffer_unmap(b);
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

int demo_buffer_map(struct demo_buffer *b)
{
	void *map = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 b->fd, 0);

	if (map == MAP_FAILED) {
		demo_error("mapping the dma-buf: %s", strerror(errno));
		return -1;
	}
	b->map = map;
	return 0;
}

/*
 * One byte of every page, so that every page must have been faulted in. Returns
 * their sum, see demo_memory_fill().
 */
unsigned long demo_buffer_touch(const struct demo_buffer *b)
{
	unsigned long sum = 0;

	for (size_t off = 0; off < b->size; off += DEMO_PAGE)
		sum += b->map[off];
	return sum;
}

int demo_buffer_sync(const struct demo_buffer *b, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };
	int ret;

	do {
		ret = ioctl(b->fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	if (ret)
		demo_error("DMA_BUF_IOCTL_SYNC: %s", strerror(errno));
	return ret;
}

/*
 * The kernel adds its counters up per CPU and in a lazy way, up to a second
 * late. Reading stat_refresh folds them in, so that differences are exact.
 */
static int demo_kept_refresh(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	ssize_t put = -1;

	if (fd >= 0) {
		put = write(fd, "1", 1);
		close(fd);
	}
	if (put == 1)
		return 0;
	demo_error("/proc/sys/vm/stat_refresh: %s", strerror(errno));
	return -1;
}

static int demo_meminfo(const char *key, double *kib)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	int ret = -1;

	while (f && ret && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), ": %lf kB", kib) == 1)
			ret = 0;
	if (f)
		fclose(f);
	if (ret)
		demo_error("/proc/meminfo has no %s", key);
	return ret;
}

/*
 * Pages that wait in the lists of the CPUs: free, and yet not in MemFree. The
 * lists are long enough to hide a whole sg table.
 */
static int demo_waiting(double *kib)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	unsigned long pages;
	char line[128];
	int lists = 0;

	*kib = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " count: %lu", &pages) != 1)
			continue;
		*kib += (double)(pages * DEMO_PAGE) / 1024;
		lists++;
	}
	if (f)
		fclose(f);
	if (!lists)
		demo_error("/proc/zoneinfo has no lists of the CPUs");
	return lists ? 0 : -1;
}

/*
 * What our driver says of itself: 16 bytes a run. The table has a line for each
 * of its buffers, "inode size runs ..."; other drivers' buffers are not in it,
 * and keep nothing that is known from there.
 */
int demo_kept_runs(const struct demo_buffer *b, double *kib)
{
	FILE *f = fopen(DEMO_TABLE, "re");
	unsigned long ino, runs;
	char line[256];
	struct stat st;

	*kib = 0;
	if (!f || fstat(b->fd, &st)) {
		demo_error(DEMO_TABLE ": %s", strerror(errno));
		if (f)
			fclose(f);
		return -1;
	}
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lu %*u %lu", &ino, &runs) == 2 &&
		    ino == st.st_ino)
			*kib = (double)runs * 16 / 1024;
	fclose(f);
	return 0;
}

/*
 * What a driver keeps for a buffer is the difference of two readings:
 *
 * @book, its books: SUnreclaim + VmallocUsed. SUnreclaim has every page of a
 * slab and every kmalloc too large for one, VmallocUsed what kvmalloc took
 * from vmalloc. That is all of stock's arrays and list nodes and all of our
 * runs. It counts whole pages, so objects that fit into pages that the slabs
 * had already do not show (therefore demo_kept_runs()), and it cannot see pages taken straight from
 * the page allocator: an sg table of many entries (its chunks are pages) and
 * page tables.
 *
 * @free, free pages wherever they wait: sees those, and all else that happens
 * at the same time. It is therefore read right before and after one ioctl only
 * (SYNC), and some 10 KiB to either side mean nothing.
 */
int demo_kept_read(struct demo_kept *k)
{
	double slab, vmalloc, waiting;

	if (demo_kept_refresh() || demo_meminfo("SUnreclaim", &slab) ||
	    demo_meminfo("VmallocUsed", &vmalloc) ||
	    demo_meminfo("MemFree", &k->free) || demo_waiting(&waiting))
		return -1;
	k->book = slab + vmalloc;
	k->free += waiting;
	return 0;
}
