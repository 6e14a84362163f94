// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf bench: what was measured, for people and as JSON.
 */
#include <json-c/json.h>

#include "bench.h"

static const struct {
	const char *name; /* for people */
	const char *key;
} bench_steps[BENCH_NR_STEPS] = {
	[BENCH_CREATE] = { "create", "create" },
	[BENCH_TOUCH] = { "first touch", "first_touch" },
	[BENCH_SYNC_BEGIN] = { "SYNC begin", "sync_begin" },
	[BENCH_SYNC_END] = { "SYNC end", "sync_end" },
	[BENCH_UNMAP] = { "unmap", "unmap" },
	[BENCH_CLOSE] = { "close", "close" },
};

enum bench_column {
	BENCH_PAGES,
	BENCH_ROUNDS,
	BENCH_STEP,
	BENCH_MEDIAN,
	BENCH_P10,
	BENCH_P90,
	BENCH_NR_COLUMNS,
};

static const char *const bench_heads[] = {
	[BENCH_PAGES] = "PAGES", [BENCH_ROUNDS] = ">ROUNDS",
	[BENCH_STEP] = "STEP",	 [BENCH_MEDIAN] = ">MEDIAN",
	[BENCH_P10] = ">10 %",	 [BENCH_P90] = ">90 %",
};

/* Three digits, or all of those in front of the point. */
static void bench_time_set(struct cli_table *table, enum bench_column column,
			   uint64_t nanoseconds)
{
	static const char *const units[] = { "us", "ms", "s" };
	double value = (double)nanoseconds / 1000;
	unsigned int unit = 0;

	while (value >= 1000 && unit < 2) {
		value /= 1000;
		unit++;
	}
	cli_table_set(table, column, "%.*f %s",
		      value < 10  ? 2 :
		      value < 100 ? 1 :
				    0,
		      value, units[unit]);
}

static void bench_rows(struct cli_table *table, const struct bench_pages *pages)
{
	for (int step = 0; step < BENCH_NR_STEPS; step++) {
		cli_table_row(table);
		if (!step) {
			cli_table_set(table, BENCH_PAGES, "%s", pages->name);
			cli_table_set(table, BENCH_ROUNDS, "%u", pages->rounds);
		}
		cli_table_set(table, BENCH_STEP, "%s", bench_steps[step].name);
		bench_time_set(table, BENCH_MEDIAN, pages->stats[step].median);
		bench_time_set(table, BENCH_P10, pages->stats[step].p10);
		bench_time_set(table, BENCH_P90, pages->stats[step].p90);
	}
}

static const char *bench_driver(const struct bench *bench)
{
	switch (bench->probe.driver) {
	case UDB_DRIVER_NG:
		return "udmabuf_ng";
	case UDB_DRIVER_STOCK:
		return "stock";
	default:
		return "unknown";
	}
}

void bench_show(const struct bench *bench)
{
	char size[CLI_SIZE_TEXT];
	struct cli_table table;
	char release[CLI_RELEASE];

	cli_release(release);
	printf("%s (%s%s%s), Linux %s, a buffer of %s\n", bench->probe.node,
	       bench_driver(bench), *bench->probe.version ? " " : "",
	       bench->probe.version, release, cli_size_text(size, bench->size));
	cli_table_begin(&table, bench_heads, BENCH_NR_COLUMNS);
	for (int i = 0; i < BENCH_KINDS; i++)
		if (bench->pages[i].rounds)
			bench_rows(&table, &bench->pages[i]);
	cli_table_print(&table);
	cli_table_end(&table);
	for (int i = 0; i < BENCH_KINDS; i++)
		if (bench->pages[i].left_out)
			printf("%s: left out: %s\n", bench->pages[i].name,
			       bench->pages[i].left_out);
}

static void bench_json_pages(struct json_object *object,
			     const struct bench_pages *pages)
{
	struct json_object *steps, *step;

	cli_json_text(object, "pages", pages->name);
	cli_json_text(object, "left_out", pages->left_out);
	cli_json_number(object, "rounds", pages->rounds);
	steps = cli_json_object(object, "steps");
	for (int i = 0; i < BENCH_NR_STEPS && pages->rounds; i++) {
		step = cli_json_object(steps, bench_steps[i].key);
		cli_json_number(step, "median_ns", pages->stats[i].median);
		cli_json_number(step, "p10_ns", pages->stats[i].p10);
		cli_json_number(step, "p90_ns", pages->stats[i].p90);
		cli_json_number(step, "min_ns", pages->stats[i].min);
		cli_json_number(step, "max_ns", pages->stats[i].max);
	}
}

void bench_show_json(const struct bench *bench)
{
	struct json_object *object = json_object_new_object();
	struct json_object *results;
	char release[CLI_RELEASE];

	cli_release(release);
	cli_json_text(object, "version", UDMABUF_VERSION);
	cli_json_text(object, "kernel", release);
	cli_json_text(object, "node", bench->probe.node);
	cli_json_text(object, "driver", bench_driver(bench));
	cli_json_text(object, "driver_version",
		      *bench->probe.version ? bench->probe.version : NULL);
	cli_json_number(object, "size", bench->size);
	results = cli_json_array(object, "results");
	for (int i = 0; i < BENCH_KINDS; i++)
		if (bench->pages[i].wanted)
			bench_json_pages(cli_json_append(results),
					 &bench->pages[i]);
	cli_json_print(object, false);
}
