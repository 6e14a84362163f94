// SPDX-License-Identifier: GPL-2.0-only
/* Pseudo-random numbers: see rng.h. */
#include "rng.h"

/* splitmix64: each state gives another number, so no seed is a bad one. */
uint64_t fuzz_next(struct fuzz_rng *rng)
{
	uint64_t x = rng->state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint32_t fuzz_below(struct fuzz_rng *rng, uint32_t limit)
{
	return (uint32_t)((fuzz_next(rng) >> 32) * limit >> 32);
}

uint64_t fuzz_mix(uint64_t seed, uint64_t a, uint64_t b)
{
	struct fuzz_rng rng = { .state = seed };

	rng.state = fuzz_next(&rng) ^ a;
	rng.state = fuzz_next(&rng) ^ b;
	return fuzz_next(&rng);
}
