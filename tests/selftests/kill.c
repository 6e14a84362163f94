// SPDX-License-Identifier: GPL-2.0-only
/*
 * A create that takes seconds, because all of the memory has to be made: what
 * is left of it when it is killed, and how long others wait for the memfd. That
 * a signal ends it at all is in create_signal.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"
#include "settled.h"

#define SIZE		(512 * UDB_MIB)
#define HUGE_SIZE	(2 * UDB_GIB)

/* The driver under test may have a limit that is too low. */
#define LIMIT_MB	"4096"

FIXTURE(kill) {
	int dev;
	char old_limit[32];
};

FIXTURE_SETUP(kill)
{
	long limit = udb_param_get("size_limit_mb");

	UDB_DEV_OPEN(self->dev);
	snprintf(self->old_limit, sizeof(self->old_limit), "%ld", limit);
	ASSERT_EQ(0, udb_param_set("size_limit_mb", LIMIT_MB));
}

FIXTURE_TEARDOWN(kill)
{
	EXPECT_EQ(0, udb_param_set("size_limit_mb", self->old_limit));
	close(self->dev);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Seconds that a whole create of untouched memory takes; negative: failed. */
static double whole_create(int dev)
{
	int memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE), buf;
	double start = now(), took;

	buf = udb_create(dev, memfd, 0, SIZE);
	took = buf < 0 ? -1 : now() - start;
	close(buf);
	close(memfd);
	return took;
}

static pid_t start_create(int dev, int memfd, size_t size)
{
	pid_t pid = fork();

	if (!pid) {
		udb_create(dev, memfd, 0, size);
		_exit(0);
	}
	return pid;
}

/* kB of memory that the memfd has. */
static long memfd_kb(int memfd)
{
	struct stat stat;

	return fstat(memfd, &stat) ? -1 : stat.st_blocks / 2;
}

/* Kills a create after @delay; returns how many kB that had made; -1: failed. */
static long killed_create(int dev, useconds_t delay)
{
	int memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE);
	pid_t pid = start_create(dev, memfd, SIZE);
	long made = -1;

	if (pid > 0) {
		usleep(delay);
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) == pid)
			made = memfd_kb(memfd);
	}
	close(memfd);
	return made;
}

/*
 * A killed create gives back its memory, not only what the memfd shows. Pages
 * that nobody can reach would be about as many as were made.
 */
TEST_F_TIMEOUT(kill, sigkill_leaves_no_memory_behind, 180)
{
	struct settled before, after;
	long made = 0, kb, lost;
	int i;

	settled_read(&before);
	/* Enough to stand out against what the kernel keeps for itself. */
	for (i = 0; i < 40 && made < 256 * 1024; i++) {
		kb = killed_create(self->dev, 400000);
		ASSERT_GE(kb, 0);
		made += kb;
	}
	settled_read(&after);
	lost = after.memory - before.memory;
	EXPECT_GE(made, 256 * 1024);
	EXPECT_LT(lost, made / 2)
	TH_LOG("%ld kB made, %ld kB not free again", made, lost);
}

/*
 * A user who kills a program waits for its end: not longer than a second, however
 * much the create has still to do. The fastest of three counts, because somebody
 * else may have the machine for a moment. The memory stays with the memfd, which
 * is this process's too, so none of the time is spent on giving it back.
 */
static double seconds_to_die(int dev)
{
	int memfd = udb_memfd_empty(UDB_SHMEM_4K, HUGE_SIZE);
	pid_t pid = start_create(dev, memfd, HUGE_SIZE);
	double start, took = -1;

	if (pid > 0) {
		usleep(300000);
		start = now();
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) == pid)
			took = now() - start;
	}
	close(memfd);
	return took;
}

TEST_F_TIMEOUT(kill, sigkill_ends_a_large_create_within_a_second, 180)
{
	double took = 2;
	int i;

	for (i = 0; i < 3 && took >= 1; i++) {
		took = seconds_to_die(self->dev);
		ASSERT_TRUE(took >= 0);
		TH_LOG("dead after %.2f s", took);
	}
	EXPECT_TRUE(took < 1);
}

/*
 * Whoever adds a seal or makes a hole must get its turn before the end. No
 * number of seconds is right on every machine: a whole create is the measure.
 */
static void expect_turn(struct udb_test *_metadata, int dev,
			int (*act)(int memfd))
{
	double whole = whole_create(dev), start, took;
	int memfd;
	pid_t pid;

	ASSERT_TRUE(whole > 0);
	memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE);
	ASSERT_GE(memfd, 0);
	pid = start_create(dev, memfd, SIZE);
	ASSERT_GT(pid, 0);
	usleep(whole / 10 * 1e6);
	start = now();
	EXPECT_EQ(0, act(memfd));
	took = now() - start;
	EXPECT_TRUE(took < whole / 2)
	TH_LOG("waited %.2f s; a whole create takes %.2f s", took, whole);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	close(memfd);
}

static int add_seal(int memfd)
{
	return fcntl(memfd, F_ADD_SEALS, F_SEAL_GROW);
}

TEST_F_TIMEOUT(kill, a_long_create_lets_others_in, 180)
{
	expect_turn(_metadata, self->dev, add_seal);
}

static int punch_hole(int memfd)
{
	return fallocate(memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 SIZE - UDB_HUGE, UDB_HUGE);
}

TEST_F_TIMEOUT(kill, a_long_create_lets_others_punch_holes, 180)
{
	expect_turn(_metadata, self->dev, punch_hole);
}

TEST_HARNESS_MAIN
