// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf-demo: what `make demo` runs in the virtual machine.
 *
 * Measures both drivers, takes a file through both, shows a frame, and writes
 * the report. Started again with --peer it is the second process.
 */
#include "demo.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPT_STOCK = 256,
	OPT_OURS,
	OPT_FILE,
	OPT_NAME,
	OPT_SHA256,
	OPT_RESULTS,
	OPT_MACHINE,
	OPT_QEMU,
	OPT_SIZE_MB,
	OPT_ROUNDS,
	OPT_LIMIT,
	OPT_SPOIL,
	OPT_PEER,
	OPT_HELP,
};

static const struct option demo_long_options[] = {
	{ "stock", required_argument, NULL, OPT_STOCK },
	{ "ours", required_argument, NULL, OPT_OURS },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "sha256", required_argument, NULL, OPT_SHA256 },
	{ "results", required_argument, NULL, OPT_RESULTS },
	{ "machine", required_argument, NULL, OPT_MACHINE },
	{ "qemu", required_argument, NULL, OPT_QEMU },
	{ "size-mb", required_argument, NULL, OPT_SIZE_MB },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "size-limit-mb", required_argument, NULL, OPT_LIMIT },
	{ "spoil", required_argument, NULL, OPT_SPOIL },
	{ "peer", required_argument, NULL, OPT_PEER },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static const char demo_help[] =
	"usage: udmabuf-demo --file PATH --sha256 HEX --results DIR [OPTION]...\n"
	"Compare two udmabuf drivers and show a frame. Meant to be run by demo/run.\n"
	"\n"
	"  --stock NODE         the kernel's driver (/dev/udmabuf)\n"
	"  --ours NODE          this project's driver (/dev/udmabuf-ng)\n"
	"  --file PATH          the file that goes through both\n"
	"  --name NAME          what the report calls it\n"
	"  --sha256 HEX         its hash, computed elsewhere\n"
	"  --results DIR        where report.json and the pictures go\n"
	"  --machine TEXT       what the report says about the host\n"
	"  --qemu TEXT          what the report says about the emulator\n"
	"  --size-mb N          size of the measured buffer, even (512)\n"
	"  --rounds N           how often a step is timed, 1 to 32 (5)\n"
	"  --size-limit-mb N    what stock's limit was raised to, for the report\n"
	"  --spoil hash|frame   change data behind the back: the run must fail\n"
	"\n"
	"exit status: 0 proven, 1 a hash or the picture is wrong, 2 a step could not\n"
	"be done, 3 usage\n";

/* A number without sign and rest, or -1. */
static long demo_number(const char *s, long min, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (errno || end == s || *end || n < min || n > max)
		return -1;
	return n;
}

static int demo_usage(const char *what, const char *value)
{
	demo_error("%s: %s (see --help)", what, value);
	return -1;
}

static int demo_option_spoil(struct demo_options *o, const char *value)
{
	o->spoil_hash = !strcmp(value, "hash");
	o->spoil_frame = !strcmp(value, "frame");
	if (o->spoil_hash || o->spoil_frame)
		return 0;
	return demo_usage("--spoil takes hash or frame", value);
}

static int demo_option_number(struct demo_options *o, int opt,
			      const char *value)
{
	long max = opt == OPT_ROUNDS ? DEMO_MAX_ROUNDS : 1 << 20;
	long n = demo_number(value, 1, max);

	if (n < 0 || (opt == OPT_SIZE_MB && n % 2))
		return demo_usage("not a fitting number", value);
	if (opt == OPT_SIZE_MB)
		o->size = (size_t)n << 20;
	else if (opt == OPT_ROUNDS)
		o->rounds = (unsigned int)n;
	else
		o->size_limit_mb = (unsigned int)n;
	return 0;
}

static const char **demo_option_text(struct demo_options *o, int opt)
{
	switch (opt) {
	case OPT_STOCK:
		return &o->device[DEMO_STOCK];
	case OPT_OURS:
		return &o->device[DEMO_OURS];
	case OPT_FILE:
		return &o->file;
	case OPT_NAME:
		return &o->name;
	case OPT_SHA256:
		return &o->sha256;
	case OPT_RESULTS:
		return &o->results;
	case OPT_MACHINE:
		return &o->machine;
	case OPT_QEMU:
		return &o->qemu;
	default:
		return NULL;
	}
}

static int demo_option(struct demo_options *o, int opt)
{
	const char **text = demo_option_text(o, opt);

	if (text) {
		*text = optarg;
		return 0;
	}
	switch (opt) {
	case OPT_SIZE_MB:
	case OPT_ROUNDS:
	case OPT_LIMIT:
		return demo_option_number(o, opt, optarg);
	case OPT_SPOIL:
		return demo_option_spoil(o, optarg);
	case OPT_PEER:
		exit(demo_peer_main((int)demo_number(optarg, 3, 1024)));
	case OPT_HELP:
		fputs(demo_help, stdout);
		exit(DEMO_EXIT_PROVEN);
	default:
		return -1;
	}
}

static int demo_options_parse(struct demo_options *o, int argc, char **argv)
{
	int opt;

	*o = (struct demo_options){
		.device = { "/dev/udmabuf", "/dev/udmabuf-ng" },
		.machine = "unknown",
		.qemu = "unknown",
		.size = 512UL << 20,
		.rounds = 5,
	};
	while ((opt = getopt_long(argc, argv, "", demo_long_options, NULL)) >=
	       0)
		if (demo_option(o, opt))
			return -1;
	if (optind < argc)
		return demo_usage("not an option", argv[optind]);
	if (!o->file || !o->sha256 || !o->results)
		return demo_usage("missing",
				  "--file, --sha256 and --results are needed");
	if (!o->name)
		o->name = o->file;
	return 0;
}

static int demo_open(struct demo *d)
{
	struct stat st;

	if (stat(d->opt.file, &st) || !S_ISREG(st.st_mode) || st.st_size < 1) {
		demo_error("%s: not a file with something in it", d->opt.file);
		return -1;
	}
	d->file_size = (size_t)st.st_size;
	for (int v = 0; v < DEMO_NR_DRIVERS; v++) {
		d->dev[v] = demo_device_open(d->opt.device[v]);
		if (d->dev[v] < 0)
			return -1;
	}
	return 0;
}

static int demo_phases(struct demo *d)
{
	struct demo_peer peer;
	int ret;

	demo_progress_total(demo_measure_units(d) + demo_journey_units(d) + 2);
	if (demo_peer_start(&peer))
		return -1;
	ret = demo_measure(d, &peer);
	if (!ret)
		ret = demo_journey(d, &peer);
	if (demo_peer_stop(&peer))
		ret = -1;
	if (!ret)
		ret = demo_screen(d);
	if (!ret)
		ret = demo_report_write(d);
	return ret;
}

int main(int argc, char **argv)
{
	static struct demo d;

	if (demo_options_parse(&d.opt, argc, argv))
		return DEMO_EXIT_USAGE;
	d.proven = true;
	if (demo_open(&d) || demo_phases(&d))
		return DEMO_EXIT_CANNOT;
	demo_progress(0, "done");
	demo_table_print(&d);
	fflush(stdout);
	return d.proven ? DEMO_EXIT_PROVEN : DEMO_EXIT_DIFFERS;
}
