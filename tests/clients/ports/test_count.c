// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter of system calls itself: a count that is wrong would be a table that
 * lies.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "count.h"
#include "udb_harness.h"

static void calls(long number, int times)
{
	while (times--)
		syscall(number);
}

static int two_parts(void)
{
	calls(SYS_getppid, 7);
	count_begin(COUNT_ONCE);
	calls(SYS_getppid, 3);
	count_begin(COUNT_NOT);
	calls(SYS_getppid, 5);
	count_begin(COUNT_AGAIN);
	calls(SYS_getuid, 2);
	calls(SYS_getppid, 1);
	count_begin(COUNT_NOT);
	return 0;
}

/* What is between the parts is that of who looks at the buffers. */
TEST(counts_a_call_in_its_part)
{
	struct count count;

	ASSERT_EQ(0, count_run(two_parts, &count));
	EXPECT_EQ(3, count.of[COUNT_ONCE][SYS_getppid]);
	EXPECT_EQ(3, count.total[COUNT_ONCE]);
	EXPECT_EQ(1, count.of[COUNT_AGAIN][SYS_getppid]);
	EXPECT_EQ(2, count.of[COUNT_AGAIN][SYS_getuid]);
	EXPECT_EQ(3, count.total[COUNT_AGAIN]);
}

static void *thread(void *unused)
{
	calls(SYS_getppid, 4);
	return unused;
}

static int one_thread(void)
{
	pthread_t id;

	count_begin(COUNT_ONCE);
	if (pthread_create(&id, NULL, thread, NULL))
		return 1;
	pthread_join(id, NULL);
	count_begin(COUNT_NOT);
	return 0;
}

/* The library may allocate memory with threads; their calls are its calls. */
TEST(counts_the_calls_of_threads)
{
	struct count count;

	ASSERT_EQ(0, count_run(one_thread, &count));
	EXPECT_EQ(4, count.of[COUNT_ONCE][SYS_getppid]);
}

static int fails(void)
{
	return 3;
}

TEST(returns_the_status)
{
	struct count count;

	EXPECT_EQ(3, count_run(fails, &count));
}

static int crashes(void)
{
	raise(SIGSEGV);
	return 0;
}

TEST(returns_the_signal)
{
	struct count count;

	EXPECT_EQ(128 + SIGSEGV, count_run(crashes, &count));
}

TEST_HARNESS_MAIN
