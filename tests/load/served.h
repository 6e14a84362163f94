/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server for tests, which a thread runs, and what it told of its clients.
 */
#ifndef SERVED_H
#define SERVED_H

#include <libudmabuf-load.h>
#include <pthread.h>
#include <stdatomic.h>

#define SERVED_EVENTS	64

struct served {
	struct udb_load_server *server;
	struct udb_load_failure why;
	pthread_t thread;
	int ret;
	struct udb_load_event events[SERVED_EVENTS];
	atomic_uint nr;
};

/* Makes a server at @path and has a thread run it; @opts but for the events. */
int served_begin(struct served *served, const char *path,
		 const struct udb_load *load,
		 const struct udb_load_server_opts *opts,
		 const struct udb_load_tensors *const *tensors, size_t nr);

/* Stops it, frees it, and returns what the run returned. */
int served_end(struct served *served);

/* Event number @nr, from 0, once it is there; NULL when it does not come. */
const struct udb_load_event *served_event(struct served *served,
					  unsigned int nr);

/* A socket of @type with a file at @path, which does not listen yet. */
int served_bind(const char *path, int type);

/* A socket that is connected to @path, and says nothing. */
int served_connect(const char *path);

#endif /* SERVED_H */
