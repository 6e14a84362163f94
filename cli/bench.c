// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf bench: how fast this machine and this driver are.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"

#define BENCH_BAD_PAGES \
	"--pages is '%s', and should be small, thp, hugetlb-2M or hugetlb-1G"
#define BENCH_ABOVE_LIMIT \
	"%s is above the driver's limit: choose a smaller --size, or see udmabuf info"

struct bench_opts {
	uint64_t size;
	double seconds;
	const char *pages;
	const char *device;
	bool quiet;
	bool json;
};

static const struct cli_option bench_options[] = {
	{ "size", CLI_SIZE, offsetof(struct bench_opts, size), "SIZE",
	  "of the buffer (64M, which each driver takes)" },
	{ "seconds", CLI_SECONDS, offsetof(struct bench_opts, seconds), "N",
	  "for all of it, about (5)" },
	{ "pages", CLI_TEXT, offsetof(struct bench_opts, pages), "KIND",
	  "small, thp, hugetlb-2M or hugetlb-1G (all)" },
	{ "device", CLI_TEXT, offsetof(struct bench_opts, device), "NODE",
	  "the driver's node (/dev/udmabuf, then /dev/udmabuf-ng)" },
	{ "quiet", CLI_FLAG, offsetof(struct bench_opts, quiet), NULL,
	  "do not show how far it is" },
	{ "json", CLI_FLAG, offsetof(struct bench_opts, json), NULL,
	  "print JSON" },
	{ 0 },
};

static const struct cli_usage bench_usage = {
	.synopsis =
		"[--size SIZE] [--seconds N] [--pages KIND] [--device NODE] [--quiet] [--json]",
	.about =
		"Times what a driver does with a buffer, round after round: make it of memory that\n"
		"is there, read a byte of each page, SYNC, unmap, close; for each kind of pages that\n"
		"can be had. Prints the median, and the times that a tenth and nine tenths of the\n"
		"rounds stayed below.",
	.options = bench_options,
	.exits = "  0  done; pages that cannot be had are left out\n"
		 "  1  it failed, or none of the pages could be had\n"
		 "  2  wrong usage",
};

static int bench_choose(struct bench *bench, const char *name)
{
	static const struct {
		enum udb_backing backing;
		const char *name;
	} kinds[BENCH_KINDS] = {
		{ UDB_BACKING_SMALL, "small" },
		{ UDB_BACKING_THP, "thp" },
		{ UDB_BACKING_HUGETLB_2M, "hugetlb-2M" },
		{ UDB_BACKING_HUGETLB_1G, "hugetlb-1G" },
	};
	bool any = false;

	for (int i = 0; i < BENCH_KINDS; i++) {
		bench->pages[i].backing = kinds[i].backing;
		bench->pages[i].name = kinds[i].name;
		bench->pages[i].wanted = !name || !strcmp(name, kinds[i].name);
		any |= bench->pages[i].wanted;
	}
	return any ? CLI_GO_ON : cli_misuse(BENCH_BAD_PAGES, name);
}

static int bench_end(const struct bench *bench, int error)
{
	char size[CLI_SIZE_TEXT];

	cli_size_text(size, bench->size);
	if (error == -EFBIG)
		return cli_fail(BENCH_ABOVE_LIMIT, size);
	if (error)
		return cli_fail("cannot work with %s: %s", size,
				strerror(-error));
	for (int i = 0; i < BENCH_KINDS; i++)
		if (bench->pages[i].rounds)
			return CLI_GO_ON;
	for (int i = 0; i < BENCH_KINDS; i++)
		if (bench->pages[i].left_out)
			return cli_fail("%s: %s", bench->pages[i].name,
					bench->pages[i].left_out);
	return CLI_FAILED;
}

static int bench_all(struct bench *bench, const struct bench_opts *opts)
{
	int ret;

	bench->size = opts->size;
	bench->seconds = opts->seconds;
	cli_progress_begin(&bench->progress, opts->quiet);
	ret = bench_choose(bench, opts->pages);
	if (ret == CLI_GO_ON)
		ret = cli_device_open(opts->device, 0, &bench->probe,
				      &bench->dev);
	if (ret == CLI_GO_ON)
		ret = bench_end(bench, bench_run(bench));
	return ret;
}

int cli_bench(int argc, char **argv)
{
	struct bench_opts opts = { .size = 64UL << 20, .seconds = 5 };
	struct bench bench = { 0 };
	int ret;

	ret = cli_parse(&bench_usage, argc, argv, &opts, NULL);
	if (ret == CLI_GO_ON)
		ret = bench_all(&bench, &opts);
	udb_device_unref(bench.dev);
	if (ret != CLI_GO_ON)
		return ret;
	if (opts.json)
		bench_show_json(&bench);
	else
		bench_show(&bench);
	return CLI_DONE;
}
