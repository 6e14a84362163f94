// SPDX-License-Identifier: MIT
/*
 * The socket of a server: where it is, who it belongs to, and who gets what is offered.
 *
 * A file beside it, PATH.lock, is locked as long as its server lives, however that
 * ends. So of two servers that find the socket of a dead one, one makes it anew.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve.h"

/* What is said, as far as it is long. */
#define UDB_SERVE_TAKEN		"somebody serves at %s already"
#define UDB_SERVE_LONG_PATH	"a socket's path has at most %zu bytes: %s"
#define UDB_SERVE_NO_SOCKET \
	"file %d is no listening Unix socket of type SOCK_SEQPACKET"

/* Locks that were removed while they were waited for, before it looks like malice. */
#define UDB_SERVE_TRIES		100

/**
 * udb_wire_address() - the address of a socket
 * @path: where it is.
 * @address: receives it.
 * @failure: is noted.
 *
 * Return: 0, -EINVAL, -ENAMETOOLONG.
 */
int udb_wire_address(const char *path, struct sockaddr_un *address,
		     struct udb_load_failure *failure)
{
	const size_t length = path ? strlen(path) : 0;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!length)
		return udb_load_note(failure, -EINVAL, UDB_LOAD_FAULT_OPTIONS,
				     NULL, "a socket needs a path");
	if (length >= sizeof(address->sun_path))
		return udb_load_note(failure, -ENAMETOOLONG,
				     UDB_LOAD_FAULT_OPTIONS, path,
				     UDB_SERVE_LONG_PATH,
				     sizeof(address->sun_path) - 1, path);
	memcpy(address->sun_path, path, length);
	return 0;
}

static int udb_serve_note(struct udb_load_failure *failure, int error,
			  const char *what, const char *path)
{
	return udb_load_note(failure, error, UDB_LOAD_FAULT_SOCKET, path,
			     "cannot make the socket %s: %s: %s", path, what,
			     strerrordesc_np(-error));
}

/* 0: it is ours; -EAGAIN: its last owner has just removed it. */
static int udb_serve_lock_once(struct udb_serve_socket *to)
{
	struct stat st;
	int ret = 0;

	to->lock = open(to->lock_path,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			0600);
	if (to->lock < 0)
		return -errno;
	if (flock(to->lock, LOCK_EX | LOCK_NB))
		ret = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	else if (fstat(to->lock, &st))
		ret = -errno;
	else if (!st.st_nlink)
		ret = -EAGAIN;
	if (!ret)
		return 0;
	close(to->lock);
	to->lock = -1;
	return ret;
}

static int udb_serve_lock(struct udb_serve_socket *to,
			  struct udb_load_failure *failure)
{
	const char *path = to->address.sun_path;
	int ret = -EAGAIN;

	snprintf(to->lock_path, sizeof(to->lock_path), "%s.lock", path);
	for (int i = 0; ret == -EAGAIN && i < UDB_SERVE_TRIES; i++)
		ret = udb_serve_lock_once(to);
	if (ret == -EADDRINUSE)
		return udb_load_note(failure, ret, UDB_LOAD_FAULT_SOCKET, path,
				     UDB_SERVE_TAKEN, path);
	return ret ? udb_serve_note(failure, ret, to->lock_path, path) : 0;
}

/* Nobody answers at the socket of a server that is dead. */
static int udb_serve_knock(const struct sockaddr_un *address)
{
	int fd, error;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) ?
			errno :
			0;
	close(fd);
	return error == ECONNREFUSED ? 0 : -EADDRINUSE;
}

/* What is at the place of the socket has to be nothing, or a dead one's. */
static int udb_serve_clear(const struct udb_serve_socket *to,
			   struct udb_load_failure *failure)
{
	const char *path = to->address.sun_path;
	struct stat st;
	int ret;

	if (lstat(path, &st))
		return errno == ENOENT ?
			       0 :
			       udb_serve_note(failure, -errno, "stat()", path);
	if (!S_ISSOCK(st.st_mode))
		return udb_load_note(failure, -EEXIST, UDB_LOAD_FAULT_SOCKET,
				     path, "%s is there, and is no socket",
				     path);
	ret = udb_serve_knock(&to->address);
	if (ret == -EADDRINUSE)
		return udb_load_note(failure, ret, UDB_LOAD_FAULT_SOCKET, path,
				     UDB_SERVE_TAKEN, path);
	if (!ret && unlink(path) && errno != ENOENT)
		ret = -errno;
	return ret ? udb_serve_note(failure, ret, "removing the old one",
				    path) :
		     0;
}

static uint32_t udb_serve_mode(const struct udb_load_server_opts *opts)
{
	if (opts->mode)
		return opts->mode;
	if (opts->flags & UDB_LOAD_SERVER_ANYBODY || opts->nr_uids ||
	    opts->nr_gids > 1)
		return 0666;
	return opts->nr_gids ? 0660 : 0600;
}

/*
 * A socket whose file has permissions is bound with no more than those. It does not
 * listen before they are what they should be.
 */
static int udb_serve_bind(struct udb_serve_socket *to,
			  const struct udb_load_server_opts *opts,
			  struct udb_load_failure *failure)
{
	const char *path = to->address.sun_path;

	if (fchmod(to->fd, 0600) ||
	    bind(to->fd, (const struct sockaddr *)&to->address,
		 sizeof(to->address)))
		return udb_serve_note(failure, -errno, "bind()", path);
	to->made = true;
	if (opts->nr_gids == 1 && lchown(path, -1, opts->gids[0]))
		return udb_serve_note(failure, -errno, "giving it to the group",
				      path);
	if (chmod(path, udb_serve_mode(opts)))
		return udb_serve_note(failure, -errno, "chmod()", path);
	if (listen(to->fd, SOMAXCONN))
		return udb_serve_note(failure, -errno, "listen()", path);
	return 0;
}

static int udb_serve_make(struct udb_serve_socket *to, const char *path,
			  const struct udb_load_server_opts *opts,
			  struct udb_load_failure *failure)
{
	int ret = udb_wire_address(path, &to->address, failure);

	if (!ret)
		ret = udb_serve_lock(to, failure);
	if (!ret)
		ret = udb_serve_clear(to, failure);
	if (ret)
		return ret;
	to->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	if (to->fd < 0)
		return udb_serve_note(failure, -errno, "socket()", path);
	return udb_serve_bind(to, opts, failure);
}

static bool udb_serve_option_is(int fd, int option, int wanted)
{
	socklen_t size = sizeof(int);
	int value;

	return !getsockopt(fd, SOL_SOCKET, option, &value, &size) &&
	       value == wanted;
}

/* A socket that somebody else has made. */
static int udb_serve_adopt(struct udb_serve_socket *to, int fd,
			   struct udb_load_failure *failure)
{
	int flags = fcntl(fd, F_GETFL);

	if (!udb_serve_option_is(fd, SO_DOMAIN, AF_UNIX) ||
	    !udb_serve_option_is(fd, SO_TYPE, SOCK_SEQPACKET) ||
	    !udb_serve_option_is(fd, SO_ACCEPTCONN, 1))
		return udb_load_note(failure, -ENOTSOCK, UDB_LOAD_FAULT_SOCKET,
				     NULL, UDB_SERVE_NO_SOCKET, fd);
	to->fd = udb_fd_clone(fd);
	if (to->fd < 0 || fcntl(to->fd, F_SETFL, flags | O_NONBLOCK))
		return udb_load_note(failure, to->fd < 0 ? to->fd : -errno,
				     UDB_LOAD_FAULT_SOCKET, NULL,
				     "cannot use the socket that was given");
	return 0;
}

/**
 * udb_serve_socket_open() - have a socket that listens
 * @to: receives it; to be closed also after an error.
 * @path: where.
 * @opts: of the server.
 * @failure: is noted.
 *
 * Return: 0 or a negative error number.
 */
int udb_serve_socket_open(struct udb_serve_socket *to, const char *path,
			  const struct udb_load_server_opts *opts,
			  struct udb_load_failure *failure)
{
	*to = (struct udb_serve_socket){ .fd = -1, .lock = -1 };
	if (opts->flags & UDB_LOAD_SERVER_SOCKET)
		return udb_serve_adopt(to, opts->socket, failure);
	return udb_serve_make(to, path, opts, failure);
}

/**
 * udb_serve_socket_close() - end it, with its files
 * @socket: as udb_serve_socket_open() left it.
 */
void udb_serve_socket_close(struct udb_serve_socket *socket)
{
	if (socket->made)
		unlink(socket->address.sun_path);
	udb_fd_close(socket->fd);
	if (socket->lock < 0)
		return;
	unlink(socket->lock_path);
	close(socket->lock);
}

static bool udb_serve_is_one_of(uint32_t id, const uint32_t *ids, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* All groups of the process, at the moment when it connected. */
static bool udb_serve_is_member(int fd, const struct udb_load_server_opts *opts)
{
	bool found = false;
	gid_t none, *groups;
	socklen_t size = 0;

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &size) ||
	    errno != ERANGE)
		return false;
	groups = calloc(1, size);
	if (!groups)
		return false;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		for (size_t i = 0; i < size / sizeof(*groups) && !found; i++)
			found = udb_serve_is_one_of(groups[i], opts->gids,
						    opts->nr_gids);
	free(groups);
	return found;
}

/**
 * udb_serve_may() - whether a client gets what is offered
 * @fd: its socket.
 * @who: it, as the kernel knows it.
 * @opts: of the server.
 *
 * Root can have it anyway, from the memory of the server.
 *
 * Return: true when it does.
 */
bool udb_serve_may(int fd, const struct ucred *who,
		   const struct udb_load_server_opts *opts)
{
	if (opts->flags & UDB_LOAD_SERVER_ANYBODY || !who->uid ||
	    who->uid == geteuid())
		return true;
	if (udb_serve_is_one_of(who->uid, opts->uids, opts->nr_uids))
		return true;
	if (!opts->nr_gids)
		return false;
	return udb_serve_is_one_of(who->gid, opts->gids, opts->nr_gids) ||
	       udb_serve_is_member(fd, opts);
}
