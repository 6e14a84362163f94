// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory under a dma-buf: a memfd of one kind, sealed against shrinking
 * and mapped, filled with pages or with the bytes of a file.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#define DEMO_POOL_FILE	"/proc/sys/vm/nr_hugepages"

static int demo_pool_write(unsigned long pages)
{
	FILE *f = fopen(DEMO_POOL_FILE, "we");
	int bad;

	if (!f) {
		demo_error("%s: %s", DEMO_POOL_FILE, strerror(errno));
		return -1;
	}
	bad = fprintf(f, "%lu\n", pages) < 0;
	bad |= fclose(f) != 0;
	if (bad)
		demo_error("%s: cannot write %lu", DEMO_POOL_FILE, pages);
	return bad ? -1 : 0;
}

static unsigned long demo_pool_read(void)
{
	FILE *f = fopen(DEMO_POOL_FILE, "re");
	unsigned long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages;
}

/*
 * Size the pool of huge pages. The kernel does not fail when it finds fewer
 * than asked for, so read back what there is.
 */
int demo_memory_pool(size_t bytes)
{
	unsigned long want = demo_round_up(bytes, DEMO_HUGE) / DEMO_HUGE;
	unsigned long have;

	if (demo_pool_write(want))
		return -1;
	have = demo_pool_read();
	if (have >= want)
		return 0;
	demo_error("the kernel gave %lu of %lu huge pages: use a smaller file",
		   have, want);
	return -1;
}

static int demo_memory_prepare(struct demo_memory *m)
{
	void *map;

	if (ftruncate(m->fd, (off_t)m->size))
		return -1;
	if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	map = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (map == MAP_FAILED)
		return -1;
	m->map = map;
	return 0;
}

int demo_memory_open(struct demo_memory *m, enum demo_kind kind, size_t size)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

	if (kind == DEMO_HUGETLB)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	*m = (struct demo_memory){ .kind = kind, .size = size, .fd = -1 };
	m->fd = memfd_create("udmabuf-demo", flags);
	if (m->fd >= 0 && !demo_memory_prepare(m))
		return 0;
	demo_error("a memfd of %zu MiB (%s): %s", size >> 20,
		   demo_kind_name[kind], strerror(errno));
	demo_memory_close(m);
	return -1;
}

void demo_memory_close(struct demo_memory *m)
{
	if (m->map)
		munmap(m->map, m->size);
	if (m->fd >= 0)
		close(m->fd);
	m->map = NULL;
	m->fd = -1;
}

/*
 * Give the memfd all its pages, since what is timed later must not contain the
 * allocation of memory. Returns the sum of the pages' first bytes.
 */
unsigned long demo_memory_fill(struct demo_memory *m)
{
	unsigned long sum = 0;

	for (size_t off = 0; off < m->size; off += DEMO_PAGE) {
		m->map[off] = (unsigned char)(off / DEMO_PAGE * 167 + 1);
		sum += m->map[off];
	}
	return sum;
}

static int demo_memory_read_fd(struct demo_memory *m, int fd, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, m->map + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got) {
			errno = ENODATA;
			return -1;
		}
		done += (size_t)got;
	}
	return 0;
}

int demo_memory_read(struct demo_memory *m, const char *path, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = -1;

	if (fd >= 0)
		ret = demo_memory_read_fd(m, fd, len);
	if (ret)
		demo_error("reading %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

void demo_memory_flip(struct demo_memory *m, size_t offset)
{
	m->map[offset] ^= 0xff;
}
