// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names, clock, samples and progress: what every other file leans on.
 */
#include "demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const demo_driver_name[DEMO_NR_DRIVERS] = {
	[DEMO_STOCK] = "stock",
	[DEMO_OURS] = "ours",
};

const char *const demo_kind_id[DEMO_NR_KINDS] = {
	[DEMO_HUGETLB] = "hugetlb-2M",
	[DEMO_SHMEM] = "shmem-4K",
};

const char *const demo_kind_name[DEMO_NR_KINDS] = {
	[DEMO_HUGETLB] = "hugetlb, 2 MiB pages",
	[DEMO_SHMEM] = "shmem, 4 KiB pages",
};

const char *const demo_step_id[DEMO_NR_STEPS] = {
	[DEMO_CREATE] = "create",
	[DEMO_TOUCH] = "first_touch",
	[DEMO_SYNC_START] = "sync_start",
	[DEMO_SYNC_END] = "sync_end",
	[DEMO_IMPORT] = "import",
	[DEMO_UNMAP] = "unmap",
	[DEMO_CLOSE] = "close",
	[DEMO_KEPT] = "memory_kept",
	[DEMO_KEPT_SYNC] = "memory_kept_by_sync",
};

const char *const demo_step_name[DEMO_NR_STEPS] = {
	[DEMO_CREATE] = "create",
	[DEMO_TOUCH] = "first touch",
	[DEMO_SYNC_START] = "SYNC start",
	[DEMO_SYNC_END] = "SYNC end",
	[DEMO_IMPORT] = "import by vgem",
	[DEMO_UNMAP] = "munmap",
	[DEMO_CLOSE] = "close",
	[DEMO_KEPT] = "memory kept",
	[DEMO_KEPT_SYNC] = "memory kept by SYNC",
};

const char *const demo_view_id[DEMO_NR_VIEWS] = {
	[DEMO_VIEW_MEMFD] = "memfd",
	[DEMO_VIEW_DMABUF] = "dmabuf",
	[DEMO_VIEW_VGEM] = "vgem",
	[DEMO_VIEW_DEVICE] = "device",
};

const char *const demo_leg_id[DEMO_NR_LEGS] = {
	[DEMO_LEG_READ] = "read",
	[DEMO_LEG_CREATE] = "create",
	[DEMO_LEG_HANDOVER] = "hand_over",
	[DEMO_LEG_IMPORT] = "import",
	[DEMO_LEG_HASH + DEMO_VIEW_MEMFD] = "hash_memfd",
	[DEMO_LEG_HASH + DEMO_VIEW_DMABUF] = "hash_dmabuf",
	[DEMO_LEG_HASH + DEMO_VIEW_VGEM] = "hash_vgem",
	[DEMO_LEG_HASH + DEMO_VIEW_DEVICE] = "hash_device",
	[DEMO_LEG_CLOSE] = "close",
};

const char *const demo_leg_name[DEMO_NR_LEGS] = {
	[DEMO_LEG_READ] = "read file into memfd",
	[DEMO_LEG_CREATE] = "create",
	[DEMO_LEG_HANDOVER] = "hand to 2nd process",
	[DEMO_LEG_IMPORT] = "import by vgem",
	[DEMO_LEG_HASH + DEMO_VIEW_MEMFD] = "SHA-256 of memfd",
	[DEMO_LEG_HASH + DEMO_VIEW_DMABUF] = "SHA-256 of dma-buf",
	[DEMO_LEG_HASH + DEMO_VIEW_VGEM] = "SHA-256 through vgem",
	[DEMO_LEG_HASH + DEMO_VIEW_DEVICE] = "SHA-256 at DMA addresses",
	[DEMO_LEG_CLOSE] = "munmap and close",
};

/* Work planned, done before this phase, and in it; in units. */
static struct {
	unsigned int total;
	unsigned int before;
	unsigned int phase;
	unsigned int ticks;
	unsigned int percent;
	char text[96];
} demo_work;

void demo_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("demo: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

double demo_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

size_t demo_round_up(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

bool demo_step_is_time(enum demo_step step)
{
	return step != DEMO_KEPT && step != DEMO_KEPT_SYNC;
}

void demo_samples_add(struct demo_samples *s, double v)
{
	if (s->nr < DEMO_MAX_ROUNDS)
		s->v[s->nr++] = v;
}

static int demo_compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double demo_samples_median(const struct demo_samples *s)
{
	double v[DEMO_MAX_ROUNDS];

	if (!s->nr)
		return 0;
	memcpy(v, s->v, s->nr * sizeof(v[0]));
	qsort(v, s->nr, sizeof(v[0]), demo_compare_double);
	return (v[(s->nr - 1) / 2] + v[s->nr / 2]) / 2;
}

double demo_samples_min(const struct demo_samples *s)
{
	double min = s->nr ? s->v[0] : 0;

	for (unsigned int i = 1; i < s->nr; i++)
		if (s->v[i] < min)
			min = s->v[i];
	return min;
}

double demo_samples_max(const struct demo_samples *s)
{
	double max = s->nr ? s->v[0] : 0;

	for (unsigned int i = 1; i < s->nr; i++)
		if (s->v[i] > max)
			max = s->v[i];
	return max;
}

void demo_progress_total(unsigned int units)
{
	demo_work.total = units;
}

static unsigned int demo_progress_percent(void)
{
	unsigned int done = demo_work.before + demo_work.ticks;

	return done < demo_work.total ? done * 100 / demo_work.total : 100;
}

/*
 * The line is meant for demo/run, which turns it into a bar on a terminal, into
 * plain text in a log, or drops it.
 */
static void demo_progress_print(void)
{
	demo_work.percent = demo_progress_percent();
	printf("progress %u %s\n", demo_work.percent, demo_work.text);
	fflush(stdout);
}

/* Say what begins now, and how much of the whole work it is. */
void demo_progress(unsigned int units, const char *fmt, ...)
{
	va_list ap;

	demo_work.before += demo_work.phase;
	demo_work.phase = units;
	demo_work.ticks = 0;
	va_start(ap, fmt);
	vsnprintf(demo_work.text, sizeof(demo_work.text), fmt, ap);
	va_end(ap);
	demo_progress_print();
}

/* One more unit of the phase. Silent in the second process, which has no plan. */
void demo_progress_tick(void)
{
	if (demo_work.ticks < demo_work.phase)
		demo_work.ticks++;
	if (demo_progress_percent() != demo_work.percent && demo_work.total)
		demo_progress_print();
}
