/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * udmabuf bench: bench.c reads options, bench_run.c measures, bench_show.c prints.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include <libudmabuf.h>

#include "cli.h"

/* What is timed in each round, in this order. */
enum bench_step {
	BENCH_CREATE,
	BENCH_TOUCH,
	BENCH_SYNC_BEGIN,
	BENCH_SYNC_END,
	BENCH_UNMAP,
	BENCH_CLOSE,
	BENCH_NR_STEPS,
};

#define BENCH_ROUNDS_MAX	2000
#define BENCH_ROUNDS_MIN	3

/**
 * struct bench_stats - what a step took, in nanoseconds
 * @min: the fastest round.
 * @p10: a tenth of the rounds was faster.
 * @median: half of them.
 * @p90: nine tenths.
 * @max: the slowest round.
 */
struct bench_stats {
	uint64_t min;
	uint64_t p10;
	uint64_t median;
	uint64_t p90;
	uint64_t max;
};

/**
 * struct bench_pages - pages of one kind, and how long it took with them
 * @backing: which.
 * @name: for options and programs.
 * @wanted: to be measured.
 * @left_out: why it was not, or NULL.
 * @rounds: how often it was.
 * @stats: of the rounds.
 */
struct bench_pages {
	enum udb_backing backing;
	const char *name;
	bool wanted;
	const char *left_out;
	unsigned int rounds;
	struct bench_stats stats[BENCH_NR_STEPS];
};

#define BENCH_KINDS	4

/**
 * struct bench - a measurement
 * @size: bytes of the buffer.
 * @seconds: for all of it.
 * @dev: the driver.
 * @probe: which one that is.
 * @pages: kinds of pages, small ones first.
 * @progress: what is shown meanwhile.
 */
struct bench {
	uint64_t size;
	double seconds;
	struct udb_device *dev;
	struct udb_probe probe;
	struct bench_pages pages[BENCH_KINDS];
	struct cli_progress progress;
};

/* bench_run.c */
int bench_run(struct bench *bench);

/* bench_show.c */
void bench_show(const struct bench *bench);
void bench_show_json(const struct bench *bench);

#endif /* CLI_BENCH_H */
