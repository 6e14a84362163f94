// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz --device NODE --patterns FILE --results FOLDER [OPTION]...
 *
 * Random operations against the driver, by several processes, with a model of what
 * has to come out. In a virtual machine: what it finds can crash the kernel.
 *
 *   --time SECONDS    how long (60)
 *   --ops NUMBER      end after so many operations, whichever comes first
 *   --workers NUMBER  processes, 1 to 16 (4)
 *   --seed NUMBER     where all that is random comes from (the clock)
 *   --module NAME     the driver's module, which is tried to be unloaded
 *   --without KINDS   leave these kinds of operations out: names, with commas
 *   --calm            nothing else happens on the machine meanwhile
 *   --replay FILE     run this program instead, some times, alone
 *   --programs FILE   run the programs of these seeds instead, one by one, and
 *                     write the one that runs to FOLDER/trying
 *   --print SEED      print the program of that seed, and do nothing
 *
 * In FOLDER are left: fuzz.json, numbers; state, the seeds of the programs that are
 * running, for when the kernel dies; found.program and, as short as it got,
 * found.short, for --replay.
 *
 * Exit status: 0 nothing found, 1 something, 2 usage, 3 it cannot run.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fleet.h"
#include "watch.h"

#define REPLAYS		20
#define STOP_SECONDS	120
#define SEEK_SECONDS	240 /* for a program that finds it again */
#define TELL_SECONDS	10

struct options {
	const char *device;
	const char *patterns;
	const char *results;
	const char *module;
	const char *replay;
	const char *programs;
	uint64_t print;
	uint64_t seed;
	uint64_t ops;
	uint32_t seconds;
	uint32_t workers;
	bool calm;
};

struct session {
	struct options options;
	struct fuzz_fleet fleet;
	struct fuzz_rng rng;
	uint64_t nr_disturbed;
	time_t began;
	char found[512];
	uint32_t worker; /* who found it, or nr_workers: nobody knows */
	struct fuzz_program program;
	uint32_t nr_first; /* operations before it was made shorter */
};

static FILE *result(const struct session *s, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->options.results, name);
	file = fopen(path, "we");
	if (!file) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		exit(3);
	}
	return file;
}

static void write_state(const struct session *s)
{
	FILE *file = result(s, "state");
	uint32_t i, j;

	fprintf(file, "# operations %" PRIu64 "\n", fuzz_fleet_ops(&s->fleet));
	for (i = 0; i < s->fleet.nr_workers; i++)
		for (j = 0; j < FUZZ_RECENT; j++)
			fprintf(file, "0x%016lx\n",
				atomic_load(&s->fleet.worker[i].recent[j]));
	fclose(file);
}

static void write_numbers(const struct session *s)
{
	FILE *file = result(s, "fuzz.json");
	const char *at;
	uint32_t i;

	fprintf(file,
		"{ \"seed\": \"0x%" PRIx64 "\", \"operations\": %" PRIu64
		", \"programs\": %" PRIu64 ", \"disturbances\": %" PRIu64
		", \"workers\": %" PRIu32 ", \"seconds\": %ld,\n  \"kinds\": {",
		s->options.seed, fuzz_fleet_ops(&s->fleet),
		fuzz_fleet_programs(&s->fleet), s->nr_disturbed,
		s->options.workers, (long)(time(NULL) - s->began));
	for (i = 0; i < fuzz_nr_kinds; i++)
		fprintf(file, "%s\n    \"%s\": %lu", i ? "," : "",
			fuzz_kinds[i].name, atomic_load(&s->fleet.counts[i]));
	fprintf(file, " },\n  \"found\": \"");
	for (at = s->found; *at; at++)
		fputc(*at == '"' || *at == '\\' || *at < ' ' ? '\'' : *at,
		      file);
	fprintf(file, "\" }\n");
	fclose(file);
}

static void tell(const struct session *s)
{
	printf("# %ld s: %" PRIu64 " operations, %" PRIu64 " programs, %" PRIu64
	       " disturbances\n",
	       (long)(time(NULL) - s->began), fuzz_fleet_ops(&s->fleet),
	       fuzz_fleet_programs(&s->fleet), s->nr_disturbed);
	fflush(stdout);
}

static bool is_over(const struct session *s)
{
	return time(NULL) - s->began >= (time_t)s->options.seconds ||
	       (s->options.ops && fuzz_fleet_ops(&s->fleet) >= s->options.ops);
}

static bool step(struct session *s)
{
	uint32_t nobody = s->fleet.nr_workers;

	if (!fuzz_fleet_tend(&s->fleet, s->found, sizeof(s->found), &s->worker))
		return false;
	s->worker = nobody;
	if (fuzz_watch(s->found, sizeof(s->found)))
		return false;
	if (s->options.calm)
		return true;
	s->nr_disturbed++;
	return fuzz_disturb(&s->fleet, &s->rng, s->found, sizeof(s->found));
}

/* True: the time passed, and nothing was found. */
static bool run(struct session *s)
{
	time_t told = s->began;

	while (!is_over(s)) {
		if (!step(s))
			return false;
		usleep(150000);
		if (time(NULL) - told < TELL_SECONDS)
			continue;
		told = time(NULL);
		tell(s);
		write_state(s);
	}
	return fuzz_fleet_stop(&s->fleet, STOP_SECONDS, s->found,
			       sizeof(s->found), &s->worker) &&
	       !fuzz_watch(s->found, sizeof(s->found));
}

static void write_program(const struct session *s, const char *name)
{
	FILE *file = result(s, name);

	fprintf(file, "# %s\n", s->found);
	fuzz_program_write(&s->program, file);
	fclose(file);
}

static bool shorten(struct session *s, uint64_t seed)
{
	if (!seed)
		return false;
	fuzz_program_make(&s->program, seed);
	s->nr_first = s->program.nr_ops;
	write_program(s, "found.program");
	return fuzz_shorten(&s->fleet, &s->program, s->found, sizeof(s->found));
}

/*
 * The programs that ran when it was found, the likeliest first; not for ever, in a
 * kernel that may have crashed.
 */
static bool shorten_any(struct session *s)
{
	time_t end = time(NULL) + SEEK_SECONDS;
	uint32_t i, j;

	for (j = 0; j < FUZZ_RECENT && time(NULL) < end; j++)
		for (i = 0; i < s->fleet.nr_workers && time(NULL) < end; i++)
			if ((s->worker == s->fleet.nr_workers ||
			     s->worker == i) &&
			    shorten(s,
				    atomic_load(&s->fleet.worker[i].recent[j])))
				return true;
	return false;
}

static void show_program(const struct session *s)
{
	printf("found: the program of seed 0x%016" PRIx64
	       ", shortened from %" PRIu32 " to %" PRIu32 " operations: %s\n",
	       s->program.seed, s->nr_first, s->program.nr_ops, s->found);
	fuzz_program_write(&s->program, stdout);
	write_program(s, "found.short");
}

static int report(struct session *s)
{
	printf("found: %s (seed 0x%" PRIx64 ")\n", s->found, s->options.seed);
	fflush(stdout);
	write_state(s);
	write_numbers(s);
	fuzz_fleet_kill_all(&s->fleet);
	fuzz_disturb_end();
	atomic_store(&s->fleet.stop, false);
	if (shorten_any(s))
		show_program(s);
	else
		printf("found: none of the programs that ran finds it again alone\n");
	return 1;
}

/* The device stays open, so that the module has a user at any time. */
static int run_fuzz(struct session *s)
{
	bool ok;

	if (open(s->options.device, O_RDWR | O_CLOEXEC) < 0) {
		fprintf(stderr, "fuzz: %s: %s\n", s->options.device,
			strerror(errno));
		return 3;
	}
	s->fleet.nr_workers = s->options.workers;
	s->fleet.seed = s->options.seed;
	printf("# seed 0x%" PRIx64 ", %" PRIu32 " workers\n", s->options.seed,
	       s->options.workers);
	fflush(stdout);
	ok = run(s);
	tell(s);
	if (!ok)
		return report(s);
	fuzz_disturb_end();
	write_numbers(s);
	return 0;
}

static bool read_program(struct session *s)
{
	FILE *file;
	int line;
	bool ok;

	file = fopen(s->options.replay, "re");
	if (!file) {
		fprintf(stderr, "fuzz: %s: %s\n", s->options.replay,
			strerror(errno));
		return false;
	}
	ok = fuzz_program_read(&s->program, file, &line);
	fclose(file);
	if (!ok)
		fprintf(stderr, "fuzz: %s:%d: no operation\n",
			s->options.replay, line);
	return ok;
}

static bool finds_again(struct session *s)
{
	int i;

	for (i = 0; i < REPLAYS; i++)
		if (fuzz_fleet_try(&s->fleet, &s->program, s->found,
				   sizeof(s->found)))
			return true;
	return false;
}

/* What found something: the program, and the same as short as it gets. */
static int show_found(struct session *s)
{
	s->nr_first = s->program.nr_ops;
	write_program(s, "found.program");
	printf("found: %s\n", s->found);
	if (fuzz_shorten(&s->fleet, &s->program, s->found, sizeof(s->found)))
		show_program(s);
	return 1;
}

static int replay(struct session *s)
{
	if (!read_program(s))
		return 3;
	if (finds_again(s))
		return show_found(s);
	printf("# %d times, nothing found\n", REPLAYS);
	return 0;
}

static bool try_seed(struct session *s, uint64_t seed)
{
	FILE *file = result(s, "trying");

	fprintf(file, "0x%016" PRIx64 "\n", seed);
	fclose(file);
	fuzz_program_make(&s->program, seed);
	return finds_again(s);
}

/* After the kernel died: whoever kills it again is known by the file "trying". */
static int replay_seeds(struct session *s)
{
	FILE *seeds = fopen(s->options.programs, "re");
	bool found = false;
	char line[64];
	uint64_t seed;

	if (!seeds)
		return 3;
	while (!found && fgets(line, sizeof(line), seeds)) {
		seed = strtoull(line, NULL, 0);
		found = line[0] != '#' && seed && try_seed(s, seed);
	}
	fclose(seeds);
	return found ? show_found(s) : 0;
}

static int refuse_options(void)
{
	fprintf(stderr,
		"usage: fuzz --device NODE --patterns FILE --results FOLDER [OPTION]...\n");
	return 2;
}

static bool set_option(struct options *o, int option)
{
	switch (option) {
	case 'd':
		o->device = optarg;
		return true;
	case 'p':
		o->patterns = optarg;
		return true;
	case 'r':
		o->results = optarg;
		return true;
	case 'm':
		o->module = optarg;
		return true;
	case 'R':
		o->replay = optarg;
		return true;
	case 'L':
		o->programs = optarg;
		return true;
	case 'P':
		o->print = strtoull(optarg, NULL, 0);
		return true;
	case 's':
		o->seed = strtoull(optarg, NULL, 0);
		return true;
	case 'o':
		o->ops = strtoull(optarg, NULL, 0);
		return true;
	case 't':
		o->seconds = (uint32_t)strtoul(optarg, NULL, 0);
		return true;
	case 'w':
		o->workers = (uint32_t)strtoul(optarg, NULL, 0);
		return o->workers >= 1 && o->workers <= FUZZ_WORKERS;
	case 'W':
		return fuzz_leave_out(optarg);
	case 'c':
		o->calm = true;
		return true;
	default:
		return false;
	}
}

static bool get_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", 1, NULL, 'd' },  { "patterns", 1, NULL, 'p' },
		{ "results", 1, NULL, 'r' }, { "module", 1, NULL, 'm' },
		{ "replay", 1, NULL, 'R' },  { "programs", 1, NULL, 'L' },
		{ "print", 1, NULL, 'P' },   { "seed", 1, NULL, 's' },
		{ "ops", 1, NULL, 'o' },     { "time", 1, NULL, 't' },
		{ "workers", 1, NULL, 'w' }, { "without", 1, NULL, 'W' },
		{ "calm", 0, NULL, 'c' },    { NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!set_option(o, option))
			return false;
	return o->print ||
	       (o->device && o->patterns && o->results && optind == argc);
}

static int start(struct session *s)
{
	if (s->options.print) {
		fuzz_program_make(&s->program, s->options.print);
		fuzz_program_write(&s->program, stdout);
		return 0;
	}
	if (!fuzz_watch_open(s->options.patterns)) {
		fprintf(stderr, "fuzz: no kernel log or no patterns\n");
		return 3;
	}
	s->rng.state = s->options.seed;
	s->fleet.device = s->options.device;
	s->fleet.module = s->options.module;
	if (s->options.replay)
		return replay(s);
	return s->options.programs ? replay_seeds(s) : run_fuzz(s);
}

int main(int argc, char **argv)
{
	struct session *s = fuzz_shared(sizeof(*s));

	if (!s) {
		fprintf(stderr, "fuzz: no memory\n");
		return 3;
	}
	s->began = time(NULL);
	s->options.seconds = 60;
	s->options.workers = 4;
	s->options.seed = (uint64_t)s->began;
	if (!get_options(&s->options, argc, argv))
		return refuse_options();
	return start(s);
}
