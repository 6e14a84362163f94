// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf-bench: options, what is asked of which memory, and in which machine.
 *
 * Standard output has lines "progress PERCENT TEXT" and "record ...", see record.c.
 * Exit status: 0 done, 1 something failed, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libdrm/drm.h>

#include "bench.h"
#include "udmabuf_floor.h"

#define MAIN_SIZES_MAX	8
#define MAIN_RENDER	"/dev/dri/card%d"
#define MAIN_CARDS	8

/* Of a machine that counts, which has 2 GiB. */
#define MAIN_SOAK	(512 * BENCH_MIB)

/* Bounce buffers hold less than a large buffer; see bench/run. */
#define MAIN_BOUNCE_MIB	64

struct main_options {
	const char *drivers;
	const char *backings;
	unsigned long mib[MAIN_SIZES_MAX];
	unsigned int nr_sizes;
};

static const struct option main_long[] = {
	{ "machine", required_argument, NULL, 'm' },
	{ "drivers", required_argument, NULL, 'd' },
	{ "backings", required_argument, NULL, 'b' },
	{ "sizes", required_argument, NULL, 's' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "count", no_argument, NULL, 'c' },
	{ 0 },
};

static void main_sizes(struct main_options *opts, char *text)
{
	char *save = NULL;

	opts->nr_sizes = 0;
	for (char *word = strtok_r(text, ",", &save);
	     word && opts->nr_sizes < MAIN_SIZES_MAX;
	     word = strtok_r(NULL, ",", &save))
		opts->mib[opts->nr_sizes++] = strtoul(word, NULL, 10);
}

static int main_parse(struct bench *b, struct main_options *opts, int argc,
		      char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", main_long, NULL)) >= 0) {
		switch (c) {
		case 'm':
			b->machine = optarg;
			break;
		case 'd':
			opts->drivers = optarg;
			break;
		case 'b':
			opts->backings = optarg;
			break;
		case 's':
			main_sizes(opts, optarg);
			break;
		case 'r':
			b->rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			b->count = true;
			break;
		default:
			return -1;
		}
	}
	if (b->rounds && opts->nr_sizes && optind == argc)
		return 0;
	bench_error("wrong usage: bench/run knows how");
	return -1;
}

static int main_open_vgem(void)
{
	char path[32], name[16];
	int fd;

	for (int i = 0; i < MAIN_CARDS; i++) {
		struct drm_version version = {
			.name = name,
			.name_len = sizeof(name) - 1,
		};

		snprintf(path, sizeof(path), MAIN_RENDER, i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		memset(name, 0, sizeof(name));
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

static bool main_is_plain(const struct bench *b)
{
	return !strcmp(b->machine, "plain");
}

/* All that is asked of memory of each kind and size. */
static int main_ask(const struct bench *b, const struct bench_memory *m)
{
	int ret;

	if (!main_is_plain(b))
		return bench_attach(b, m);
	ret = bench_life(b, m);
	if (!ret)
		ret = bench_kept(b, m);
	if (!ret)
		ret = bench_attach(b, m);
	if (!ret && !b->count)
		ret = bench_synced(b, m);
	if (!ret)
		ret = bench_vmap(b, m);
	return ret;
}

static bool main_fits(const struct bench *b, enum bench_backing backing,
		      unsigned long mib)
{
	if (!strcmp(b->machine, "swiotlb") && mib > MAIN_BOUNCE_MIB)
		return false;
	return backing != BENCH_HUGETLB_1G || mib >= 1024;
}

/* A question, of memory that is made for it. */
static int main_once(struct bench *b, bench_question question,
		     enum bench_backing backing, unsigned long mib)
{
	struct bench_memory m;
	int ret;

	if (bench_memory_open(&m, backing, mib * BENCH_MIB))
		return -1;
	ret = question(b, &m);
	if (!ret)
		ret = bench_flush(b, &m);
	bench_memory_close(&m);
	return ret;
}

static int main_memory(struct bench *b, enum bench_backing backing,
		       unsigned long mib)
{
	bench_progress(b, "%s: %s, %lu MiB", b->machine,
		       bench_backing_name[backing], mib);
	return main_once(b, main_ask, backing, mib);
}

static int main_others(struct bench *b)
{
	int ret;

	if (!main_is_plain(b))
		return 0;
	bench_progress(b, "%s: lists", b->machine);
	ret = main_once(b, bench_list, BENCH_SHMEM, b->count ? 16 : 256);
	if (!ret && !b->count)
		ret = main_once(b, bench_alloc, BENCH_SHMEM, 64);
	if (!ret && !b->count)
		ret = main_once(b, bench_hold_off, BENCH_SHMEM, 256);
	bench_progress(b, "%s: frames", b->machine);
	if (!ret && !b->count)
		ret = main_once(b, bench_frames, BENCH_SHMEM, 8);
	if (!ret && !b->count)
		ret = main_once(b, bench_frames, BENCH_HUGETLB, 8);
	return ret;
}

static int main_run(struct bench *b, const struct main_options *opts)
{
	for (unsigned int i = 0; i < opts->nr_sizes; i++)
		for (int backing = 0; backing < BENCH_NR_BACKINGS; backing++)
			if (bench_has_word(opts->backings,
					   bench_backing_name[backing]) &&
			    main_fits(b, backing, opts->mib[i]) &&
			    main_memory(b, backing, opts->mib[i]))
				return -1;
	return main_others(b);
}

/*
 * Which pieces of memory a boot leaves free depends on how fast the host was. They are
 * handed out first: whoever takes and keeps them makes later memory lie the same way
 * each time.
 */
static int main_soak(void)
{
	char *map = mmap(NULL, MAIN_SOAK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return bench_errno("memory to begin with");
	madvise(map, MAIN_SOAK, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < MAIN_SOAK; at += BENCH_PAGE)
		bench_put(map + at);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .rounds = 5, .machine = "plain" };
	struct main_options opts = {
		.drivers = "stock,ours,heap",
		.backings = "shmem,shmem-fragmented,thp,hugetlb,hugetlb-1g",
		.mib = { 8, 64, 512, 2048 },
		.nr_sizes = 4,
	};

	if (main_parse(&b, &opts, argc, argv))
		return 2;
	b.steps = opts.nr_sizes * BENCH_NR_BACKINGS + 2;
	b.vgem = main_open_vgem();
	b.floor = open(FLOOR_DEVICE, O_RDWR | O_CLOEXEC);
	if (bench_drivers_open(&b, opts.drivers) || (b.count && main_soak()) ||
	    main_run(&b, &opts))
		return 1;
	return 0;
}
