/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Noise that can be made again: no two pages of it are alike, so that memory
 * that is shifted, repeated or swapped is noticed at every byte.
 */
#ifndef IMPORTERS_NOISE_H
#define IMPORTERS_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Fills @size bytes; the same @seed gives the same bytes. */
void noise_fill(void *to, size_t size, uint32_t seed);

/* First byte that differs, -1 when none does. */
long noise_wrong(const void *one, const void *other, size_t size);

/* First byte that is not @value, -1 when all are. */
long noise_not(const void *mem, size_t size, unsigned char value);

#endif /* IMPORTERS_NOISE_H */
