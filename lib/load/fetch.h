/* SPDX-License-Identifier: MIT */
/*
 * What those share that get files and make of them what was loaded: fetch.c (from a
 * server), inherit.c (from the program before) -> fetch_take.c.
 */
#ifndef UDB_LOAD_FETCH_H
#define UDB_LOAD_FETCH_H

#include "wire.h"

/**
 * struct udb_fetch - files that are to become what was loaded
 * @path: of the socket, or NULL: they are there already.
 * @flags: of the caller.
 * @deadline: when it is too late.
 * @start_ns: when it began.
 * @failure: what is told to the caller.
 * @why: what is wrong with what the server said.
 * @socket: connected, or -1.
 * @files: what has come, the layout first; NULL before the first message.
 * @nr: how many have come.
 * @total: how many are to come.
 * @layout_size: bytes of the first one.
 * @layout: a copy of it, which the server cannot change.
 * @view: what is where in the copy.
 * @load: what becomes of it.
 */
struct udb_fetch {
	const char *path;
	uint32_t flags;
	int64_t deadline;
	uint64_t start_ns;
	struct udb_load_failure failure;
	const char *why;
	int socket;
	int *files;
	uint32_t nr;
	uint32_t total;
	uint64_t layout_size;
	uint64_t *layout;
	struct udb_wire_view view;
	struct udb_load *load;
};

/* fetch_take.c */
int udb_fetch_bad(struct udb_fetch *fetch, const char *why);
int udb_fetch_take(struct udb_fetch *fetch);
int udb_fetch_end(struct udb_fetch *fetch, int error,
		  struct udb_load_failure *failure, struct udb_load **ret_load);

#endif /* UDB_LOAD_FETCH_H */
