/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers for the tests that look at mappings: where they lie, what a touch
 * does, what the page tables hold.
 */
#ifndef SELFTESTS_MAPPING_H
#define SELFTESTS_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What one entry of the second page-table level maps. */
#define HUGE_BYTES	((size_t)2 << 20)

#define MAPPING_RW	(PROT_READ | PROT_WRITE)

/*
 * Maps [@offset, @offset + @length) of @fd shared, at an address that is @skew
 * bytes above a multiple of HUGE_BYTES. MAP_FAILED and errno on failure.
 */
char *mapping_at(int fd, size_t length, off_t offset, size_t skew, int prot);

/* Touches one byte and says which signal that gave, 0 for none. */
int mapping_touch(const void *at, bool write);

/* Page faults that this thread has taken without disk access. */
long mapping_faults(void);

/* Bytes of page tables that this process has, of all levels. */
ssize_t mapping_table_bytes(void);

/* True when smaps shows the two-letter @flag for the mapping at @start. */
bool mapping_has_flag(const void *start, const char *flag);

#endif /* SELFTESTS_MAPPING_H */
