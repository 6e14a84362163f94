// SPDX-License-Identifier: GPL-2.0-only
/*
 * demo-check-report: is what the demonstration left behind whole, and does it
 * agree with itself? For demo/test. It shares no code with the program that
 * wrote the report.
 *
 * Exit status: 0 yes, 1 no (and says where), 2 it could not be checked.
 */
#include <cairo/cairo.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CHECK_NR(a)	(sizeof(a) / sizeof((a)[0]))

struct check_field {
	const char *path; /* "outer.inner" */
	json_type type;
};

static const struct check_field check_fields[] = {
	{ "schema", json_type_int },
	{ "project", json_type_string },
	{ "date", json_type_string },
	{ "proven", json_type_boolean },
	{ "machine.host", json_type_string },
	{ "machine.qemu", json_type_string },
	{ "machine.emulation", json_type_string },
	{ "machine.kernel", json_type_string },
	{ "machine.kernel_version", json_type_string },
	{ "machine.architecture", json_type_string },
	{ "machine.guest_cpus", json_type_int },
	{ "machine.guest_memory_bytes", json_type_int },
	{ "file.name", json_type_string },
	{ "file.bytes", json_type_int },
	{ "file.sha256", json_type_string },
	{ "stock_size_limit_mb", json_type_int },
	{ "rounds", json_type_int },
	{ "buffer_bytes", json_type_int },
	{ "timings", json_type_array },
	{ "journeys", json_type_array },
	{ "picture.file", json_type_string },
	{ "picture.display", json_type_string },
	{ "picture.format", json_type_string },
	{ "picture.width", json_type_int },
	{ "picture.height", json_type_int },
	{ "picture.wrong_pixels", json_type_int },
	{ "picture.checked", json_type_boolean },
	{ "goal.text", json_type_string },
	{ "goal.judged", json_type_boolean },
	{ "goal.met", json_type_boolean },
};

static const char *const check_kinds[] = { "hugetlb-2M", "shmem-4K" };
static const char *const check_drivers[] = { "stock", "ours" };
static const char *const check_steps[] = {
	"create",   "first_touch", "sync_start",
	"sync_end", "import",	   "unmap",
	"close",    "memory_kept", "memory_kept_by_sync",
};

static const char *const check_views[] = { "memfd", "dmabuf", "vgem",
					   "device" };

static const char *const check_legs[] = {
	"read",	       "create",    "hand_over",   "import", "hash_memfd",
	"hash_dmabuf", "hash_vgem", "hash_device", "close",
};

static int check_wrong;

static void check_no(const char *f, ...) __attribute__((format(printf, 1, 2)));

static void check_no(const char *f, ...)
{
	va_list ap;

	fputs("demo-check-report: ", stderr);
	va_start(ap, f);
	vfprintf(stderr, f, ap);
	va_end(ap);
	fputc('\n', stderr);
	check_wrong = 1;
}

static json_object *check_get(json_object *o, const char *path)
{
	char part[64];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		if (!json_object_is_type(o, json_type_object))
			return NULL;
		o = json_object_object_get(o, part);
		path += len + (path[len] == '.');
	}
	return o;
}

static const char *check_string(json_object *o, const char *path)
{
	json_object *s = check_get(o, path);

	if (!json_object_is_type(s, json_type_string))
		return "";
	return json_object_get_string(s);
}

static double check_number(json_object *o, const char *path)
{
	json_object *n = check_get(o, path);

	if (json_object_is_type(n, json_type_double) ||
	    json_object_is_type(n, json_type_int))
		return json_object_get_double(n);
	check_no("no number %s", path);
	return -1;
}

static bool check_true(json_object *o, const char *path)
{
	return json_object_get_boolean(check_get(o, path));
}

static void check_all_fields(json_object *report)
{
	for (size_t i = 0; i < CHECK_NR(check_fields); i++) {
		const struct check_field *f = &check_fields[i];
		json_object *o = check_get(report, f->path);

		if (!o)
			check_no("%s is missing", f->path);
		else if (!json_object_is_type(o, f->type))
			check_no("%s is no %s", f->path,
				 json_type_to_name(f->type));
		else if (f->type == json_type_string &&
			 !*json_object_get_string(o))
			check_no("%s is empty", f->path);
	}
}

/* The element of @array that has @key1 = @value1 and @key2 = @value2. */
static json_object *check_find(json_object *array, const char *key1,
			       const char *value1, const char *key2,
			       const char *value2)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *o = json_object_array_get_idx(array, i);

		if (!strcmp(check_string(o, key1), value1) &&
		    !strcmp(check_string(o, key2), value2))
			return o;
	}
	check_no("nothing about %s, %s", value1, value2);
	return NULL;
}

static void check_samples(json_object *o, const char *what, size_t rounds)
{
	json_object *all = check_get(o, "samples");
	double median = check_number(o, "median");

	if (!json_object_is_type(all, json_type_array) ||
	    json_object_array_length(all) != rounds)
		check_no("%s has not one sample a round", what);
	if (check_number(o, "min") > median || check_number(o, "max") < median)
		check_no("%s: the median is not between min and max", what);
}

static void check_timing(json_object *o, const char *step, size_t rounds)
{
	bool memory = !strncmp(step, "memory", 6);

	if (!o)
		return;
	for (size_t i = 0; i < CHECK_NR(check_drivers); i++) {
		json_object *s = check_get(o, check_drivers[i]);

		check_samples(s, step, rounds);
		if (!memory && !(check_number(s, "min") > 0))
			check_no("%s took no time", step);
	}
	if (!(check_number(o, "ratio") > 0))
		check_no("%s has no ratio", step);
	if (strcmp(check_string(o, "unit"), memory ? "KiB" : "ms"))
		check_no("%s has the wrong unit", step);
}

static void check_timings(json_object *report)
{
	json_object *all = check_get(report, "timings");
	size_t rounds = (size_t)check_number(report, "rounds");

	for (size_t k = 0; k < CHECK_NR(check_kinds); k++)
		for (size_t s = 0; s < CHECK_NR(check_steps); s++)
			check_timing(check_find(all, "memory", check_kinds[k],
						"step", check_steps[s]),
				     check_steps[s], rounds);
}

/* Returns whether every hash is that of the file. */
static bool check_journey(json_object *o, const char *sha)
{
	bool equal = strlen(sha) == 64;
	char path[64];

	if (!o)
		return false;
	for (size_t i = 0; i < CHECK_NR(check_views); i++) {
		snprintf(path, sizeof(path), "sha256.%s", check_views[i]);
		if (strlen(check_string(o, path)) != 64)
			check_no("%s is no SHA-256", path);
		equal &= !strcmp(check_string(o, path), sha);
	}
	for (size_t i = 0; i < CHECK_NR(check_legs); i++) {
		snprintf(path, sizeof(path), "ms.%s", check_legs[i]);
		if (!(check_number(o, path) > 0))
			check_no("%s took no time", path);
	}
	if (equal != check_true(o, "equal"))
		check_no("'equal' does not say what the hashes say");
	if (!*check_string(o, "vgem_view"))
		check_no("vgem_view is empty");
	return equal;
}

static json_object *check_pair(json_object *all, size_t kind, size_t driver)
{
	return check_find(all, "memory", check_kinds[kind], "driver",
			  check_drivers[driver]);
}

static bool check_journeys(json_object *report)
{
	json_object *all = check_get(report, "journeys");
	const char *sha = check_string(report, "file.sha256");
	bool equal = true;

	for (size_t k = 0; k < CHECK_NR(check_kinds); k++)
		for (size_t v = 0; v < CHECK_NR(check_drivers); v++)
			equal &= check_journey(check_pair(all, k, v), sha);
	return equal;
}

/* A PNG as an image of 32 bits a pixel, or NULL. */
static cairo_surface_t *check_png(const char *dir, const char *name)
{
	cairo_surface_t *png;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	png = cairo_image_surface_create_from_png(path);
	if (cairo_surface_status(png) == CAIRO_STATUS_SUCCESS &&
	    (cairo_image_surface_get_format(png) == CAIRO_FORMAT_RGB24 ||
	     cairo_image_surface_get_format(png) == CAIRO_FORMAT_ARGB32))
		return png;
	check_no("%s: %s", path,
		 cairo_status_to_string(cairo_surface_status(png)));
	cairo_surface_destroy(png);
	return NULL;
}

static unsigned int check_pixel(cairo_surface_t *s, int x, int y)
{
	const unsigned char *row = cairo_image_surface_get_data(s) +
				   (long)y * cairo_image_surface_get_stride(s);
	unsigned int v;

	memcpy(&v, row + 4L * x, sizeof(v));
	return v & 0xffffff;
}

/* Counts pixels that differ; a picture of one colour only proves nothing. */
static long check_pixels(cairo_surface_t *a, cairo_surface_t *b, int w, int h)
{
	bool plain = true;
	long wrong = 0;

	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			wrong += check_pixel(a, x, y) != check_pixel(b, x, y);
			plain &= check_pixel(b, x, y) == check_pixel(b, 0, 0);
		}
	}
	if (plain)
		check_no("drawn.png is empty");
	return wrong;
}

static bool check_size(cairo_surface_t *s, int w, int h)
{
	return cairo_image_surface_get_width(s) == w &&
	       cairo_image_surface_get_height(s) == h;
}

/* Returns whether the screen showed what was drawn. */
static bool check_picture(json_object *report, const char *dir)
{
	cairo_surface_t *frame = check_png(dir, "frame.png");
	cairo_surface_t *drawn = check_png(dir, "drawn.png");
	int w = (int)check_number(report, "picture.width");
	int h = (int)check_number(report, "picture.height");
	long wrong = -1;

	if (frame && drawn && check_size(frame, w, h) &&
	    check_size(drawn, w, h))
		wrong = check_pixels(frame, drawn, w, h);
	if (frame)
		cairo_surface_destroy(frame);
	if (drawn)
		cairo_surface_destroy(drawn);
	if (wrong != (long)check_number(report, "picture.wrong_pixels"))
		check_no("%ld pixels are wrong, the report says otherwise",
			 wrong);
	return wrong == 0 && check_true(report, "picture.checked");
}

int main(int argc, char **argv)
{
	json_object *report;
	char path[512];
	bool proven;

	if (argc != 2) {
		fputs("usage: demo-check-report FOLDER\n", stderr);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/report.json", argv[1]);
	report = json_object_from_file(path);
	if (!report) {
		fprintf(stderr, "demo-check-report: %s\n",
			json_util_get_last_err());
		return 2;
	}
	check_all_fields(report);
	if (!check_wrong) {
		check_timings(report);
		proven = check_journeys(report);
		proven &= check_picture(report, argv[1]);
		if (proven != check_true(report, "proven"))
			check_no("'proven' does not say what the rest says");
	}
	json_object_put(report);
	return check_wrong;
}
