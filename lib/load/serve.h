/* SPDX-License-Identifier: MIT */
/*
 * What the files of a server share: serve.c (the server as such) -> serve_client.c (one
 * client), serve_socket.c (the socket, and who may have what is offered).
 *
 * A server belongs to the thread that runs it. Only &udb_load_server.stop_fd is for
 * others: a write to it ends the run.
 */
#ifndef UDB_LOAD_SERVE_H
#define UDB_LOAD_SERVE_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "wire.h"

#define UDB_SERVE_CLIENTS	64
#define UDB_SERVE_CLIENTS_MAX	1024

/**
 * struct udb_serve_socket - a socket that listens
 * @fd: the socket.
 * @lock: the file that shows that its server lives; -1: the socket is the caller's.
 * @made: the socket's file is there, and ours.
 * @address: where.
 * @lock_path: of the file.
 */
struct udb_serve_socket {
	int fd;
	int lock;
	bool made;
	struct sockaddr_un address;
	char lock_path[sizeof(((struct sockaddr_un *)0)->sun_path) + 5];
};

/**
 * enum udb_serve_state - what a client is waited for
 * @UDB_SERVE_ASKS: to say what it wants.
 * @UDB_SERVE_TAKES: to take the files.
 * @UDB_SERVE_TELLS: to say what has become of it.
 */
enum udb_serve_state {
	UDB_SERVE_ASKS,
	UDB_SERVE_TAKES,
	UDB_SERVE_TELLS,
};

/**
 * struct udb_serve_client - a client that is connected
 * @fd: its socket; -1: nobody is here.
 * @state: what is waited for.
 * @who: as the kernel knows it.
 * @sent: files that it was sent.
 * @crowded: the kernel has too many files on their way: again in a moment.
 * @deadline: when it is too late.
 */
struct udb_serve_client {
	int fd;
	enum udb_serve_state state;
	struct ucred who;
	uint32_t sent;
	bool crowded;
	int64_t deadline;
};

/**
 * struct udb_load_server - a server
 * @opts: checked, without zeros; the lists are the server's own.
 * @uids: of @opts.
 * @gids: of @opts.
 * @socket: where clients come from.
 * @stop_fd: becomes readable when it is enough.
 * @clients: &udb_load_server_opts.max_clients of them.
 * @polls: for all files that are waited for.
 * @accept_at: nobody is let in before, for lack of files or memory.
 * @files: the layout and the buffers; only the first one is the server's.
 * @nr_files: how many; 0: nothing is offered.
 * @layout_size: of the first one.
 * @handed: clients that have got it.
 */
struct udb_load_server {
	struct udb_load_server_opts opts;
	uint32_t *uids;
	uint32_t *gids;
	struct udb_serve_socket socket;
	int stop_fd;
	struct udb_serve_client *clients;
	struct pollfd *polls;
	int64_t accept_at;
	int *files;
	uint32_t nr_files;
	uint64_t layout_size;
	uint64_t handed;
};

/* serve_socket.c */
int udb_serve_socket_open(struct udb_serve_socket *to, const char *path,
			  const struct udb_load_server_opts *opts,
			  struct udb_load_failure *failure);
void udb_serve_socket_close(struct udb_serve_socket *socket);
bool udb_serve_may(int fd, const struct ucred *who,
		   const struct udb_load_server_opts *opts);

/* serve_client.c */
void udb_serve_event(struct udb_load_server *server, const struct ucred *who,
		     enum udb_load_event_kind kind, int error);
int udb_serve_accept(struct udb_load_server *server);
short udb_serve_client_events(const struct udb_serve_client *client);
void udb_serve_client_step(struct udb_load_server *server,
			   struct udb_serve_client *client);
void udb_serve_client_end(struct udb_load_server *server,
			  struct udb_serve_client *client,
			  enum udb_load_event_kind kind, int error);

#endif /* UDB_LOAD_SERVE_H */
