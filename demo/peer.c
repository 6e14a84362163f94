// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second process. It is a fresh program with one Unix socket and nothing
 * else of the first one; dma-bufs come over that socket (SCM_RIGHTS), are
 * imported, hashed when asked, and let go before the answer is sent, so that
 * the first process holds the last reference again.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes along with the file descriptor. */
struct demo_request {
	uint64_t size;
	uint64_t hash_len; /* 0: import only */
};

static int demo_send_fd(int sock, int fd, const struct demo_request *req)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)req, sizeof(*req) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == sizeof(*req) ? 0 : -1;
}

/* Returns the file descriptor, or -1 at the end of the conversation. */
static int demo_receive_fd(int sock, struct demo_request *req)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { req, sizeof(*req) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != sizeof(*req))
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Both of the importers' views, in turn, each timed. */
static int demo_peer_hash(struct demo_vgem *vgem, int fd, size_t len,
			  struct demo_reply *r)
{
	const struct demo_buffer b = { .fd = fd };
	double t0, t1;

	if (demo_buffer_sync(&b, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ))
		return -1;
	t0 = demo_now_ms();
	if (demo_vgem_hash(vgem, fd, len, r->sha[DEMO_VIEW_VGEM], r->how,
			   sizeof(r->how)))
		return -1;
	t1 = demo_now_ms();
	r->hash[DEMO_VIEW_VGEM] = t1 - t0;
	if (demo_buffer_sync(&b, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ))
		return -1;

	t1 = demo_now_ms();
	if (demo_device_hash(fd, len, r->sha[DEMO_VIEW_DEVICE]))
		return -1;
	r->hash[DEMO_VIEW_DEVICE] = demo_now_ms() - t1;
	return 0;
}

static int demo_peer_serve(struct demo_vgem *vgem, int fd,
			   const struct demo_request *req, struct demo_reply *r)
{
	double t0;
	int ret = 0;

	r->received = demo_now_ms();
	demo_vgem_expect(vgem, req->size);
	t0 = demo_now_ms();
	if (demo_vgem_import(vgem, fd))
		return -1;
	r->import = demo_now_ms() - t0;
	if (req->hash_len)
		ret = demo_peer_hash(vgem, fd, req->hash_len, r);
	if (demo_vgem_drop(vgem))
		return -1;
	return ret;
}

/* The whole life of the second process. */
int demo_peer_main(int sock)
{
	struct demo_vgem *vgem = demo_vgem_open();
	struct demo_request req;
	int fd;

	if (!vgem)
		return DEMO_EXIT_CANNOT;
	while ((fd = demo_receive_fd(sock, &req)) >= 0) {
		struct demo_reply reply = { 0 };

		reply.status = demo_peer_serve(vgem, fd, &req, &reply);
		close(fd);
		if (send(sock, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
	}
	demo_vgem_close(vgem);
	return DEMO_EXIT_PROVEN;
}

/* In the child: become a new program that has only the socket. */
static void demo_peer_exec(int sock)
{
	char arg[16];

	if (fcntl(sock, F_SETFD, 0))
		_exit(DEMO_EXIT_CANNOT);
	snprintf(arg, sizeof(arg), "%d", sock);
	execl("/proc/self/exe", "udmabuf-demo", "--peer", arg, (char *)NULL);
	_exit(DEMO_EXIT_CANNOT);
}

int demo_peer_start(struct demo_peer *p)
{
	int sock[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock)) {
		demo_error("socketpair: %s", strerror(errno));
		return -1;
	}
	fflush(NULL);
	p->pid = fork();
	if (!p->pid)
		demo_peer_exec(sock[1]);
	close(sock[1]);
	p->sock = sock[0];
	if (p->pid > 0)
		return 0;
	demo_error("fork: %s", strerror(errno));
	close(sock[0]);
	return -1;
}

int demo_peer_stop(struct demo_peer *p)
{
	int status;

	close(p->sock);
	if (waitpid(p->pid, &status, 0) == p->pid && WIFEXITED(status) &&
	    !WEXITSTATUS(status))
		return 0;
	demo_error("the second process did not end well");
	return -1;
}

/* Hand the buffer over. @hash_len is 0 when an import is all that is wanted. */
int demo_peer_hand(struct demo_peer *p, const struct demo_buffer *b,
		   size_t hash_len)
{
	struct demo_request req = { .size = b->size, .hash_len = hash_len };

	if (!demo_send_fd(p->sock, b->fd, &req))
		return 0;
	demo_error("handing the dma-buf over: %s", strerror(errno));
	return -1;
}

/* Wait for the answer. The second process has let go of the buffer then. */
int demo_peer_answer(struct demo_peer *p, struct demo_reply *reply)
{
	if (recv(p->sock, reply, sizeof(*reply), 0) == sizeof(*reply))
		return reply->status;
	demo_error("the second process does not answer");
	return -1;
}
