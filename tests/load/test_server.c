// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server with clients that do not behave, at a socket that is not free, and how it
 * ends. There is no driver, so it has a memfd.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "served.h"
#include "wire.h"

FIXTURE(server) {
	struct udb_device *dev;
	struct udb_load *load;
	struct udb_load_failure why;
	struct udb_load_server_opts opts;
	struct served served;
	char socket[100];
	char lock[108];
};

FIXTURE_SETUP(server)
{
	struct udb_load_source source = { 0 };

	files_begin();
	self->dev = files_device();
	self->why.struct_size = sizeof(self->why);
	self->opts.struct_size = sizeof(self->opts);
	source.path = files_make("a", 5000);
	snprintf(self->socket, sizeof(self->socket), "%s", files_path("s"));
	snprintf(self->lock, sizeof(self->lock), "%s.lock", self->socket);
	ASSERT_EQ(0, udb_load_files(self->dev, &source, 1, NULL, NULL,
				    &self->load));
}

FIXTURE_TEARDOWN(server)
{
	EXPECT_EQ(0, served_end(&self->served));
	udb_load_free(self->load);
	udb_device_unref(self->dev);
	files_end();
}

static int try_to_serve(FIXTURE_DATA(server) *self)
{
	return served_begin(&self->served, self->socket, self->load,
			    &self->opts, NULL, 0);
}

static void serve_it(struct udb_test *_metadata, FIXTURE_DATA(server) *self)
{
	ASSERT_EQ(0, try_to_serve(self)) TH_LOG("%s", self->served.why.text);
}

static int fetch_it(FIXTURE_DATA(server) *self)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 20000,
					    .flags = UDB_LOAD_FETCH_MEMFD };
	struct udb_load *got = NULL;
	int ret = udb_load_fetch(self->socket, &opts, &self->why, &got);

	udb_load_free(got);
	return ret;
}

static void expect_failure(struct udb_test *_metadata,
			   FIXTURE_DATA(server) *self,
			   unsigned int nr, int error)
{
	const struct udb_load_event *event = served_event(&self->served, nr);

	ASSERT_NE(NULL, event);
	EXPECT_EQ(UDB_LOAD_EVENT_FAILED, event->kind);
	EXPECT_EQ(error, event->error);
	EXPECT_EQ(getpid(), event->pid);
}

/*
 * Clients that do not behave
 */

TEST_F(server, silent_client_is_timed_out)
{
	int fd;

	self->opts.timeout_ms = 100;
	serve_it(_metadata, self);
	fd = served_connect(self->socket);
	expect_failure(_metadata, self, 0, -ETIMEDOUT);
	close(fd);
}

TEST_F(server, silent_clients_do_not_block_others)
{
	int fds[10];

	self->opts.timeout_ms = 60000;
	serve_it(_metadata, self);
	for (int i = 0; i < 10; i++)
		fds[i] = served_connect(self->socket);
	EXPECT_EQ(0, fetch_it(self));
	ASSERT_NE(NULL, served_event(&self->served, 0));
	EXPECT_EQ(UDB_LOAD_EVENT_HANDED, self->served.events[0].kind);
	for (int i = 0; i < 10; i++)
		close(fds[i]);
	expect_failure(_metadata, self, 10, -ECONNRESET);
}

/* It asks, and then neither takes nor tells. */
TEST_F(server, client_that_takes_nothing_is_timed_out)
{
	struct udb_wire_hello hello = { .magic = UDB_WIRE_HELLO, .version = 1 };
	int fd;

	self->opts.timeout_ms = 100;
	serve_it(_metadata, self);
	fd = served_connect(self->socket);
	ASSERT_EQ(sizeof(hello), send(fd, &hello, sizeof(hello), 0));
	expect_failure(_metadata, self, 0, -ETIMEDOUT);
	EXPECT_EQ(0, fetch_it(self));
	close(fd);
}

/* More do not fit: they wait, and get their turn. */
TEST_F(server, clients_beyond_the_limit_wait)
{
	int fd;

	self->opts.timeout_ms = 300;
	self->opts.max_clients = 1;
	serve_it(_metadata, self);
	fd = served_connect(self->socket);
	EXPECT_EQ(0, fetch_it(self)) TH_LOG("%s", self->why.text);
	expect_failure(_metadata, self, 0, -ETIMEDOUT);
	EXPECT_EQ(UDB_LOAD_EVENT_HANDED, served_event(&self->served, 1)->kind);
	close(fd);
}

TEST_F(server, nonsense_ends_a_client)
{
	const struct udb_wire_hello hellos[] = {
		{ .magic = UDB_WIRE_REPLY, .version = 1 },
		{ .magic = UDB_WIRE_HELLO, .version = 0 },
		{ .magic = UDB_WIRE_HELLO, .version = 1, .kind = 1 },
		{ .magic = UDB_WIRE_HELLO, .version = 1, .kind = 2 },
		{ .magic = UDB_WIRE_HELLO, .version = 1, .error = 1 },
		{ .magic = UDB_WIRE_HELLO, .version = 1, .error = -5000 },
		{ .magic = UDB_WIRE_HELLO, .version = 1, .error = -EAGAIN },
	};
	const unsigned int nr = sizeof(hellos) / sizeof(hellos[0]);
	int fd;

	serve_it(_metadata, self);
	for (unsigned int i = 0; i < nr + 1; i++) {
		size_t size = sizeof(hellos[0]) - (i == nr ? 1 : 0);

		fd = served_connect(self->socket);
		ASSERT_EQ(size, send(fd, &hellos[i == nr ? 0 : i], size, 0));
		expect_failure(_metadata, self, i, -EBADMSG);
		close(fd);
	}
	EXPECT_EQ(0, fetch_it(self));
}

/* A client of a later version says more. */
TEST_F(server, longer_hello_is_understood)
{
	struct {
		struct udb_wire_hello hello;
		uint64_t more[8];
	} hello = { .hello = { .magic = UDB_WIRE_HELLO, .version = 2 } };
	struct udb_wire_reply reply;
	int fd;

	serve_it(_metadata, self);
	fd = served_connect(self->socket);
	ASSERT_EQ(sizeof(hello), send(fd, &hello, sizeof(hello), 0));
	ASSERT_EQ(sizeof(reply), recv(fd, &reply, sizeof(reply), 0));
	EXPECT_EQ(UDB_WIRE_REPLY, reply.magic);
	EXPECT_EQ(1, reply.version);
	EXPECT_EQ(0, reply.error);
	EXPECT_EQ(2, reply.total);
	close(fd);
}

/* Files that a client sends along are not kept. */
TEST_F(server, files_of_a_client_are_closed)
{
	struct udb_wire_hello hello = { .magic = UDB_WIRE_HELLO, .version = 1 };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET,
				  SCM_RIGHTS } };
	struct iovec iov = { &hello, sizeof(hello) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd, pipes[2];
	char byte;

	serve_it(_metadata, self);
	ASSERT_EQ(0, pipe(pipes));
	memcpy(CMSG_DATA(&control.header), &pipes[1], sizeof(int));
	fd = served_connect(self->socket);
	ASSERT_EQ(sizeof(hello), sendmsg(fd, &msg, 0));
	close(pipes[1]);
	EXPECT_EQ(0, read(pipes[0], &byte, 1));
	close(pipes[0]);
	close(fd);
}

TEST_F(server, client_may_say_that_it_failed)
{
	struct udb_load *got = NULL;

	serve_it(_metadata, self);
	EXPECT_EQ(-EPERM, udb_load_fetch(self->socket, NULL, &self->why, &got));
	EXPECT_NULL(got);
	EXPECT_NE(NULL, strstr(self->why.text, "only a memfd"));
	expect_failure(_metadata, self, 0, -EPERM);
}

/*
 * The socket
 */

/* As after a crash: the socket is there, and nobody listens. */
static void leave_stale(struct udb_test *_metadata, FIXTURE_DATA(server) *self)
{
	struct udb_load_server *server;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (udb_load_server_new(self->socket, NULL, NULL, &server))
			_exit(1);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, access(self->socket, F_OK));
}

TEST_F(server, socket_of_a_dead_one_is_replaced)
{
	leave_stale(_metadata, self);
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_it(self));
}

TEST_F(server, dead_server_refuses)
{
	leave_stale(_metadata, self);
	EXPECT_EQ(-ECONNREFUSED, fetch_it(self));
	EXPECT_NE(NULL, strstr(self->why.text, "no server at"));
}

TEST_F(server, live_server_is_left_alone)
{
	struct served other;

	serve_it(_metadata, self);
	EXPECT_EQ(-EADDRINUSE, served_begin(&other, self->socket, self->load,
					    NULL, NULL, 0));
	EXPECT_NE(NULL, strstr(other.why.text, "somebody serves at"));
	EXPECT_EQ(0, fetch_it(self));
}

/*
 * Another one that has just found the socket of a dead one, as this one has: before it
 * listens itself, only its lock shows it.
 */
TEST_F(server, server_that_does_not_listen_yet_is_left_alone)
{
	int fd;

	leave_stale(_metadata, self);
	fd = open(self->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_EQ(-EADDRINUSE, try_to_serve(self));
	EXPECT_EQ(0, access(self->socket, F_OK));
	close(fd);
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_it(self));
}

/* One that knows nothing of locks. */
TEST_F(server, live_socket_of_another_program_is_left_alone)
{
	int fd = served_bind(self->socket, SOCK_STREAM);

	ASSERT_EQ(0, listen(fd, 5));
	EXPECT_EQ(-EADDRINUSE, try_to_serve(self));
	EXPECT_EQ(0, access(self->socket, F_OK));
	EXPECT_EQ(-1, access(self->lock, F_OK));
	close(fd);
}

TEST_F(server, file_in_the_way_is_left_alone)
{
	struct stat st;

	files_write(self->socket, 0, 10);
	EXPECT_EQ(-EEXIST, try_to_serve(self));
	EXPECT_NE(NULL, strstr(self->served.why.text, "is no socket"));
	ASSERT_EQ(0, stat(self->socket, &st));
	EXPECT_EQ(10, st.st_size);
}

TEST_F(server, path_that_cannot_be)
{
	struct udb_load_server *server = NULL;
	char longer[200];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG,
		  udb_load_server_new(longer, NULL, &self->why, &server));
	EXPECT_EQ(-ENOENT,
		  udb_load_server_new("/none/s", NULL, &self->why, &server));
	EXPECT_EQ(-EINVAL,
		  udb_load_server_new(NULL, NULL, &self->why, &server));
	EXPECT_EQ(-EINVAL, udb_load_server_new("", NULL, &self->why, &server));
	EXPECT_NULL(server);
}

TEST_F(server, end_leaves_no_file)
{
	serve_it(_metadata, self);
	EXPECT_EQ(0, access(self->lock, F_OK));
	EXPECT_EQ(0, served_end(&self->served));
	EXPECT_EQ(-1, access(self->socket, F_OK));
	EXPECT_EQ(-1, access(self->lock, F_OK));
	EXPECT_EQ(-ENOENT, fetch_it(self));
}

/* As a service manager hands it over; the socket is not the server's to remove. */
TEST_F(server, socket_that_listens_already)
{
	int fd = served_bind(self->socket, SOCK_SEQPACKET);

	self->opts.flags = UDB_LOAD_SERVER_SOCKET;
	self->opts.socket = fd;
	EXPECT_EQ(-ENOTSOCK, try_to_serve(self));
	ASSERT_EQ(0, listen(fd, 5));
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_it(self));
	EXPECT_EQ(0, served_end(&self->served));
	EXPECT_EQ(0, access(self->socket, F_OK));
	close(fd);
}

/*
 * The run
 */

TEST_F(server, run_ends_in_time)
{
	struct udb_load_server *server;

	ASSERT_EQ(0, udb_load_server_new(self->socket, NULL, NULL, &server));
	EXPECT_EQ(-EINVAL, udb_load_server_run(server, 0));
	EXPECT_EQ(0, udb_load_server_offer(server, self->load, NULL, 0));
	EXPECT_EQ(-EBUSY, udb_load_server_offer(server, self->load, NULL, 0));
	EXPECT_EQ(-ETIMEDOUT, udb_load_server_run(server, 0));
	EXPECT_EQ(-ETIMEDOUT, udb_load_server_run(server, 30));
	udb_load_server_stop(server);
	EXPECT_EQ(0, udb_load_server_run(server, -1));
	EXPECT_EQ(0, udb_load_server_run(server, 0));
	EXPECT_NULL(udb_load_server_free(server));
	EXPECT_NULL(udb_load_server_free(NULL));
}

/* Who comes while it is loaded waits. */
TEST_F(server, client_may_come_before_the_offer)
{
	struct udb_load_server *server;
	int status;
	pid_t pid;

	ASSERT_EQ(0, udb_load_server_new(self->socket, NULL, NULL, &server));
	pid = fork();
	if (!pid)
		_exit(-fetch_it(self));
	usleep(100000);
	ASSERT_EQ(0, udb_load_server_offer(server, self->load, NULL, 0));
	while (!waitpid(pid, &status, WNOHANG))
		udb_load_server_run(server, 10);
	EXPECT_EQ(0, status);
	udb_load_server_free(server);
}

TEST_F(server, options_are_checked)
{
	static const struct udb_load_server_opts wrong[] = {
		{ .struct_size = 8 },
		{ .struct_size = sizeof(wrong[0]), .flags = 1U << 3 },
		{ .struct_size = sizeof(wrong[0]), .mode = 01000 },
		{ .struct_size = sizeof(wrong[0]), .nr_uids = 1 },
		{ .struct_size = sizeof(wrong[0]), .nr_gids = 1 },
		{ .struct_size = sizeof(wrong[0]), .max_clients = 1025 },
		{ .struct_size = sizeof(wrong[0]), .timeout_ms = 9 },
		{ .struct_size = sizeof(wrong[0]), .timeout_ms = 3600001 },
		{ .struct_size = sizeof(wrong[0]), .reserved = 1 },
	};
	struct udb_load_server *server = NULL;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EXPECT_EQ(-EINVAL, udb_load_server_new(self->socket, &wrong[i],
						       &self->why, &server))
		TH_LOG("options %zu", i);
		EXPECT_NULL(server);
		EXPECT_NE('\0', self->why.text[0]);
	}
	EXPECT_EQ(-1, access(self->socket, F_OK));
}

TEST_HARNESS_MAIN
