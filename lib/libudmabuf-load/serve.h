/* SPDX-License-Identifier: MIT */
/*
 * Part of libudmabuf-load.h: what was loaded once, for many programs.
 */
#ifndef LIBUDMABUF_LOAD_SERVE_H
#define LIBUDMABUF_LOAD_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct udb_load;
struct udb_load_failure;
struct udb_load_tensors;
struct udb_map_opts;

/**
 * enum udb_load_event_kind - what has become of a client
 * @UDB_LOAD_EVENT_HANDED: it has the buffers.
 * @UDB_LOAD_EVENT_REFUSED: it may not have them.
 * @UDB_LOAD_EVENT_FAILED: it went away, was silent for too long, or said nonsense.
 */
enum udb_load_event_kind {
	UDB_LOAD_EVENT_HANDED,
	UDB_LOAD_EVENT_REFUSED,
	UDB_LOAD_EVENT_FAILED,
};

/**
 * struct udb_load_event - a client of a server has been dealt with
 * @struct_size: sizeof(struct udb_load_event), as the library knows it.
 * @handed: clients that have got the buffers so far, with this one.
 * @kind: enum udb_load_event_kind.
 * @pid: process that connected, as the kernel knows it; it may be gone.
 * @uid: its user.
 * @error: 0, or a negative error number that says why it has not got them.
 */
struct udb_load_event {
	size_t struct_size;
	uint64_t handed;
	uint32_t kind;
	int32_t pid;
	uint32_t uid;
	int32_t error;
};

/* &udb_load_server_opts.flags */
#define UDB_LOAD_SERVER_WRITABLE (1U << 0) /* clients may write */
#define UDB_LOAD_SERVER_ANYBODY	(1U << 1) /* who can connect gets it */
#define UDB_LOAD_SERVER_SOCKET	(1U << 2) /* @socket listens already */

/**
 * struct udb_load_server_opts - options of udb_load_server_new()
 * @struct_size: sizeof(struct udb_load_server_opts).
 * @uids: users that get the buffers, besides that of the server and root.
 * @gids: groups whose members get them.
 * @nr_uids: how many @uids.
 * @nr_gids: how many @gids. If there is one, the socket becomes that group's.
 * @event: called by udb_load_server_run() for each client; NULL: nobody wants to know.
 * @data: for @event.
 * @flags: bits UDB_LOAD_SERVER_*.
 * @mode: permissions of the socket, at most 0777; 0: what @uids, @gids and @flags
 *        ask for. Who can connect is asked who he is all the same.
 * @max_clients: that are dealt with at a time, 1 to 1024; 0: 64. Others wait.
 * @timeout_ms: what a client may take, 10 to 3600000; 0: 5000.
 * @socket: with %UDB_LOAD_SERVER_SOCKET: a socket of type SOCK_SEQPACKET that listens,
 *          as a service manager hands it over; it stays the caller's.
 * @reserved: 0.
 */
struct udb_load_server_opts {
	size_t struct_size;
	const uint32_t *uids;
	const uint32_t *gids;
	size_t nr_uids;
	size_t nr_gids;
	void (*event)(void *data, const struct udb_load_event *event);
	void *data;
	uint32_t flags;
	uint32_t mode;
	uint32_t max_clients;
	uint32_t timeout_ms;
	int32_t socket;
	uint32_t reserved;
};

struct udb_load_server;

/**
 * udb_load_server_new() - make a socket for programs that want what is loaded
 * @path: of the socket, below 108 bytes; NULL with %UDB_LOAD_SERVER_SOCKET.
 * @opts: options or NULL: for programs of the same user, and root.
 * @failure: filled in when the call fails, or NULL.
 * @ret_server: receives the server, to be given back with udb_load_server_free().
 *
 * Programs can connect from now on, and wait for udb_load_server_run(). So a load that
 * takes long can come after this call, which finds out that there is a server already.
 * The socket of a server that is dead is replaced. The file @path.lock shows who lives.
 *
 * Return: 0; -EADDRINUSE: somebody serves there; -EEXIST: @path is something else;
 * -ENAMETOOLONG; -ENOTSOCK: the socket given is none such; or what bind(), chown()
 * and chmod() say.
 */
int udb_load_server_new(const char *path,
			const struct udb_load_server_opts *opts,
			struct udb_load_failure *failure,
			struct udb_load_server **ret_server);

/**
 * udb_load_server_offer() - say what clients get
 * @server: a server.
 * @load: what was loaded; has to live as long as the server.
 * @tensors: tables of tensors, or NULL. Clients are told of those that were loaded.
 * @nr: how many tables.
 *
 * A memfd is sealed against writing, unless %UDB_LOAD_SERVER_WRITABLE. Whether clients
 * can write to dma-bufs was decided with %UDB_LOAD_READ_ONLY when they were made.
 *
 * Return: 0; -EBUSY: there is an offer; -E2BIG: more files and tensors than can
 * be told.
 */
int udb_load_server_offer(struct udb_load_server *server,
			  const struct udb_load *load,
			  const struct udb_load_tensors *const *tensors,
			  size_t nr);

/**
 * udb_load_server_run() - deal with clients
 * @server: a server with an offer; one thread at a time.
 * @timeout_ms: 0: only with those who are there; below 0: until it is stopped.
 *
 * No client makes another wait.
 *
 * Return: 0: it was stopped; -ETIMEDOUT: time is up; or what poll() says.
 */
int udb_load_server_run(struct udb_load_server *server, int timeout_ms);

/**
 * udb_load_server_stop() - let udb_load_server_run() return
 * @server: a server.
 *
 * May be called by any thread, and by handlers of signals.
 */
void udb_load_server_stop(struct udb_load_server *server);

/**
 * udb_load_server_free() - end a server
 * @server: a server that nobody runs, or NULL. What clients have stays theirs.
 *
 * The socket is removed, unless the caller had made it.
 *
 * Return: NULL.
 */
struct udb_load_server *udb_load_server_free(struct udb_load_server *server);

/* &udb_load_fetch_opts.flags */
#define UDB_LOAD_FETCH_WAIT	(1U << 0) /* for a server that is yet to come */
#define UDB_LOAD_FETCH_MEMFD	(1U << 1) /* a memfd that cannot shrink will do */
#define UDB_LOAD_FETCH_ANY	(1U << 2) /* dma-bufs of other exporters, too */

/**
 * struct udb_load_fetch_opts - options of udb_load_fetch()
 * @struct_size: sizeof(struct udb_load_fetch_opts).
 * @timeout_ms: how long the server may take; 0: a minute; below 0: for ever.
 * @flags: bits UDB_LOAD_FETCH_*.
 */
struct udb_load_fetch_opts {
	size_t struct_size;
	int32_t timeout_ms;
	uint32_t flags;
};

/**
 * udb_load_fetch() - get from a server what it has loaded
 * @path: of its socket.
 * @opts: options or NULL.
 * @failure: filled in when the call fails, or NULL.
 * @ret_load: receives what was loaded, to be given back with udb_load_free().
 *
 * The result is that of udb_load_files(), but of the report there is only what was
 * loaded how, and there is no memfd besides the dma-bufs. The server is not trusted:
 * each file and tensor is inside of the buffers, and these are what they are said to
 * be. They stay when the server ends.
 *
 * Return: 0; -ENOENT, -ECONNREFUSED: there is no server; -EACCES: it is not for this
 * user; -ETIMEDOUT; -ECONNRESET: the server has ended; -EBADMSG: it is no such
 * server, or it lied; -EPROTONOSUPPORT: of a newer version; -EPERM: a buffer that
 * @opts do not allow; -ENAMETOOLONG; or what connect() says.
 */
int udb_load_fetch(const char *path, const struct udb_load_fetch_opts *opts,
		   struct udb_load_failure *failure,
		   struct udb_load **ret_load);

/**
 * udb_load_inherit() - get what the program before this one has loaded
 * @failure: filled in when the call fails, or NULL.
 * @ret_load: receives what was loaded, to be given back with udb_load_free().
 *
 * For programs that "udmabuf load --exec" or "udmabuf fetch --exec" runs. The result is
 * that of udb_load_fetch(). The open files that the environment names are taken over;
 * after an error some of them may be closed.
 *
 * Return: 0; -ENOENT: the environment names none; -EBADF: they are not open;
 * -EBADMSG: they are something else; -EPROTONOSUPPORT: of a newer version.
 */
int udb_load_inherit(struct udb_load_failure *failure,
		     struct udb_load **ret_load);

/**
 * udb_load_layout_fd() - make the file that tells udb_load_inherit() what is where
 * @load: what was loaded.
 * @tensors: tables of tensors, or NULL. Those that were loaded are told of.
 * @nr: how many tables.
 *
 * The environment of the program has to have the number of this file in
 * %UDMABUF_LAYOUT_FD, and those of all dma-bufs (or of the memfd), with commas, in
 * %UDMABUF_FDS.
 *
 * Return: a new file descriptor, the caller's; -E2BIG as udb_load_server_offer().
 */
int udb_load_layout_fd(const struct udb_load *load,
		       const struct udb_load_tensors *const *tensors,
		       size_t nr);

/**
 * udb_load_map() - let the processor see all of it in one piece
 * @load: what was loaded.
 * @opts: options or NULL; without an access that of udb_load_access().
 * @ret_addr: receives the address; udb_unmap() with udb_load_size().
 *
 * As udb_buffer_map(), for all dma-bufs, one behind the other.
 *
 * Return: 0, or what mmap() says; -EOPNOTSUPP: %UDB_MAP_MEMFD and there is none.
 */
int udb_load_map(const struct udb_load *load, const struct udb_map_opts *opts,
		 void **ret_addr);

/**
 * udb_load_tensors_of() - the tensors that a server told of
 * @load: what was loaded.
 *
 * udb_load_find() tells where they are.
 *
 * Return: a table, which lives as long as @load; NULL: it is not from a server.
 */
const struct udb_load_tensors *udb_load_tensors_of(const struct udb_load *load);

/**
 * udb_load_access() - what may be done with the memory
 * @load: what was loaded.
 *
 * Return: %UDB_READ, and %UDB_WRITE unless all of it is read-only.
 */
uint32_t udb_load_access(const struct udb_load *load);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_LOAD_SERVE_H */
