// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is handed over, in two dma-bufs: by a server that comes late, and by a program
 * that became this one; and each call that server and client make, made to fail, one
 * after the other. The driver is made up (tests/lib/fake.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "files.h"
#include "served.h"

#define SIZE		(2 * MIB + 123)
#define CALLS_MAX	400

FIXTURE(whole) {
	struct udb_device *dev;
	struct udb_load *load;
	struct udb_load *got;
	struct udb_load_failure why;
	struct served served;
	char socket[100];
	int left[3];
};

FIXTURE_SETUP(whole)
{
	struct udb_load_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_LOAD_SPLIT };
	struct udb_load_source source = { 0 };

	files_begin();
	fake_begin();
	fake.size_limit_mb = 2;
	self->why.struct_size = sizeof(self->why);
	snprintf(self->socket, sizeof(self->socket), "%s", files_path("s"));
	source.path = files_make("a", SIZE);
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_load_files(self->dev, &source, 1, &opts, NULL,
				    &self->load));
	ASSERT_EQ(2, udb_load_nr_buffers(self->load));
}

FIXTURE_TEARDOWN(whole)
{
	udb_load_free(self->got);
	udb_load_free(self->load);
	udb_device_unref(self->dev);
	files_end();
}

TEST_F(whole, server_may_come_later)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 20000,
					    .flags = UDB_LOAD_FETCH_WAIT };
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(-udb_load_fetch(self->socket, &opts, NULL, &self->got));
	usleep(100000);
	ASSERT_EQ(0, served_begin(&self->served, self->socket, self->load, NULL,
				  NULL, 0));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, served_end(&self->served));
}

/*
 * What is inherited: the same, without a socket.
 */

static void leave(FIXTURE_DATA(whole) *self, const char *fds)
{
	struct udb_buffer *bufs[2] = { udb_load_buffer(self->load, 0),
				       udb_load_buffer(self->load, 1) };
	char text[64];

	self->left[0] = udb_load_layout_fd(self->load, NULL, 0);
	self->left[1] = udb_buffer_dup_fd(bufs[0]);
	self->left[2] = udb_buffer_dup_fd(bufs[1]);
	/* as after exec */
	for (int i = 0; i < 3; i++)
		fcntl(self->left[i], F_SETFD, 0);
	snprintf(text, sizeof(text), "%d", self->left[0]);
	setenv("UDMABUF_LAYOUT_FD", text, 1);
	snprintf(text, sizeof(text), "%d,%d", self->left[1], self->left[2]);
	setenv("UDMABUF_FDS", fds ? fds : text, 1);
}

/* What a call that failed has not closed. */
static void leave_no_more(const FIXTURE_DATA(whole) *self)
{
	for (int i = 0; i < 3; i++)
		close(self->left[i]);
}

TEST_F(whole, inherits_all_of_it)
{
	uint64_t want, offset;
	struct udb_load_place place = { .struct_size = sizeof(place) };

	leave(self, NULL);
	ASSERT_EQ(0, udb_load_inherit(&self->why, &self->got))
	TH_LOG("%s", self->why.text);
	EXPECT_EQ(udb_load_size(self->load), udb_load_size(self->got));
	EXPECT_EQ(2, udb_load_nr_buffers(self->got));
	ASSERT_EQ(0, udb_load_place_get(self->got, 0, &place));
	EXPECT_EQ(0, udb_load_find(self->load, place.path, 7, 9, &want));
	EXPECT_EQ(0, udb_load_find(self->got, place.path, 7, 9, &offset));
	EXPECT_EQ(want, offset);
	EXPECT_EQ(FD_CLOEXEC,
		  fcntl(udb_buffer_fd(udb_load_buffer(self->got, 1)), F_GETFD));
}

TEST_F(whole, inherits_nothing)
{
	static const char *const wrong[] = {
		"", "x", "1,", "1,,2", "9999", "-1", "1;2", "99999999999999"
	};

	unsetenv("UDMABUF_FDS");
	EXPECT_EQ(-ENOENT, udb_load_inherit(&self->why, &self->got));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		leave(self, wrong[i]);
		EXPECT_GT(0, udb_load_inherit(&self->why, &self->got))
		TH_LOG("'%s'", wrong[i]);
		EXPECT_NULL(self->got);
		EXPECT_NE('\0', self->why.text[0]);
		/* they were taken over: one of them was standard output */
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
}

/* Two buffers, one behind the other. */
TEST_F(whole, maps_in_one_piece)
{
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .access = UDB_READ };
	void *addr;

	for (int i = 0; i < 2; i++) {
		struct udb_buffer *buf = udb_load_buffer(self->load, i);
		void *one;

		ASSERT_EQ(0, udb_buffer_map(buf, NULL, &one));
		memset(one, 1 + i, udb_buffer_size(buf));
		udb_unmap(one, udb_buffer_size(buf));
	}
	ASSERT_EQ(0, udb_load_map(self->load, &opts, &addr));
	EXPECT_EQ(1, ((const char *)addr)[2 * MIB - 1]);
	EXPECT_EQ(2, ((const char *)addr)[2 * MIB]);
	EXPECT_EQ(0, udb_unmap(addr, udb_load_size(self->load)));
	opts.access = 4;
	EXPECT_EQ(-EINVAL, udb_load_map(self->load, &opts, &addr));
}

/*
 * Every call fails once
 */

/* The client's, with a server in a process of its own. */
static int run_fetch(FIXTURE_DATA(whole) *self)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 20000 };
	int ret = udb_load_fetch(self->socket, &opts, &self->why, &self->got);

	self->got = udb_load_free(self->got);
	return ret;
}

static int run_inherit(FIXTURE_DATA(whole) *self)
{
	int ret = udb_load_inherit(&self->why, &self->got);

	self->got = udb_load_free(self->got);
	return ret;
}

static int run_map(FIXTURE_DATA(whole) *self)
{
	void *addr;
	int ret = udb_load_map(self->load, NULL, &addr);

	if (!ret)
		udb_unmap(addr, udb_load_size(self->load));
	return ret;
}

/* A server that has only to be there and go. */
static int run_server(FIXTURE_DATA(whole) *self)
{
	char path[120];
	struct udb_load_server *server = NULL;
	int ret;

	snprintf(path, sizeof(path), "%s2", self->socket);
	ret = udb_load_server_new(path, NULL, &self->why, &server);
	if (!ret)
		ret = udb_load_server_offer(server, self->load, NULL, 0);
	if (!ret)
		ret = udb_load_server_run(server, 0);
	udb_load_server_free(server);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static void fail_each_call(struct udb_test *_metadata,
			   FIXTURE_DATA(whole) *self,
			   int (*run)(FIXTURE_DATA(whole) *self))
{
	const struct fake_held before = fake_held();
	unsigned int nth = 0, failed = 0;
	enum fake_call hit;
	int ret;

	do {
		ASSERT_LT(nth, CALLS_MAX);
		leave(self, NULL);
		fake_fail_any(++nth);
		ret = run(self);
		hit = fake_failed();
		fake_fail_any(0);
		leave_no_more(self);
		failed += ret < 0;
		EXPECT_HELD(before);
		if (ret)
			TH_LOG("call %u, %s: %d, %s", nth, fake_call_name(hit),
			       ret, self->why.text);
	} while (hit != FAKE_NR_CALLS);
	EXPECT_EQ(0, ret);
	EXPECT_LT(2, failed);
}

TEST_F_TIMEOUT(whole, fetch_fails_at_each_call, 100)
{
	pid_t pid = fork();

	if (!pid) {
		if (served_begin(&self->served, self->socket, self->load, NULL,
				 NULL, 0))
			_exit(1);
		pause();
	}
	for (int i = 0; access(self->socket, F_OK) && i < 1000; i++)
		usleep(10000);
	fail_each_call(_metadata, self, run_fetch);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F_TIMEOUT(whole, server_fails_at_each_call, 100)
{
	fail_each_call(_metadata, self, run_server);
}

TEST_F_TIMEOUT(whole, inherit_fails_at_each_call, 100)
{
	fail_each_call(_metadata, self, run_inherit);
}

TEST_F_TIMEOUT(whole, map_fails_at_each_call, 100)
{
	fail_each_call(_metadata, self, run_map);
}

TEST_HARNESS_MAIN
