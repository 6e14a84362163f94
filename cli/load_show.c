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

/* What was got in place of something better. */
struct load_fallback {
	const char *of;
	const char *wanted;
	const char *got;
};

#define LOAD_FALLBACKS	4

static const char *load_wanted_pages(const struct load_opts *opts)
{
	if (opts->small)
		return "small";
	if (!opts->hugetlb)
		return "thp";
	return opts->hugetlb[0] == '2' ? "hugetlb-2M" : "hugetlb-1G";
}

static bool load_wanted_direct(const struct load *load)
{
	const struct load_opts *opts = load->opts;

	return (!opts->direct || strcmp(opts->direct, "never") != 0) &&
	       !(opts->use_cache && load->report.way == UDB_LOAD_WAY_CACHED);
}

static void load_fell_back(struct load_fallback *list, size_t *nr,
			   const char *of, const char *wanted, const char *got)
{
	if (strcmp(wanted, got) != 0)
		list[(*nr)++] = (struct load_fallback){ of, wanted, got };
}

static size_t load_fallbacks(const struct load *load,
			     struct load_fallback *list)
{
	const struct udb_load_report *report = &load->report;
	const char *engine = load_engines[report->engine];
	size_t nr = 0;

	if (!load->opts->engine || !strcmp(load->opts->engine, "auto"))
		load_fell_back(list, &nr, "engine", "io_uring", engine);
	load_fell_back(list, &nr, "pages", load_wanted_pages(load->opts),
		       load_backings[report->backing]);
	if (load_wanted_direct(load))
		load_fell_back(list, &nr, "way", "direct",
			       load_ways[report->way]);
	if (!udb_load_nr_buffers(load->loaded))
		load_fell_back(list, &nr, "buffer", "dma-buf", "memfd");
	return nr;
}

static void load_show_fallbacks(const struct load *load)
{
	struct load_fallback list[LOAD_FALLBACKS];
	size_t nr = load_fallbacks(load, list);

	for (size_t i = 0; i < nr; i++)
		printf("%s%s, not %s", i ? "; " : "fell back to ", list[i].got,
		       list[i].wanted);
	if (nr)
		putchar('\n');
}

static void load_add_fallbacks(const struct load *load,
			       struct json_object *object)
{
	struct json_object *array = cli_json_array(object, "fallbacks");
	struct load_fallback list[LOAD_FALLBACKS];
	size_t nr = load_fallbacks(load, list);

	for (size_t i = 0; i < nr; i++) {
		struct json_object *one = cli_json_append(array);

		cli_json_text(one, "of", list[i].of);
		cli_json_text(one, "wanted", list[i].wanted);
		cli_json_text(one, "got", list[i].got);
	}
}

static double load_huge_share(const struct load *load)
{
	return (double)load->report.bytes_huge /
	       (double)udb_load_size(load->loaded);
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
	       load_backings[report->backing], 100.0 * load_huge_share(load),
	       report->cache_grown ? cache : "nothing");
	if (nr > 1)
		printf("%zu dma-bufs\n", nr);
	else
		puts(nr ? "a dma-buf" : "a memfd: there is no driver");
	load_show_fallbacks(load);
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
		if ((load->glob && fnmatch(load->glob, tensor.name, 0)) ||
		    udb_load_find(load->loaded, tensor.path, tensor.offset,
				  tensor.size, &offset))
			continue;
		load_add_tensor(array, &tensor, offset);
	}
}

static void load_add_part(const struct load *load, struct json_object *array,
			  size_t index, uint64_t offset, const int *fds)
{
	struct json_object *object = cli_json_append(array);
	struct udb_buffer *buf = udb_load_buffer(load->loaded, index);
	struct udb_info info = { .struct_size = sizeof(info) };

	cli_json_text(object, "kind", buf ? "dma-buf" : "memfd");
	cli_json_number(object, "offset", offset);
	cli_json_number(object, "size",
			buf ? udb_buffer_size(buf) :
			      udb_load_size(load->loaded));
	if (buf && !udb_info_get(udb_buffer_fd(buf), &info))
		cli_json_number(object, "inode", info.inode);
	if (fds)
		cli_json_number(object, "fd", fds[index]);
}

/* The dma-bufs, or what there is in place of them. */
static void load_add_parts(const struct load *load, struct json_object *object,
			   const int *fds)
{
	struct json_object *array = cli_json_array(object, "parts");
	size_t nr = udb_load_nr_buffers(load->loaded);
	uint64_t offset = 0;

	for (size_t i = 0; i < nr; i++) {
		load_add_part(load, array, i, offset, fds);
		offset += udb_buffer_size(udb_load_buffer(load->loaded, i));
	}
	if (!nr)
		load_add_part(load, array, 0, 0, fds);
}

/**
 * load_add_layout() - tell what is where, for another program
 * @load: which.
 * @object: receives it.
 * @fds: numbers of the open files that have it, or NULL.
 */
void load_add_layout(const struct load *load, struct json_object *object,
		     const int *fds)
{
	bool writable = udb_load_access(load->loaded) & UDB_WRITE;
	struct json_object *array;

	cli_json_number(object, "size", udb_load_size(load->loaded));
	cli_json_text(object, "access", writable ? "read-write" : "read");
	load_add_parts(load, object, fds);
	array = cli_json_array(object, "files");
	for (size_t i = 0; i < udb_load_nr_places(load->loaded); i++) {
		struct udb_load_place place = load_place(load, i);

		load_add_place(array, &place);
	}
	if (!load->nr_tables)
		return;
	array = cli_json_array(object, "tensors");
	for (size_t i = 0; i < load->nr_tables; i++)
		load_add_tensors(load, array, load->tables[i]);
}

static void load_add_report(const struct load *load, struct json_object *object)
{
	const struct udb_load_report *report = &load->report;

	cli_json_number(object, "bytes", report->bytes);
	cli_json_number(object, "bytes_hole", report->bytes_hole);
	cli_json_number(object, "bytes_huge", report->bytes_huge);
	cli_json_real(object, "huge_share", load_huge_share(load));
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
	cli_json_real(object, "cpu_seconds", (double)report->cpu_ns / 1e9);
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
	load_add_fallbacks(load, object);
}

/**
 * load_add_loaded() - tell what was loaded, and how
 * @load: which.
 * @object: receives it.
 */
void load_add_loaded(const struct load *load, struct json_object *object)
{
	cli_json_number(object, "buffers", udb_load_nr_buffers(load->loaded));
	load_add_layout(load, object, NULL);
	load_add_report(load, cli_json_object(object, "report"));
}

/**
 * load_show_json() - what was loaded, for programs
 * @load: which.
 */
void load_show_json(const struct load *load)
{
	struct json_object *object = json_object_new_object();

	load_add_loaded(load, object);
	cli_json_print(object, false);
}
