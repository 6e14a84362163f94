/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's counters, read when it has come to rest, so that two readings
 * can be compared closely: caches dropped, delayed frees done, and the objects
 * that the slab allocator keeps per processor given back.
 *
 * What leaks does so in every batch of rounds; what others use for a moment, or
 * what a cache grows by once, does not come three times in a row. So a batch
 * is repeated when the counters are higher after it, and only the third time
 * counts. The tolerances are such that the smallest leak shows: SETTLED_ROUNDS
 * objects of 8 bytes are more than SETTLED_SLAB, and as many pages are more
 * than SETTLED_MEMORY and SETTLED_VMALLOC.
 */
#ifndef UDB_SELFTESTS_SETTLED_H
#define UDB_SELFTESTS_SETTLED_H

#include <stdbool.h>

#define SETTLED_ROUNDS	3000
#define SETTLED_SLAB	(20 * 1024L)
#define SETTLED_VMALLOC	(10 * 1024 * 1024L)
#define SETTLED_MEMORY	(10 * 1024L)

struct settled {
	long slab; /* bytes in slab objects */
	long vmalloc; /* bytes of kernel address space in use */
	long memory; /* kB that are not free */
	long huge_free; /* huge pages */
	long huge_reserved;
	long huge_surplus;
};

void settled_read(struct settled *counters);

/*
 * Runs @batch until a run of it costs nothing, three times at most. False when
 * the batch said false. The counters around the last run are left in @before
 * and @after.
 */
bool settled_run(bool (*batch)(const void *arg), const void *arg,
		 struct settled *before, struct settled *after);

/* @batch: at least SETTLED_ROUNDS rounds; false when one of them failed. */
#define EXPECT_NO_GROWTH(batch, arg)					\
	do {								\
		struct settled b_, a_;					\
									\
		EXPECT_TRUE(settled_run(batch, arg, &b_, &a_));		\
		EXPECT_LE(a_.slab - b_.slab, SETTLED_SLAB);		\
		EXPECT_LE(a_.vmalloc - b_.vmalloc, SETTLED_VMALLOC);	\
		EXPECT_LE(a_.memory - b_.memory, SETTLED_MEMORY);	\
		EXPECT_EQ(b_.huge_free, a_.huge_free);			\
		EXPECT_EQ(b_.huge_reserved, a_.huge_reserved);		\
		EXPECT_EQ(b_.huge_surplus, a_.huge_surplus);		\
	} while (0)

#endif /* UDB_SELFTESTS_SETTLED_H */
