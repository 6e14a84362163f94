/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for a long time: what the processes that draw them share with the one that
 * counts.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SOAK_WORKERS	8
#define SOAK_SIZES	4

struct soak {
	const char *device;
	atomic_bool pause; /* wait after this frame */
	atomic_bool stop;
	atomic_uint nr_waiting;
	atomic_ulong nr_frames[SOAK_SIZES];
	atomic_bool failed;
	char why[256];
};

/* frame.c: draws frames until it is told to stop; exit status. */
int soak_work(struct soak *soak, uint32_t number);

/* One of the sizes, for people. */
const char *soak_size_name(uint32_t size);

/*
 * counters.c: the names of the counters, and their values, in a line each,
 * separated by tabs. One that the kernel does not have is below 0.
 */
void soak_counter_names(char *line, uint32_t size);
void soak_counter_values(char *line, uint32_t size);

#endif /* SOAK_H */
