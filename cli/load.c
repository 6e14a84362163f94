// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf load: files into a dma-buf, which a command gets as an open file, or all who
 * ask for it, or which is held until a signal comes.
 */
#include <string.h>

#include "load.h"

#define LOAD_OPTION(field)	offsetof(struct load_opts, field)

/* What is said, as far as it is long. */
#define LOAD_BAD_WORD	"--%s is '%s', and should be %s"
#define LOAD_EXCLUDE	"--hugetlb and --small exclude each other"
#define LOAD_NO_CHECK	"--check is for whole files, and --tensor for pieces"
#define LOAD_NO_JSON	"--json is of no use with --exec"

static const struct cli_option load_options[] = {
	{ "direct", CLI_TEXT, LOAD_OPTION(direct), "auto|require|never",
	  "past the page cache: where it works, or not at all" },
	{ "engine", CLI_TEXT, LOAD_OPTION(engine), "auto|uring|threads",
	  "who reads" },
	{ "block", CLI_SIZE, LOAD_OPTION(block), "SIZE",
	  "bytes of a read, a power of two (1M)" },
	{ "depth", CLI_NUMBER, LOAD_OPTION(depth), "N",
	  "reads under way (32)" },
	{ "hugetlb", CLI_TEXT, LOAD_OPTION(hugetlb), "2M|1G",
	  "of hugetlb pages; the next best where there are none" },
	{ "small", CLI_FLAG, LOAD_OPTION(small), NULL,
	  "of small pages, not of transparent huge ones" },
	{ "exact", CLI_FLAG, LOAD_OPTION(exact), NULL, "these pages or none" },
	{ "split", CLI_FLAG, LOAD_OPTION(split), NULL,
	  "several buffers, if the driver's limit asks for it" },
	{ "use-cache", CLI_FLAG, LOAD_OPTION(use_cache), NULL,
	  "read what is in the page cache from there" },
	{ "hash", CLI_TEXT, LOAD_OPTION(hash), "xxh3|sha256",
	  "tell this checksum of what is in the buffer" },
	{ "check", CLI_TEXT, LOAD_OPTION(check), "SHA256SUMS",
	  "compare with the sums in this file, as sha256sum makes it" },
	{ "range", CLI_TEXT, LOAD_OPTION(range), "OFFSET[:SIZE]",
	  "only this piece of FILE; without SIZE to its end" },
	{ "tensor", CLI_TEXT, LOAD_OPTION(tensor), "GLOB",
	  "only these tensors of GGUF and safetensors files" },
	{ "bench", CLI_FLAG, LOAD_OPTION(bench), NULL,
	  "first measure what the disk can do, and tell the share of it" },
	{ "name", CLI_TEXT, LOAD_OPTION(name), "NAME",
	  "name of the buffer, at most 31 bytes (udb-load)" },
	{ "memfd", CLI_FLAG, LOAD_OPTION(memfd), NULL,
	  "a memfd will do where there is no driver" },
	{ "device", CLI_TEXT, LOAD_OPTION(device), "NODE",
	  "the driver's node (/dev/udmabuf, then /dev/udmabuf-ng)" },
	{ "serve", CLI_TEXT, LOAD_OPTION(serve), "SOCKET",
	  "hand the buffer to each 'udmabuf fetch SOCKET'" },
	{ "allow", CLI_TEXT, LOAD_OPTION(allow), "WHO",
	  "to these, too: users, @groups, or all; with commas" },
	{ "mode", CLI_TEXT, LOAD_OPTION(mode), "MODE",
	  "permissions of the socket, such as 660" },
	{ "writable", CLI_FLAG, LOAD_OPTION(writable), NULL,
	  "they may write to it" },
	{ "clients", CLI_NUMBER, LOAD_OPTION(clients), "N",
	  "deal with so many at a time (64)" },
	{ "timeout", CLI_SECONDS, LOAD_OPTION(timeout), "SECONDS",
	  "what one of them may take (5)" },
	{ "verbose", CLI_FLAG, LOAD_OPTION(verbose), NULL,
	  "tell of each of them" },
	{ "once", CLI_FLAG, LOAD_OPTION(once), NULL,
	  "load, tell, and end: the buffer is not held" },
	{ "quiet", CLI_FLAG, LOAD_OPTION(quiet), NULL,
	  "do not say what was loaded, nor how far it is" },
	{ "json", CLI_FLAG, LOAD_OPTION(json), NULL, "say it as JSON" },
	{ "exec", CLI_REST, LOAD_OPTION(exec), "COMMAND",
	  "run COMMAND with all that follows; must be last" },
	{ 0 },
};

static const struct cli_usage load_usage = {
	.synopsis = "[OPTION]... FILE... [--exec COMMAND [ARGUMENT]...]",
	.about =
		"Loads files into a dma-buf, past the page cache, at the speed of the disk. All\n"
		"bytes are there in the end, or it fails. With --exec, COMMAND takes the place of\n"
		"this one; its environment has UDMABUF_FD (the buffer as an open file; UDMABUF_FDS\n"
		"with --split), UDMABUF_SIZE, and UDMABUF_LAYOUT (JSON: what is where). Without,\n"
		"the buffer is held until a signal comes (Ctrl-C); with --serve each program of the\n"
		"same user that asks at SOCKET gets it, which costs no further load.",
	.options = load_options,
	.words = LOAD_FILES,
	.exits =
		"  0    done\n"
		"  1    it failed\n"
		"  2    wrong usage\n"
		"  126  --exec: COMMAND cannot be run\n"
		"  127  --exec: there is no COMMAND\n"
		"A signal while it loads ends it in order, and then is its end. With --exec\n"
		"otherwise that of COMMAND.",
};

/* The place of a word in a list; NULL is the first. */
static int load_word(const char *option, const char *text,
		     const char *const *words, const char *wanted, uint32_t *nr)
{
	*nr = 0;
	for (uint32_t i = 0; text && words[i]; i++) {
		*nr = i;
		if (!strcmp(text, words[i]))
			return CLI_GO_ON;
	}
	return text ? cli_misuse(LOAD_BAD_WORD, option, text, wanted) :
		      CLI_GO_ON;
}

static int load_words(const struct load_opts *opts, struct udb_load_opts *to)
{
	static const char *const direct[] = { "auto", "require", "never",
					      NULL };
	static const char *const engine[] = { "auto", "uring", "threads",
					      NULL };
	static const char *const hash[] = { "xxh3", "sha256", NULL };
	static const char *const huge[] = { "2M", "1G", NULL };
	uint32_t word;
	int ret;

	ret = load_word("direct", opts->direct, direct,
			"auto, require or never", &to->direct);
	if (ret == CLI_GO_ON)
		ret = load_word("engine", opts->engine, engine,
				"auto, uring or threads", &to->engine);
	if (ret == CLI_GO_ON)
		ret = load_word("hash", opts->hash, hash, "xxh3 or sha256",
				&word);
	if (ret == CLI_GO_ON && opts->hash)
		to->flags |= word ? UDB_LOAD_SHA256 : UDB_LOAD_XXH3;
	if (ret == CLI_GO_ON)
		ret = load_word("hugetlb", opts->hugetlb, huge, "2M or 1G",
				&word);
	if (ret == CLI_GO_ON && opts->hugetlb)
		to->backing = UDB_BACKING_HUGETLB_2M + word;
	return ret;
}

static int load_judge(const struct load_opts *opts, size_t nr_words)
{
	if (!nr_words)
		return cli_misuse("FILE is missing");
	if (opts->hugetlb && opts->small)
		return cli_misuse(LOAD_EXCLUDE);
	if (opts->check && opts->tensor)
		return cli_misuse(LOAD_NO_CHECK);
	if (opts->json && opts->exec)
		return cli_misuse(LOAD_NO_JSON);
	if (opts->once && opts->exec)
		return cli_misuse("--once is of no use with --exec");
	if (opts->name && strlen(opts->name) > 31)
		return cli_misuse("--name is longer than 31 bytes");
	if (opts->depth > 1024)
		return cli_misuse("--depth is above 1024");
	if (opts->block & (opts->block - 1) ||
	    (opts->block && opts->block < 4096) || opts->block > 1UL << 30)
		return cli_misuse("--block is no power of two of 4K to 1G");
	return load_serve_judge(opts);
}

static int load_options_of(const struct load_opts *opts,
			   struct udb_load_opts *to)
{
	if (opts->small)
		to->backing = UDB_BACKING_SMALL;
	else if (opts->exact)
		to->backing = UDB_BACKING_THP;
	to->name = opts->name;
	to->block_size = opts->block;
	to->depth = opts->depth;
	if (opts->exact)
		to->flags |= UDB_LOAD_EXACT;
	if (opts->split)
		to->flags |= UDB_LOAD_SPLIT;
	if (opts->use_cache)
		to->flags |= UDB_LOAD_USE_CACHE;
	return load_words(opts, to);
}

static int load_open_device(struct load *load)
{
	uint32_t fallback = load->opts->memfd ? UDB_FALLBACK_MEMFD : 0;
	struct udb_probe probe;

	return cli_device_open(load->opts->device, fallback, &probe,
			       &load->dev);
}

static int load_measure(struct load *load, struct udb_load_opts *opts,
			struct udb_load_failure *why)
{
	load->speed.struct_size = sizeof(load->speed);
	load->measuring = true;
	cli_progress_step(&load->progress, "measuring the disk");
	if (udb_load_measure(load->dev, load->sources, load->nr_sources, opts,
			     why, &load->speed))
		return CLI_FAILED;
	load->measuring = false;
	load_show_speed(load);
	return CLI_GO_ON;
}

/* Programs that get it from a server cannot write to it, where the driver can do that. */
static void load_protect(const struct load *load, struct udb_load_opts *opts)
{
	struct udb_query query = { .struct_size = sizeof(query) };

	if (load->opts->serve && !load->opts->writable &&
	    !udb_device_query(load->dev, &query) &&
	    query.features & UDB_QUERY_READ_ONLY)
		opts->flags |= UDB_LOAD_READ_ONLY;
}

/* Canceled by a signal: it ends in order, and nothing of it is left. */
static int load_run(struct load *load, struct udb_load_opts *opts)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	char text[sizeof(why.text)];
	int ret = CLI_GO_ON;

	opts->progress = load_show_progress;
	opts->data = load;
	load_protect(load, opts);
	cli_progress_begin(&load->progress, load->opts->quiet);
	cli_hold_begin();
	if (load->opts->bench)
		ret = load_measure(load, opts, &why);
	if (ret == CLI_GO_ON &&
	    udb_load_files(load->dev, load->sources, load->nr_sources, opts,
			   &why, &load->loaded))
		ret = CLI_FAILED;
	cli_progress_end(&load->progress);
	if (ret != CLI_GO_ON) {
		cli_clean(text, sizeof(text), why.text);
		cli_fail("%s", text);
	}
	if (!load->server)
		cli_hold_end();
	if (ret != CLI_GO_ON)
		return ret;
	load->report.struct_size = sizeof(load->report);
	udb_load_report_get(load->loaded, &load->report);
	return CLI_GO_ON;
}

static int load_finish(const struct load *load)
{
	if (load->opts->exec)
		return load_exec(load, load->opts->exec);
	if (load->server)
		return load_serve(load);
	if (!load->opts->once)
		cli_hold_begin();
	if (load->opts->json)
		load_show_json(load);
	else if (!load->opts->quiet)
		load_show_text(load);
	fflush(stdout);
	if (!load->opts->once)
		cli_hold(!load->opts->quiet && !load->opts->json);
	return CLI_DONE;
}

static int load_all(struct load *load)
{
	struct udb_load_opts opts = { .struct_size = sizeof(opts) };
	int ret = load_judge(load->opts, load->nr_words);

	if (ret == CLI_GO_ON)
		ret = load_options_of(load->opts, &opts);
	if (ret == CLI_GO_ON)
		ret = load_input(load);
	if (ret == CLI_GO_ON)
		ret = load_open_device(load);
	if (ret == CLI_GO_ON && load->opts->serve)
		ret = load_serve_open(load);
	if (ret == CLI_GO_ON)
		ret = load_run(load, &opts);
	return ret == CLI_GO_ON ? load_finish(load) : ret;
}

int cli_load(int argc, char **argv)
{
	const char *words[LOAD_FILES] = { NULL };
	struct load_opts opts = { 0 };
	struct load load = { .opts = &opts, .words = words };
	int ret = cli_parse(&load_usage, argc, argv, &opts, words);

	if (ret != CLI_GO_ON)
		return ret;
	while (load.nr_words < LOAD_FILES && words[load.nr_words])
		load.nr_words++;
	ret = load_all(&load);
	udb_load_server_free(load.server);
	if (load.server)
		cli_hold_end();
	udb_load_free(load.loaded);
	udb_device_unref(load.dev);
	load_input_end(&load);
	return ret;
}
