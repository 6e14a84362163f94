/* SPDX-License-Identifier: MIT */
/*
 * What the parsers of headers share. They get bytes of a file that nobody trusts,
 * and touch nothing else.
 */
#ifndef UDB_LOAD_TENSORS_H
#define UDB_LOAD_TENSORS_H

#include "job.h"

/**
 * struct udb_load_head - the beginning of a file
 * @bytes: what has been read of it.
 * @size: how much that is.
 * @file_size: bytes of the file.
 * @why: what is wrong with it, for a person.
 */
struct udb_load_head {
	const uint8_t *bytes;
	uint64_t size;
	uint64_t file_size;
	const char *why;
};

/**
 * struct udb_load_tensors - a table of tensors
 * @list: the tensors; name and type are the table's, paths as well.
 * @nr: how many.
 * @room: for how many there is memory.
 * @paths: of the files.
 * @nr_paths: how many.
 */
struct udb_load_tensors {
	struct udb_load_tensor *list;
	size_t nr;
	size_t room;
	char **paths;
	size_t nr_paths;
};

/* tensors.c */
int udb_load_tensors_add(struct udb_load_tensors *tensors,
			 const struct udb_load_tensor *tensor, const char *name,
			 size_t name_size);
int udb_load_tensors_order(struct udb_load_tensors *tensors, size_t first,
			   struct udb_load_head *head);
int udb_load_head_bad(struct udb_load_head *head, const char *why);

/* gguf.c, safetensors.c; -EAGAIN: more of the file is needed */
bool udb_load_is_gguf(const struct udb_load_head *head);
int udb_load_gguf_parse(struct udb_load_head *head,
			struct udb_load_tensors *tensors);
bool udb_load_is_safetensors(const struct udb_load_head *head);
int udb_load_safetensors_parse(struct udb_load_head *head,
			       struct udb_load_tensors *tensors);

/* @each gets the name of a file for each tensor. */
int udb_load_index_parse(struct udb_load_head *head,
			 int (*each)(void *data, const char *tensor,
				     const char *file),
			 void *data);

#endif /* UDB_LOAD_TENSORS_H */
