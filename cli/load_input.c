// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf load: from words to what the library wants: files, tensors of files, and
 * the checksums that they have to have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define LOAD_SUM_SIZE	32
#define LOAD_NO_RANGE	"--range is for one FILE, without --tensor and --check"
#define LOAD_BAD_RANGE	"--range is '%s', and should be OFFSET or OFFSET:SIZE"

static struct udb_load_source *load_input_add(struct load *load, size_t nr)
{
	struct udb_load_source *first;

	if (load->nr_sources + nr > load->room) {
		load->room = 2 * (load->nr_sources + nr);
		load->sources = cli_resize(load->sources,
					   load->room * sizeof(*load->sources));
	}
	first = load->sources + load->nr_sources;
	memset(first, 0, nr * sizeof(*first));
	load->nr_sources += nr;
	return first;
}

static void load_input_file(struct load *load, const char *path)
{
	size_t size = (load->nr_files + 1) * sizeof(*load->files);
	void *files = cli_resize((void *)load->files, size);

	load->files = (const char **)files;
	load->files[load->nr_files++] = path;
}

static int load_input_fail(const struct udb_load_failure *why)
{
	char text[sizeof(why->text)];

	cli_clean(text, sizeof(text), why->text);
	return cli_fail("%s", text);
}

/* The tensors of one file that fit; none is a mistake of who typed the pattern. */
static int load_input_tensors(struct load *load, size_t file)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	const char *glob = load->opts->tensor;
	struct udb_load_tensors *table;
	int nr;

	if (udb_load_tensors_open(load->files[file], &why, &table))
		return load_input_fail(&why);
	load->tables[load->nr_tables++] = table;
	nr = udb_load_tensors_sources(table, glob, NULL, 0);
	if (nr < 0)
		return cli_fail("no tensor of '%s' is called '%s'",
				load->files[file], glob);
	udb_load_tensors_sources(table, glob, load_input_add(load, nr), nr);
	return CLI_GO_ON;
}

static int load_nibble(char letter)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = letter ? strchr(digits, letter | 0x20) : NULL;

	if (letter >= '0' && letter <= '9')
		return letter - '0';
	return at && at > digits + 9 ? (int)(at - digits) : -1;
}

static bool load_sum_parse(const char *line, uint8_t *sum)
{
	for (int i = 0; i < LOAD_SUM_SIZE; i++) {
		int high = load_nibble(line[2 * i]);
		int low = high < 0 ? -1 : load_nibble(line[2 * i + 1]);

		if (low < 0)
			return false;
		sum[i] = (uint8_t)(high << 4 | low);
	}
	return line[64] == ' ' && (line[65] == ' ' || line[65] == '*');
}

/* The name as it stands there, or without its folders: sums are made beside files. */
static bool load_sum_is_of(const char *name, const char *file)
{
	const char *slash = strrchr(file, '/');

	return !strcmp(name, file) || (slash && !strcmp(name, slash + 1));
}

/* A line of the file of sums; @found: for each FILE, whether it was there. */
static void load_sums_line(struct load *load, char *line, bool *found)
{
	uint8_t sum[LOAD_SUM_SIZE];

	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) < 67 || !load_sum_parse(line, sum))
		return;
	for (size_t i = 0; i < load->nr_files; i++) {
		if (!load_sum_is_of(line + 66, load->files[i]))
			continue;
		memcpy(load->sums + i * LOAD_SUM_SIZE, sum, LOAD_SUM_SIZE);
		found[i] = true;
	}
}

static int load_sums_scan(struct load *load, bool *found)
{
	FILE *file = fopen(load->opts->check, "re");
	size_t room = 0;
	char *line = NULL;

	if (!file)
		return cli_fail("cannot read '%s': %s", load->opts->check,
				strerror(errno));
	while (getline(&line, &room, file) >= 0)
		load_sums_line(load, line, found);
	free(line);
	fclose(file);
	return CLI_GO_ON;
}

static int load_input_sums(struct load *load)
{
	bool *found = cli_alloc(load->nr_files * sizeof(*found));
	int ret;

	load->sums = cli_alloc(load->nr_files * LOAD_SUM_SIZE);
	ret = load_sums_scan(load, found);
	for (size_t i = 0; i < load->nr_files && ret == CLI_GO_ON; i++)
		if (!found[i])
			ret = cli_fail("'%s' has no sum of '%s'",
				       load->opts->check, load->files[i]);
	free(found);
	return ret;
}

/* A size, or 0. */
static bool load_offset_parse(const char *text, uint64_t *offset)
{
	*offset = 0;
	return !strcmp(text, "0") || cli_size_parse(text, offset);
}

/* OFFSET or OFFSET:SIZE, which has changed nothing when it is neither. */
static int load_input_range(const char *text, struct udb_load_source *source)
{
	char *copy = cli_strdup(text), *size = strchr(copy, ':');
	uint64_t offset, bytes = 0;
	bool right;

	if (size)
		*size++ = '\0';
	right = load_offset_parse(copy, &offset) &&
		(!size || cli_size_parse(size, &bytes));
	free(copy);
	if (!right)
		return cli_misuse(LOAD_BAD_RANGE, text);
	source->offset = offset;
	source->size = bytes;
	return CLI_GO_ON;
}

/* What publishers call it: "model.safetensors.index.json", with a word more or less. */
static bool load_is_index(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = strstr(slash ? slash : file, ".safetensors.index");
	size_t size = strlen(file);

	return name && size >= 5 && !strcmp(file + size - 5, ".json");
}

/* The files of an index take its place; the tensors of each follow each other there. */
static int load_index_files(struct load *load, const char *index,
			    const struct udb_load_tensors *table)
{
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };
	const char *last = "";

	for (size_t i = 0; !udb_load_tensors_get(table, i, &tensor); i++) {
		if (!strcmp(last, tensor.path))
			continue;
		last = tensor.path;
		load_input_file(load, last);
	}
	return *last ? CLI_GO_ON : cli_fail("'%s' names no file", index);
}

static int load_input_index(struct load *load, const char *index)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct udb_load_tensors *table;

	if (udb_load_tensors_open(index, &why, &table))
		return load_input_fail(&why);
	load->tables[load->nr_tables++] = table;
	return load_index_files(load, index, table);
}

/* Words become files: a word that is an index becomes several. */
static int load_input_words(struct load *load)
{
	int ret = CLI_GO_ON;

	for (size_t i = 0; i < load->nr_words && ret == CLI_GO_ON; i++) {
		if (load->opts->tensor || !load_is_index(load->words[i]))
			load_input_file(load, load->words[i]);
		else
			ret = load_input_index(load, load->words[i]);
	}
	if (ret == CLI_GO_ON && load->opts->range &&
	    (load->opts->tensor || load->opts->check || load->nr_files > 1))
		ret = cli_misuse(LOAD_NO_RANGE);
	return ret;
}

static void load_input_whole(struct load *load, size_t file)
{
	const uint8_t *sum = load->sums ? load->sums + file * LOAD_SUM_SIZE :
					  NULL;

	*load_input_add(load, 1) = (struct udb_load_source){
		.path = load->files[file],
		.sha256 = sum,
		.fd = -1,
	};
}

static int load_input_sources(struct load *load)
{
	int ret = CLI_GO_ON;

	for (size_t i = 0; i < load->nr_files && ret == CLI_GO_ON; i++) {
		if (load->opts->tensor)
			ret = load_input_tensors(load, i);
		else
			load_input_whole(load, i);
	}
	return ret;
}

/**
 * load_input() - find out what to load
 * @load: with words; receives files and sources.
 *
 * Return: %CLI_GO_ON or an exit status.
 */
int load_input(struct load *load)
{
	void *tables = cli_alloc(load->nr_words * sizeof(*load->tables));
	int ret;

	load->tables = (const struct udb_load_tensors **)tables;
	load->glob = load->opts->tensor;
	ret = load_input_words(load);
	if (ret == CLI_GO_ON && load->opts->check)
		ret = load_input_sums(load);
	if (ret == CLI_GO_ON)
		ret = load_input_sources(load);
	if (ret == CLI_GO_ON && load->opts->range)
		ret = load_input_range(load->opts->range, load->sources);
	return ret;
}

/**
 * load_input_end() - give back what load_input() made
 * @load: of which.
 */
void load_input_end(struct load *load)
{
	for (size_t i = 0; i < load->nr_tables; i++) {
		const struct udb_load_tensors *table = load->tables[i];

		udb_load_tensors_free((struct udb_load_tensors *)table);
	}
	free((void *)load->files);
	free((void *)load->tables);
	free(load->sources);
	free(load->sums);
}
