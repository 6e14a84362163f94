// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals against a create that takes long. A fatal signal must end it soon:
 * what tells is not the clock but how much of the memfd got its memory. An
 * ordinary signal must not make a call fail that a handler asked to restart.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"

/* Untouched shmem: every page is allocated and zeroed inside the call. */
#define SIZE	(2 * UDB_GIB)
/* The call is on its way for sure when so much has been allocated. */
#define BEGUN	(128 * UDB_MIB)

FIXTURE(signal) {
	int dev;
	int memfd;
	long size_limit;
};

FIXTURE_SETUP(signal)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE);
	ASSERT_GE(self->memfd, 0);
	/* a driver with a small limit would refuse at once */
	self->size_limit = udb_size_limit_raise(SIZE / UDB_MIB);
	ASSERT_GT(self->size_limit, 0);
}

FIXTURE_TEARDOWN(signal)
{
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	close(self->memfd);
	close(self->dev);
}

static uint64_t allocated(int memfd)
{
	struct stat st;

	return fstat(memfd, &st) ? 0 : st.st_blocks * 512ULL;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* Waits until the child's call is under way; the child is the last resort. */
static void wait_until_begun(struct udb_test *_metadata, int memfd)
{
	int tries;

	for (tries = 0; tries < 6000 && allocated(memfd) < BEGUN; tries++)
		sleep_ms(10);
	ASSERT_GE(allocated(memfd), BEGUN);
}

/*
 * The child dies inside the call, so it cannot give anything back; its memfd is
 * shared with this process, which looks at it. Nothing may stay pinned.
 */
TEST_F_TIMEOUT(signal, kill_ends_a_create, 60)
{
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (!child) {
		udb_create(self->dev, self->memfd, 0, SIZE);
		_exit(0);
	}
	wait_until_begun(_metadata, self->memfd);
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_LT(allocated(self->memfd), SIZE / 2);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* The same for a list of many short ranges. */
TEST_F_TIMEOUT(signal, kill_ends_a_create_list, 60)
{
	struct udmabuf_create_item items[1024];
	uint64_t size = SIZE / 1024;
	int status, i;
	pid_t child;

	for (i = 0; i < 1024; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = i * size,
			.size = size,
		};
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		udb_create_list(self->dev, items, 1024);
		_exit(0);
	}
	wait_until_begun(_metadata, self->memfd);
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_LT(allocated(self->memfd), SIZE / 2);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

static volatile sig_atomic_t nr_alarms;

static void on_alarm(int sig UDB_UNUSED)
{
	nr_alarms++;
}

static timer_t start_alarms(struct udb_test *_metadata, int flags)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	const struct itimerspec often = {
		.it_interval.tv_nsec = 2000000,
		.it_value.tv_nsec = 1000000,
	};
	timer_t timer = NULL;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, NULL, &timer));
	ASSERT_EQ(0, timer_settime(timer, 0, &often, NULL));
	return timer;
}

/* A program with a timer creates its buffer all the same. */
static void expect_create_under_alarms(struct udb_test *_metadata, int dev,
				       enum udb_backing backing)
{
	uint64_t size = 64 * UDB_MIB;
	int memfd = udb_memfd_empty(backing, size);
	timer_t timer;
	int buf;

	ASSERT_GE(memfd, 0);
	nr_alarms = 0;
	timer = start_alarms(_metadata, SA_RESTART);
	buf = udb_create(dev, memfd, 0, size);
	timer_delete(timer);
	EXPECT_GE(buf, 0);
	EXPECT_GT(nr_alarms, 0);
	close(buf);
	close(memfd);
}

TEST_F_TIMEOUT(signal, handlers_do_not_hinder_shmem, 60)
{
	expect_create_under_alarms(_metadata, self->dev, UDB_SHMEM_4K);
}

TEST_HARNESS_MAIN
