// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all questions need: messages, the clock, a mapping.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

#define BENCH_SECOND	1000000000ULL

void bench_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("udmabuf-bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

int bench_errno(const char *what)
{
	bench_error("%s: %s", what, strerror(errno));
	return -1;
}

/* @words have commas in between. */
bool bench_has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, word, length) && strchr(",", at[length]))
			return true;
	}
	return false;
}

/* For bench/run, which makes a bar or a line of it. */
void bench_progress(struct bench *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("progress %u ", b->step++ * 100 / b->steps);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

/*
 * In a machine that counts (vm/run --count) the time stamp counter tells how many
 * instructions the processor has run, to the last one.
 */
uint64_t bench_now(const struct bench *b)
{
	struct timespec now;

#ifdef __x86_64__
	if (b->count)
		return __builtin_ia32_rdtsc();
#endif
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * BENCH_SECOND + (uint64_t)now.tv_nsec;
}

/*
 * Where huge entries are possible: at a multiple of their size. A file of pages of
 * 1 GiB cannot be mapped anywhere else.
 */
void *bench_map(int fd, size_t size, int prot)
{
	size_t align = size < BENCH_GIB ? BENCH_HUGE : BENCH_GIB;
	char *room, *map;

	room = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (room == MAP_FAILED)
		goto out_error;
	map = (char *)(((uintptr_t)room + align - 1) & ~(align - 1));
	munmap(room, size + align);
	map = mmap(map, size, prot, MAP_SHARED | MAP_FIXED, fd, 0);
	if (map != MAP_FAILED)
		return map;
out_error:
	bench_errno("mmap");
	return NULL;
}

/* Reads a byte of each page. */
uint64_t bench_touch(const void *map, size_t size)
{
	const char *mem = map;
	uint64_t sum = 0;

	for (size_t at = 0; at < size; at += BENCH_PAGE)
		sum += (unsigned char)__atomic_load_n(mem + at,
						      __ATOMIC_RELAXED);
	return sum;
}

/* Writes a byte, so that its page is there. */
void bench_put(char *byte)
{
	__atomic_store_n(byte, 1, __ATOMIC_RELAXED);
}
