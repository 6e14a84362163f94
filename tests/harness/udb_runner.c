// SPDX-License-Identifier: GPL-2.0-only
/*
 * The half of the harness that works outside of the tests: the command line,
 * a process per test with a time limit, and the TAP output.
 *
 * Exit status: 0 no test failed, 1 a test failed or there was none, 2 usage.
 */
#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "udb_harness.h"
#include "udb_state.h"

enum { UDB_EXIT_OK, UDB_EXIT_FAILED, UDB_EXIT_USAGE };

#define UDB_PATTERNS_MAX	64

struct udb_runner {
	const char *patterns[UDB_PATTERNS_MAX];
	int nr_patterns;
	long factor;
	bool list_only;
	int number;
	int passed;
	int failed;
	int skipped;
};

/* How a test ended. @why is empty for a pass. */
struct udb_outcome {
	enum { UDB_PASSED, UDB_FAILED, UDB_SKIPPED } kind;
	char why[256];
};

static void udb_usage(const char *program, FILE *out)
{
	fprintf(out,
		"usage: %s [-l] [-t PATTERN]... [-h]\n"
		"  -l          list the tests\n"
		"  -t PATTERN  run only the tests whose name matches (shell pattern)\n"
		"  -h          this text\n"
		"A name is FIXTURE.VARIANT.TEST, FIXTURE.TEST or global.TEST.\n"
		"UDB_TIMEOUT_FACTOR=N in the environment stretches time limits.\n"
		"Exit status: 0 none failed, 1 some failed or none ran, 2 usage.\n",
		program);
}

static void udb_test_name(char *buf, size_t size, struct udb_fixture *f,
			  struct udb_variant *v, struct udb_test *t)
{
	if (v)
		snprintf(buf, size, "%s.%s.%s", f->name, v->name, t->name);
	else
		snprintf(buf, size, "%s.%s", f->name, t->name);
}

static bool udb_wanted(struct udb_runner *r, const char *name)
{
	int i;

	for (i = 0; i < r->nr_patterns; i++)
		if (!fnmatch(r->patterns[i], name, 0))
			return true;
	return !r->nr_patterns;
}

/*
 * Calls @each for every wanted test, in the order fixture, variant, test.
 * Returns how many there are; a NULL @each only counts.
 */
static int udb_for_each_test(struct udb_runner *r,
			     void (*each)(struct udb_runner *r,
					  const char *name, struct udb_test *t,
					  const void *data))
{
	struct udb_fixture *f;
	struct udb_variant *v;
	struct udb_test *t;
	char name[256];
	int nr = 0;

	for (f = udb_fixtures(); f; f = f->next) {
		v = f->variants;
		do {
			for (t = f->tests; t; t = t->next) {
				udb_test_name(name, sizeof(name), f, v, t);
				if (!udb_wanted(r, name))
					continue;
				nr++;
				if (each)
					each(r, name, t, v ? v->data : NULL);
			}
			v = v ? v->next : NULL;
		} while (v);
	}
	return nr;
}

/* As udb_wait(), by looking again and again: valgrind knows no pidfd. */
static bool udb_wait_looking(pid_t pid, long seconds, int *status)
{
	pid_t gone;

	for (long i = 0; i < seconds * 100; i++) {
		gone = waitpid(pid, status, WNOHANG);
		if (gone)
			return gone == pid;
		usleep(10000);
	}
	return false;
}

/* Returns false when the process is still there after @seconds. */
static bool udb_wait(pid_t pid, long seconds, int *status)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int ready;

	if (pidfd < 0)
		return udb_wait_looking(pid, seconds, status);
	do {
		ready = poll(&pfd, 1, seconds * 1000);
	} while (ready < 0 && errno == EINTR);
	close(pidfd);
	return ready == 1 && waitpid(pid, status, 0) == pid;
}

/* Also what the test left behind goes, so that the next one runs alone. */
static void udb_kill_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-pid, NULL, 0) > 0)
		;
}

static void udb_judge(struct udb_outcome *o, struct udb_test *t, int status)
{
	const struct udb_state *state = t->state;
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	o->kind = UDB_FAILED;
	if (sig != t->signal && sig)
		snprintf(o->why, sizeof(o->why), "killed by SIG%s",
			 sigabbrev_np(sig) ?: "?");
	else if (sig != t->signal)
		snprintf(o->why, sizeof(o->why), "not killed by SIG%s",
			 sigabbrev_np(t->signal) ?: "?");
	else if (state->failed)
		snprintf(o->why, sizeof(o->why), "a check failed");
	else if (!sig && !state->finished)
		snprintf(o->why, sizeof(o->why),
			 "left the test by exit, status %d",
			 WEXITSTATUS(status));
	else if (state->skipped)
		o->kind = UDB_SKIPPED;
	else
		o->kind = UDB_PASSED;
	if (o->kind == UDB_SKIPPED)
		snprintf(o->why, sizeof(o->why), "%s", state->reason);
}

static void udb_time_out(struct udb_outcome *o, pid_t pid, long seconds)
{
	int status;

	o->kind = UDB_FAILED;
	snprintf(o->why, sizeof(o->why), "killed after %ld s", seconds);
	kill(-pid, SIGKILL);
	if (!udb_wait(pid, seconds, &status)) {
		printf("Bail out! a test survives SIGKILL for %ld s\n",
		       seconds);
		exit(UDB_EXIT_FAILED);
	}
}

static void udb_run_test(struct udb_runner *r, struct udb_outcome *o,
			 struct udb_test *t, const void *data)
{
	long seconds = t->timeout * r->factor;
	int status;
	pid_t pid;

	memset(t->state, 0, sizeof(*t->state));
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("# fork");
		exit(UDB_EXIT_FAILED);
	}
	/* both sides: whoever runs first, the group exists before it is used */
	setpgid(pid, pid);
	if (!pid)
		udb_test_process(t, data);

	if (udb_wait(pid, seconds, &status))
		udb_judge(o, t, status);
	else
		udb_time_out(o, pid, seconds);
	udb_kill_group(pid);
}

static long udb_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void udb_report(struct udb_runner *r, const char *name,
		       struct udb_test *t, const void *data)
{
	long seconds = udb_seconds();
	struct udb_outcome o = { 0 };

	udb_run_test(r, &o, t, data);
	seconds = udb_seconds() - seconds;
	if (seconds >= 5)
		printf("# %s took %ld s\n", name, seconds);

	r->number++;
	if (o.kind == UDB_PASSED) {
		r->passed++;
		printf("ok %d %s\n", r->number, name);
	} else if (o.kind == UDB_SKIPPED) {
		r->skipped++;
		printf("ok %d %s # SKIP %s\n", r->number, name, o.why);
	} else {
		r->failed++;
		printf("# %s: %s\n", name, o.why);
		printf("not ok %d %s\n", r->number, name);
	}
	fflush(stdout);
}

static void udb_list(struct udb_runner *r UDB_UNUSED, const char *name,
		     struct udb_test *t UDB_UNUSED, const void *data UDB_UNUSED)
{
	printf("%s\n", name);
}

static int udb_run_all(struct udb_runner *r, int nr)
{
	struct udb_fixture *f;
	struct udb_test *t;
	struct udb_state *state;

	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED) {
		perror("# mmap");
		return UDB_EXIT_FAILED;
	}
	for (f = udb_fixtures(); f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->state = state;
	/* orphans of a test come to us, so that we can wait for their end */
	prctl(PR_SET_CHILD_SUBREAPER, 1);

	printf("TAP version 14\n1..%d\n", nr);
	udb_for_each_test(r, udb_report);
	printf("%d passed, %d failed, %d skipped\n", r->passed, r->failed,
	       r->skipped);
	return r->failed ? UDB_EXIT_FAILED : UDB_EXIT_OK;
}

static bool udb_parse_factor(struct udb_runner *r)
{
	const char *text = getenv("UDB_TIMEOUT_FACTOR");
	char *end;

	r->factor = 1;
	if (!text)
		return true;
	errno = 0;
	r->factor = strtol(text, &end, 10);
	if (errno || end == text || *end || r->factor < 1 || r->factor > 1000) {
		fprintf(stderr,
			"UDB_TIMEOUT_FACTOR must be 1 to 1000, not \"%s\"\n",
			text);
		return false;
	}
	return true;
}

/* Returns an exit status to end with at once, or -1. */
static int udb_parse_args(struct udb_runner *r, int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "lt:h")) != -1) {
		switch (opt) {
		case 'l':
			r->list_only = true;
			break;
		case 't':
			if (r->nr_patterns == UDB_PATTERNS_MAX) {
				fprintf(stderr, "more than %d times -t\n",
					UDB_PATTERNS_MAX);
				return UDB_EXIT_USAGE;
			}
			r->patterns[r->nr_patterns++] = optarg;
			break;
		case 'h':
			udb_usage(argv[0], stdout);
			return UDB_EXIT_OK;
		default:
			udb_usage(argv[0], stderr);
			return UDB_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		udb_usage(argv[0], stderr);
		return UDB_EXIT_USAGE;
	}
	return udb_parse_factor(r) ? -1 : UDB_EXIT_USAGE;
}

int udb_main(int argc, char **argv)
{
	struct udb_runner runner = { 0 };
	int status = udb_parse_args(&runner, argc, argv);
	int nr;

	if (status >= 0)
		return status;

	nr = udb_for_each_test(&runner, runner.list_only ? udb_list : NULL);
	if (!nr) {
		printf("TAP version 14\nBail out! there is no such test\n"
		       "0 passed, 1 failed, 0 skipped\n");
		return UDB_EXIT_FAILED;
	}
	return runner.list_only ? UDB_EXIT_OK : udb_run_all(&runner, nr);
}
