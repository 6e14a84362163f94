/* SPDX-License-Identifier: MIT */
/*
 * What a server and its clients say to each other, over a Unix socket that keeps
 * messages apart (SOCK_SEQPACKET). Both are on one machine, so numbers are in its own
 * byte order.
 *
 *	client: hello
 *	server: reply, with files; several, while there are more files than one can carry
 *	client: hello of the kind "done", with what has become of it
 *
 * The first file is the layout: a memfd that nobody can change any more. The others are
 * the dma-bufs, or one memfd. A message may get longer in a later version, and its
 * beginning stays; so each side looks at what it knows.
 */
#ifndef UDB_LOAD_WIRE_H
#define UDB_LOAD_WIRE_H

#include "result.h"

#define UDB_WIRE_HELLO		UDB_FOURCC('u', 'd', 'b', 'H')
#define UDB_WIRE_REPLY		UDB_FOURCC('u', 'd', 'b', 'R')
#define UDB_WIRE_LAYOUT		UDB_FOURCC('u', 'd', 'b', 'L')
#define UDB_WIRE_VERSION	1

/* In one message; the kernel's limit is 253. */
#define UDB_WIRE_FDS		128

/* Bounds of a layout: what is above was not meant. */
#define UDB_WIRE_SIZE_MAX	(64 * UDB_MIB)
#define UDB_WIRE_BUFS_MAX	65536
#define UDB_WIRE_PLACES_MAX	(1U << 20)
#define UDB_WIRE_TENSORS_MAX	(1U << 20)

/* What a hello is for. */
#define UDB_WIRE_ASK		0
#define UDB_WIRE_DONE		1

/* &udb_wire_head.flags */
#define UDB_WIRE_READ_ONLY	(1U << 0)

/**
 * struct udb_wire_hello - what a client says
 * @magic: %UDB_WIRE_HELLO.
 * @version: the newest that it knows.
 * @kind: %UDB_WIRE_ASK, then %UDB_WIRE_DONE.
 * @error: with %UDB_WIRE_DONE: 0, or a negative error number.
 * @reserved: 0.
 */
struct udb_wire_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t kind;
	int32_t error;
	uint32_t reserved[4];
};

/**
 * struct udb_wire_reply - what a server says
 * @magic: %UDB_WIRE_REPLY.
 * @version: of what follows.
 * @error: 0, or a negative error number; then there are no files.
 * @nr: files in this message.
 * @first: number of the first of these.
 * @total: files in all messages.
 * @layout_size: bytes of the layout.
 * @reserved: 0.
 */
struct udb_wire_reply {
	uint32_t magic;
	uint32_t version;
	int32_t error;
	uint32_t nr;
	uint32_t first;
	uint32_t total;
	uint64_t layout_size;
	uint64_t reserved;
};

/**
 * struct udb_wire_head - the beginning of a layout
 * @magic: %UDB_WIRE_LAYOUT.
 * @version: of what follows.
 * @flags: bits UDB_WIRE_*.
 * @nr_bufs: dma-bufs; 0: a memfd.
 * @nr_places: files or pieces.
 * @nr_tensors: tensors.
 * @text_size: bytes of names, at the end; the last one is 0.
 * @size: bytes of the memory.
 * @bytes: of all places.
 * @bytes_huge: memory in huge pages.
 * @backing: enum udb_backing.
 * @engine: enum udb_load_engine.
 * @way: enum udb_load_way, the worst of all.
 * @reserved: 0.
 *
 * Then come the sizes of the dma-bufs (64 bits each), places, tensors, names.
 */
struct udb_wire_head {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_bufs;
	uint32_t nr_places;
	uint32_t nr_tensors;
	uint64_t text_size;
	uint64_t size;
	uint64_t bytes;
	uint64_t bytes_huge;
	uint32_t backing;
	uint32_t engine;
	uint32_t way;
	uint32_t reserved;
};

/**
 * struct udb_wire_place - &struct udb_load_place on the wire
 * @file_offset: first byte in the file.
 * @buffer_offset: first byte in the memory.
 * @size: bytes.
 * @way: enum udb_load_way.
 * @checks: which checksums there are.
 * @xxh3: the one.
 * @sha256: the other.
 * @path: where in the names the path begins.
 * @reserved: 0.
 */
struct udb_wire_place {
	uint64_t file_offset;
	uint64_t buffer_offset;
	uint64_t size;
	uint32_t way;
	uint32_t checks;
	uint8_t xxh3[8];
	uint8_t sha256[32];
	uint32_t path;
	uint32_t reserved;
};

/**
 * struct udb_wire_tensor - &struct udb_load_tensor on the wire
 * @offset: in the file.
 * @size: bytes.
 * @dims: elements in each dimension.
 * @nr_dims: how many dimensions.
 * @place: number of the place that it is in.
 * @name: where in the names its name begins.
 * @type: where in the names its type begins.
 */
struct udb_wire_tensor {
	uint64_t offset;
	uint64_t size;
	uint64_t dims[UDB_LOAD_DIMS_MAX];
	uint32_t nr_dims;
	uint32_t place;
	uint32_t name;
	uint32_t type;
};

/**
 * struct udb_wire_view - a layout, and where things are in it
 * @head: its beginning.
 * @sizes: of dma-bufs.
 * @places: files or pieces.
 * @tensors: tensors.
 * @text: names.
 */
struct udb_wire_view {
	const struct udb_wire_head *head;
	const uint64_t *sizes;
	const struct udb_wire_place *places;
	const struct udb_wire_tensor *tensors;
	const char *text;
};

/* wire.c */
int udb_wire_pack(const struct udb_load *load,
		  const struct udb_load_tensors *const *tables, size_t nr,
		  uint32_t flags, void **ret_bytes, size_t *ret_size);
int udb_wire_file(const struct udb_load *load,
		  const struct udb_load_tensors *const *tables, size_t nr,
		  uint32_t flags, uint64_t *ret_size);

/* wire_view.c */
int udb_wire_look(const void *bytes, uint64_t size, struct udb_wire_view *view,
		  const char **why);
int udb_wire_take(const struct udb_wire_view *view, struct udb_load **ret_load);

/* serve_socket.c: what it needs of a system, sockaddr_un included, is not for all */
struct sockaddr_un;
int udb_wire_address(const char *path, struct sockaddr_un *address,
		     struct udb_load_failure *failure);

#endif /* UDB_LOAD_WIRE_H */
