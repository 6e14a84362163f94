// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.json: everything that the table says and what it leaves out, for
 * programs. demo/check_report.c knows the same layout and checks it.
 */
#include "demo.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define DEMO_REPORT_SCHEMA	1
#define DEMO_GOAL		10.0
#define DEMO_GOAL_SIZE		(512UL << 20)
#define DEMO_GOAL_ROUNDS	3
#define DEMO_GOAL_TEXT \
	"hugetlb: create, first touch and SYNC start 10 times faster than stock"

#define DEMO_REPORT_STYLE                                   \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	 JSON_C_TO_STRING_NOSLASHESCAPE)

/* Below this the counters cannot tell a size from nothing, in KiB. */
#define DEMO_KEPT_FLOOR		4.0

/*
 * How many times better we are. Memory of less than a page counts as one, so
 * that the ratio stays a number, and a modest one.
 */
double demo_ratio(const struct demo *d, enum demo_kind k, enum demo_step s)
{
	double stock = demo_samples_median(&d->samples[k][DEMO_STOCK][s]);
	double ours = demo_samples_median(&d->samples[k][DEMO_OURS][s]);

	if (demo_step_is_time(s))
		return ours > 0 ? stock / ours : 0;
	if (stock < DEMO_KEPT_FLOOR)
		stock = DEMO_KEPT_FLOOR;
	if (ours < DEMO_KEPT_FLOOR)
		ours = DEMO_KEPT_FLOOR;
	return stock / ours;
}

/* Whether there are at least as many times, because ours was below the floor. */
bool demo_ratio_is_bound(const struct demo *d, enum demo_kind k,
			 enum demo_step s)
{
	return !demo_step_is_time(s) &&
	       demo_samples_median(&d->samples[k][DEMO_OURS][s]) <
		       DEMO_KEPT_FLOOR;
}

/* With a small buffer or a single round, chance decides. */
bool demo_goal_judged(const struct demo *d)
{
	return d->opt.size >= DEMO_GOAL_SIZE &&
	       d->opt.rounds >= DEMO_GOAL_ROUNDS;
}

/* The promise: these three, on huge pages, ten times faster than stock. */
bool demo_goal_met(const struct demo *d)
{
	return demo_ratio(d, DEMO_HUGETLB, DEMO_CREATE) >= DEMO_GOAL &&
	       demo_ratio(d, DEMO_HUGETLB, DEMO_TOUCH) >= DEMO_GOAL &&
	       demo_ratio(d, DEMO_HUGETLB, DEMO_SYNC_START) >= DEMO_GOAL;
}

static void demo_put(json_object *o, const char *key, json_object *value)
{
	json_object_object_add(o, key, value);
}

static void demo_put_string(json_object *o, const char *key, const char *s)
{
	demo_put(o, key, json_object_new_string(s));
}

static void demo_put_double(json_object *o, const char *key, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", v);
	demo_put(o, key, json_object_new_double_s(v, text));
}

static json_object *demo_report_samples(const struct demo_samples *s)
{
	json_object *o = json_object_new_object();
	json_object *all = json_object_new_array();

	demo_put_double(o, "median", demo_samples_median(s));
	demo_put_double(o, "min", demo_samples_min(s));
	demo_put_double(o, "max", demo_samples_max(s));
	for (unsigned int i = 0; i < s->nr; i++)
		json_object_array_add(all, json_object_new_double(s->v[i]));
	demo_put(o, "samples", all);
	return o;
}

static json_object *demo_report_timing(const struct demo *d, enum demo_kind k,
				       enum demo_step s)
{
	json_object *o = json_object_new_object();

	demo_put_string(o, "memory", demo_kind_id[k]);
	demo_put_string(o, "step", demo_step_id[s]);
	demo_put_string(o, "unit", demo_step_is_time(s) ? "ms" : "KiB");
	for (int v = 0; v < DEMO_NR_DRIVERS; v++)
		demo_put(o, demo_driver_name[v],
			 demo_report_samples(&d->samples[k][v][s]));
	demo_put_double(o, "ratio", demo_ratio(d, k, s));
	return o;
}

static json_object *demo_report_timings(const struct demo *d)
{
	json_object *a = json_object_new_array();

	for (int k = 0; k < DEMO_NR_KINDS; k++)
		for (int s = 0; s < DEMO_NR_STEPS; s++)
			json_object_array_add(a, demo_report_timing(d, k, s));
	return a;
}

static json_object *demo_report_journey(const struct demo *d, int k, int v)
{
	const struct demo_journey *j = &d->journey[k][v];
	json_object *o = json_object_new_object();
	json_object *ms = json_object_new_object();
	json_object *sha = json_object_new_object();

	for (int l = 0; l < DEMO_NR_LEGS; l++)
		demo_put_double(ms, demo_leg_id[l], j->ms[l]);
	for (int i = 0; i < DEMO_NR_VIEWS; i++)
		demo_put_string(sha, demo_view_id[i], j->sha[i]);
	demo_put_string(o, "memory", demo_kind_id[k]);
	demo_put_string(o, "driver", demo_driver_name[v]);
	demo_put_string(o, "vgem_view", j->how);
	demo_put(o, "ms", ms);
	demo_put(o, "sha256", sha);
	demo_put(o, "equal", json_object_new_boolean(j->equal));
	return o;
}

static json_object *demo_report_journeys(const struct demo *d)
{
	json_object *a = json_object_new_array();

	for (int k = 0; k < DEMO_NR_KINDS; k++)
		for (int v = 0; v < DEMO_NR_DRIVERS; v++)
			json_object_array_add(a, demo_report_journey(d, k, v));
	return a;
}

static json_object *demo_report_machine(const struct demo *d)
{
	json_object *o = json_object_new_object();
	struct utsname u = { 0 };
	struct sysinfo si = { 0 };

	uname(&u);
	sysinfo(&si);
	demo_put_string(o, "host", d->opt.machine);
	demo_put_string(o, "qemu", d->opt.qemu);
	demo_put_string(o, "emulation", "software (TCG)");
	demo_put_string(o, "kernel", u.release);
	demo_put_string(o, "kernel_version", u.version);
	demo_put_string(o, "architecture", u.machine);
	demo_put(o, "guest_cpus",
		 json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	demo_put(o, "guest_memory_bytes",
		 json_object_new_int64((int64_t)si.totalram * si.mem_unit));
	return o;
}

static json_object *demo_report_file(const struct demo *d)
{
	json_object *o = json_object_new_object();

	demo_put_string(o, "name", d->opt.name);
	demo_put(o, "bytes", json_object_new_int64((int64_t)d->file_size));
	demo_put_string(o, "sha256", d->opt.sha256);
	return o;
}

static json_object *demo_report_picture(const struct demo *d)
{
	json_object *o = json_object_new_object();

	demo_put_string(o, "file", "frame.png");
	demo_put_string(o, "display", d->picture.driver);
	demo_put_string(o, "format", "XRGB8888");
	demo_put(o, "width", json_object_new_int64(d->picture.width));
	demo_put(o, "height", json_object_new_int64(d->picture.height));
	demo_put(o, "wrong_pixels",
		 json_object_new_int64((int64_t)d->picture.wrong));
	demo_put(o, "checked", json_object_new_boolean(d->picture.checked));
	return o;
}

static json_object *demo_report_goal(const struct demo *d)
{
	json_object *o = json_object_new_object();

	demo_put_string(o, "text", DEMO_GOAL_TEXT);
	demo_put(o, "judged", json_object_new_boolean(demo_goal_judged(d)));
	demo_put(o, "met", json_object_new_boolean(demo_goal_met(d)));
	return o;
}

static json_object *demo_report_build(const struct demo *d)
{
	json_object *o = json_object_new_object();
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	demo_put(o, "schema", json_object_new_int(DEMO_REPORT_SCHEMA));
	demo_put_string(o, "project", "udmabuf-ng");
	demo_put_string(o, "date", date);
	demo_put(o, "proven", json_object_new_boolean(d->proven));
	demo_put(o, "machine", demo_report_machine(d));
	demo_put(o, "file", demo_report_file(d));
	demo_put(o, "stock_size_limit_mb",
		 json_object_new_int64(d->opt.size_limit_mb));
	demo_put(o, "rounds", json_object_new_int64(d->opt.rounds));
	demo_put(o, "buffer_bytes",
		 json_object_new_int64((int64_t)d->opt.size));
	demo_put(o, "timings", demo_report_timings(d));
	demo_put(o, "journeys", demo_report_journeys(d));
	demo_put(o, "picture", demo_report_picture(d));
	demo_put(o, "goal", demo_report_goal(d));
	return o;
}

int demo_report_write(const struct demo *d)
{
	json_object *o = demo_report_build(d);
	char path[512];
	int ret;

	snprintf(path, sizeof(path), "%s/report.json", d->opt.results);
	ret = json_object_to_file_ext(path, o, DEMO_REPORT_STYLE);
	if (ret)
		demo_error("%s: %s", path, json_util_get_last_err());
	json_object_put(o);
	return ret ? -1 : 0;
}
