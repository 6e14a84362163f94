// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where udmabuf-bench maps memory, which decides whether a file of huge pages can be
 * mapped at all, and whether entries of that size are possible.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "udb_harness.h"

#include "bench.h"

/* Whether a file without a page, of @size bytes, is mapped at a multiple of @align. */
static bool is_aligned(size_t size, size_t align)
{
	int fd = memfd_create("test_bench_map", MFD_CLOEXEC);
	bool good = false;
	void *map;

	if (fd < 0 || ftruncate(fd, (off_t)size))
		return false;
	map = bench_map(fd, size, PROT_READ);
	if (map) {
		good = (uintptr_t)map % align == 0;
		munmap(map, size);
	}
	close(fd);
	return good;
}

TEST(small_memory_at_a_multiple_of_2_mib)
{
	EXPECT_TRUE(is_aligned(BENCH_PAGE, BENCH_HUGE));
	EXPECT_TRUE(is_aligned(BENCH_GIB - BENCH_PAGE, BENCH_HUGE));
}

TEST(large_memory_at_a_multiple_of_1_gib)
{
	EXPECT_TRUE(is_aligned(BENCH_GIB, BENCH_GIB));
	EXPECT_TRUE(is_aligned(2 * BENCH_GIB, BENCH_GIB));
}

TEST_HARNESS_MAIN
