/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls with arguments that grow by what they reach in the driver: an input is a
 * few calls, each with some bytes as its argument. KCOV tells which places of the
 * driver an input ran through; one that ran along a new edge between two of them is
 * kept, and others are made of it.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "rng.h"

#define CALLS		6 /* of an input, at most */
#define CALL_BYTES	512

enum call_kind {
	CALL_DEVICE, /* ioctl of the device: may give a buffer */
	CALL_BUFFER, /* ioctl of the last buffer */
	CALL_MAP, /* mmap of it, a touch, munmap */
	CALL_PEEK, /* a device gets it, reads and lets go */
	CALL_HOLE, /* fallocate of one of the memfds */
	CALL_KINDS,
};

struct call {
	uint32_t kind;
	uint32_t command;
	uint32_t size; /* of the argument */
	uint32_t roomy; /* zeroes follow the argument, not the end of memory */
	uint8_t bytes[CALL_BYTES];
};

struct input {
	uint32_t nr;
	struct call call[CALLS];
};

/* Open files, by number: what an argument may name. */
#define CALLS_FD_FIRST	64
#define CALLS_FDS	12
#define CALLS_FD_OWN	(CALLS_FD_FIRST + CALLS_FDS) /* those that an input makes */

/* calls_input.c */
void input_make(struct input *input, struct fuzz_rng *rng);

/* Changes some of it; @other is another good one to take a part of. */
void input_mutate(struct input *input, const struct input *other,
		  struct fuzz_rng *rng);
void input_write(const struct input *input, FILE *file);

/* calls_run.c */
#define EDGES	(1U << 16)

struct coverage {
	atomic_uchar edge[EDGES];
	atomic_uchar pc[EDGES];
	atomic_uint nr_edges;
	atomic_uint nr_pcs;
};

/* For each process. False: there is no device. */
bool calls_open(const char *device);

/* Whether this kernel tells where calls run; calls_open() finds out. */
bool calls_have_coverage(void);

/*
 * Runs an input; gives back how many calls that were, and the number of edges
 * that nobody reached before in @news.
 */
uint32_t calls_run(const struct input *input, struct coverage *coverage,
		   uint32_t *news);

#endif /* FUZZ_CALLS_H */
