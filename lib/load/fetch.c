// SPDX-License-Identifier: MIT
/*
 * The client of a server: gets files over a socket, believes nothing, and makes of them
 * what a load of its own would have been.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fetch.h"

#define UDB_FETCH_FLAGS \
	(UDB_LOAD_FETCH_WAIT | UDB_LOAD_FETCH_MEMFD | UDB_LOAD_FETCH_ANY)

#define UDB_FETCH_TIMEOUT_MS	60000

/* How often a server that is not there yet is looked for. */
#define UDB_FETCH_AGAIN_MS	20

/* A message with files; more than can be are closed by the kernel. */
union udb_fetch_control {
	struct cmsghdr header;
	char room[CMSG_SPACE(UDB_WIRE_FDS * sizeof(int))];
};

static bool udb_fetch_is_late(const struct udb_fetch *fetch)
{
	return !udb_time_left(fetch->deadline);
}

/* A server with many guests lets connect() wait, which SO_SNDTIMEO is for. */
static int udb_fetch_limit(const struct udb_fetch *fetch)
{
	int left = udb_time_left(fetch->deadline);
	struct timeval limit = { left / 1000, left % 1000 * 1000 + 1 };

	if (left < 0)
		return 0;
	return setsockopt(fetch->socket, SOL_SOCKET, SO_SNDTIMEO, &limit,
			  sizeof(limit)) ?
		       -errno :
		       0;
}

static int udb_fetch_connect_once(const struct udb_fetch *fetch,
				  const struct sockaddr_un *address)
{
	int ret = udb_fetch_limit(fetch);

	if (ret)
		return ret;
	if (!connect(fetch->socket, (const struct sockaddr *)address,
		     sizeof(*address)))
		return 0;
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static bool udb_fetch_may_come(const struct udb_fetch *fetch, int error)
{
	return error == -EINTR ||
	       (fetch->flags & UDB_LOAD_FETCH_WAIT &&
		(error == -ENOENT || error == -ECONNREFUSED));
}

static int udb_fetch_connect(struct udb_fetch *fetch)
{
	const struct timespec pause = {
		.tv_nsec = UDB_FETCH_AGAIN_MS * 1000000L,
	};
	struct sockaddr_un address;
	int ret = udb_wire_address(fetch->path, &address, &fetch->failure);

	if (ret)
		return ret;
	fetch->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fetch->socket < 0)
		return -errno;
	ret = udb_fetch_connect_once(fetch, &address);
	while (udb_fetch_may_come(fetch, ret) && !udb_fetch_is_late(fetch)) {
		nanosleep(&pause, NULL);
		ret = udb_fetch_connect_once(fetch, &address);
	}
	if (ret)
		udb_load_note(&fetch->failure, ret, UDB_LOAD_FAULT_SOCKET,
			      fetch->path, "no server at %s: %s", fetch->path,
			      strerrordesc_np(-ret));
	return ret;
}

/* A server that refuses need not wait for this: its answer says more than an error. */
static int udb_fetch_say(const struct udb_fetch *fetch, uint32_t kind,
			 int error)
{
	const struct udb_wire_hello hello = {
		.magic = UDB_WIRE_HELLO,
		.version = UDB_WIRE_VERSION,
		.kind = kind,
		.error = error,
	};
	ssize_t sent;

	if (fetch->socket < 0)
		return -EBADF;
	do {
		sent = send(fetch->socket, &hello, sizeof(hello), MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0 || errno == EPIPE || errno == ECONNRESET)
		return 0;
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static void udb_fetch_close(const int *files, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		close(files[i]);
}

/* The files of a message; how many. */
static uint32_t udb_fetch_files(struct msghdr *msg, int *files)
{
	uint32_t nr = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
	     cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t size = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(files + nr, CMSG_DATA(cmsg), size);
		nr += size / sizeof(*files);
	}
	return nr;
}

/*
 * Receives a message, with files for which there is room in @files. A server that has
 * said its last word and not heard ours leaves an error in front of that word, once.
 */
static int udb_fetch_message(struct udb_fetch *fetch,
			     struct udb_wire_reply *reply, int *files,
			     uint32_t *nr)
{
	union udb_fetch_control control = { 0 };
	struct iovec iov = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do {
		got = recvmsg(fetch->socket, &msg,
			      MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got < 0)
		return -errno;
	*nr = udb_fetch_files(&msg, files);
	if (!got)
		return -ECONNRESET;
	if (msg.msg_flags & MSG_CTRUNC)
		return -EMFILE;
	if (got != sizeof(*reply))
		return udb_fetch_bad(fetch, "its message is too short");
	return 0;
}

static int udb_fetch_receive(struct udb_fetch *fetch,
			     struct udb_wire_reply *reply, int *files,
			     uint32_t *nr)
{
	int ret;

	*nr = 0;
	for (;;) {
		ret = udb_fetch_message(fetch, reply, files, nr);
		if (ret != -EAGAIN)
			return ret;
		ret = udb_poll(fetch->socket, POLLIN,
			       udb_time_left(fetch->deadline));
		if (ret && ret != -EIO)
			return ret;
	}
}

static int udb_fetch_refused(struct udb_fetch *fetch, int error)
{
	if (error > 0 || error < -4095)
		return udb_fetch_bad(fetch, "its error is none");
	if (error == -EACCES)
		return udb_load_note(&fetch->failure, error,
				     UDB_LOAD_FAULT_REFUSED, fetch->path,
				     "the server at %s is not for this user",
				     fetch->path);
	return udb_load_note(&fetch->failure, error, UDB_LOAD_FAULT_REFUSED,
			     fetch->path, "the server at %s refuses: %s",
			     fetch->path, strerrordesc_np(-error));
}

/* What all messages have in common, and what the first one says of all. */
static int udb_fetch_check(struct udb_fetch *fetch,
			   const struct udb_wire_reply *reply, uint32_t nr)
{
	if (reply->magic != UDB_WIRE_REPLY)
		return udb_fetch_bad(fetch, "it speaks something else");
	if (reply->error)
		return udb_fetch_refused(fetch, reply->error);
	if (reply->version != UDB_WIRE_VERSION) {
		fetch->why = "it is newer than this program";
		return -EPROTONOSUPPORT;
	}
	if (!fetch->files) {
		fetch->total = reply->total;
		fetch->layout_size = reply->layout_size;
	}
	if (!nr || reply->nr != nr || reply->first != fetch->nr ||
	    reply->total != fetch->total ||
	    reply->layout_size != fetch->layout_size || fetch->total < 2 ||
	    fetch->total > UDB_WIRE_BUFS_MAX + 1 ||
	    nr > fetch->total - fetch->nr || reply->reserved)
		return udb_fetch_bad(fetch, "its numbers do not agree");
	return 0;
}

static int udb_fetch_some(struct udb_fetch *fetch)
{
	int files[UDB_WIRE_FDS + 1];
	struct udb_wire_reply reply;
	uint32_t nr;
	int ret = udb_fetch_receive(fetch, &reply, files, &nr);

	if (!ret)
		ret = udb_fetch_check(fetch, &reply, nr);
	if (!ret && !fetch->files) {
		fetch->files = calloc(fetch->total, sizeof(*fetch->files));
		ret = fetch->files ? 0 : -ENOMEM;
	}
	if (ret) {
		udb_fetch_close(files, nr);
		return ret;
	}
	memcpy(fetch->files + fetch->nr, files, nr * sizeof(*files));
	fetch->nr += nr;
	return 0;
}

static int udb_fetch_run(struct udb_fetch *fetch)
{
	int ret = udb_fetch_connect(fetch);

	if (!ret)
		ret = udb_fetch_say(fetch, UDB_WIRE_ASK, 0);
	do {
		if (!ret)
			ret = udb_fetch_some(fetch);
	} while (!ret && fetch->nr < fetch->total);
	if (!ret)
		ret = udb_fetch_take(fetch);
	if (fetch->nr)
		udb_fetch_say(fetch, UDB_WIRE_DONE, ret);
	return ret;
}

static int udb_fetch_known(const char *path,
			   const struct udb_load_fetch_opts *opts,
			   struct udb_load_failure *failure,
			   struct udb_load **ret_load)
{
	struct udb_fetch fetch = {
		.path = path,
		.flags = opts->flags,
		.deadline = udb_time_deadline(opts->timeout_ms),
		.start_ns = udb_load_now(),
		.socket = -1,
	};

	return udb_fetch_end(&fetch, udb_fetch_run(&fetch), failure, ret_load);
}

int udb_load_fetch(const char *path, const struct udb_load_fetch_opts *opts,
		   struct udb_load_failure *failure, struct udb_load **ret_load)
{
	struct udb_load_fetch_opts known;
	int ret = udb_load_failure_give(failure, NULL);

	if (!ret)
		ret = udb_opts_take(&known, sizeof(known), sizeof(known), opts);
	if (ret)
		return ret;
	if (known.flags & ~UDB_FETCH_FLAGS)
		return -EINVAL;
	if (!known.timeout_ms)
		known.timeout_ms = UDB_FETCH_TIMEOUT_MS;
	return udb_fetch_known(path, &known, failure, ret_load);
}
