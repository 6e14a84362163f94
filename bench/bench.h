/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * udmabuf-bench: what the files share. It runs in a virtual machine (bench/run) and
 * answers one question per file: what does an operation cost with each driver, on the
 * same memory, in turn, and what is the least that it could cost?
 *
 * Raw ioctls only: a library in between would be measured, too. A function that
 * returns an int gives 0, or -1 after it said what went wrong.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE	4096UL
#define BENCH_HUGE	(2UL << 20)
#define BENCH_GIB	(1UL << 30)
#define BENCH_MIB	(1UL << 20)
#define BENCH_NO_IOCTL	_IO('b', 0xff) /* that no dma-buf has */
#define BENCH_RUN	16UL /* bytes that the driver keeps for a run */

/* What memory a buffer is made of. */
enum bench_backing {
	BENCH_SHMEM, /* 4 KiB pages, taken one after the other */
	BENCH_FRAGMENTED, /* 4 KiB pages, no two of them side by side */
	BENCH_THP,
	BENCH_HUGETLB,
	BENCH_HUGETLB_1G,
	BENCH_NR_BACKINGS,
};

/* Who made the buffer. The limit is nobody's: what cannot be done faster. */
enum bench_driver {
	BENCH_STOCK,
	BENCH_OURS,
	BENCH_HEAP,
	BENCH_LIMIT,
	BENCH_NR_DRIVERS,
};

enum bench_unit {
	BENCH_TIME, /* nanoseconds, or instructions: see bench_now() */
	BENCH_KIB,
	BENCH_FPS,
};

/* A memfd that has all its pages; nothing maps it. */
struct bench_memory {
	enum bench_backing backing;
	size_t size;
	int fd;
	unsigned long runs; /* contiguous pieces */
};

struct bench {
	/* options */
	bool count; /* instructions in place of nanoseconds */
	unsigned int rounds;
	const char *machine; /* plain, iommu or swiotlb */

	/* what there is: -1 where not */
	int driver[BENCH_NR_DRIVERS];
	int vgem;
	int floor;

	/* progress */
	unsigned int steps;
	unsigned int step;
};

typedef int (*bench_fn)(const struct bench *b, const struct bench_memory *m,
			enum bench_driver driver);

typedef int (*bench_question)(const struct bench *b,
			      const struct bench_memory *m);

extern const char *const bench_driver_name[BENCH_NR_DRIVERS];
extern const char *const bench_backing_name[BENCH_NR_BACKINGS];

/* util.c */
void bench_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
int bench_errno(const char *what);
bool bench_has_word(const char *words, const char *word);
void bench_progress(struct bench *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
uint64_t bench_now(const struct bench *b);
void *bench_map(int fd, size_t size, int prot);
uint64_t bench_touch(const void *map, size_t size);
void bench_put(char *byte);

/* memory.c */
int bench_memory_open(struct bench_memory *m, enum bench_backing backing,
		      size_t size);
void bench_memory_close(struct bench_memory *m);
int bench_memory_empty(size_t size);
int bench_floor(const struct bench *b, const struct bench_memory *m,
		size_t step, const char *pins, const char *unpins);

/* driver.c */
int bench_drivers_open(struct bench *b, const char *names);
int bench_buffer(const struct bench *b, const struct bench_memory *m,
		 enum bench_driver driver);
int bench_buffer_list(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver, unsigned int items,
		      size_t bytes);
int bench_buffer_small(const struct bench *b);
int bench_import(const struct bench *b, int fd);
int bench_import_close(const struct bench *b, int handle);
int bench_sync(int fd, uint64_t flags);
int bench_rounds(const struct bench *b, const struct bench_memory *m,
		 bench_fn fn, unsigned int drivers);

#define BENCH_UDMABUF		((1U << BENCH_STOCK) | (1U << BENCH_OURS))
#define BENCH_ALL_DRIVERS	(BENCH_UDMABUF | (1U << BENCH_HEAP))
#define BENCH_ONLY_LIMIT	(1U << BENCH_LIMIT)

/* record.c */
void bench_warm_up(bool on);
void bench_add(enum bench_driver driver, enum bench_unit unit, double value,
	       const char *operation);
int bench_flush(const struct bench *b, const struct bench_memory *m);

/* the questions */
int bench_life(const struct bench *b, const struct bench_memory *m);
int bench_kept(const struct bench *b, const struct bench_memory *m);
int bench_attach(const struct bench *b, const struct bench_memory *m);
int bench_synced(const struct bench *b, const struct bench_memory *m);
int bench_vmap(const struct bench *b, const struct bench_memory *m);
int bench_list(const struct bench *b, const struct bench_memory *m);
int bench_hold_off(const struct bench *b, const struct bench_memory *m);
int bench_alloc(const struct bench *b, const struct bench_memory *m);
int bench_frames(const struct bench *b, const struct bench_memory *m);

#endif /* BENCH_H */
