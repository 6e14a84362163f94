/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program: a list of operations for one process, made from a seed. What its
 * numbers mean is decided when it runs: they name what there is at that moment.
 * So whatever is left of a program when operations are taken out is a program,
 * too, and one that finds something can be made shorter by trying.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "rng.h"

#define FUZZ_THREADS	4 /* of a program, at most */
#define FUZZ_OPS	160 /* of a program, at most */
#define FUZZ_ARGS	4

struct fuzz_op {
	uint8_t kind; /* index into fuzz_kinds */
	uint8_t thread;
	uint32_t arg[FUZZ_ARGS];
};

struct fuzz_program {
	uint64_t seed;
	uint32_t nr_threads;
	uint32_t nr_ops;
	struct fuzz_op op[FUZZ_OPS];
};

struct fuzz_thread;

/*
 * A kind of operation. @run gives false when there is nothing that it could be
 * done to: the kernel was not asked, and nothing is counted.
 */
struct fuzz_kind {
	const char *name;
	uint32_t weight;
	bool (*run)(struct fuzz_thread *thread, const struct fuzz_op *op);
};

extern const struct fuzz_kind fuzz_kinds[];
extern const uint32_t fuzz_nr_kinds;

/*
 * Programs that are made from now on have no operations of these kinds, names with
 * commas between. False: there is no such kind, or it cannot be done without.
 */
bool fuzz_leave_out(const char *names);

void fuzz_program_make(struct fuzz_program *program, uint64_t seed);
void fuzz_program_write(const struct fuzz_program *program, FILE *file);

/* False: it is no program; @line is the number of the line that is wrong. */
bool fuzz_program_read(struct fuzz_program *program, FILE *file, int *line);

/* Takes @nr operations out, from @first on. */
void fuzz_program_cut(struct fuzz_program *program, uint32_t first,
		      uint32_t nr);

#endif /* FUZZ_PROGRAM_H */
