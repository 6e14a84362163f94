// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz-calls --device NODE --patterns FILE --results FOLDER [OPTION]...
 *
 * Calls with arguments that are changed at random, led by coverage where the kernel
 * has KCOV and the driver was built for it: see calls.h. In a virtual machine.
 *
 *   --time SECONDS    how long (60)
 *   --workers NUMBER  processes, 1 to 16 (2)
 *   --seed NUMBER     where all that is random comes from (the clock)
 *   --coverage        without coverage that is an error
 *
 * In FOLDER are left: fuzz.json, numbers; found.input, what each process was
 * doing when the kernel's log told of a defect.
 *
 * Exit status: 0 nothing found, 1 something, 2 usage, 3 it cannot run.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "watch.h"

#define WORKERS_MAX	16
#define CORPUS		4096
#define SAMPLES		512
#define TELL_SECONDS	10

struct sample {
	uint32_t seconds, edges, pcs;
	uint64_t calls;
};

/* In memory that the processes share. */
struct shared {
	atomic_bool stop;
	atomic_bool covered;
	atomic_ulong nr_calls, nr_inputs;
	atomic_uint nr_corpus; /* taken, and ready from the first on: */
	atomic_bool ready[CORPUS];
	struct input corpus[CORPUS];
	struct input current[WORKERS_MAX];
	struct coverage coverage;
};

struct session {
	struct shared *shared;
	const char *device, *patterns, *results;
	uint64_t seed;
	uint32_t seconds, workers;
	bool need_coverage;
	pid_t pid[WORKERS_MAX];
	time_t began;
	struct sample sample[SAMPLES];
	uint32_t nr_samples;
	char found[512];
};

static const struct input *pick(struct shared *shared, struct fuzz_rng *rng)
{
	uint32_t nr = atomic_load(&shared->nr_corpus), i;

	if (!nr)
		return NULL;
	/* What was found last leads on more often than what was found first. */
	i = fuzz_below(rng, 2) && nr > 16 ?
		    nr - 1 - fuzz_below(rng, 16) :
		    fuzz_below(rng, nr < CORPUS ? nr : CORPUS);
	return i < CORPUS && atomic_load(&shared->ready[i]) ?
		       &shared->corpus[i] :
		       NULL;
}

static void keep(struct shared *shared, const struct input *input)
{
	uint32_t i = atomic_fetch_add(&shared->nr_corpus, 1);

	if (i >= CORPUS) {
		atomic_store(&shared->nr_corpus, CORPUS);
		return;
	}
	shared->corpus[i] = *input;
	atomic_store(&shared->ready[i], true);
}

static void next_input(struct shared *shared, struct input *input,
		       struct fuzz_rng *rng)
{
	const struct input *base = pick(shared, rng), *other;

	if (!base || !fuzz_below(rng, 16)) {
		input_make(input, rng);
		return;
	}
	*input = *base;
	other = pick(shared, rng);
	input_mutate(input, other ? other : base, rng);
}

static int work(struct session *s, uint32_t number)
{
	struct fuzz_rng rng = { .state = fuzz_mix(s->seed, number, 0) };
	struct input *input = &s->shared->current[number];
	struct shared *shared = s->shared;
	uint32_t news;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!calls_open(s->device))
		return 3;
	atomic_store(&shared->covered, calls_have_coverage());
	while (!atomic_load(&shared->stop)) {
		next_input(shared, input, &rng);
		atomic_fetch_add(&shared->nr_calls,
				 calls_run(input, &shared->coverage, &news));
		atomic_fetch_add(&shared->nr_inputs, 1);
		if (news)
			keep(shared, input);
	}
	return 0;
}

static void take_sample(struct session *s)
{
	struct sample *sample = &s->sample[s->nr_samples];

	if (s->nr_samples == SAMPLES)
		return;
	sample->seconds = (uint32_t)(time(NULL) - s->began);
	sample->edges = atomic_load(&s->shared->coverage.nr_edges);
	sample->pcs = atomic_load(&s->shared->coverage.nr_pcs);
	sample->calls = atomic_load(&s->shared->nr_calls);
	printf("# %u s: %" PRIu64 " calls, %u edges, %u places\n",
	       sample->seconds, sample->calls, sample->edges, sample->pcs);
	fflush(stdout);
	s->nr_samples++;
}

static bool any_ended(struct session *s)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0)
		return false;
	snprintf(s->found, sizeof(s->found), "a process ended with status %x",
		 (unsigned int)status);
	return true;
}

static bool run(struct session *s)
{
	time_t told = s->began;

	while (time(NULL) - s->began < (time_t)s->seconds) {
		usleep(100000);
		if (any_ended(s) || fuzz_watch(s->found, sizeof(s->found)))
			return false;
		/* The first one soon, to tell from where it grows. */
		if (time(NULL) - told < (s->nr_samples ? TELL_SECONDS : 1))
			continue;
		told = time(NULL);
		take_sample(s);
	}
	return true;
}

static FILE *result(const struct session *s, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->results, name);
	file = fopen(path, "we");
	if (file)
		return file;
	fprintf(stderr, "fuzz-calls: %s: %s\n", path, strerror(errno));
	exit(3);
}

static void write_numbers(const struct session *s)
{
	FILE *file = result(s, "fuzz.json");
	const struct shared *shared = s->shared;
	uint32_t i;

	fprintf(file, "{ \"seed\": \"0x%" PRIx64 "\", \"operations\": %lu,\n",
		s->seed, atomic_load(&shared->nr_calls));
	fprintf(file, "  \"inputs\": %lu, \"kept\": %u, \"coverage\": %s,\n",
		atomic_load(&shared->nr_inputs),
		atomic_load(&shared->nr_corpus),
		atomic_load(&shared->covered) ? "true" : "false");
	fprintf(file, "  \"edges\": %u, \"places\": %u, \"seconds\": %ld,\n",
		atomic_load(&shared->coverage.nr_edges),
		atomic_load(&shared->coverage.nr_pcs),
		(long)(time(NULL) - s->began));
	fprintf(file, "  \"samples\": [");
	for (i = 0; i < s->nr_samples; i++)
		fprintf(file, "%s[%u, %" PRIu64 ", %u, %u]", i ? ", " : " ",
			s->sample[i].seconds, s->sample[i].calls,
			s->sample[i].edges, s->sample[i].pcs);
	fprintf(file, " ],\n  \"found\": \"%s\" }\n", s->found[0] ? "yes" : "");
	fclose(file);
}

static void report(const struct session *s)
{
	FILE *file = result(s, "found.input");
	uint32_t i;

	printf("found: %s (seed 0x%" PRIx64 ")\n", s->found, s->seed);
	for (i = 0; i < s->workers; i++) {
		printf("found: what process %u did:\n", i);
		input_write(&s->shared->current[i], stdout);
		input_write(&s->shared->current[i], file);
	}
	fclose(file);
}

static int start(struct session *s)
{
	uint32_t i;

	for (i = 0; i < s->workers; i++) {
		s->pid[i] = fork();
		if (!s->pid[i])
			_exit(work(s, i));
		if (s->pid[i] < 0)
			return 3;
	}
	return 0;
}

static void stop(struct session *s)
{
	uint32_t i;

	atomic_store(&s->shared->stop, true);
	for (i = 0; i < s->workers; i++)
		waitpid(s->pid[i], NULL, 0);
}

static int run_fuzz(struct session *s)
{
	bool ok;

	if (start(s))
		return 3;
	ok = run(s);
	stop(s);
	take_sample(s);
	ok = ok && !fuzz_watch(s->found, sizeof(s->found));
	write_numbers(s);
	if (!ok) {
		report(s);
		return 1;
	}
	if (s->need_coverage && !s->shared->coverage.nr_edges) {
		fprintf(stderr,
			"fuzz-calls: KCOV tells nothing of the driver\n");
		return 3;
	}
	return 0;
}

static bool set_option(struct session *s, int option)
{
	switch (option) {
	case 'd':
		s->device = optarg;
		return true;
	case 'p':
		s->patterns = optarg;
		return true;
	case 'r':
		s->results = optarg;
		return true;
	case 's':
		s->seed = strtoull(optarg, NULL, 0);
		return true;
	case 't':
		s->seconds = (uint32_t)strtoul(optarg, NULL, 0);
		return true;
	case 'w':
		s->workers = (uint32_t)strtoul(optarg, NULL, 0);
		return s->workers >= 1 && s->workers <= WORKERS_MAX;
	case 'c':
		s->need_coverage = true;
		return true;
	default:
		return false;
	}
}

static bool get_options(struct session *s, int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", 1, NULL, 'd' },   { "patterns", 1, NULL, 'p' },
		{ "results", 1, NULL, 'r' },  { "seed", 1, NULL, 's' },
		{ "time", 1, NULL, 't' },     { "workers", 1, NULL, 'w' },
		{ "coverage", 0, NULL, 'c' }, { NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!set_option(s, option))
			return false;
	return s->device && s->patterns && s->results && optind == argc;
}

int main(int argc, char **argv)
{
	static struct session s = { .seconds = 60, .workers = 2 };

	s.began = time(NULL);
	s.seed = (uint64_t)s.began;
	if (!get_options(&s, argc, argv)) {
		fprintf(stderr,
			"usage: fuzz-calls --device NODE --patterns FILE --results FOLDER [OPTION]...\n");
		return 2;
	}
	s.shared = mmap(NULL, sizeof(*s.shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.shared == MAP_FAILED || !fuzz_watch_open(s.patterns)) {
		fprintf(stderr,
			"fuzz-calls: no memory, no kernel log or no patterns\n");
		return 3;
	}
	return run_fuzz(&s);
}
