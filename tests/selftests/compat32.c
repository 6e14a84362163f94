// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of 32 bits on a kernel of 64: they reach a device by an entry of its
 * own, compat_ioctl, which the driver lacked until Linux 5.10; all that such a
 * program got was ENOTTY. The layouts are the same for both, and a test is a run
 * of compat32_caller.c, which does the work and says what was wrong.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>

#include "common.h"

#define SIZE		UDB_HUGE
#define FAR_OFFSET	(5 * UDB_GIB)

FIXTURE(compat32) {
	int dev;
	int memfd;
	char caller[PATH_MAX + 32];
};

UDB_BACKING_VARIANTS(compat32);

/* The caller lies beside this program. */
static bool find_caller(char *path, size_t size)
{
	char self[PATH_MAX] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	snprintf(path, size, "%s/compat32-caller", dirname(self));
	return !access(path, X_OK);
}

FIXTURE_SETUP(compat32)
{
	char *mem;

	TH_CHECK_FDS();
	ASSERT_TRUE(find_caller(self->caller, sizeof(self->caller)));
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	udb_stamp(mem, SIZE, 1, 0);
	munmap(mem, SIZE);
}

FIXTURE_TEARDOWN(compat32)
{
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

/* In the child: the descriptors where the caller looks for them. */
static void become_caller(
	FIXTURE_DATA(compat32) *self, int memfd, const char *what)
{
	int dev = fcntl(self->dev, F_DUPFD, 10);

	memfd = fcntl(memfd, F_DUPFD, 10);
	if (dup2(dev, 3) == 3 && dup2(memfd, 4) == 4)
		execl(self->caller, self->caller, what, NULL);
	_exit(98);
}

static void expect_right(struct udb_test *_metadata,
			 FIXTURE_DATA(compat32) *self,
			 int memfd, char *what)
{
	pid_t pid = fork();
	int status;

	ASSERT_GE(pid, 0);
	if (!pid)
		become_caller(self, memfd, what);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(compat32, create)
{
	expect_right(_metadata, self, self->memfd, "c");
}

TEST_F(compat32, create_list)
{
	expect_right(_metadata, self, self->memfd, "l");
}

TEST_F(compat32, sync)
{
	expect_right(_metadata, self, self->memfd, "s");
}

TEST_F(compat32, errors)
{
	expect_right(_metadata, self, self->memfd, "e");
}

TEST_F(compat32, offset_beyond_32_bits)
{
	int memfd = udb_memfd_empty(variant->backing, 6 * UDB_GIB);
	char *mem;

	ASSERT_GE(memfd, 0);
	mem = mmap(NULL, UDB_HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		   FAR_OFFSET);
	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 0x5a, UDB_PAGE);
	munmap(mem, UDB_HUGE);
	expect_right(_metadata, self, memfd, "h");
	close(memfd);
}

TEST_HARNESS_MAIN
