// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf bench: the measurement. The memory is made once for each kind of pages
 * and stays in its memfd, so that a round is what the driver does: take it, let it
 * be mapped and synced, and give it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define BENCH_SECOND	1000000000ULL
#define BENCH_BEYOND	"the buffer is smaller than such a page"
#define BENCH_NO_PAGES	"no such pages, or too few that are free"

/* Memory of one kind, and the rounds on it. */
struct bench_memory {
	int fd;
	uint64_t size;
	unsigned int rounds;
	uint64_t *times[BENCH_NR_STEPS];
};

static uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * BENCH_SECOND + (uint64_t)now.tv_nsec;
}

/* The time since @begin; a new begin. */
static uint64_t bench_lap(uint64_t *begin)
{
	uint64_t before = *begin;

	*begin = bench_now();
	return *begin - before;
}

static void bench_touch(const char *mem, uint64_t size)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);

	for (uint64_t at = 0; at < size; at += page)
		__atomic_load_n(mem + at, __ATOMIC_RELAXED);
}

/* What is done with a buffer between its making and its end. */
static int bench_use(const struct udb_buffer *buf, uint64_t *times)
{
	const size_t size = udb_buffer_size(buf);
	uint64_t begin;
	void *mem;
	int ret;

	ret = udb_buffer_map(buf, NULL, &mem);
	if (ret)
		return ret;
	begin = bench_now();
	bench_touch(mem, size);
	times[BENCH_TOUCH] = bench_lap(&begin);
	ret = udb_buffer_sync_begin(buf, UDB_READ | UDB_WRITE);
	times[BENCH_SYNC_BEGIN] = bench_lap(&begin);
	if (!ret)
		ret = udb_buffer_sync_end(buf, UDB_READ | UDB_WRITE);
	times[BENCH_SYNC_END] = bench_lap(&begin);
	udb_unmap(mem, size);
	times[BENCH_UNMAP] = bench_lap(&begin);
	return ret;
}

static int bench_round(const struct bench *bench,
		       const struct bench_memory *memory, uint64_t *times)
{
	struct udb_range range = { .size = memory->size, .memfd = memory->fd };
	struct udb_buffer *buf;
	uint64_t begin = bench_now();
	int ret;

	ret = udb_buffer_wrap(bench->dev, &range, 1, NULL, &buf);
	if (ret)
		return ret;
	times[BENCH_CREATE] = bench_lap(&begin);
	ret = bench_use(buf, times);
	begin = bench_now();
	udb_buffer_free(buf);
	times[BENCH_CLOSE] = bench_lap(&begin);
	return ret;
}

/* The memfd of a buffer that is given back, so that nothing is pinned. */
static int bench_memory_new(const struct bench *bench,
			    const struct bench_pages *pages,
			    struct bench_memory *memory)
{
	struct udb_alloc_opts opts = {
		.struct_size = sizeof(opts),
		.name = "udmabuf-bench",
		.backing = pages->backing,
		.flags = UDB_ALLOC_EXACT | UDB_ALLOC_POPULATE,
	};
	struct udb_buffer *buf;
	int ret;

	ret = udb_buffer_alloc(bench->dev, bench->size, &opts, &buf);
	if (ret)
		return ret;
	memory->size = udb_buffer_size(buf);
	memory->fd = fcntl(udb_buffer_memfd(buf), F_DUPFD_CLOEXEC, 0);
	ret = memory->fd < 0 ? -errno : 0;
	udb_buffer_free(buf);
	return ret;
}

static void bench_keep(struct bench_memory *memory, const uint64_t *times)
{
	for (int step = 0; step < BENCH_NR_STEPS; step++)
		memory->times[step][memory->rounds] = times[step];
	memory->rounds++;
}

/* The first round pays for what is made once only, and does not count. */
static int bench_rounds(struct bench *bench, const struct bench_pages *pages,
			struct bench_memory *memory, uint64_t nanoseconds)
{
	uint64_t begin, spent = 0, times[BENCH_NR_STEPS] = { 0 };
	int ret = bench_round(bench, memory, times);

	begin = bench_now();
	while (!ret && memory->rounds < BENCH_ROUNDS_MAX &&
	       (spent < nanoseconds || memory->rounds < BENCH_ROUNDS_MIN)) {
		ret = bench_round(bench, memory, times);
		bench_keep(memory, times);
		spent = bench_now() - begin;
		cli_progress_at(&bench->progress, pages->name,
				(double)spent / (double)nanoseconds);
	}
	return ret;
}

static int bench_compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static struct bench_stats bench_stats(uint64_t *times, unsigned int nr)
{
	qsort(times, nr, sizeof(*times), bench_compare);
	return (struct bench_stats){
		.min = times[0],
		.p10 = times[(nr - 1) / 10],
		.median = (times[(nr - 1) / 2] + times[nr / 2]) / 2,
		.p90 = times[nr - 1 - (nr - 1) / 10],
		.max = times[nr - 1],
	};
}

static int bench_measure(struct bench *bench, struct bench_pages *pages,
			 struct bench_memory *memory, uint64_t nanoseconds)
{
	int ret;

	for (int step = 0; step < BENCH_NR_STEPS; step++)
		memory->times[step] =
			cli_alloc(BENCH_ROUNDS_MAX * sizeof(uint64_t));
	ret = bench_rounds(bench, pages, memory, nanoseconds);
	for (int step = 0; step < BENCH_NR_STEPS; step++) {
		if (!ret)
			pages->stats[step] = bench_stats(memory->times[step],
							 memory->rounds);
		free(memory->times[step]);
	}
	pages->rounds = ret ? 0 : memory->rounds;
	return ret;
}

static bool bench_fits(const struct bench *bench,
		       const struct bench_pages *pages)
{
	switch (pages->backing) {
	case UDB_BACKING_THP:
	case UDB_BACKING_HUGETLB_2M:
		return bench->size >= 2UL << 20;
	case UDB_BACKING_HUGETLB_1G:
		return bench->size >= 1UL << 30;
	default:
		return true;
	}
}

/* Pages that cannot be had are no failure, but for small ones. */
static int bench_pages_run(struct bench *bench, struct bench_pages *pages,
			   uint64_t nanoseconds)
{
	struct bench_memory memory = { .fd = -1 };
	int ret;

	if (!bench_fits(bench, pages)) {
		pages->left_out = BENCH_BEYOND;
		return 0;
	}
	cli_progress_step(&bench->progress, pages->name);
	ret = bench_memory_new(bench, pages, &memory);
	if (pages->backing != UDB_BACKING_SMALL &&
	    (ret == -EOPNOTSUPP || ret == -ENOMEM || ret == -ENOSPC)) {
		pages->left_out = BENCH_NO_PAGES;
		return 0;
	}
	if (!ret)
		ret = bench_measure(bench, pages, &memory, nanoseconds);
	if (memory.fd >= 0)
		close(memory.fd);
	return ret;
}

/**
 * bench_run() - measure all that is wanted
 * @bench: with options; receives the times.
 *
 * Return: 0 or a negative error number.
 */
int bench_run(struct bench *bench)
{
	unsigned int wanted = 0;
	uint64_t share;
	int ret = 0;

	for (int i = 0; i < BENCH_KINDS; i++)
		wanted += bench->pages[i].wanted &&
			  bench_fits(bench, &bench->pages[i]);
	share = (uint64_t)(bench->seconds * (double)BENCH_SECOND) /
		(wanted ? wanted : 1);
	for (int i = 0; i < BENCH_KINDS && !ret; i++)
		if (bench->pages[i].wanted)
			ret = bench_pages_run(bench, &bench->pages[i], share);
	cli_progress_end(&bench->progress);
	return ret;
}
