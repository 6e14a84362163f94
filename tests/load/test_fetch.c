// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client of a server that lies, is silent, or is not there. The driver is made up
 * (tests/lib/fake.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "files.h"
#include "served.h"
#include "wire.h"

#define SIZE	(2 * MIB + 123)

FIXTURE(fetch) {
	struct udb_device *dev;
	struct udb_load *load;
	struct udb_load *got;
	struct udb_load_failure why;
	struct served served;
	char socket[100];
};

FIXTURE_SETUP(fetch)
{
	struct udb_load_source source = { 0 };

	files_begin();
	fake_begin();
	self->why.struct_size = sizeof(self->why);
	snprintf(self->socket, sizeof(self->socket), "%s", files_path("s"));
	source.path = files_make("a", SIZE);
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_load_files(self->dev, &source, 1, NULL, NULL,
				    &self->load));
}

FIXTURE_TEARDOWN(fetch)
{
	EXPECT_EQ(0, served_end(&self->served));
	udb_load_free(self->got);
	udb_load_free(self->load);
	udb_device_unref(self->dev);
	files_end();
}

static int fetch_with(FIXTURE_DATA(fetch) *self, uint32_t flags, int timeout_ms)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = timeout_ms,
					    .flags = flags };

	return udb_load_fetch(self->socket, &opts, &self->why, &self->got);
}

/*
 * A server that lies: the truth, with one thing changed.
 */

struct lie {
	struct udb_wire_reply reply;
	size_t reply_size;
	uint8_t layout[4096];
	size_t layout_size;
	struct udb_wire_head *head;
	uint64_t *sizes;
	struct udb_wire_place *places;
	int seals;
	int nr;
	int file; /* in place of the dma-buf */
	bool mute;
};

FIXTURE_VARIANT(fetch) {
	void (*lie)(struct lie *lie);
	int error;
	uint32_t flags;
	const char *says;
};

static void truth(FIXTURE_DATA(fetch) *self, struct lie *lie)
{
	size_t size;
	void *bytes;

	if (udb_wire_pack(self->load, NULL, 0, 0, &bytes, &size) ||
	    size > sizeof(lie->layout))
		abort();
	memcpy(lie->layout, bytes, size);
	free(bytes);
	lie->layout_size = size;
	lie->head = (void *)lie->layout;
	lie->sizes = (void *)(lie->head + 1);
	lie->places = (void *)(lie->sizes + 1);
	lie->seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	lie->nr = 2;
	lie->file = udb_buffer_fd(udb_load_buffer(self->load, 0));
	lie->reply_size = sizeof(lie->reply);
	lie->reply = (struct udb_wire_reply){
		.magic = UDB_WIRE_REPLY,
		.version = UDB_WIRE_VERSION,
		.nr = 2,
		.total = 2,
		.layout_size = size,
	};
}

static int lie_layout(const struct lie *lie)
{
	int fd = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 ||
	    write(fd, lie->layout, lie->layout_size) !=
		    (ssize_t)lie->layout_size ||
	    fcntl(fd, F_ADD_SEALS, lie->seals))
		abort();
	return fd;
}

static void lie_send(const struct lie *lie, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)&lie->reply, lie->reply_size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control };
	const int files[2] = { lie_layout(lie), lie->file };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(lie->nr * sizeof(int));
	memcpy(CMSG_DATA(&control.header), files, sizeof(files));
	msg.msg_controllen = lie->nr ? CMSG_SPACE(lie->nr * sizeof(int)) : 0;
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
		abort();
	close(files[0]);
}

/* In a process of its own, so that only the client's files are counted here. */
static pid_t lie_begin(FIXTURE_DATA(fetch) *self, void (*change)(struct lie *))
{
	int listener = served_bind(self->socket, SOCK_SEQPACKET), fd;
	struct udb_wire_hello hello;
	struct lie lie = { 0 };
	pid_t pid;

	if (listen(listener, 1))
		abort();
	truth(self, &lie);
	change(&lie);
	pid = fork();
	if (pid) {
		close(listener);
		return pid;
	}
	fd = accept(listener, NULL, NULL);
	recv(fd, &hello, sizeof(hello), 0);
	if (!lie.mute)
		lie_send(&lie, fd);
	/* until the client goes */
	while (recv(fd, &hello, sizeof(hello), 0) > 0)
		;
	_exit(0);
}

static void lie_not(struct lie *lie)
{
	(void)lie;
}

static void lie_magic(struct lie *lie)
{
	lie->reply.magic++;
}

static void lie_version(struct lie *lie)
{
	lie->reply.version++;
}

static void lie_error(struct lie *lie)
{
	lie->reply.error = 5;
}

static void lie_refuses(struct lie *lie)
{
	lie->reply.error = -ENOSPC;
	lie->nr = 0;
}

static void lie_short(struct lie *lie)
{
	lie->reply_size--;
}

static void lie_without_files(struct lie *lie)
{
	lie->nr = 0;
}

static void lie_one_file(struct lie *lie)
{
	lie->nr = 1;
}

static void lie_total(struct lie *lie)
{
	lie->reply.total = 1U << 31;
}

static void lie_first(struct lie *lie)
{
	lie->reply.first = 1;
}

static void lie_unsealed(struct lie *lie)
{
	lie->seals = F_SEAL_SHRINK;
}

static void lie_layout_size(struct lie *lie)
{
	lie->reply.layout_size++;
}

static void lie_layout_huge(struct lie *lie)
{
	lie->reply.layout_size = 1ULL << 62;
}

static void lie_layout_magic(struct lie *lie)
{
	lie->head->magic++;
}

static void lie_layout_version(struct lie *lie)
{
	lie->head->version++;
}

static void lie_layout_flags(struct lie *lie)
{
	lie->head->flags = 1U << 31;
}

static void lie_places(struct lie *lie)
{
	lie->head->nr_places++;
}

static void lie_place(struct lie *lie)
{
	lie->places->buffer_offset = lie->head->size - SIZE + 1;
}

static void lie_path(struct lie *lie)
{
	lie->places->path = lie->head->text_size;
}

static void lie_text(struct lie *lie)
{
	lie->layout[lie->layout_size - 1] = 'x';
}

static void lie_size(struct lie *lie)
{
	lie->sizes[0] += 2 * MIB;
	lie->head->size += 2 * MIB;
}

static void lie_read_only(struct lie *lie)
{
	lie->head->flags = UDB_WIRE_READ_ONLY;
}

static void lie_no_dmabuf(struct lie *lie)
{
	lie->file = lie_layout(lie);
}

static void lie_exporter(struct lie *lie)
{
	lie->file = fake_dmabuf(lie->head->size, "system");
}

static void lie_mute(struct lie *lie)
{
	lie->mute = true;
}

#define LIE(_name, _error, _says)					\
	FIXTURE_VARIANT_ADD(fetch, _name) {				\
		.lie = lie_##_name, .error = _error, .says = _says,	\
	}

#define AGREE	"do not agree"

LIE(magic, -EBADMSG, "something else");
LIE(version, -EPROTONOSUPPORT, "newer");
LIE(error, -EBADMSG, "error");
LIE(refuses, -ENOSPC, "refuses");
LIE(short, -EBADMSG, "too short");
LIE(without_files, -EBADMSG, AGREE);
LIE(one_file, -EBADMSG, AGREE);
LIE(total, -EBADMSG, AGREE);
LIE(first, -EBADMSG, AGREE);
LIE(unsealed, -EBADMSG, "can change");
LIE(layout_size, -EBADMSG, "another size");
LIE(layout_huge, -EBADMSG, "another size");
LIE(layout_magic, -EBADMSG, "is none");
LIE(layout_version, -EPROTONOSUPPORT, "newer");
LIE(layout_flags, -EBADMSG, "flags");
LIE(places, -EBADMSG, "another length");
LIE(place, -EBADMSG, "file is not in");
LIE(path, -EBADMSG, "file is not in");
LIE(text, -EBADMSG, "without end");
LIE(size, -EBADMSG, "another size");
LIE(read_only, -EBADMSG, "not read-only");
LIE(no_dmabuf, -EBADMSG, "no dma-buf");
LIE(exporter, -EPERM, "not of udmabuf");
LIE(mute, -ETIMEDOUT, "imed out");

FIXTURE_VARIANT_ADD(fetch, not) {
	.lie = lie_not,
};

FIXTURE_VARIANT_ADD(fetch, exporter_that_is_allowed) {
	.lie = lie_exporter,
	.flags = UDB_LOAD_FETCH_ANY,
};

/* One thing is wrong: one error says so, and nothing is left. */
TEST_F(fetch, believes_nothing)
{
	pid_t pid = lie_begin(self, variant->lie);
	const struct fake_held before = fake_held();
	int timeout = variant->error == -ETIMEDOUT ? 100 : 20000;

	EXPECT_EQ(variant->error, fetch_with(self, variant->flags, timeout))
	TH_LOG("%s", self->why.text);
	EXPECT_EQ(!variant->error, !!self->got);
	if (variant->error) {
		EXPECT_NE(NULL, strstr(self->why.text, variant->says))
		TH_LOG("%s", self->why.text);
		EXPECT_EQ(variant->error, self->why.error);
	}
	self->got = udb_load_free(self->got);
	EXPECT_HELD(before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * A server that is not there
 */

FIXTURE(alone) {
	struct udb_load_failure why;
	struct udb_load *got;
	char socket[100];
};

FIXTURE_SETUP(alone)
{
	files_begin();
	fake_begin();
	self->why.struct_size = sizeof(self->why);
	snprintf(self->socket, sizeof(self->socket), "%s", files_path("s"));
}

FIXTURE_TEARDOWN(alone)
{
	files_end();
}

TEST_F(alone, nobody_is_there)
{
	EXPECT_EQ(-ENOENT,
		  udb_load_fetch(self->socket, NULL, &self->why, &self->got));
	EXPECT_EQ(UDB_LOAD_FAULT_SOCKET, self->why.fault);
	EXPECT_STREQ(self->socket, self->why.path);
	EXPECT_NULL(self->got);
}

TEST_F(alone, nobody_comes)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 100,
					    .flags = UDB_LOAD_FETCH_WAIT };

	EXPECT_EQ(-ENOENT,
		  udb_load_fetch(self->socket, &opts, &self->why, &self->got));
}

TEST_F(alone, wrong_options)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .flags = 1U << 3 };

	EXPECT_EQ(-EINVAL,
		  udb_load_fetch(self->socket, &opts, NULL, &self->got));
	opts = (struct udb_load_fetch_opts){ .struct_size = 8 };
	EXPECT_EQ(-EINVAL,
		  udb_load_fetch(self->socket, &opts, NULL, &self->got));
	EXPECT_EQ(-EINVAL, udb_load_fetch(NULL, NULL, &self->why, &self->got));
}

/* A server that accepts and ends at once. */
TEST_F(alone, server_ends)
{
	int listener = served_bind(self->socket, SOCK_SEQPACKET);
	pid_t pid;

	ASSERT_EQ(0, listen(listener, 1));
	pid = fork();
	if (!pid)
		_exit(accept(listener, NULL, NULL) < 0);
	close(listener);
	EXPECT_EQ(-ECONNRESET,
		  udb_load_fetch(self->socket, NULL, &self->why, &self->got));
	EXPECT_NE(NULL, strstr(self->why.text, "has ended"));
	waitpid(pid, NULL, 0);
}

/* Nobody accepts, and the queue is full: connecting itself takes too long. */
TEST_F(alone, server_hangs)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 200 };
	int listener = served_bind(self->socket, SOCK_SEQPACKET);
	int first;

	ASSERT_EQ(0, listen(listener, 0));
	first = served_connect(self->socket);
	EXPECT_EQ(-ETIMEDOUT,
		  udb_load_fetch(self->socket, &opts, &self->why, &self->got));
	close(first);
	close(listener);
}

TEST_HARNESS_MAIN
