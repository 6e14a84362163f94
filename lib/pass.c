// SPDX-License-Identifier: MIT
/*
 * A buffer over a Unix socket: one message of fixed size with one file descriptor.
 * Both ends are on one machine, so numbers are in its own byte order; the first one
 * shows if that should be wrong.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define UDB_PASS_MAGIC		UDB_FOURCC('u', 'd', 'b', 'P')
#define UDB_PASS_VERSION	1

/* More than one is wrong, but must be received to be closed. */
#define UDB_PASS_FDS		8

enum udb_pass_kind { UDB_PASS_DMABUF, UDB_PASS_MEMFD };

/* On the wire, without holes. A new version has another number and size. */
struct udb_pass_message {
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
	uint64_t plane_offset[UDB_PLANES_MAX];
	uint32_t plane_stride[UDB_PLANES_MAX];
	uint32_t nr_planes;
	uint32_t reserved;
};

/* What has come so far. */
struct udb_pass_inbox {
	struct udb_pass_message message;
	size_t have;
	int fds[UDB_PASS_FDS];
	size_t nr_fds;
};

static void udb_pass_put_layout(struct udb_pass_message *message,
				const struct udb_layout *layout)
{
	message->has_layout = 1;
	message->format = layout->format;
	message->width = layout->width;
	message->height = layout->height;
	message->modifier = layout->modifier;
	message->layout_size = layout->size;
	message->nr_planes = layout->nr_planes;
	memcpy(message->plane_offset, layout->offset, sizeof(layout->offset));
	memcpy(message->plane_stride, layout->stride, sizeof(layout->stride));
}

static void udb_pass_write(struct udb_pass_message *message,
			   const struct udb_buffer *buf)
{
	memset(message, 0, sizeof(*message));
	message->magic = UDB_PASS_MAGIC;
	message->version = UDB_PASS_VERSION;
	message->message_size = sizeof(*message);
	message->kind = buf->fd < 0 ? UDB_PASS_MEMFD : UDB_PASS_DMABUF;
	message->size = buf->size;
	message->offset = buf->offset;
	message->memfd_offset = buf->fd < 0 ? buf->memfd_offset : 0;
	if (buf->has_layout)
		udb_pass_put_layout(message, &buf->layout);
}

/* The file goes with the first byte. */
static ssize_t udb_pass_send_some(int socket, const char *bytes, size_t size,
				  int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
	}
	do {
		sent = sendmsg(socket, &msg, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

/* What has begun is brought to its end, or the stream would be out of step. */
int udb_pass_send(int socket, const struct udb_buffer *buf)
{
	struct udb_pass_message message;
	int fd = buf->fd < 0 ? buf->memfd : buf->fd;
	size_t done = 0;
	ssize_t sent;
	int ret;

	udb_pass_write(&message, buf);
	while (done < sizeof(message)) {
		sent = udb_pass_send_some(socket, (const char *)&message + done,
					  sizeof(message) - done,
					  done ? -1 : fd);
		if (sent == -EAGAIN && done) {
			ret = udb_poll(socket, POLLOUT, -1);
			if (ret)
				return ret;
			continue;
		}
		if (sent < 0)
			return (int)sent;
		done += sent;
	}
	return 0;
}

/* Keeps what fits. What does not was closed by the kernel (MSG_CTRUNC). */
static void udb_pass_take_fds(struct udb_pass_inbox *inbox, struct msghdr *msg)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
	     cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < nr; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd),
			       sizeof(fd));
			if (inbox->nr_fds < UDB_PASS_FDS)
				inbox->fds[inbox->nr_fds++] = fd;
			else
				close(fd);
		}
	}
}

/* One piece of the message; -EAGAIN when nothing is there. */
static int udb_pass_receive_some(int socket, struct udb_pass_inbox *inbox)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(UDB_PASS_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = {
		.iov_base = (char *)&inbox->message + inbox->have,
		.iov_len = sizeof(inbox->message) - inbox->have,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t got;

	do {
		got = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	udb_pass_take_fds(inbox, &msg);
	inbox->have += got;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	return got ? 0 : -ECONNRESET;
}

/* What has begun to come is waited for no longer than the time limit either. */
static int udb_pass_collect(int socket, int timeout_ms,
			    struct udb_pass_inbox *inbox)
{
	int64_t deadline = udb_time_deadline(timeout_ms);
	int ret;

	while (inbox->have < sizeof(inbox->message)) {
		ret = udb_pass_receive_some(socket, inbox);
		if (ret == -EAGAIN)
			ret = udb_poll(socket, POLLIN, udb_time_left(deadline));
		if (ret == -EIO)
			ret = -ECONNRESET;
		if (ret == -ECONNRESET && inbox->have)
			ret = -EBADMSG;
		if (ret)
			return ret;
	}
	return 0;
}

static int udb_pass_check_head(const struct udb_pass_inbox *inbox)
{
	const struct udb_pass_message *message = &inbox->message;

	if (message->magic != UDB_PASS_MAGIC)
		return -EBADMSG;
	if (message->version != UDB_PASS_VERSION)
		return -EPROTONOSUPPORT;
	if (message->message_size != sizeof(*message) || message->reserved ||
	    message->kind > UDB_PASS_MEMFD || message->has_layout > 1 ||
	    inbox->nr_fds != 1)
		return -EBADMSG;
	return 0;
}

/*
 * The size of the file as the kernel knows it, and whether it may be used. No ioctl
 * here: nobody knows what it would do to the file of a stranger.
 */
static int udb_pass_check_dmabuf(int fd, uint32_t flags, uint64_t *size)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	int ret = udb_info_get(fd, &info);

	if (ret)
		return ret == -ENOTTY ? -EBADMSG : ret;
	if (strcmp(info.exporter, "udmabuf") && !(flags & UDB_RECEIVE_ANY))
		return -EPERM;
	*size = info.size;
	return 0;
}

static int udb_pass_check_memfd(int fd, uint32_t flags, uint64_t *size)
{
	struct stat st;
	int seals;

	if (!(flags & UDB_RECEIVE_MEMFD))
		return -EPERM;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st))
		return -EBADMSG;
	*size = st.st_size;
	return 0;
}

/* All of the buffer is in the file, and the first byte in its first page. */
static int udb_pass_check_size(const struct udb_pass_message *message,
			       uint64_t file_size)
{
	const uint64_t below_page = udb_page_size() - 1;

	if (!message->size || message->size > SIZE_MAX ||
	    message->offset > below_page || message->offset >= message->size ||
	    message->memfd_offset & below_page ||
	    message->memfd_offset > file_size ||
	    message->size > file_size - message->memfd_offset)
		return -EBADMSG;
	if (message->kind == UDB_PASS_DMABUF &&
	    (message->memfd_offset || message->size != file_size))
		return -EBADMSG;
	return 0;
}

static int udb_pass_get_layout(const struct udb_pass_message *message,
			       struct udb_layout *layout)
{
	*layout = (struct udb_layout){
		.struct_size = sizeof(*layout),
		.size = message->layout_size,
		.modifier = message->modifier,
		.format = message->format,
		.width = message->width,
		.height = message->height,
		.nr_planes = message->nr_planes,
	};
	memcpy(layout->offset, message->plane_offset, sizeof(layout->offset));
	memcpy(layout->stride, message->plane_stride, sizeof(layout->stride));
	return udb_layout_check(layout, message->size - message->offset) ?
		       -EBADMSG :
		       0;
}

static int udb_pass_check(const struct udb_pass_inbox *inbox, uint32_t flags,
			  struct udb_layout *layout)
{
	const struct udb_pass_message *message = &inbox->message;
	uint64_t file_size;
	int ret = udb_pass_check_head(inbox);

	if (ret)
		return ret;
	if (message->kind == UDB_PASS_DMABUF)
		ret = udb_pass_check_dmabuf(inbox->fds[0], flags, &file_size);
	else
		ret = udb_pass_check_memfd(inbox->fds[0], flags, &file_size);
	if (!ret)
		ret = udb_pass_check_size(message, file_size);
	if (!ret && message->has_layout)
		ret = udb_pass_get_layout(message, layout);
	return ret;
}

static int udb_pass_open(const struct udb_pass_inbox *inbox, uint32_t flags,
			 struct udb_buffer **ret_buf)
{
	const struct udb_pass_message *message = &inbox->message;
	struct udb_buffer *buf;
	int ret = udb_buffer_new(&buf);

	if (ret)
		return ret;
	ret = udb_pass_check(inbox, flags, &buf->layout);
	if (ret) {
		udb_buffer_free(buf);
		return ret;
	}
	if (message->kind == UDB_PASS_DMABUF)
		buf->fd = inbox->fds[0];
	else
		buf->memfd = inbox->fds[0];
	buf->size = message->size;
	buf->offset = message->offset;
	buf->memfd_offset = message->memfd_offset;
	buf->has_layout = message->has_layout;
	*ret_buf = buf;
	return 0;
}

int udb_pass_receive(int socket, int timeout_ms,
		     const struct udb_receive_opts *opts,
		     struct udb_buffer **ret_buf)
{
	const uint32_t flags = UDB_RECEIVE_ANY | UDB_RECEIVE_MEMFD;
	struct udb_pass_inbox inbox = { 0 };
	struct udb_receive_opts known;
	int ret = udb_opts_take(&known, sizeof(known), sizeof(known), opts);

	if (ret)
		return ret;
	if (known.flags & ~flags || known.reserved)
		return -EINVAL;
	ret = udb_pass_collect(socket, timeout_ms, &inbox);
	if (!ret)
		ret = udb_pass_open(&inbox, known.flags, ret_buf);
	if (ret)
		for (size_t i = 0; i < inbox.nr_fds; i++)
			close(inbox.fds[i]);
	return ret;
}
