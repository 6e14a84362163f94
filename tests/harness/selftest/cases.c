// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that end in every way a test can end, most of them badly. check.sh
 * compares what the harness makes of them with cases.expected.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "udb_harness.h"

static int call_fails(int error)
{
	errno = error;
	return -1;
}

TEST(passes)
{
	const char *text = "a";
	uint32_t all_ones = UINT32_MAX;
	size_t big = SIZE_MAX;

	EXPECT_EQ(1, 1);
	EXPECT_NE(-1, all_ones);
	EXPECT_LT(-1, big);
	EXPECT_LE(2, 2U);
	EXPECT_GT(big, 0);
	EXPECT_GE(0, -1);
	EXPECT_TRUE(text);
	EXPECT_FALSE(big == 0);
	EXPECT_NULL(NULL);
	EXPECT_STREQ("a", text);
	EXPECT_STRNE("b", text);
	EXPECT_ERRNO(EPERM, call_fails(EPERM));
	ASSERT_EQ(1, 1);
}

TEST(failed_expect_goes_on)
{
	EXPECT_EQ(1, 2)
	{
		TH_LOG("said on failure");
	}
	EXPECT_EQ(1, 1)
	{
		TH_LOG("never said");
	}
	TH_LOG("reached");
}

TEST(failed_assert_ends_it)
{
	ASSERT_EQ(-1, 0x10000)
	{
		TH_LOG("said on failure");
	}
	TH_LOG("never reached");
}

TEST(every_check_can_fail)
{
	EXPECT_NE(1, 1);
	EXPECT_LT(1, 1);
	EXPECT_LE(1, 0);
	EXPECT_GT(1, 1);
	EXPECT_GE(0, 1);
	EXPECT_TRUE(false);
	EXPECT_FALSE(true);
	EXPECT_NULL((void *)16);
	EXPECT_STREQ("a", "b");
	EXPECT_STREQ(NULL, "b");
	EXPECT_STRNE("a", "a");
	EXPECT_EQ(-1, UINT32_MAX);
	EXPECT_ERRNO(EPERM, call_fails(ENOENT));
	EXPECT_ERRNO(EPERM, 0);
}

TEST(crashes)
{
	volatile int *nowhere = NULL;

	*nowhere = 1;
}

TEST(aborts)
{
	abort();
}

TEST_SIGNAL(dies_as_announced, SIGUSR1)
{
	raise(SIGUSR1);
}

TEST_SIGNAL(lives_against_announcement, SIGUSR1)
{
}

TEST_SIGNAL(dies_of_something_else, SIGUSR1)
{
	raise(SIGUSR2);
}

TEST_SIGNAL(dies_as_announced_but_failed, SIGUSR1)
{
	EXPECT_TRUE(false);
	raise(SIGUSR1);
}

TEST_TIMEOUT(hangs, 1)
{
	for (;;)
		pause();
}

/* The child would keep the pipe of the output open for ever. */
TEST_TIMEOUT(hangs_with_a_child, 1)
{
	fork();
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

/* A name that is taken as long as a process has the socket open. */
static int claim_name(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	/* the first byte stays 0: no file; the harness is the same for both */
	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "udb-harness-%d",
		 getppid());
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr));
}

TEST(leaves_a_child_behind)
{
	ASSERT_EQ(0, claim_name());
	if (!fork())
		for (;;)
			pause();
}

TEST(starts_alone)
{
	EXPECT_EQ(0, claim_name());
}

TEST(exits_early)
{
	exit(0);
}

TEST(skips)
{
	SKIP(return, "no %s here", "moon");
	EXPECT_TRUE(false);
}

TEST(skips_after_a_failure)
{
	EXPECT_TRUE(false);
	SKIP(return, "too late");
}

TEST(fails_in_a_child)
{
	pid_t child = fork();

	if (!child) {
		EXPECT_EQ(0, 1);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

TEST(asserts_in_a_child)
{
	pid_t child = fork();
	int status;

	if (!child) {
		ASSERT_EQ(0, 1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	TH_LOG("the child ended with %d", WEXITSTATUS(status));
}

TEST(leaks_a_descriptor)
{
	TH_CHECK_FDS();
	EXPECT_GE(open("/dev/null", O_RDONLY), 0);
}

TEST(leaks_unchecked)
{
	EXPECT_GE(open("/dev/null", O_RDONLY), 0);
}

FIXTURE(plain) {
	int value;
};

FIXTURE_SETUP(plain)
{
	EXPECT_EQ(0, self->value);
	self->value = 1;
}

FIXTURE_TEARDOWN(plain)
{
	TH_LOG("teardown");
}

TEST_F(plain, passes)
{
	EXPECT_EQ(1, self->value);
}

TEST_F(plain, is_torn_down_after_assert)
{
	ASSERT_EQ(2, self->value);
}

TEST_F(plain, is_torn_down_after_skip)
{
	SKIP(return, "by choice");
}

TEST_F_SIGNAL(plain, may_die, SIGUSR1)
{
	raise(SIGUSR1);
}

TEST_F_TIMEOUT(plain, hangs, 1)
{
	for (;;)
		pause();
}

FIXTURE(varied) {
	int value;
};

FIXTURE_VARIANT(varied) {
	int value;
	bool fail_setup;
	bool skip_setup;
	bool fail_teardown;
};

FIXTURE_VARIANT_ADD(varied, good) {
	.value = 1,
};

FIXTURE_VARIANT_ADD(varied, bad_setup) {
	.fail_setup = true,
};

FIXTURE_VARIANT_ADD(varied, no_setup) {
	.skip_setup = true,
};

FIXTURE_VARIANT_ADD(varied, bad_teardown) {
	.value = 2,
	.fail_teardown = true,
};

FIXTURE_SETUP(varied)
{
	if (variant->skip_setup)
		SKIP(return, "in setup");
	EXPECT_FALSE(variant->fail_setup);
	self->value = variant->value;
}

FIXTURE_TEARDOWN(varied)
{
	ASSERT_FALSE(variant->fail_teardown);
	TH_LOG("teardown");
}

TEST_F(varied, body)
{
	TH_LOG("value %d", self->value);
}

TEST_HARNESS_MAIN
