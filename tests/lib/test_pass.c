// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers over sockets, from a sender that means well and from one that does not.
 * The message is written out here as it must stay for processes with different
 * versions of the library.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"

/* As in version 1 of the protocol; not from the library on purpose. */
struct message {
	uint32_t magic;
	uint32_t version;
	uint32_t message_size;
	uint32_t kind;
	uint64_t size;
	uint64_t offset;
	uint64_t memfd_offset;
	uint32_t has_layout;
	uint32_t format;
	uint32_t width;
	uint32_t height;
	uint64_t modifier;
	uint64_t layout_size;
	uint64_t plane_offset[4];
	uint32_t plane_stride[4];
	uint32_t nr_planes;
	uint32_t reserved;
};

#define SIZE	(2 * fake_page())

FIXTURE(pass) {
	struct fake_held before;
	struct udb_buffer *buf;
	struct udb_receive_opts opts;
	int socket[2];
	int fd;
};

FIXTURE_VARIANT(pass) {
	int type;
};

FIXTURE_VARIANT_ADD(pass, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(pass, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(pass)
{
	fake_begin();
	self->before = fake_held();
	self->buf = NULL;
	self->opts =
		(struct udb_receive_opts){ .struct_size = sizeof(self->opts) };
	ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0,
				self->socket));
	self->fd = fake_dmabuf(SIZE, "udmabuf");
}

FIXTURE_TEARDOWN(pass)
{
	udb_buffer_free(self->buf);
	close(self->socket[0]);
	close(self->socket[1]);
	close(self->fd);
	EXPECT_HELD(self->before);
}

static struct message good_message(void)
{
	return (struct message){
		.magic = UDB_FOURCC('u', 'd', 'b', 'P'),
		.version = 1,
		.message_size = sizeof(struct message),
		.size = SIZE,
		.has_layout = 1,
		.format = UDB_FOURCC('X', 'R', '2', '4'),
		.width = 16,
		.height = 16,
		.layout_size = 16 * 256,
		.plane_stride = { 256 },
		.nr_planes = 1,
	};
}

/* Bytes with any number of files. */
static int send_raw(int socket, const void *bytes, size_t size, const int *fds,
		    size_t nr)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, nr * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

#define SEND(message)							\
	ASSERT_EQ(0, send_raw(self->socket[0], message,			\
			      sizeof(*(message)), &self->fd, 1))

#define RECEIVE()							\
	udb_pass_receive(self->socket[1], 0, &self->opts, &self->buf)

/* Sends a buffer with all that it has, and gets it back. */
TEST_F(pass, there_and_back)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	struct udb_device *dev;
	struct udb_buffer *sent;

	ASSERT_EQ(0, udb_layout_compute(UDB_FOURCC('N', 'V', '1', '2'), 64, 48,
					64, &layout));
	ASSERT_EQ(0, udb_device_open(NULL, &dev));
	ASSERT_EQ(0, udb_buffer_alloc_image(dev, &layout, NULL, &sent));
	ASSERT_EQ(0, udb_pass_send(self->socket[0], sent));
	ASSERT_EQ(0, udb_pass_receive(self->socket[1], -1, NULL, &self->buf));
	EXPECT_EQ(udb_buffer_size(sent), udb_buffer_size(self->buf));
	ASSERT_NE(NULL, udb_buffer_layout(self->buf));
	EXPECT_EQ(0, memcmp(&layout, udb_buffer_layout(self->buf),
			    sizeof(layout)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(udb_buffer_fd(self->buf), F_GETFD));
	udb_buffer_free(sent);
	udb_device_unref(dev);
}

/* What other versions of the library send must be understood for ever. */
TEST_F(pass, message_of_version_1)
{
	struct message message = good_message();

	SEND(&message);
	ASSERT_EQ(0, RECEIVE());
	EXPECT_EQ(SIZE, udb_buffer_size(self->buf));
	EXPECT_EQ(256, udb_buffer_layout(self->buf)->stride[0]);
}

TEST_F(pass, without_layout)
{
	struct message message = good_message();

	message.has_layout = 0;
	message.format = 0;
	SEND(&message);
	ASSERT_EQ(0, RECEIVE());
	EXPECT_NULL(udb_buffer_layout(self->buf));
}

/* Each number made wrong alone. No file may stay open. */
TEST_F(pass, lies)
{
#define EXPECT_LIE(field, value, error) do {				\
		struct message message = good_message();		\
									\
		message.field = value;					\
		SEND(&message);						\
		EXPECT_EQ(error, RECEIVE())				\
			TH_LOG("%s", #field);				\
	} while (0)

	EXPECT_LIE(magic, 0, -EBADMSG);
	EXPECT_LIE(version, 2, -EPROTONOSUPPORT);
	EXPECT_LIE(message_size, 1, -EBADMSG);
	EXPECT_LIE(kind, 2, -EBADMSG);
	EXPECT_LIE(reserved, 1, -EBADMSG);
	EXPECT_LIE(size, 0, -EBADMSG);
	EXPECT_LIE(size, SIZE - fake_page(), -EBADMSG);
	EXPECT_LIE(size, SIZE + fake_page(), -EBADMSG);
	EXPECT_LIE(size, UINT64_MAX, -EBADMSG);
	EXPECT_LIE(offset, fake_page(), -EBADMSG);
	EXPECT_LIE(offset, UINT64_MAX, -EBADMSG);
	EXPECT_LIE(memfd_offset, fake_page(), -EBADMSG);
	EXPECT_LIE(has_layout, 2, -EBADMSG);
	EXPECT_LIE(format, 0, -EBADMSG);
	EXPECT_LIE(modifier, 1, -EBADMSG);
	EXPECT_LIE(width, 128, -EBADMSG);
	EXPECT_LIE(height, UINT32_MAX, -EBADMSG);
	EXPECT_LIE(layout_size, SIZE + 1, -EBADMSG);
	EXPECT_LIE(plane_offset[0], UINT64_MAX, -EBADMSG);
	EXPECT_LIE(plane_stride[0], 0, -EBADMSG);
	EXPECT_LIE(nr_planes, 5, -EBADMSG);
	EXPECT_NULL(self->buf);
}

TEST_F(pass, no_file)
{
	struct message message = good_message();

	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message), NULL,
			      0));
	EXPECT_EQ(-EBADMSG, RECEIVE());
}

TEST_F(pass, more_files_than_one)
{
	struct message message = good_message();
	int fds[2] = { self->fd, self->fd };

	ASSERT_EQ(0,
		  send_raw(self->socket[0], &message, sizeof(message), fds, 2));
	EXPECT_EQ(-EBADMSG, RECEIVE());
}

/* More than there is room for: the rest must not stay open either. */
TEST_F(pass, many_files)
{
	struct message message = good_message();
	int fds[16];

	for (size_t i = 0; i < 16; i++)
		fds[i] = self->fd;
	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message), fds,
			      16));
	EXPECT_EQ(-EBADMSG, RECEIVE());
}

/* Any file can be sent; reading it could block, or change under one's feet. */
TEST_F(pass, another_kind_of_file)
{
	struct message message = good_message();

	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message),
			      &self->socket[0], 1));
	EXPECT_EQ(-EBADMSG, RECEIVE());
	/* an ioctl could do anything to it */
	EXPECT_EQ(0, fake_calls(FAKE_IOCTL));
}

/* Memory of a device can be slow, or go away with SIGBUS. */
TEST_F(pass, another_exporter_only_when_allowed)
{
	struct message message = good_message();
	int fd = fake_dmabuf(SIZE, "amdgpu");

	ASSERT_EQ(0,
		  send_raw(self->socket[0], &message, sizeof(message), &fd, 1));
	EXPECT_EQ(-EPERM, RECEIVE());
	self->opts.flags = UDB_RECEIVE_ANY;
	ASSERT_EQ(0,
		  send_raw(self->socket[0], &message, sizeof(message), &fd, 1));
	EXPECT_EQ(0, RECEIVE());
	close(fd);
}

static int memfd_with(int seals)
{
	int fd = memfd_create("pass", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, SIZE) || fcntl(fd, F_ADD_SEALS, seals))
		return -1;
	return fd;
}

/* One that can shrink would raise SIGBUS whenever its owner likes. */
TEST_F(pass, memfd_only_when_allowed_and_sealed)
{
	struct message message = good_message();
	int sealed = memfd_with(F_SEAL_SHRINK), open = memfd_with(0);

	message.kind = 1;
	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message),
			      &sealed, 1));
	EXPECT_EQ(-EPERM, RECEIVE());
	self->opts.flags = UDB_RECEIVE_MEMFD;
	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message), &open,
			      1));
	EXPECT_EQ(-EBADMSG, RECEIVE());
	ASSERT_EQ(0, send_raw(self->socket[0], &message, sizeof(message),
			      &sealed, 1));
	EXPECT_EQ(0, RECEIVE());
	EXPECT_GE(udb_buffer_memfd(self->buf), 0);
	close(sealed);
	close(open);
}

TEST_F(pass, nothing_comes)
{
	EXPECT_EQ(-ETIMEDOUT, RECEIVE());
	EXPECT_EQ(-ETIMEDOUT,
		  udb_pass_receive(self->socket[1], 20, NULL, &self->buf));
}

TEST_F(pass, other_side_is_gone)
{
	struct udb_buffer *buf;

	close(self->socket[0]);
	self->socket[0] = -1;
	EXPECT_EQ(-ECONNRESET, RECEIVE());
	ASSERT_EQ(0, udb_buffer_adopt(fake_dmabuf(SIZE, "udmabuf"), &buf));
	EXPECT_EQ(-EPIPE, udb_pass_send(self->socket[1], buf));
	udb_buffer_free(buf);
}

/* A half message, and then nothing or the end. */
TEST_F(pass, half_a_message)
{
	struct message message = good_message();

	ASSERT_EQ(0, send_raw(self->socket[0], &message, 10, &self->fd, 1));
	EXPECT_EQ(-ETIMEDOUT, RECEIVE());
	ASSERT_EQ(0, send_raw(self->socket[0], &message, 10, &self->fd, 1));
	close(self->socket[0]);
	self->socket[0] = -1;
	EXPECT_EQ(-EBADMSG, udb_pass_receive(self->socket[1], -1, &self->opts,
					     &self->buf));
}

TEST_F(pass, packet_that_is_too_long)
{
	struct message messages[2] = { good_message(), good_message() };

	if (variant->type != SOCK_SEQPACKET)
		return; /* two messages on a stream, of which one is whole */
	ASSERT_EQ(0, send_raw(self->socket[0], messages, sizeof(messages),
			      &self->fd, 1));
	EXPECT_EQ(-EBADMSG, RECEIVE());
}

/* A stream may hand out a message in pieces. */
TEST_F(pass, message_in_pieces)
{
	struct message message = good_message();
	const char *bytes = (const char *)&message;

	if (variant->type != SOCK_STREAM)
		return; /* packets stay whole */
	ASSERT_EQ(0, send_raw(self->socket[0], bytes, 3, &self->fd, 1));
	ASSERT_EQ(0, send_raw(self->socket[0], bytes + 3, sizeof(message) - 3,
			      NULL, 0));
	EXPECT_EQ(0, RECEIVE());
}

/* Each piece with some files, together more than there is room for. */
TEST_F(pass, pieces_with_many_files)
{
	struct message message = good_message();
	const char *bytes = (const char *)&message;
	int fds[5];

	if (variant->type != SOCK_STREAM)
		return; /* packets stay whole */
	for (size_t i = 0; i < 5; i++)
		fds[i] = self->fd;
	ASSERT_EQ(0, send_raw(self->socket[0], bytes, 3, fds, 5));
	ASSERT_EQ(0, send_raw(self->socket[0], bytes + 3, sizeof(message) - 3,
			      fds, 5));
	EXPECT_EQ(-EBADMSG, RECEIVE());
}

TEST_F(pass, goes_on_after_a_signal)
{
	struct message message = good_message();

	SEND(&message);
	fake_fail(FAKE_RECVMSG, 1, EINTR);
	EXPECT_EQ(0, RECEIVE());
	fake_fail(FAKE_SENDMSG, 1, EINTR);
	EXPECT_EQ(0, udb_pass_send(self->socket[0], self->buf));
}

TEST_F(pass, full_socket_that_does_not_block)
{
	struct message message = good_message();
	int ret;

	SEND(&message);
	ASSERT_EQ(0, RECEIVE());
	ASSERT_EQ(0, fcntl(self->socket[0], F_SETFL, O_NONBLOCK));
	do {
		ret = udb_pass_send(self->socket[0], self->buf);
	} while (!ret);
	EXPECT_TRUE(ret == -EAGAIN || ret == -ETOOMANYREFS);
}

TEST_F(pass, unknown_flags)
{
	self->opts.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, RECEIVE());
}

TEST_HARNESS_MAIN
