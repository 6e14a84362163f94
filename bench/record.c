// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was measured on one memory, and a line for each operation and driver:
 * operation, backing, MiB, driver, median, min, max, limit, unit, rounds; with tabs
 * in between, and "-" where there is no limit. bench/run makes JSON of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define BENCH_ROUNDS_MAX	256
#define BENCH_ROWS_MAX		64

struct bench_samples {
	unsigned int nr;
	double value[BENCH_ROUNDS_MAX];
};

struct bench_row {
	char operation[32];
	enum bench_unit unit;
	struct bench_samples of[BENCH_NR_DRIVERS];
};

static struct bench_row bench_rows[BENCH_ROWS_MAX];
static unsigned int bench_nr_rows;
static bool bench_warming_up;

/* What is added meanwhile is forgotten. */
void bench_warm_up(bool on)
{
	bench_warming_up = on;
}

static struct bench_row *bench_row(const char *operation)
{
	struct bench_row *row;

	for (row = bench_rows; row < bench_rows + bench_nr_rows; row++)
		if (!strcmp(row->operation, operation))
			return row;
	if (bench_nr_rows == BENCH_ROWS_MAX)
		return NULL;
	bench_nr_rows++;
	memset(row, 0, sizeof(*row));
	snprintf(row->operation, sizeof(row->operation), "%s", operation);
	return row;
}

void bench_add(enum bench_driver driver, enum bench_unit unit, double value,
	       const char *operation)
{
	struct bench_row *row = bench_warming_up ? NULL : bench_row(operation);
	struct bench_samples *samples;

	if (!row)
		return;
	row->unit = unit;
	samples = &row->of[driver];
	if (samples->nr < BENCH_ROUNDS_MAX)
		samples->value[samples->nr++] = value;
}

static int bench_compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static double bench_median(struct bench_samples *samples)
{
	qsort(samples->value, samples->nr, sizeof(double), bench_compare);
	return (samples->value[(samples->nr - 1) / 2] +
		samples->value[samples->nr / 2]) /
	       2;
}

static const char *bench_unit_name(const struct bench *b, enum bench_unit unit)
{
	static const char *const names[] = { "us", "KiB", "fps" };

	return b->count && unit == BENCH_TIME ? "instructions" : names[unit];
}

/* Microseconds for people; instructions are counted one by one. */
static double bench_scale(const struct bench *b, enum bench_unit unit)
{
	return unit == BENCH_TIME && !b->count ? 0.001 : 1;
}

static void bench_print(const struct bench *b, const struct bench_memory *m,
			struct bench_row *row, enum bench_driver driver)
{
	struct bench_samples *samples = &row->of[driver];
	double scale = bench_scale(b, row->unit);
	double median = bench_median(samples);

	printf("record\t%s\t%s\t%zu\t%s\t%.3f\t%.3f\t%.3f\t", row->operation,
	       bench_backing_name[m->backing], m->size / BENCH_MIB,
	       bench_driver_name[driver], median * scale,
	       samples->value[0] * scale,
	       samples->value[samples->nr - 1] * scale);
	if (row->of[BENCH_LIMIT].nr)
		printf("%.3f", bench_median(&row->of[BENCH_LIMIT]) * scale);
	else
		putchar('-');
	printf("\t%s\t%u\n", bench_unit_name(b, row->unit), samples->nr);
}

/* Prints all that was added, which was about this memory, and forgets it. */
int bench_flush(const struct bench *b, const struct bench_memory *m)
{
	bool full = bench_nr_rows == BENCH_ROWS_MAX;

	for (unsigned int i = 0; i < bench_nr_rows; i++)
		for (int driver = 0; driver < BENCH_LIMIT; driver++)
			if (bench_rows[i].of[driver].nr)
				bench_print(b, m, &bench_rows[i], driver);
	fflush(stdout);
	bench_nr_rows = 0;
	if (!full)
		return 0;
	bench_error("more operations than there is room for");
	return -1;
}
