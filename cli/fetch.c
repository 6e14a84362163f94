// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf fetch: what "udmabuf load --serve" has loaded, which a command gets as open
 * files, or which is held until a signal comes.
 */
#include <json-c/json.h>
#include <string.h>

#include "load.h"

#define FETCH_OPTION(field)	offsetof(struct fetch_opts, field)

struct fetch_opts {
	bool wait;
	double timeout;
	bool memfd;
	bool any;
	const char *tensor;
	bool once;
	bool quiet;
	bool json;
	char **exec;
};

static const struct cli_option fetch_options[] = {
	{ "wait", CLI_FLAG, FETCH_OPTION(wait), NULL,
	  "for a server that is yet to come" },
	{ "timeout", CLI_SECONDS, FETCH_OPTION(timeout), "SECONDS",
	  "how long the server may take (60)" },
	{ "memfd", CLI_FLAG, FETCH_OPTION(memfd), NULL,
	  "a memfd will do, if the server has no driver" },
	{ "any", CLI_FLAG, FETCH_OPTION(any), NULL,
	  "dma-bufs that are not of udmabuf will do" },
	{ "tensor", CLI_TEXT, FETCH_OPTION(tensor), "GLOB",
	  "tell of these tensors, not of all" },
	{ "once", CLI_FLAG, FETCH_OPTION(once), NULL,
	  "tell, and end: the buffer is not held" },
	{ "quiet", CLI_FLAG, FETCH_OPTION(quiet), NULL,
	  "do not say what there is" },
	{ "json", CLI_FLAG, FETCH_OPTION(json), NULL, "say it as JSON" },
	{ "exec", CLI_REST, FETCH_OPTION(exec), "COMMAND",
	  "run COMMAND with all that follows; must be last" },
	{ 0 },
};

static const struct cli_usage fetch_usage = {
	.synopsis = "[OPTION]... SOCKET [--exec COMMAND [ARGUMENT]...]",
	.about =
		"Gets what 'udmabuf load --serve SOCKET' has loaded, without loading it again. With\n"
		"--exec, COMMAND takes the place of this one and finds in its environment what\n"
		"'udmabuf load --exec' would have put there. Without, the buffer is held until a\n"
		"signal comes (Ctrl-C).",
	.options = fetch_options,
	.words = 1,
	.exits = "  0    done\n"
		 "  1    it failed\n"
		 "  2    wrong usage\n"
		 "  126  --exec: COMMAND cannot be run\n"
		 "  127  --exec: there is no COMMAND\n"
		 "With --exec otherwise that of COMMAND.",
};

static int fetch_judge(const struct fetch_opts *opts, const char *socket)
{
	if (!socket)
		return cli_misuse("SOCKET is missing");
	if (opts->json && opts->exec)
		return cli_misuse("--json is of no use with --exec");
	if (opts->once && opts->exec)
		return cli_misuse("--once is of no use with --exec");
	return CLI_GO_ON;
}

static int fetch_run(const struct fetch_opts *opts, const char *socket,
		     struct udb_load **loaded)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct udb_load_fetch_opts fetch = {
		.struct_size = sizeof(fetch),
		.timeout_ms = (int32_t)(opts->timeout * 1000),
		.flags = (opts->wait ? UDB_LOAD_FETCH_WAIT : 0) |
			 (opts->memfd ? UDB_LOAD_FETCH_MEMFD : 0) |
			 (opts->any ? UDB_LOAD_FETCH_ANY : 0),
	};
	char text[sizeof(why.text)];

	if (!udb_load_fetch(socket, &fetch, &why, loaded))
		return CLI_GO_ON;
	cli_clean(text, sizeof(text), why.text);
	return cli_fail("%s", text);
}

static void fetch_show(const struct load *load, const char *socket)
{
	size_t nr = udb_load_nr_buffers(load->loaded);
	bool writable = udb_load_access(load->loaded) & UDB_WRITE;
	char size[CLI_SIZE_TEXT];

	printf("%s from %s, %s: ",
	       cli_size_text(size, udb_load_size(load->loaded)), socket,
	       writable ? "to read and write" : "to read");
	if (nr > 1)
		printf("%zu dma-bufs\n", nr);
	else
		puts(nr ? "a dma-buf" : "a memfd");
}

static int fetch_finish(const struct load *load, const struct fetch_opts *opts,
			const char *socket)
{
	struct json_object *object;

	if (opts->exec)
		return load_exec(load, opts->exec);
	if (!opts->once)
		cli_hold_begin();
	if (opts->json) {
		object = json_object_new_object();
		cli_json_number(object, "buffers",
				udb_load_nr_buffers(load->loaded));
		load_add_layout(load, object, NULL);
		cli_json_print(object, false);
	} else if (!opts->quiet) {
		fetch_show(load, socket);
	}
	fflush(stdout);
	if (!opts->once)
		cli_hold(!opts->quiet && !opts->json);
	return CLI_DONE;
}

int cli_fetch(int argc, char **argv)
{
	const struct udb_load_tensors *table = NULL;
	struct fetch_opts opts = { 0 };
	struct load load = { .tables = &table };
	const char *socket = NULL;
	int ret = cli_parse(&fetch_usage, argc, argv, &opts, &socket);

	if (ret == CLI_GO_ON)
		ret = fetch_judge(&opts, socket);
	if (ret == CLI_GO_ON)
		ret = fetch_run(&opts, socket, &load.loaded);
	if (ret != CLI_GO_ON)
		return ret;
	table = udb_load_tensors_of(load.loaded);
	load.nr_tables = udb_load_tensors_nr(table) ? 1 : 0;
	load.glob = opts.tensor;
	ret = fetch_finish(&load, &opts, socket);
	udb_load_free(load.loaded);
	return ret;
}
