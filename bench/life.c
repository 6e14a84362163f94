// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a buffer: create, the first touch of one page and of every page, SYNC,
 * munmap, close. And the limits: what of create and close is spent in the kernel's
 * own functions, a touch of memory that is mapped already, an ioctl that does nothing.
 */
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

/* One byte in the middle of a mapping that nobody has touched. */
static int life_touch_one(const struct bench *b, const struct bench_memory *m,
			  enum bench_driver driver, int fd)
{
	char *map = bench_map(fd, m->size, PROT_READ | PROT_WRITE);
	uint64_t t0, t1, t2;

	if (!map)
		return -1;
	t0 = bench_now(b);
	bench_touch(map + m->size / 2, 1);
	t1 = bench_now(b);
	bench_touch(map + m->size / 2, 1);
	t2 = bench_now(b);
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), "touch-one");
	bench_add(BENCH_LIMIT, BENCH_TIME, (double)(t2 - t1), "touch-one");
	munmap(map, m->size);
	return 0;
}

static int life_touch(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver, int fd)
{
	char *map = bench_map(fd, m->size, PROT_READ | PROT_WRITE);
	uint64_t t0, t1, t2, t3;

	if (!map)
		return -1;
	t0 = bench_now(b);
	bench_touch(map, m->size);
	t1 = bench_now(b);
	bench_touch(map, m->size);
	t2 = bench_now(b);
	munmap(map, m->size);
	t3 = bench_now(b);
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), "touch");
	bench_add(BENCH_LIMIT, BENCH_TIME, (double)(t2 - t1), "touch");
	bench_add(driver, BENCH_TIME, (double)(t3 - t2), "munmap");
	return 0;
}

static uint64_t life_worst(const struct bench *b, const char *map, size_t size)
{
	uint64_t worst = 0, before = bench_now(b), now;

	for (size_t at = 0; at < size; at += BENCH_PAGE) {
		bench_touch(map + at, 1);
		now = bench_now(b);
		worst = now - before > worst ? now - before : worst;
		before = now;
	}
	return worst;
}

/* The longest that a program waits for one page, when it touches all of them. */
static int life_worst_fault(const struct bench *b, const struct bench_memory *m,
			    enum bench_driver driver, int fd)
{
	char *map = bench_map(fd, m->size, PROT_READ | PROT_WRITE);

	if (!map)
		return -1;
	bench_add(driver, BENCH_TIME, (double)life_worst(b, map, m->size),
		  "worst-fault");
	bench_add(BENCH_LIMIT, BENCH_TIME, (double)life_worst(b, map, m->size),
		  "worst-fault");
	munmap(map, m->size);
	return 0;
}

static int life_sync(const struct bench *b, enum bench_driver driver, int fd)
{
	uint64_t t0, t1, t2;
	int ret;

	t0 = bench_now(b);
	ret = bench_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	t1 = bench_now(b);
	ioctl(fd, BENCH_NO_IOCTL);
	t2 = bench_now(b);
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), "sync-0");
	bench_add(BENCH_LIMIT, BENCH_TIME, (double)(t2 - t1), "sync-0");
	if (!ret)
		ret = bench_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	return ret;
}

static int life_round(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver)
{
	uint64_t t0, t1;
	int fd;

	if (driver == BENCH_LIMIT)
		return bench_floor(b, m, m->size, "create", "close");
	t0 = bench_now(b);
	fd = bench_buffer(b, m, driver);
	t1 = bench_now(b);
	if (fd < 0)
		return -1;
	/* A heap makes its own memory meanwhile: see list.c. */
	if (driver != BENCH_HEAP)
		bench_add(driver, BENCH_TIME, (double)(t1 - t0), "create");
	if (life_touch_one(b, m, driver, fd) || life_touch(b, m, driver, fd) ||
	    life_worst_fault(b, m, driver, fd) || life_sync(b, driver, fd)) {
		close(fd);
		return -1;
	}
	t0 = bench_now(b);
	close(fd);
	t1 = bench_now(b);
	if (driver != BENCH_HEAP)
		bench_add(driver, BENCH_TIME, (double)(t1 - t0), "close");
	return 0;
}

int bench_life(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, life_round,
			    BENCH_ALL_DRIVERS | BENCH_ONLY_LIMIT);
}
