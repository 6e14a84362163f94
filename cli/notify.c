// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a service manager is told, and gives: systemd's protocols, which are a datagram
 * and two variables (sd_notify(3), sd_listen_fds(3)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"

/* The first file that is given. */
#define CLI_LISTEN_FD	3

/**
 * cli_notify() - tell whoever has started this program
 * @what: such as "READY=1". Without somebody who wants to know, or who can be
 *        reached, nothing is done.
 */
void cli_notify(const char *what)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	/* a name that is no file's */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, what, strlen(what), MSG_NOSIGNAL,
	       (const struct sockaddr *)&address,
	       offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
}

/**
 * cli_listen_fd() - the socket that this program was started with
 *
 * Return: a file descriptor; -ENOENT: it was started without; -E2BIG: with several.
 */
int cli_listen_fd(void)
{
	const char *pid = getenv("LISTEN_PID"), *nr = getenv("LISTEN_FDS");

	if (!pid || !nr || strtol(pid, NULL, 10) != getpid())
		return -ENOENT;
	if (strcmp(nr, "1") != 0)
		return -E2BIG;
	fcntl(CLI_LISTEN_FD, F_SETFD, FD_CLOEXEC);
	return CLI_LISTEN_FD;
}
