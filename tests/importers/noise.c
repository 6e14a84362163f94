// SPDX-License-Identifier: GPL-2.0-only
/* Makes and compares bytes: see noise.h. */
#include <string.h>

#include "noise.h"

/* Eight bytes at a time: emulated processors have enough to do. */
void noise_fill(void *to, size_t size, uint32_t seed)
{
	uint64_t state = ((uint64_t)seed << 32 | 0x9e3779b9) | 1;
	unsigned char *bytes = to;
	size_t part;

	for (; size; size -= part, bytes += part) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		part = size < sizeof(state) ? size : sizeof(state);
		memcpy(bytes, &state, part);
	}
}

long noise_wrong(const void *one, const void *other, size_t size)
{
	const unsigned char *a = one, *b = other;
	size_t i;

	if (!memcmp(a, b, size))
		return -1;
	for (i = 0; a[i] == b[i]; i++)
		;
	return (long)i;
}

long noise_not(const void *mem, size_t size, unsigned char value)
{
	const unsigned char *bytes = mem;
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != value)
			return (long)i;
	return -1;
}
