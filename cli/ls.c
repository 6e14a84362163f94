// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf ls: each dma-buf of the system, and who uses it.
 */
#include <string.h>
#include <time.h>

#include "ls.h"

struct ls_opts {
	unsigned int pid;
	const char *exporter;
	const char *name;
	double watch;
	bool verbose;
	bool json;
};

static const struct cli_option ls_options[] = {
	{ "pid", CLI_NUMBER, offsetof(struct ls_opts, pid), "PID",
	  "only buffers that this process has" },
	{ "exporter", CLI_TEXT, offsetof(struct ls_opts, exporter), "NAME",
	  "only of this driver (udmabuf, system, i915...)" },
	{ "name", CLI_TEXT, offsetof(struct ls_opts, name), "NAME",
	  "only buffers with this name" },
	{ "watch", CLI_MAYBE_SECONDS, offsetof(struct ls_opts, watch),
	  "[SECONDS]", "again and again, every second or so many" },
	{ "verbose", CLI_FLAG, offsetof(struct ls_opts, verbose), NULL,
	  "what udmabuf_ng says of its buffers, too" },
	{ "json", CLI_FLAG, offsetof(struct ls_opts, json), NULL,
	  "print JSON; with --watch a line each time" },
	{ 0 },
};

static const struct cli_usage ls_usage = {
	.synopsis =
		"[--pid PID] [--exporter NAME] [--name NAME] [--watch [SECONDS]] [--verbose] [--json]",
	.about =
		"Lists each dma-buf of the system: number of its inode, size, driver that made it\n"
		"(exporter), name, the processes that have it open or mapped, and the devices that\n"
		"are attached. Without root only your own processes can be seen, and no devices.",
	.options = ls_options,
	.exits = "  0  done, also when there is none\n"
		 "  1  it failed: no /proc, no process PID\n"
		 "  2  wrong usage",
};

static bool ls_has_user(const struct ls_buffer *buffer, unsigned int pid)
{
	for (size_t i = 0; i < buffer->nr_users; i++)
		if ((unsigned int)buffer->users[i].pid == pid)
			return true;
	return false;
}

/* Names are compared as they are shown. */
static bool ls_is_wanted(const struct ls_opts *opts,
			 const struct ls_buffer *buffer)
{
	return (!opts->pid || ls_has_user(buffer, opts->pid)) &&
	       (!opts->exporter || !strcmp(opts->exporter, buffer->exporter)) &&
	       (!opts->name || !strcmp(opts->name, buffer->name));
}

/* Those that are wanted first, the others after them. */
static size_t ls_filter(struct ls *ls, const struct ls_opts *opts)
{
	struct ls_buffer other;
	size_t nr = 0;

	for (size_t i = 0; i < ls->nr; i++) {
		if (!ls_is_wanted(opts, &ls->buffers[i]))
			continue;
		other = ls->buffers[nr];
		ls->buffers[nr++] = ls->buffers[i];
		ls->buffers[i] = other;
	}
	return nr;
}

static int ls_once(const struct ls_opts *opts)
{
	struct ls ls = { 0 };
	size_t all;
	int ret;

	if (opts->pid && !cli_fs_exists("/proc/%u", opts->pid))
		return cli_fail("there is no process %u", opts->pid);
	ret = ls_scan(&ls);
	if (ret)
		return cli_fail("cannot read /proc: %s", strerror(ret));
	all = ls.nr;
	ls.nr = ls_filter(&ls, opts);
	if (opts->watch > 0 && !opts->json)
		cli_term_home(stdout);
	if (opts->json)
		ls_show_json(&ls, opts->watch > 0);
	else
		ls_show(&ls, opts->verbose);
	fflush(stdout);
	ls.nr = all;
	ls_free(&ls);
	return ferror(stdout) ? CLI_FAILED : CLI_DONE;
}

/* Between two pictures, when they come below each other. */
static void ls_pause(const struct ls_opts *opts)
{
	struct timespec pause = {
		.tv_sec = (time_t)opts->watch,
		.tv_nsec = (long)((opts->watch - (double)(time_t)opts->watch) *
				  1e9),
	};

	nanosleep(&pause, NULL);
	if (!opts->json && !cli_term_is(stdout))
		putchar('\n');
}

int cli_ls(int argc, char **argv)
{
	struct ls_opts opts = { 0 };
	int ret;

	ret = cli_parse(&ls_usage, argc, argv, &opts, NULL);
	if (ret != CLI_GO_ON)
		return ret;
	ret = ls_once(&opts);
	while (opts.watch > 0 && ret == CLI_DONE) {
		ls_pause(&opts);
		ret = ls_once(&opts);
	}
	return ret;
}
