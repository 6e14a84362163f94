/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for the harness of the kernel's BPF selftests, which cannot be built
 * without half of the kernel's tree: what the test of the dma-buf iterator uses of
 * it, with the meaning that it has there, and main(), which tells of the subtests in
 * TAP. To be included by one file only, the test.
 *
 * A check that fails is told, and fails the subtest in which it stands; one that
 * stands before the first subtest fails the test as a whole. Exit status: 0 all is
 * well, 1 a check failed, or there was no subtest at all.
 */
#ifndef UDB_KERNEL_SELFTESTS_TEST_PROGS_H
#define UDB_KERNEL_SELFTESTS_TEST_PROGS_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_dmabuf_iter(void);

static const char *shim_subtest;
static int shim_count;
static bool shim_failed;
static bool shim_failed_ever;

/* Says what is wrong when @good is not; returns @good. */
static bool shim_check(bool good, const char *file, int line, const char *name,
		       long long seen, long long wanted)
{
	if (good)
		return true;
	printf("# %s:%d: %s: %lld, compared with %lld (errno %d)\n", file, line,
	       name, seen, wanted, errno);
	shim_failed = true;
	shim_failed_ever = true;
	return false;
}

static void shim_end_subtest(void)
{
	if (shim_subtest)
		printf("%s %d - %s\n", shim_failed ? "not ok" : "ok",
		       ++shim_count, shim_subtest);
	shim_failed = false;
}

/* Ends the subtest before, and begins one; all are run. */
static bool test__start_subtest(const char *name)
{
	shim_end_subtest();
	shim_subtest = name;
	return true;
}

#define SHIM_COMPARE(actual, op, expected, name) ({			\
	__auto_type shim_actual = (actual);				\
	__auto_type shim_expected = (expected);				\
									\
	shim_check(shim_actual op shim_expected, __FILE__, __LINE__, name, \
		   (long long)shim_actual, (long long)shim_expected);	\
})

#define ASSERT_EQ(actual, expected, name) \
	SHIM_COMPARE(actual, ==, expected, name)
#define ASSERT_GT(actual, expected, name) \
	SHIM_COMPARE(actual, >, expected, name)
#define ASSERT_LE(actual, expected, name) \
	SHIM_COMPARE(actual, <=, expected, name)
#define ASSERT_TRUE(actual, name)	ASSERT_EQ(!!(actual), true, name)
#define ASSERT_OK(actual, name)		ASSERT_EQ((long long)(actual), 0LL, name)

/* A descriptor, or a negative number. */
#define ASSERT_OK_FD(fd, name) ({					\
	__auto_type shim_fd = (fd);					\
									\
	shim_check(shim_fd >= 0, __FILE__, __LINE__, name, shim_fd, 0);	\
})

/* No NULL, and none of the pointers that stand for an error number. */
#define ASSERT_OK_PTR(ptr, name) ({					\
	const void *shim_ptr = (ptr);					\
									\
	shim_check(!libbpf_get_error(shim_ptr) && shim_ptr, __FILE__,	\
		   __LINE__, name, libbpf_get_error(shim_ptr), 0);	\
})

static int shim_print(enum libbpf_print_level level, const char *format,
		      va_list args)
{
	if (level > LIBBPF_INFO)
		return 0;
	printf("# ");
	return vprintf(format, args);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(shim_print);
	puts("TAP version 14");
	test_dmabuf_iter();
	shim_end_subtest();
	printf("1..%d\n", shim_count);
	return shim_failed_ever || !shim_count;
}

#endif /* UDB_KERNEL_SELFTESTS_TEST_PROGS_H */
