// SPDX-License-Identifier: MIT
/*
 * A server: what was loaded once, for each program that asks and may have it. One
 * poll() waits for all clients.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "serve.h"
#include "tensors.h"

#define UDB_SERVE_FLAGS                                                   \
	(UDB_LOAD_SERVER_WRITABLE | UDB_LOAD_SERVER_ANYBODY |             \
	 UDB_LOAD_SERVER_SOCKET)

#define UDB_SERVE_TIMEOUT_MS	5000
#define UDB_SERVE_TIMEOUT_MIN	10
#define UDB_SERVE_TIMEOUT_MAX	3600000
#define UDB_SERVE_IDS_MAX	65536

/* A client that got nothing because of too many files on their way gets a turn. */
#define UDB_SERVE_CROWDED_MS	20

/* &udb_load_server.polls: these two, then the clients. */
enum { UDB_SERVE_POLL_STOP, UDB_SERVE_POLL_SOCKET, UDB_SERVE_POLL_CLIENTS };

static bool udb_serve_opts_right(const struct udb_load_server_opts *opts)
{
	return !(opts->flags & ~UDB_SERVE_FLAGS) && !opts->reserved &&
	       opts->mode <= 0777 && opts->nr_uids <= UDB_SERVE_IDS_MAX &&
	       opts->nr_gids <= UDB_SERVE_IDS_MAX &&
	       (opts->uids || !opts->nr_uids) &&
	       (opts->gids || !opts->nr_gids) &&
	       opts->max_clients <= UDB_SERVE_CLIENTS_MAX &&
	       (!opts->timeout_ms ||
		opts->timeout_ms >= UDB_SERVE_TIMEOUT_MIN) &&
	       opts->timeout_ms <= UDB_SERVE_TIMEOUT_MAX;
}

static int udb_serve_opts_take(struct udb_load_server_opts *known,
			       const struct udb_load_server_opts *opts)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), opts);

	if (ret)
		return ret;
	if (!udb_serve_opts_right(known))
		return -EINVAL;
	if (!known->max_clients)
		known->max_clients = UDB_SERVE_CLIENTS;
	if (!known->timeout_ms)
		known->timeout_ms = UDB_SERVE_TIMEOUT_MS;
	return 0;
}

/* The caller's list need not live as long as the server. */
static int udb_serve_ids_take(uint32_t **to, const uint32_t **list, size_t nr)
{
	if (!nr)
		return 0;
	*to = calloc(nr, sizeof(**to));
	if (!*to)
		return -ENOMEM;
	memcpy(*to, *list, nr * sizeof(**to));
	*list = *to;
	return 0;
}

static int udb_serve_alloc(struct udb_load_server *server)
{
	struct udb_load_server_opts *opts = &server->opts;
	const uint32_t nr = opts->max_clients;
	int ret;

	ret = udb_serve_ids_take(&server->uids, &opts->uids, opts->nr_uids);
	if (!ret)
		ret = udb_serve_ids_take(&server->gids, &opts->gids,
					 opts->nr_gids);
	if (ret)
		return ret;
	server->clients = calloc(nr, sizeof(*server->clients));
	if (!server->clients)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++)
		server->clients[i].fd = -1;
	server->polls =
		calloc(nr + UDB_SERVE_POLL_CLIENTS, sizeof(*server->polls));
	if (!server->polls)
		return -ENOMEM;
	server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return server->stop_fd < 0 ? -errno : 0;
}

static int udb_serve_new(const char *path,
			 const struct udb_load_server_opts *opts,
			 struct udb_load_failure *why,
			 struct udb_load_server **ret_server)
{
	struct udb_load_server *server = calloc(1, sizeof(*server));
	int ret;

	if (!server)
		return -ENOMEM;
	server->stop_fd = -1;
	server->opts = *opts;
	server->socket.fd = -1;
	server->socket.lock = -1;
	ret = udb_serve_alloc(server);
	if (!ret)
		ret = udb_serve_socket_open(&server->socket, path,
					    &server->opts, why);
	if (ret)
		udb_load_server_free(server);
	else
		*ret_server = server;
	return ret;
}

int udb_load_server_new(const char *path,
			const struct udb_load_server_opts *opts,
			struct udb_load_failure *failure,
			struct udb_load_server **ret_server)
{
	struct udb_load_server_opts known;
	struct udb_load_failure why = { 0 };
	int ret = udb_load_failure_give(failure, NULL);

	if (ret)
		return ret;
	ret = udb_serve_opts_take(&known, opts);
	if (!ret)
		ret = udb_serve_new(path, &known, &why, ret_server);
	if (ret && !why.error)
		udb_load_note(&why, ret, UDB_LOAD_FAULT_OPTIONS, NULL,
			      "cannot serve: %s", strerrordesc_np(-ret));
	if (ret)
		udb_load_failure_give(failure, &why);
	return ret;
}

/*
 * Nobody who gets a memfd can write to it, the server included, if it can be sealed.
 * What a dma-buf lets one do, its exporter has decided.
 */
static int udb_serve_protect(const struct udb_load_server *server,
			     const struct udb_load *load, uint32_t *flags)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;

	*flags = load->access & UDB_WRITE ? 0 : UDB_WIRE_READ_ONLY;
	if (load->nr_bufs || *flags ||
	    server->opts.flags & UDB_LOAD_SERVER_WRITABLE)
		return 0;
	if (fcntl(load->memfd, F_ADD_SEALS, seals))
		return -errno;
	*flags = UDB_WIRE_READ_ONLY;
	return 0;
}

static int udb_serve_layout(struct udb_load_server *server,
			    const struct udb_load *load,
			    const struct udb_load_tensors *const *tensors,
			    size_t nr)
{
	uint32_t flags;
	int ret;

	ret = udb_serve_protect(server, load, &flags);
	return ret ? ret :
		     udb_wire_file(load, tensors, nr, flags,
				   &server->layout_size);
}

int udb_load_server_offer(struct udb_load_server *server,
			  const struct udb_load *load,
			  const struct udb_load_tensors *const *tensors,
			  size_t nr)
{
	uint32_t nr_files = 1 + (load->nr_bufs ? load->nr_bufs : 1);
	int *files, ret;

	if (server->nr_files)
		return -EBUSY;
	files = calloc(nr_files, sizeof(*files));
	if (!files)
		return -ENOMEM;
	ret = udb_serve_layout(server, load, tensors, nr);
	if (ret < 0) {
		free(files);
		return ret;
	}
	files[0] = ret;
	files[1] = load->memfd;
	for (size_t i = 0; i < load->nr_bufs; i++)
		files[1 + i] = udb_buffer_fd(load->bufs[i]);
	server->files = files;
	server->nr_files = nr_files;
	return 0;
}

/* The time until the first of all things that happen by themselves. */
static int udb_serve_sooner(int timeout, int64_t deadline)
{
	int left = udb_time_left(deadline);

	return timeout < 0 || left < timeout ? left : timeout;
}

/* Files that are below 0 are not looked at. */
static int udb_serve_prepare(struct udb_load_server *server, int timeout)
{
	struct pollfd *polls = server->polls;
	bool room = false;

	for (uint32_t i = 0; i < server->opts.max_clients; i++) {
		struct udb_serve_client *client = &server->clients[i];
		struct pollfd *to = &polls[UDB_SERVE_POLL_CLIENTS + i];

		*to = (struct pollfd){ .fd = client->fd };
		room = room || client->fd < 0;
		if (client->fd < 0)
			continue;
		to->events = udb_serve_client_events(client);
		timeout = udb_serve_sooner(timeout, client->deadline);
		if (client->crowded && timeout > UDB_SERVE_CROWDED_MS)
			timeout = UDB_SERVE_CROWDED_MS;
	}
	if (room && udb_time_left(server->accept_at)) {
		timeout = udb_serve_sooner(timeout, server->accept_at);
		room = false;
	}
	polls[UDB_SERVE_POLL_STOP] =
		(struct pollfd){ .fd = server->stop_fd, .events = POLLIN };
	polls[UDB_SERVE_POLL_SOCKET] = (struct pollfd){
		.fd = room ? server->socket.fd : -1,
		.events = POLLIN,
	};
	return timeout;
}

static void udb_serve_client_look(struct udb_load_server *server,
				  struct udb_serve_client *client,
				  const struct pollfd *found)
{
	if (client->fd < 0)
		return;
	if (found->revents || client->crowded)
		udb_serve_client_step(server, client);
	if (client->fd >= 0 && !udb_time_left(client->deadline))
		udb_serve_client_end(server, client, UDB_LOAD_EVENT_FAILED,
				     -ETIMEDOUT);
}

/* Files that were found by poll(); 0: none; below 0: an error number, -ECANCELED: stop. */
static int udb_serve_round(struct udb_load_server *server, int timeout)
{
	const struct pollfd *polls = server->polls;
	const uint32_t nr = server->opts.max_clients;
	int found, ret = 0;

	timeout = udb_serve_prepare(server, timeout);
	found = poll(server->polls, nr + UDB_SERVE_POLL_CLIENTS, timeout);
	if (found < 0)
		return errno == EINTR ? 1 : -errno;
	if (polls[UDB_SERVE_POLL_STOP].revents)
		return -ECANCELED;
	for (uint32_t i = 0; i < nr; i++)
		udb_serve_client_look(server, &server->clients[i],
				      &polls[UDB_SERVE_POLL_CLIENTS + i]);
	if (polls[UDB_SERVE_POLL_SOCKET].revents)
		ret = udb_serve_accept(server);
	return ret ? ret : found;
}

int udb_load_server_run(struct udb_load_server *server, int timeout_ms)
{
	const int64_t deadline = udb_time_deadline(timeout_ms);
	int ret, left;

	if (!server->nr_files)
		return -EINVAL;
	for (;;) {
		left = udb_time_left(deadline);
		ret = udb_serve_round(server, left);
		if (ret < 0)
			return ret == -ECANCELED ? 0 : ret;
		if (!left && (!ret || timeout_ms > 0))
			return -ETIMEDOUT;
	}
}

/* The number is never read, so it stays stopped. */
void udb_load_server_stop(struct udb_load_server *server)
{
	const uint64_t once = 1;
	int error = errno;

	while (write(server->stop_fd, &once, sizeof(once)) < 0 &&
	       errno == EINTR)
		;
	errno = error;
}

struct udb_load_server *udb_load_server_free(struct udb_load_server *server)
{
	if (!server)
		return NULL;
	udb_serve_socket_close(&server->socket);
	for (uint32_t i = 0; server->clients && i < server->opts.max_clients;
	     i++)
		udb_fd_close(server->clients[i].fd);
	if (server->files)
		close(server->files[0]);
	udb_fd_close(server->stop_fd);
	free(server->files);
	free(server->clients);
	free(server->polls);
	free(server->uids);
	free(server->gids);
	free(server);
	return NULL;
}
