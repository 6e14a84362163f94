/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the two halves of the harness, udb_harness.c (inside a test's
 * process) and udb_runner.c (outside of it). Tests do not include this.
 */
#ifndef UDB_STATE_H
#define UDB_STATE_H

#include <stdbool.h>
#include <sys/types.h>

/* One test run. Lives in memory shared between harness and test process. */
struct udb_state {
	/* the test process; its own children may write here too */
	pid_t pid;
	bool failed;
	bool skipped;
	/* the test and its teardown came to their end */
	bool finished;
	bool check_fds;
	char reason[200];
};

/* In registration order; the global fixture is first. */
struct udb_fixture *udb_fixtures(void);

/* The body of the test process. Never returns. */
void udb_test_process(struct udb_test *t, const void *variant)
	__attribute__((noreturn));

#endif /* UDB_STATE_H */
