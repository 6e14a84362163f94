/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that run programs, and what disturbs them. All they have in common
 * is in memory that they share, so that what was counted stays when one is killed.
 */
#ifndef FUZZ_FLEET_H
#define FUZZ_FLEET_H

#include "world.h"

#define FUZZ_WORKERS	16
#define FUZZ_RECENT	4 /* programs that each worker ran last */
#define FUZZ_KINDS_MAX	64

struct fuzz_worker {
	pid_t pid;
	uint64_t epoch; /* how often it was started */
	atomic_ulong nr_programs;
	atomic_ulong recent[FUZZ_RECENT]; /* their seeds */
	atomic_bool found;
	char what[512];
};

struct fuzz_fleet {
	atomic_bool stop;
	atomic_ulong counts[FUZZ_KINDS_MAX];
	uint32_t nr_workers;
	uint64_t seed;
	const char *device;
	const char *module; /* name of the driver's, or NULL: built in */
	struct fuzz_worker worker[FUZZ_WORKERS];
};

/* Zeroed memory that children share, for a fleet and more; NULL without. */
void *fuzz_shared(size_t size);

bool fuzz_fleet_start(struct fuzz_fleet *fleet, uint32_t number);

/* Kills one, or all of them, and waits. */
void fuzz_fleet_kill(struct fuzz_fleet *fleet, uint32_t number);
void fuzz_fleet_kill_all(struct fuzz_fleet *fleet);

/*
 * Looks after those that ended: who was killed is started again. False when one
 * found something or died by itself; @what tells.
 */
bool fuzz_fleet_tend(struct fuzz_fleet *fleet, char *what, size_t size,
		     uint32_t *number);

/*
 * Asks all to end, which they do after their program. False: one does not, or found
 * something in it.
 */
bool fuzz_fleet_stop(struct fuzz_fleet *fleet, unsigned int seconds, char *what,
		     size_t size, uint32_t *number);

uint64_t fuzz_fleet_ops(const struct fuzz_fleet *fleet);
uint64_t fuzz_fleet_programs(const struct fuzz_fleet *fleet);

/*
 * Runs one program alone, in a child. True when it finds something, which @what
 * tells; so does a child that dies or does not end, and a word in the log.
 */
bool fuzz_fleet_try(struct fuzz_fleet *fleet,
		    const struct fuzz_program *program, char *what,
		    size_t size);

/* disturb.c: one of the things that happen on a machine; false: a defect. */
bool fuzz_disturb(struct fuzz_fleet *fleet, struct fuzz_rng *rng, char *what,
		  size_t size);
void fuzz_disturb_end(void);

/*
 * shorten.c: takes out of a program that finds something all that is not needed
 * for it. Gives false when it does not find it once more.
 */
bool fuzz_shorten(struct fuzz_fleet *fleet, struct fuzz_program *program,
		  char *what, size_t size);

#endif /* FUZZ_FLEET_H */
