// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table at the end, for people. report.json has the same and more.
 */
#include "demo.h"

#include <stdio.h>
#include <string.h>

static void demo_table_number(const struct demo_samples *all, enum demo_step s)
{
	double v = demo_samples_median(all);

	if (demo_step_is_time(s))
		printf(" %10.3f ms", v);
	else
		printf(" %9.0f KiB", v);
}

static void demo_table_ratio(const struct demo *d, enum demo_kind k,
			     enum demo_step s)
{
	double ratio = demo_ratio(d, k, s);
	char text[32];

	snprintf(text, sizeof(text), "%s%.*fx",
		 demo_ratio_is_bound(d, k, s) ? ">" : "", ratio < 10, ratio);
	printf(" %9s\n", text);
}

static void demo_table_timings(const struct demo *d, enum demo_kind k)
{
	printf("\n%s: a dma-buf of %zu MiB, median of %u\n", demo_kind_name[k],
	       d->opt.size >> 20, d->opt.rounds);
	printf("  %-26s %13s %13s %9s\n", "step", "stock", "ours", "ratio");
	for (enum demo_step s = 0; s < DEMO_NR_STEPS; s++) {
		printf("  %-26s", demo_step_name[s]);
		for (int v = 0; v < DEMO_NR_DRIVERS; v++)
			demo_table_number(&d->samples[k][v][s], s);
		demo_table_ratio(d, k, s);
	}
}

/*
 * Reading, hashing and waking up the other process take the time here, not the
 * driver: a speed says more than a ratio that would only be noise.
 */
static bool demo_leg_is_driverless(int leg)
{
	return leg == DEMO_LEG_READ || leg == DEMO_LEG_HANDOVER ||
	       (leg >= DEMO_LEG_HASH && leg < DEMO_LEG_HASH + DEMO_NR_VIEWS);
}

static void demo_table_leg(const struct demo *d, enum demo_kind k, int leg)
{
	double mib = (double)d->file_size / (1 << 20);
	double stock = d->journey[k][DEMO_STOCK].ms[leg];
	double ours = d->journey[k][DEMO_OURS].ms[leg];

	printf("  %-26s %10.3f ms %10.3f ms", demo_leg_name[leg], stock, ours);
	if (!demo_leg_is_driverless(leg))
		printf(" %8.1fx\n", ours > 0 ? stock / ours : 0.0);
	else if (leg == DEMO_LEG_HANDOVER || !(ours > 0))
		printf(" %9s\n", "-");
	else
		printf(" %9s  %.0f MiB/s\n", "-", mib / ours * 1e3);
}

static void demo_table_journey(const struct demo *d, enum demo_kind k)
{
	bool equal = d->journey[k][DEMO_STOCK].equal &&
		     d->journey[k][DEMO_OURS].equal;

	printf("\n%s: the file, %.1f MiB, once\n", demo_kind_name[k],
	       (double)d->file_size / (1 << 20));
	printf("  %-26s %13s %13s %9s\n", "step", "stock", "ours", "ratio");
	for (int leg = 0; leg < DEMO_NR_LEGS; leg++)
		demo_table_leg(d, k, leg);
	printf("  all %d hashes equal the file's: %s\n",
	       DEMO_NR_VIEWS * DEMO_NR_DRIVERS, equal ? "yes" : "NO");
}

static void demo_table_goal(const struct demo *d)
{
	if (!demo_goal_judged(d)) {
		printf("\ntoo small and too short to judge by: a test, no measurement\n");
		return;
	}
	printf("\ngoal, on huge pages 10 times faster than stock: %s\n",
	       demo_goal_met(d) ? "met" : "MISSED");
	printf("create %.0fx, first touch %.0fx, SYNC start %.0fx\n",
	       demo_ratio(d, DEMO_HUGETLB, DEMO_CREATE),
	       demo_ratio(d, DEMO_HUGETLB, DEMO_TOUCH),
	       demo_ratio(d, DEMO_HUGETLB, DEMO_SYNC_START));
}

void demo_table_print(const struct demo *d)
{
	for (enum demo_kind k = 0; k < DEMO_NR_KINDS; k++) {
		demo_table_timings(d, k);
		demo_table_journey(d, k);
	}
	printf("\nfile    %s\nsha256  %s\n", d->opt.name, d->opt.sha256);
	printf("kept    pages that the kernel counts, or 16 bytes a run where\n"
	       "        that is more; for the ratio, a page at least\n");
	printf("-       not the driver takes the time here\n");
	printf("vgem    seen by %s\n", d->journey[0][DEMO_OURS].how);
	printf("screen  %ux%u by %s, %lu wrong pixels\n", d->picture.width,
	       d->picture.height, d->picture.driver, d->picture.wrong);
	if (d->opt.size_limit_mb > 64)
		printf("stock   its size_limit_mb of 64 was raised to %u for this\n",
		       d->opt.size_limit_mb);
	demo_table_goal(d);
}
