// SPDX-License-Identifier: GPL-2.0-only
/*
 * The half of the harness that works inside a test: registration, the checks,
 * messages, and the order setup, test, teardown.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "udb_harness.h"
#include "udb_state.h"

struct udb_fixture udb_fixture_global = { .name = "global" };

/* Where a failed ASSERT goes on: behind the part that contained it. */
static jmp_buf udb_end_of_part;

void udb_fixture_add(struct udb_fixture *fixture)
{
	struct udb_fixture **link = &udb_fixture_global.next;

	while (*link)
		link = &(*link)->next;
	*link = fixture;
}

void udb_variant_add(struct udb_fixture *fixture, struct udb_variant *variant)
{
	struct udb_variant **link = &fixture->variants;

	while (*link)
		link = &(*link)->next;
	*link = variant;
}

void udb_test_add(struct udb_fixture *fixture, struct udb_test *test)
{
	struct udb_test **link = &fixture->tests;

	while (*link)
		link = &(*link)->next;
	*link = test;
}

struct udb_fixture *udb_fixtures(void)
{
	return &udb_fixture_global;
}

/* One write per line, so that lines of several processes stay whole. */
static void udb_say(const char *file, int line, const char *test,
		    const char *text)
{
	const char *base = strrchr(file, '/');
	char buf[512];
	int len;

	base = base ? base + 1 : file;
	len = snprintf(buf, sizeof(buf), "# %s:%d: %s: %s\n", base, line, test,
		       text);
	if (len >= (int)sizeof(buf)) {
		len = sizeof(buf) - 1;
		buf[len - 1] = '\n';
	}
	fflush(stdout);
	if (write(STDOUT_FILENO, buf, len) != len)
		abort();
}

void udb_log(struct udb_test *t, const char *file, int line, const char *format,
	     ...)
{
	int saved_errno = errno;
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	udb_say(file, line, t->name, text);
	errno = saved_errno;
}

void udb_skip(struct udb_test *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->state->reason, sizeof(t->state->reason), format, ap);
	va_end(ap);
	t->state->skipped = true;
}

static void udb_fail(struct udb_test *t, const struct udb_site *site,
		     const char *text)
{
	t->state->failed = true;
	udb_say(site->file, site->line, t->name, text);
}

/* Compares by value, whatever the signedness of the two: -1, 0 or 1. */
static int udb_num_compare(struct udb_num a, struct udb_num b)
{
	bool a_neg = a.is_signed && (intmax_t)a.bits < 0;
	bool b_neg = b.is_signed && (intmax_t)b.bits < 0;

	if (a_neg != b_neg)
		return a_neg ? -1 : 1;
	return (a.bits > b.bits) - (a.bits < b.bits);
}

static bool udb_op_holds(enum udb_op op, int cmp)
{
	switch (op) {
	case UDB_EQ:
		return cmp == 0;
	case UDB_NE:
		return cmp != 0;
	case UDB_LT:
		return cmp < 0;
	case UDB_LE:
		return cmp <= 0;
	case UDB_GT:
		return cmp > 0;
	case UDB_GE:
		return cmp >= 0;
	}
	return false;
}

static void udb_num_print(char *buf, size_t size, struct udb_num num)
{
	if (num.is_signed && (intmax_t)num.bits < 0)
		snprintf(buf, size, "%" PRIdMAX, (intmax_t)num.bits);
	else if (num.bits < 4096)
		snprintf(buf, size, "%" PRIuMAX, num.bits);
	else
		snprintf(buf, size, "%" PRIuMAX " (0x%" PRIxMAX ")", num.bits,
			 num.bits);
}

bool udb_wrong_num(struct udb_test *t, const struct udb_site *site,
		   enum udb_op op, struct udb_num left, struct udb_num right)
{
	static const char *const names[] = {
		[UDB_EQ] = "==", [UDB_NE] = "!=", [UDB_LT] = "<",
		[UDB_LE] = "<=", [UDB_GT] = ">",  [UDB_GE] = ">=",
	};
	int saved_errno = errno;
	char l[64], r[64], text[400];

	if (udb_op_holds(op, udb_num_compare(left, right)))
		return false;

	udb_num_print(l, sizeof(l), left);
	udb_num_print(r, sizeof(r), right);
	snprintf(text, sizeof(text),
		 "expected %s %s %s, seen %s and %s (errno %s)", site->left,
		 names[op], site->right, l, r,
		 strerrorname_np(saved_errno) ?: "?");
	udb_fail(t, site, text);
	errno = saved_errno;
	return true;
}

bool udb_wrong_str(struct udb_test *t, const struct udb_site *site, bool equal,
		   const char *left, const char *right)
{
	bool same = left && right ? !strcmp(left, right) : left == right;
	char text[400];

	if (same == equal)
		return false;

	snprintf(text, sizeof(text),
		 "expected %s %s %s, seen \"%s\" and \"%s\"", site->left,
		 equal ? "equal to" : "other than", site->right,
		 left ?: "(null)", right ?: "(null)");
	udb_fail(t, site, text);
	return true;
}

bool udb_wrong_errno(struct udb_test *t, const struct udb_site *site, int want,
		     intmax_t ret, int seen)
{
	const char *seen_name = strerrorname_np(seen) ?: "?";
	char text[400];

	if (ret == -1 && seen == want)
		return false;

	if (ret == -1)
		snprintf(text, sizeof(text), "expected %s from %s, seen %s",
			 site->right, site->left, seen_name);
	else
		snprintf(text, sizeof(text),
			 "expected %s from %s, but it returned %" PRIdMAX,
			 site->right, site->left, ret);
	udb_fail(t, site, text);
	return true;
}

/* A child of the test has no stack frame to jump to: it ends here. */
bool udb_bail(struct udb_test *t, bool fatal)
{
	if (!fatal)
		return false;
	if (getpid() != t->state->pid)
		_exit(EXIT_FAILURE);
	longjmp(udb_end_of_part, 1);
}

static void udb_run_part(void (*part)(void *arg), void *arg)
{
	if (!setjmp(udb_end_of_part))
		part(arg);
}

void udb_run_fixture(struct udb_test *t, void *arg, void (*setup)(void *arg),
		     void (*test)(void *arg), void (*teardown)(void *arg))
{
	if (setup)
		udb_run_part(setup, arg);
	if (t->state->failed || t->state->skipped)
		return;
	udb_run_part(test, arg);
	if (teardown)
		udb_run_part(teardown, arg);
}

void udb_check_fds(struct udb_test *t)
{
	t->state->check_fds = true;
}

/* Open file descriptors of this process; the one used for looking cancels. */
static int udb_nr_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static void udb_compare_fds(struct udb_test *t, int before)
{
	int after = udb_nr_fds();

	if (!t->state->check_fds || t->state->failed || t->state->skipped)
		return;
	if (before < 0 || after < 0 || before != after) {
		t->state->failed = true;
		udb_log(t, "fds", 0, "%+d file descriptors open at the end",
			after - before);
	}
}

void udb_test_process(struct udb_test *t, const void *variant)
{
	const struct rlimit no_core = { 0, 0 };
	int before;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	t->state->pid = getpid();

	before = udb_nr_fds();
	errno = 0;
	t->run(t, variant);
	udb_compare_fds(t, before);

	t->state->finished = true;
	fflush(stdout);
	_exit(EXIT_SUCCESS);
}
