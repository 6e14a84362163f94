// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations with another process: it gets a buffer by SCM_RIGHTS, maps it, looks,
 * and answers whether it saw what it was told to expect; or it is killed while it
 * has the buffer.
 *
 * One thread at a time talks to it, so that a request and its answer stay together.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"

#define PASS_PAGES	4U

/* What a peer is told: pages of the buffer, and what each is. */
struct pass {
	uint32_t first;
	uint32_t nr;
	bool exact;
	bool hold; /* keep it: no answer */
	uint64_t tag;
	uint32_t origin[PASS_PAGES];
	struct fuzz_page page[PASS_PAGES];
};

static atomic_bool busy;
static pid_t peer_pid;
static int peer_socket = -1;

static bool pass_send(int socket, const struct pass *pass, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { (void *)pass, sizeof(*pass) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof(*pass);
}

/* The file, or -1: there will not be another. */
static int pass_receive(int socket, struct pass *pass)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { pass, sizeof(*pass) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(*pass))
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* Uses the world, which is a copy here, as a model of its own. */
static void peer_look(struct fuzz_world *world, const struct pass *pass,
		      const char *map)
{
	struct fuzz_words words;
	uint32_t i;

	world->exact = pass->exact;
	world->tag = pass->tag;
	for (i = 0; i < pass->nr; i++) {
		world->pool[1] = pass->page[i];
		if (fuzz_read_words(map + i * FUZZ_PAGE, &words))
			fuzz_found(world, "a peer cannot read page %u",
				   pass->first + i);
		else
			fuzz_check_words(world, &words, pass->origin[i], 1,
					 "buffer of a peer", pass->first + i);
	}
}

static void peer_serve(struct fuzz_world *world, int socket)
{
	struct pass pass;
	char *map;
	int fd;

	while ((fd = pass_receive(socket, &pass)) >= 0) {
		atomic_store(&world->found, false);
		world->what[0] = 0;
		map = mmap(NULL, pass.nr * FUZZ_PAGE, PROT_READ, MAP_SHARED, fd,
			   pass.first * FUZZ_PAGE);
		if (map == MAP_FAILED)
			fuzz_found(world, "a peer cannot map a buffer: %s",
				   strerror(errno));
		else
			peer_look(world, &pass, map);
		if (pass.hold)
			pause();
		if (map != MAP_FAILED)
			munmap(map, pass.nr * FUZZ_PAGE);
		close(fd);
		if (send(socket, world->what, sizeof(world->what),
			 MSG_NOSIGNAL) < 0)
			break;
	}
}

/* A peer has nothing of what its parent had open or mapped at that moment. */
static void peer_begin(struct fuzz_world *world, int socket)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(FUZZ_FD_FIRST, FUZZ_FD_END - 1, 0);
	munmap(world->arena, (FUZZ_MAPS + FUZZ_THREADS) * FUZZ_SLOT);
	peer_serve(world, socket);
	_exit(0);
}

void fuzz_peer_start(struct fuzz_world *world)
{
	int pair[2];

	if (peer_pid > 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return;
	peer_pid = fork();
	if (!peer_pid) {
		close(pair[0]);
		peer_begin(world, pair[1]);
	}
	close(pair[1]);
	peer_socket = pair[0];
}

static void peer_kill(void)
{
	close(peer_socket);
	kill(peer_pid, SIGKILL);
	while (waitpid(peer_pid, NULL, 0) < 0 && errno == EINTR)
		;
	peer_pid = 0;
}

static void pass_fill(struct fuzz_world *world, const struct fuzz_buf *buf,
		      const struct fuzz_op *op, struct pass *pass)
{
	uint32_t i, nr;

	memset(pass, 0, sizeof(*pass));
	pass->first = op->arg[1] % buf->nr_pages;
	nr = buf->nr_pages - pass->first;
	pass->nr = nr < PASS_PAGES ? nr : PASS_PAGES;
	pass->exact = world->exact;
	pass->tag = world->tag;
	for (i = 0; i < pass->nr; i++) {
		pass->origin[i] = buf->origin[pass->first + i];
		pass->page[i] = world->pool[buf->page[pass->first + i]];
	}
}

static bool pass_buf(struct fuzz_world *world, const struct fuzz_op *op,
		     bool hold)
{
	struct fuzz_buf *buf = fuzz_pick_buf(world, op->arg[0]);
	int fd = buf ? fuzz_buf_fd(buf) : -1;
	char answer[sizeof(world->what)];
	struct pass pass;

	if (fd < 0 || peer_pid <= 0)
		return false;
	pass_fill(world, buf, op, &pass);
	pass.hold = hold;
	if (!pass_send(peer_socket, &pass, fd))
		return true;
	if (hold) {
		usleep(op->arg[2] % 2000);
		peer_kill();
	} else if (recv(peer_socket, answer, sizeof(answer), 0) !=
		   sizeof(answer)) {
		peer_kill();
		fuzz_found(world, "a peer died");
	} else if (answer[0]) {
		fuzz_found(world, "%s", answer);
	}
	return true;
}

static bool pass_alone(struct fuzz_world *world, const struct fuzz_op *op,
		       bool hold)
{
	bool ret;

	if (atomic_exchange(&busy, true))
		return false;
	ret = pass_buf(world, op, hold);
	atomic_store(&busy, false);
	return ret;
}

bool fuzz_do_pass(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	return pass_alone(thread->world, op, false);
}

bool fuzz_do_kill_peer(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	return pass_alone(thread->world, op, true);
}
