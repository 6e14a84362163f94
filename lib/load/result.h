/* SPDX-License-Identifier: MIT */
/*
 * What was loaded, or came from a server. It is constant once its maker is done.
 */
#ifndef UDB_LOAD_RESULT_H
#define UDB_LOAD_RESULT_H

#include "job.h"

/**
 * struct udb_load - what was loaded
 * @memfd: the memory; -1: only the dma-bufs came from a server.
 * @size: of it.
 * @access: what may be done with it.
 * @bufs: dma-bufs, or NULL.
 * @nr_bufs: how many.
 * @places: one for each source.
 * @nr_places: how many.
 * @paths: a copy of the path for each of them.
 * @tensors: of which a server told, or NULL.
 * @report: what it cost.
 */
struct udb_load {
	int memfd;
	size_t size;
	uint32_t access;
	struct udb_buffer **bufs;
	size_t nr_bufs;
	struct udb_load_place *places;
	size_t nr_places;
	char **paths;
	struct udb_load_tensors *tensors;
	struct udb_load_report report;
};

/* result.c */
struct udb_load *udb_load_new(size_t nr_places, size_t nr_bufs);
const struct udb_load_place *udb_load_find_place(const struct udb_load *load,
						 const char *path,
						 uint64_t offset,
						 uint64_t size);

#endif /* UDB_LOAD_RESULT_H */
