// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf load: what is shown of it, while it goes on and afterwards.
 */
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define LOAD_LINE_NS	5000000000ULL

static const char *const load_engines[] = { "auto", "io_uring", "threads" };
static const char *const load_backings[] = { "auto",	   "small",
					     "thp",	   "hugetlb-2M",
					     "hugetlb-1G", "unknown" };
static const char *const load_ways[] = { "direct", "dontcache", "drop",
					 "cached" };
static const char *const load_ways_said[] = {
	"past the page cache",
	"through pages that the kernel drops",
	"through the page cache, dropped behind",
	"from the page cache",
};

static double load_rate(uint64_t bytes, uint64_t ns)
{
	return ns ? (double)bytes / (double)(1UL << 30) / ((double)ns / 1e9) :
		    0;
}

/* In a log: not for what is over in a moment. */
static void load_show_line(struct load *load, const char *what, uint64_t now_ns)
{
	if (load->next_line_ns)
		cli_progress_step(&load->progress, what);
	load->next_line_ns = now_ns + LOAD_LINE_NS;
}

static double load_speed(const struct load *load)
{
	return load_rate(load->speed.bytes, load->speed.ns);
}

/* Of what was measured; 0 when nothing was. */
static double load_percent(const struct load *load, double rate)
{
	double speed = load_speed(load);

	return speed > 0 ? 100 * rate / speed : 0;
}

/**
 * load_show_speed() - tell what the disk can do, where no bar is drawn
 * @load: that was measured.
 */
void load_show_speed(struct load *load)
{
	char what[64];

	snprintf(what, sizeof(what), "the disk: %.2f GiB/s", load_speed(load));
	cli_progress_step(&load->progress, what);
}

/**
 * load_show_progress() - show how far it is
 * @data: struct load.
 * @progress: of the library.
 *
 * Return: 0: go on; else a signal wants it to end.
 */
int load_show_progress(void *data, const struct udb_load_progress *progress)
{
	struct load *load = data;
	double rate = load_rate(progress->done, progress->elapsed_ns);
	double left = (double)(progress->total - progress->done) /
		      (double)(1UL << 30);
	char done[CLI_SIZE_TEXT], total[CLI_SIZE_TEXT];
	char what[160], share[32] = "";

	if (load_percent(load, rate) > 0)
		snprintf(share, sizeof(share), " (%.0f %% of the disk)",
			 load_percent(load, rate));
	snprintf(what, sizeof(what), "%s%s of %s, %.2f GiB/s%s, %.0f s left",
		 load->measuring ? "measuring: " : "",
		 cli_size_text(done, progress->done),
		 cli_size_text(total, progress->total), rate, share,
		 rate > 0 ? left / rate : 0);
	if (load->progress.terminal)
		cli_progress_at(&load->progress, what,
				(double)progress->done /
					(double)progress->total);
	else if (progress->elapsed_ns >= load->next_line_ns)
		load_show_line(load, what, progress->elapsed_ns);
	return cli_hold_is_over();
}

static void load_hex(char *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static struct udb_load_place load_place(const struct load *load, size_t index)
{
	struct udb_load_place place = { .struct_size = sizeof(place) };

	udb_load_place_get(load->loaded, index, &place);
	return place;
}

static void load_show_sums(const struct load *load)
{
	for (size_t i = 0; i < udb_load_nr_places(load->loaded); i++) {
		struct udb_load_place place = load_place(load, i);
		char hex[65], path[4096];

		cli_clean(path, sizeof(path), place.path);
		load_hex(hex, place.xxh3, sizeof(place.xxh3));
		if (place.checks & UDB_LOAD_XXH3)
			printf("XXH3 %s  %s\n", hex, path);
		load_hex(hex, place.sha256, sizeof(place.sha256));
		if (place.checks & UDB_LOAD_SHA256)
			printf("SHA-256 %s  %s\n", hex, path);
	}
}

/* What was read, and not what is in holes: no disk is as fast as that. */
static double load_percent_read(const struct load *load)
{
	const struct udb_load_report *report = &load->report;

	return load_percent(load, load_rate(report->bytes - report->bytes_hole,
					    report->total_ns));
}

/**
 * load_show_text() - what was loaded, for people
 * @load: which.
 */
void load_show_text(const struct load *load)
{
	const struct udb_load_report *report = &load->report;
	char size[CLI_SIZE_TEXT], cache[CLI_SIZE_TEXT];
	size_t nr = udb_load_nr_buffers(load->loaded);

	printf("%s in %.2f s, %.2f GiB/s, by %s, %s\n",
	       cli_size_text(size, report->bytes),
	       (double)report->total_ns / 1e9,
	       load_rate(report->bytes, report->total_ns),
	       load_engines[report->engine], load_ways_said[report->way]);
	if (report->cache_grown == UINT64_MAX)
		cli_copy(cache, sizeof(cache), "an unknown size");
	else
		cli_size_text(cache, report->cache_grown);
	if (load->speed.bytes)
		printf("the disk: %.2f GiB/s; this was %.0f %% of it\n",
		       load_speed(load), load_percent_read(load));
	printf("memory: %s, %.0f %% huge; page cache grown by %s\n",
	       load_backings[report->backing],
	       100.0 * (double)report->bytes_huge /
		       (double)udb_load_size(load->loaded),
	       report->cache_grown ? cache : "nothing");
	if (nr > 1)
		printf("%zu dma-bufs\n", nr);
	else
		puts(nr ? "a dma-buf" : "a memfd: there is no driver");
	load_show_sums(load);
}

static void load_add_place(struct json_object *array,
			   const struct udb_load_place *place)
{
	struct json_object *object = cli_json_append(array);
	char text[4096];

	cli_clean(text, sizeof(text), place->path);
	cli_json_text(object, "path", text);
	cli_json_number(object, "file_offset", place->file_offset);
	cli_json_number(object, "offset", place->buffer_offset);
	cli_json_number(object, "size", place->size);
	cli_json_text(object, "way", load_ways[place->way]);
	load_hex(text, place->xxh3, sizeof(place->xxh3));
	if (place->checks & UDB_LOAD_XXH3)
		cli_json_text(object, "xxh3", text);
	load_hex(text, place->sha256, sizeof(place->sha256));
	if (place->checks & UDB_LOAD_SHA256)
		cli_json_text(object, "sha256", text);
}

static void load_add_tensor(struct json_object *array,
			    const struct udb_load_tensor *tensor,
			    uint64_t offset)
{
	struct json_object *object = cli_json_append(array), *shape;
	char text[512];

	cli_clean(text, sizeof(text), tensor->name);
	cli_json_text(object, "name", text);
	cli_clean(text, sizeof(text), tensor->type);
	cli_json_text(object, "type", text);
	shape = cli_json_array(object, "shape");
	for (uint32_t i = 0; i < tensor->nr_dims; i++)
		json_object_array_add(shape,
				      json_object_new_uint64(tensor->dims[i]));
	cli_json_number(object, "offset", offset);
	cli_json_number(object, "size", tensor->size);
}

/* Each tensor that fits, and where it is in the memory. */
static void load_add_tensors(const struct load *load, struct json_object *array,
			     const struct udb_load_tensors *table)
{
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };
	uint64_t offset;

	for (size_t i = 0; i < udb_load_tensors_nr(table); i++) {
		udb_load_tensors_get(table, i, &tensor);
		if (fnmatch(load->opts->tensor, tensor.name, 0) ||
		    udb_load_find(load->loaded, tensor.path, tensor.offset,
				  tensor.size, &offset))
			continue;
		load_add_tensor(array, &tensor, offset);
	}
}

static void load_add_layout(const struct load *load, struct json_object *object)
{
	struct json_object *array = cli_json_array(object, "files");

	for (size_t i = 0; i < udb_load_nr_places(load->loaded); i++) {
		struct udb_load_place place = load_place(load, i);

		load_add_place(array, &place);
	}
	if (!load->opts->tensor)
		return;
	array = cli_json_array(object, "tensors");
	for (size_t i = 0; i < load->nr_files; i++)
		load_add_tensors(load, array, load->tables[i]);
}

/**
 * load_layout() - what is where, for another program
 * @load: which.
 *
 * Return: JSON, to be freed.
 */
char *load_layout(const struct load *load)
{
	struct json_object *object = json_object_new_object();
	const int style = JSON_C_TO_STRING_NOSLASHESCAPE;
	char *text;

	cli_json_number(object, "size", udb_load_size(load->loaded));
	load_add_layout(load, object);
	text = cli_strdup(json_object_to_json_string_ext(object, style));
	json_object_put(object);
	return text;
}

static void load_add_report(const struct load *load, struct json_object *object)
{
	const struct udb_load_report *report = &load->report;

	cli_json_number(object, "bytes", report->bytes);
	cli_json_number(object, "bytes_hole", report->bytes_hole);
	cli_json_number(object, "bytes_huge", report->bytes_huge);
	cli_json_real(object, "gib_per_second",
		      load_rate(report->bytes, report->total_ns));
	if (load->speed.bytes) {
		cli_json_real(object, "disk_gib_per_second", load_speed(load));
		cli_json_real(object, "percent_of_disk",
			      load_percent_read(load));
	}
	cli_json_number(object, "plan_ns", report->plan_ns);
	cli_json_number(object, "memory_ns", report->memory_ns);
	cli_json_number(object, "buffer_ns", report->buffer_ns);
	cli_json_number(object, "read_ns", report->read_ns);
	cli_json_number(object, "check_ns", report->check_ns);
	cli_json_number(object, "total_ns", report->total_ns);
	cli_json_number(object, "cpu_ns", report->cpu_ns);
	cli_json_number(object, "faults", report->faults);
	cli_json_number(object, "cache_before", report->cache_before);
	if (report->cache_grown != UINT64_MAX)
		cli_json_number(object, "cache_grown", report->cache_grown);
	cli_json_number(object, "reads", report->reads);
	cli_json_number(object, "short_reads", report->short_reads);
	cli_json_number(object, "retries", report->retries);
	cli_json_text(object, "engine", load_engines[report->engine]);
	cli_json_text(object, "backing", load_backings[report->backing]);
	cli_json_text(object, "way", load_ways[report->way]);
	cli_json_number(object, "silently_cached", report->silent);
}

/**
 * load_show_json() - what was loaded, for programs
 * @load: which.
 */
void load_show_json(const struct load *load)
{
	struct json_object *object = json_object_new_object();

	cli_json_number(object, "size", udb_load_size(load->loaded));
	cli_json_number(object, "buffers", udb_load_nr_buffers(load->loaded));
	load_add_layout(load, object);
	load_add_report(load, cli_json_object(object, "report"));
	cli_json_print(object, false);
}
