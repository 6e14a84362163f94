// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes that share dma-bufs: see share.h.
 */
#include "share.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t share_start(int (*other)(int socket), int *socket)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		_exit(other(ends[1]));
	}
	close(ends[1]);
	*socket = ends[0];
	return pid < 0 ? -EAGAIN : pid;
}

int share_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Room for the file descriptor that goes with a message. */
union share_control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static struct msghdr share_message(struct iovec *data,
				   union share_control *control)
{
	memset(control, 0, sizeof(*control));
	return (struct msghdr){ .msg_iov = data,
				.msg_iovlen = 1,
				.msg_control = control->space,
				.msg_controllen = sizeof(control->space) };
}

int share_send(int socket, int fd, const struct share_layout *layout)
{
	struct iovec data = { .iov_base = (void *)(uintptr_t)layout,
			      .iov_len = sizeof(*layout) };
	union share_control control;
	struct msghdr message = share_message(&data, &control);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd < 0) {
		message.msg_control = NULL;
		message.msg_controllen = 0;
	} else {
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int share_receive(int socket, int *fd, struct share_layout *layout)
{
	struct iovec data = { .iov_base = layout, .iov_len = sizeof(*layout) };
	union share_control control;
	struct msghdr message = share_message(&data, &control);
	struct cmsghdr *header;
	ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	if (got != (ssize_t)sizeof(*layout))
		return got < 0 ? -errno : -EPIPE;
	*fd = -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return 0;
}

bool share_tells_udmabuf(const char *fdinfo)
{
	FILE *file = fopen(fdinfo, "re");
	bool found = false;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		found = found || !strcmp(line, "exp_name:\tudmabuf\n");
	if (file)
		fclose(file);
	return found;
}

bool share_is_udmabuf(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return share_tells_udmabuf(path);
}

uint8_t *share_map(int fd, size_t *size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	void *map;

	if (end <= 0)
		return NULL;
	*size = (size_t)end;
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}
