/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small test harness with the macro names of the kernel's
 * kselftest_harness.h, so that a test moves between the two by changing one
 * include. udb_harness.c has the other half: it runs what is registered here.
 *
 * - Each test runs in a process (and process group) of its own: a crash, an
 *   exit or a hang is one failure. Time limit 30 s, times the environment
 *   variable UDB_TIMEOUT_FACTOR (emulated machines are slow).
 * - Output is TAP 14; the last line is "N passed, N failed, N skipped".
 * - Setup, test and teardown share the process. Teardown runs whenever setup
 *   was entered to its end, also after a failed ASSERT.
 * - A program without tests fails.
 *
 * Differences that matter: numbers of different signedness are compared by
 * value (-1 is never equal to UINT_MAX); EXPECT_ERRNO() and TH_CHECK_FDS()
 * exist only here.
 */
#ifndef UDB_HARNESS_H
#define UDB_HARNESS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UDB_TIMEOUT_DEFAULT	30
#define UDB_UNUSED		__attribute__((unused))
#define UDB_CONSTRUCTOR		__attribute__((constructor))

/* One fixture; its tests and variants hang off it in the order of the file. */
struct udb_fixture {
	const char *name;
	struct udb_variant *variants;
	struct udb_test *tests;
	struct udb_fixture *next;
};

struct udb_variant {
	const char *name;
	const void *data;
	struct udb_variant *next;
};

/*
 * Handed to every test as _metadata. @skipped and @failed live in memory that
 * the test shares with the harness and with its own children, through @state.
 */
struct udb_test {
	const char *name;
	void (*run)(struct udb_test *_metadata, const void *variant);
	int signal;
	int timeout;
	struct udb_state *state;
	struct udb_test *next;
};

/* A number of any integer or pointer type, for comparing and for printing. */
struct udb_num {
	uintmax_t bits;
	bool is_signed;
};

enum udb_op { UDB_EQ, UDB_NE, UDB_LT, UDB_LE, UDB_GT, UDB_GE };

/* Where a check stands and what it looks like in the source. */
struct udb_site {
	const char *file;
	int line;
	const char *left;
	const char *right;
};

void udb_fixture_add(struct udb_fixture *fixture);
void udb_variant_add(struct udb_fixture *fixture, struct udb_variant *variant);
void udb_test_add(struct udb_fixture *fixture, struct udb_test *test);
int udb_main(int argc, char **argv);

/* A lone TEST belongs to this one, as in the kernel's harness. */
extern struct udb_fixture udb_fixture_global;

/* Used by the macros below. The checks return true when the claim is wrong. */
bool udb_wrong_num(struct udb_test *t, const struct udb_site *site,
		   enum udb_op op, struct udb_num left, struct udb_num right);
bool udb_wrong_str(struct udb_test *t, const struct udb_site *site, bool equal,
		   const char *left, const char *right);
bool udb_wrong_errno(struct udb_test *t, const struct udb_site *site, int want,
		     intmax_t ret, int seen);
bool udb_bail(struct udb_test *t, bool fatal);
void udb_run_fixture(struct udb_test *t, void *arg, void (*setup)(void *arg),
		     void (*test)(void *arg), void (*teardown)(void *arg));
void udb_check_fds(struct udb_test *t);
void udb_log(struct udb_test *t, const char *file, int line, const char *format,
	     ...) __attribute__((format(printf, 4, 5)));
void udb_skip(struct udb_test *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line of diagnosis. */
#define TH_LOG(...) udb_log(_metadata, __FILE__, __LINE__, __VA_ARGS__)

/*
 * Fail this test if it ends with other open file descriptors than it began
 * with. May be called anywhere, best in FIXTURE_SETUP.
 */
#define TH_CHECK_FDS() udb_check_fds(_metadata)

/* SKIP(return, "why"): the test counts as skipped unless a check failed. */
#define SKIP(statement, ...) do {				\
		udb_skip(_metadata, __VA_ARGS__);		\
		statement;					\
	} while (0)

/*
 * Tests without fixture
 */
#define TEST(name)		UDB_TEST(name, 0, UDB_TIMEOUT_DEFAULT)
#define TEST_SIGNAL(name, sig)	UDB_TEST(name, sig, UDB_TIMEOUT_DEFAULT)
#define TEST_TIMEOUT(name, seconds) UDB_TEST(name, 0, seconds)

#define UDB_TEST(_name, _signal, _timeout)				\
	static void _name(struct udb_test *_metadata);			\
	static void udb_call_##_name(void *arg)				\
	{								\
		_name(arg);						\
	}								\
	static void udb_run_##_name(struct udb_test *_metadata,		\
				    const void *variant UDB_UNUSED)	\
	{								\
		udb_run_fixture(_metadata, _metadata, NULL,		\
				udb_call_##_name, NULL);		\
	}								\
	static struct udb_test udb_test_##_name = {			\
		.name = #_name,						\
		.run = udb_run_##_name,					\
		.signal = _signal,					\
		.timeout = _timeout,					\
	};								\
	static UDB_CONSTRUCTOR void udb_register_##_name(void)		\
	{								\
		udb_test_add(&udb_fixture_global, &udb_test_##_name);	\
	}								\
	static void _name(struct udb_test *_metadata UDB_UNUSED)

/*
 * Fixtures and their variants
 */
#define FIXTURE_DATA(fixture)		struct udb_data_##fixture
#define FIXTURE_VARIANT(fixture)	struct udb_vdata_##fixture

#define FIXTURE(fixture)						\
	FIXTURE_DATA(fixture);						\
	FIXTURE_VARIANT(fixture);					\
	struct udb_call_##fixture {					\
		struct udb_test *t;					\
		FIXTURE_DATA(fixture) *self;				\
		const FIXTURE_VARIANT(fixture) *variant;		\
	};								\
	static struct udb_fixture udb_fixture_##fixture = {		\
		.name = #fixture,					\
	};								\
	static UDB_CONSTRUCTOR void udb_register_##fixture(void)	\
	{								\
		udb_fixture_add(&udb_fixture_##fixture);		\
	}								\
	FIXTURE_DATA(fixture)

#define FIXTURE_VARIANT_ADD(fixture, _name)				\
	static const FIXTURE_VARIANT(fixture)				\
		udb_vdata_##fixture##_##_name;				\
	static struct udb_variant udb_variant_##fixture##_##_name = {	\
		.name = #_name,						\
		.data = &udb_vdata_##fixture##_##_name,			\
	};								\
	static UDB_CONSTRUCTOR void					\
	udb_register_##fixture##_variant_##_name(void)			\
	{								\
		udb_variant_add(&udb_fixture_##fixture,			\
				&udb_variant_##fixture##_##_name);	\
	}								\
	static const FIXTURE_VARIANT(fixture)				\
		udb_vdata_##fixture##_##_name =

#define UDB_FIXTURE_ARGS(fixture)					\
	struct udb_test *_metadata UDB_UNUSED,				\
	FIXTURE_DATA(fixture) *self UDB_UNUSED,				\
	const FIXTURE_VARIANT(fixture) *variant UDB_UNUSED

/* A function of the three arguments, callable through a void pointer. */
#define UDB_FIXTURE_FUNCTION(fixture, func)				\
	static void func(UDB_FIXTURE_ARGS(fixture));			\
	static void func##_call(void *arg)				\
	{								\
		struct udb_call_##fixture *call = arg;			\
									\
		func(call->t, call->self, call->variant);		\
	}								\
	static void func(UDB_FIXTURE_ARGS(fixture))

#define FIXTURE_SETUP(fixture)						\
	UDB_FIXTURE_FUNCTION(fixture, udb_setup_##fixture)

#define FIXTURE_TEARDOWN(fixture)					\
	UDB_FIXTURE_FUNCTION(fixture, udb_teardown_##fixture)

#define TEST_F(fixture, name)						\
	UDB_TEST_F(fixture, name, 0, UDB_TIMEOUT_DEFAULT)
#define TEST_F_SIGNAL(fixture, name, sig)				\
	UDB_TEST_F(fixture, name, sig, UDB_TIMEOUT_DEFAULT)
#define TEST_F_TIMEOUT(fixture, name, seconds)				\
	UDB_TEST_F(fixture, name, 0, seconds)

#define UDB_TEST_F(fixture, _name, _signal, _timeout)			\
	static void fixture##_##_name##_call(void *arg);		\
	static void udb_run_##fixture##_##_name(struct udb_test *t,	\
						const void *variant)	\
	{								\
		static FIXTURE_DATA(fixture) self;			\
		struct udb_call_##fixture call = {			\
			.t = t, .self = &self, .variant = variant,	\
		};							\
									\
		udb_run_fixture(t, &call, udb_setup_##fixture##_call,	\
				fixture##_##_name##_call,		\
				udb_teardown_##fixture##_call);		\
	}								\
	static struct udb_test udb_test_##fixture##_##_name = {		\
		.name = #_name,						\
		.run = udb_run_##fixture##_##_name,			\
		.signal = _signal,					\
		.timeout = _timeout,					\
	};								\
	static UDB_CONSTRUCTOR void					\
	udb_register_##fixture##_test_##_name(void)			\
	{								\
		udb_test_add(&udb_fixture_##fixture,			\
			     &udb_test_##fixture##_##_name);		\
	}								\
	UDB_FIXTURE_FUNCTION(fixture, fixture##_##_name)

#define TEST_HARNESS_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		return udb_main(argc, argv);				\
	}

#include "udb_checks.h"

#endif /* UDB_HARNESS_H */
