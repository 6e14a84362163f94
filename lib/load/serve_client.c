// SPDX-License-Identifier: MIT
/*
 * One client of a server, from its first message to its last. Nothing here waits: what
 * cannot be done at once is done when poll() says so, or too late.
 */
#include <string.h>
#include <unistd.h>

#include "serve.h"

/* How long to let nobody in when there is no file or memory for it. */
#define UDB_SERVE_PAUSE_MS	100

/* There are no larger error numbers. */
#define UDB_SERVE_ERROR_MAX	4095

/**
 * udb_serve_event() - tell the caller of a client
 * @server: the server.
 * @who: the client.
 * @kind: what has become of it.
 * @error: 0 or why.
 */
void udb_serve_event(struct udb_load_server *server, const struct ucred *who,
		     enum udb_load_event_kind kind, int error)
{
	const struct udb_load_event event = {
		.struct_size = sizeof(event),
		.handed = server->handed,
		.kind = kind,
		.pid = who->pid,
		.uid = who->uid,
		.error = error,
	};

	if (server->opts.event)
		server->opts.event(server->opts.data, &event);
}

/* The files go with a message; the kernel takes all of it or nothing. */
static int udb_serve_send(int fd, const struct udb_wire_reply *reply,
			  const int *files)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(UDB_WIRE_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)reply,
			     .iov_len = sizeof(*reply) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	const size_t size = reply->nr * sizeof(int);
	ssize_t sent;

	if (reply->nr) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), files, size);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(size);
	}
	do {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* A client that hears "no" need not have asked; nor need it listen. */
static void udb_serve_refuse(struct udb_load_server *server, int fd,
			     const struct ucred *who)
{
	const struct udb_wire_reply reply = {
		.magic = UDB_WIRE_REPLY,
		.version = UDB_WIRE_VERSION,
		.error = -EACCES,
	};

	udb_serve_send(fd, &reply, NULL);
	close(fd);
	udb_serve_event(server, who, UDB_LOAD_EVENT_REFUSED, -EACCES);
}

static struct udb_serve_client *udb_serve_room(struct udb_load_server *server)
{
	for (uint32_t i = 0; i < server->opts.max_clients; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

static void udb_serve_admit(struct udb_load_server *server, int fd)
{
	struct udb_serve_client *client = udb_serve_room(server);
	socklen_t size = sizeof(client->who);
	struct ucred who;

	if (!client || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size)) {
		close(fd);
		return;
	}
	if (!udb_serve_may(fd, &who, &server->opts)) {
		udb_serve_refuse(server, fd, &who);
		return;
	}
	*client = (struct udb_serve_client){
		.fd = fd,
		.who = who,
		.deadline = udb_time_deadline((int)server->opts.timeout_ms),
	};
}

/**
 * udb_serve_accept() - let a client in that has connected
 * @server: a server with room for one.
 *
 * Return: 0, also when that cannot be done now; or a negative error number: it will
 * never be done again.
 */
int udb_serve_accept(struct udb_load_server *server)
{
	int fd = accept4(server->socket.fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		udb_serve_admit(server, fd);
		return 0;
	}
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
		return 0;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		server->accept_at = udb_time_deadline(UDB_SERVE_PAUSE_MS);
		return 0;
	default:
		return -errno;
	}
}

/**
 * udb_serve_client_events() - what to wait for
 * @client: a client.
 *
 * Return: for poll().
 */
short udb_serve_client_events(const struct udb_serve_client *client)
{
	if (client->state != UDB_SERVE_TAKES)
		return POLLIN;
	return client->crowded ? 0 : POLLOUT;
}

/**
 * udb_serve_client_end() - be done with a client
 * @server: the server.
 * @client: the client.
 * @kind: what has become of it.
 * @error: 0 or why.
 */
void udb_serve_client_end(struct udb_load_server *server,
			  struct udb_serve_client *client,
			  enum udb_load_event_kind kind, int error)
{
	close(client->fd);
	client->fd = -1;
	server->handed += kind == UDB_LOAD_EVENT_HANDED;
	udb_serve_event(server, &client->who, kind, error);
}

/*
 * What it says; what is longer comes of a later version, and files that it sends along
 * are closed by the kernel, as there is no room for them here.
 */
static int udb_serve_hear(const struct udb_serve_client *client,
			  struct udb_wire_hello *hello)
{
	ssize_t got = recv(client->fd, hello, sizeof(*hello), MSG_DONTWAIT);

	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (!got)
		return -ECONNRESET;
	if (got != sizeof(*hello) || hello->magic != UDB_WIRE_HELLO ||
	    !hello->version || hello->error > 0 ||
	    hello->error < -UDB_SERVE_ERROR_MAX || hello->error == -EAGAIN)
		return -EBADMSG;
	return 0;
}

/* As many messages as fit; -EAGAIN when there are more. */
static int udb_serve_give(struct udb_load_server *server,
			  struct udb_serve_client *client)
{
	int ret = 0;

	client->crowded = false;
	while (client->sent < server->nr_files && !ret) {
		uint32_t left = server->nr_files - client->sent;
		const struct udb_wire_reply reply = {
			.magic = UDB_WIRE_REPLY,
			.version = UDB_WIRE_VERSION,
			.nr = left < UDB_WIRE_FDS ? left : UDB_WIRE_FDS,
			.first = client->sent,
			.total = server->nr_files,
			.layout_size = server->layout_size,
		};

		ret = udb_serve_send(client->fd, &reply,
				     server->files + client->sent);
		if (!ret)
			client->sent += reply.nr;
	}
	/* files that others have not taken yet are counted, too */
	client->crowded = ret == -ETOOMANYREFS;
	return client->crowded ? -EAGAIN : ret;
}

static int udb_serve_step(struct udb_load_server *server,
			  struct udb_serve_client *client)
{
	struct udb_wire_hello hello;
	int ret = 0;

	if (client->state != UDB_SERVE_TAKES) {
		ret = udb_serve_hear(client, &hello);
		if (!ret && hello.kind != (client->state == UDB_SERVE_TELLS ?
						   UDB_WIRE_DONE :
						   UDB_WIRE_ASK))
			ret = -EBADMSG;
	}
	if (ret || client->state == UDB_SERVE_TELLS)
		return ret ? ret : hello.error;
	client->state = UDB_SERVE_TAKES;
	ret = udb_serve_give(server, client);
	if (!ret)
		client->state = UDB_SERVE_TELLS;
	return ret ? ret : -EAGAIN;
}

/**
 * udb_serve_client_step() - do what can be done with a client
 * @server: the server.
 * @client: the client, for which poll() has found something.
 */
void udb_serve_client_step(struct udb_load_server *server,
			   struct udb_serve_client *client)
{
	int ret = udb_serve_step(server, client);

	if (ret != -EAGAIN)
		udb_serve_client_end(server, client,
				     ret ? UDB_LOAD_EVENT_FAILED :
					   UDB_LOAD_EVENT_HANDED,
				     ret);
}
