/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudo-random numbers: the same ones for a seed, everywhere.
 */
#ifndef FUZZ_RNG_H
#define FUZZ_RNG_H

#include <stdint.h>

struct fuzz_rng {
	uint64_t state;
};

uint64_t fuzz_next(struct fuzz_rng *rng);

/* Below @limit, which is not 0. */
uint32_t fuzz_below(struct fuzz_rng *rng, uint32_t limit);

/* One seed out of several numbers. */
uint64_t fuzz_mix(uint64_t seed, uint64_t a, uint64_t b);

#endif /* FUZZ_RNG_H */
