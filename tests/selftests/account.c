// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter account=memlock: what buffers pin counts against RLIMIT_MEMLOCK of
 * the user who made them, whoever has them, and comes back when the last one lets
 * go. A process of a user without privilege tries how much it can have; the numbers
 * are of buffers of half the limit.
 */
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "mapping.h"
#include "newer.h"

#define SIZE	UDB_HUGE
#define LIMIT	(2 * SIZE)

/* Somebody who has nothing else. */
#define USER	54321

#define NR_MAX	8

FIXTURE(account) {
	int dev;
	int memfd;
	int bufs[NR_MAX];
};

UDB_BACKING_VARIANTS(account);

FIXTURE_SETUP(account)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	for (i = 0; i < NR_MAX; i++)
		self->bufs[i] = -1;
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, 0);
	ASSERT_EQ(0, udb_param_set("account", "memlock"));
}

FIXTURE_TEARDOWN(account)
{
	int i;

	EXPECT_EQ(0, udb_param_set("account", "none"));
	for (i = 0; i < NR_MAX; i++)
		if (self->bufs[i] >= 0)
			close(self->bufs[i]);
	close(self->memfd);
	close(self->dev);
}

/* Becomes the user, with a limit: only its own process can do that. */
static bool become_user(size_t limit)
{
	const struct rlimit memlock = { .rlim_cur = limit, .rlim_max = limit };

	return !setrlimit(RLIMIT_MEMLOCK, &memlock) && !setgroups(0, NULL) &&
	       !setresgid(USER, USER, USER) && !setresuid(USER, USER, USER);
}

/* Makes buffers until that fails: how many, or -errno when not for the limit. */
static int take_all(FIXTURE_DATA(account) *self)
{
	int nr, buf;

	for (nr = 0; nr < NR_MAX; nr++) {
		buf = udb_create(self->dev, self->memfd, 0, SIZE);
		if (buf < 0)
			return errno == ENOMEM ? nr : -errno;
		self->bufs[nr] = buf;
	}
	return nr;
}

/* A process of the user that does @work; what that says, or -1. */
static int as_user(FIXTURE_DATA(account) *self, size_t limit,
		   int (*work)(FIXTURE_DATA(account) *self))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(become_user(limit) ? work(self) & 0xff : 255);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(account, limit_is_honoured)
{
	EXPECT_EQ(2, as_user(self, LIMIT, take_all));
	EXPECT_EQ(1, as_user(self, LIMIT - UDB_PAGE, take_all));
	EXPECT_EQ(0, as_user(self, SIZE - 1, take_all));
	EXPECT_EQ(0, as_user(self, 0, take_all));
	EXPECT_EQ(NR_MAX, as_user(self, RLIM_INFINITY, take_all));
}

static int take_give_take(FIXTURE_DATA(account) *self)
{
	int nr = take_all(self);

	if (nr != 2)
		return 100 + nr;
	close(self->bufs[0]);
	return take_all(self);
}

TEST_F(account, closed_buffer_is_given_back)
{
	EXPECT_EQ(1, as_user(self, LIMIT, take_give_take));
}

/* The end of a process is the end of its buffers. */
TEST_F(account, exit_gives_back)
{
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(2, as_user(self, LIMIT, take_all));
}

/* A second process of the same user has no limit of its own. */
static int take_and_fork(FIXTURE_DATA(account) *self)
{
	int status;
	pid_t pid;

	if (take_all(self) != 2)
		return 100;
	pid = fork();
	if (!pid)
		_exit(take_all(self));
	if (waitpid(pid, &status, 0) != pid)
		return 101;
	return WEXITSTATUS(status);
}

TEST_F(account, fork_is_no_way_round)
{
	EXPECT_EQ(0, as_user(self, LIMIT, take_and_fork));
}

static int take_and_be_killed(FIXTURE_DATA(account) *self)
{
	if (take_all(self) == 2)
		kill(getpid(), SIGKILL);
	return 100;
}

TEST_F(account, kill_gives_back)
{
	EXPECT_EQ(-1, as_user(self, LIMIT, take_and_be_killed));
	EXPECT_EQ(2, as_user(self, LIMIT, take_all));
}

/*
 * Makes buffers as the user and has them here: files of a process that has ended
 * belong to whoever took them from it.
 */
static void take_from_user(struct udb_test *_metadata,
			   FIXTURE_DATA(account) *self)
{
	int ready[2], go[2], status, i;
	char byte = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		byte = (char)(become_user(LIMIT) ? take_all(self) : 255);
		_exit(write(ready[1], &byte, 1) != 1 ||
		      read(go[0], &byte, 1) != 1);
	}
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(2, byte);
	for (i = 0; i < 2; i++)
		self->bufs[i] = newer_take_fd(pid, "/dmabuf:", i);
	EXPECT_EQ(1, write(go[1], &byte, 1));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_GE(self->bufs[i], 0);
		close(ready[i]);
		close(go[i]);
	}
}

TEST_F(account, passed_on_it_still_counts)
{
	take_from_user(_metadata, self);
	EXPECT_EQ(0, as_user(self, LIMIT, take_all));
	close(self->bufs[0]);
	self->bufs[0] = -1;
	EXPECT_EQ(1, as_user(self, LIMIT, take_all));
	close(self->bufs[1]);
	self->bufs[1] = -1;
	EXPECT_EQ(2, as_user(self, LIMIT, take_all));
}

TEST_F(account, mapping_still_counts)
{
	char *map;

	take_from_user(_metadata, self);
	map = udb_map(self->bufs[0], SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	close(self->bufs[0]);
	self->bufs[0] = -1;
	EXPECT_EQ(0, as_user(self, LIMIT, take_all));
	munmap(map, SIZE);
	EXPECT_EQ(1, as_user(self, LIMIT, take_all));
}

/* What was counted is given back, though nothing is counted any more. */
TEST_F(account, mode_may_change_meanwhile)
{
	take_from_user(_metadata, self);
	ASSERT_EQ(0, udb_param_set("account", "none"));
	close(self->bufs[0]);
	self->bufs[0] = -1;
	ASSERT_EQ(0, udb_param_set("account", "memlock"));
	EXPECT_EQ(1, as_user(self, LIMIT, take_all));
}

/* Errors that come before the memory is pinned, in the midst of it, and after. */
static int fail_and_take(FIXTURE_DATA(account) *self)
{
	struct udmabuf_create_item items[2] = {
		{ .memfd = self->memfd, .size = SIZE },
		{ .memfd = self->dev, .size = SIZE },
	};
	struct rlimit files = { .rlim_cur = 3, .rlim_max = 64 };
	int i;

	for (i = 0; i < 20; i++) {
		if (udb_create(self->dev, self->memfd, SIZE, SIZE) >= 0 ||
		    errno != EINVAL)
			return 100;
		if (udb_create_list(self->dev, items, 2) >= 0 ||
		    errno != EBADFD)
			return 101;
	}
	if (setrlimit(RLIMIT_NOFILE, &files))
		return 102;
	for (i = 0; i < 20; i++)
		if (udb_create(self->dev, self->memfd, 0, SIZE) >= 0 ||
		    errno != EMFILE)
			return 103;
	files.rlim_cur = 64;
	if (setrlimit(RLIMIT_NOFILE, &files))
		return 104;
	return take_all(self);
}

TEST_F(account, failed_create_gives_back)
{
	EXPECT_EQ(2, as_user(self, LIMIT, fail_and_take));
}

/* The same memory twice is pinned twice. */
static int take_twice_at_once(FIXTURE_DATA(account) *self)
{
	struct udmabuf_create_item items[3];
	int i, buf;

	for (i = 0; i < 3; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.size = SIZE,
		};
	if (udb_create_list(self->dev, items, 3) >= 0 || errno != ENOMEM)
		return 100;
	buf = udb_create_list(self->dev, items, 2);
	if (buf < 0)
		return 101;
	return take_all(self);
}

TEST_F(account, each_range_counts)
{
	EXPECT_EQ(0, as_user(self, LIMIT, take_twice_at_once));
}

static int take_read_only(FIXTURE_DATA(account) *self)
{
	if (newer_read_only(self->dev, self->memfd, SIZE) < 0)
		return 100;
	return take_all(self);
}

TEST_F(account, read_only_buffer_counts)
{
	EXPECT_EQ(1, as_user(self, LIMIT, take_read_only));
}

/* CAP_IPC_LOCK, which the tests have. */
TEST_F(account, privilege_has_no_limit)
{
	struct rlimit was, none = { 0 };

	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &was));
	none.rlim_max = was.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	EXPECT_EQ(NR_MAX, take_all(self));
	EXPECT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &was));
}

TEST_F(account, none_is_the_default)
{
	ASSERT_EQ(0, udb_param_set("account", "none"));
	EXPECT_EQ(NR_MAX, as_user(self, 0, take_all));
}

TEST_F(account, query_tells_the_mode)
{
	struct udmabuf_query query;

	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(UDMABUF_ACCOUNT_MEMLOCK, query.account);
	EXPECT_TRUE(query.features & UDMABUF_FEATURE_ACCOUNT);
	ASSERT_EQ(0, udb_param_set("account", "none"));
	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(UDMABUF_ACCOUNT_NONE, query.account);
}

TEST_F(account, unknown_mode_is_refused)
{
	EXPECT_EQ(-EINVAL, udb_param_set("account", "both"));
	EXPECT_EQ(-EINVAL, udb_param_set("account", "1"));
	EXPECT_EQ(1, as_user(self, SIZE, take_all));
}

TEST_HARNESS_MAIN
