// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that buffers are made of: a memfd of one kind, with all its pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "udmabuf_floor.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* An odd number has no factor in common with a power of two. */
#define BENCH_STRIDE	0x9e3779b1UL
#define BENCH_PFN	((1UL << 55) - 1)

const char *const bench_backing_name[BENCH_NR_BACKINGS] = {
	[BENCH_SHMEM] = "shmem",
	[BENCH_FRAGMENTED] = "shmem-fragmented",
	[BENCH_THP] = "thp",
	[BENCH_HUGETLB] = "hugetlb",
	[BENCH_HUGETLB_1G] = "hugetlb-1g",
};

static const unsigned int bench_backing_flags[BENCH_NR_BACKINGS] = {
	[BENCH_HUGETLB] = MFD_HUGETLB | MFD_HUGE_2MB,
	[BENCH_HUGETLB_1G] = MFD_HUGETLB | MFD_HUGE_1GB,
};

static int bench_memfd(unsigned int flags, size_t size)
{
	int fd = memfd_create("udmabuf-bench",
			      MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	if (fd < 0)
		return bench_errno("memfd_create");
	if (!ftruncate(fd, (off_t)size) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return fd;
	bench_errno("memfd");
	close(fd);
	return -1;
}

/* A memfd of small pages, none of which is there yet. */
int bench_memory_empty(size_t size)
{
	return bench_memfd(0, size);
}

/*
 * The kernel hands out pages one after the other, so in which order the places of
 * the file get theirs decides how they lie in memory.
 */
static void bench_fill_scattered(char *map, size_t size)
{
	size_t pages = size / BENCH_PAGE;

	for (size_t i = 0; i < pages; i++)
		bench_put(map + i * BENCH_STRIDE % pages * BENCH_PAGE);
}

static int bench_fill(const struct bench_memory *m, char *map)
{
	size_t step = m->backing == BENCH_THP ? BENCH_HUGE : BENCH_PAGE;

	if (m->backing == BENCH_FRAGMENTED) {
		bench_fill_scattered(map, m->size);
		return 0;
	}
	if (m->backing == BENCH_THP)
		madvise(map, m->size, MADV_HUGEPAGE);
	for (size_t at = 0; at < m->size; at += step)
		bench_put(map + at);
	if (m->backing == BENCH_THP && madvise(map, m->size, MADV_COLLAPSE))
		return bench_errno("MADV_COLLAPSE");
	return 0;
}

/* The page frame numbers of consecutive pages, as root may read them. */
static int bench_count_runs(struct bench_memory *m, const char *map)
{
	uint64_t before = 0, pfn[512];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)((uintptr_t)map / BENCH_PAGE * sizeof(*pfn));
	off_t end = at + (off_t)(m->size / BENCH_PAGE * sizeof(*pfn));

	if (fd < 0)
		return bench_errno("/proc/self/pagemap");
	bench_touch(map, m->size);
	while (at < end && pread(fd, pfn, sizeof(pfn), at) == sizeof(pfn)) {
		for (int i = 0; i < 512; i++) {
			m->runs += (pfn[i] & BENCH_PFN) != before + 1;
			before = pfn[i] & BENCH_PFN;
		}
		at += sizeof(pfn);
	}
	close(fd);
	if (at >= end)
		return 0;
	bench_error("/proc/self/pagemap cannot be read");
	return -1;
}

int bench_memory_open(struct bench_memory *m, enum bench_backing backing,
		      size_t size)
{
	char *map;
	int ret;

	*m = (struct bench_memory){ .backing = backing, .size = size };
	m->fd = bench_memfd(bench_backing_flags[backing], size);
	if (m->fd < 0)
		return -1;
	map = bench_map(m->fd, size, PROT_READ | PROT_WRITE);
	if (!map) {
		close(m->fd);
		return -1;
	}
	ret = bench_fill(m, map);
	if (!ret)
		ret = bench_count_runs(m, map);
	munmap(map, size);
	if (ret)
		close(m->fd);
	return ret;
}

static void bench_floor_add(const struct bench *b,
			    const struct floor_cost *cost,
			    const char *operation)
{
	bench_add(BENCH_LIMIT, BENCH_TIME,
		  (double)(b->count ? cost->cycles : cost->ns), operation);
}

/* The limit of operations that pin the memory, in pieces of @step, and unpin it. */
int bench_floor(const struct bench *b, const struct bench_memory *m,
		size_t step, const char *pins, const char *unpins)
{
	struct floor_pin pin = {
		.memfd = m->fd,
		.size = m->size,
		.step = step,
	};

	if (b->floor < 0)
		return 0;
	if (ioctl(b->floor, FLOOR_PIN, &pin))
		return bench_errno("FLOOR_PIN");
	bench_floor_add(b, &pin.pin, pins);
	if (unpins)
		bench_floor_add(b, &pin.unpin, unpins);
	return 0;
}

void bench_memory_close(struct bench_memory *m)
{
	close(m->fd);
}
