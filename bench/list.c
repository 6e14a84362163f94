// SPDX-License-Identifier: GPL-2.0-only
/*
 * Create from lists: the same memory in 1 to 65536 ranges. And from nothing: a new
 * memfd and a buffer of it, whose pages the driver has to get, as a heap does. The
 * limit of a list is what is spent in memfd_pin_folios() for its ranges.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

static const unsigned int list_items[] = { 1, 16, 256, 4096, 65536 };

#define LIST_NR_ITEMS	(sizeof(list_items) / sizeof(list_items[0]))

static int list_create(const struct bench *b, const struct bench_memory *m,
		       enum bench_driver driver, unsigned int items,
		       const char *operation)
{
	uint64_t t0, t1;
	int fd;

	t0 = bench_now(b);
	fd = bench_buffer_list(b, m, driver, items, m->size);
	t1 = bench_now(b);
	if (fd < 0)
		return -1;
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), operation);
	close(fd);
	return 0;
}

static int list_round(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver)
{
	char operation[24];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < LIST_NR_ITEMS; i++) {
		if (m->size / list_items[i] < BENCH_PAGE)
			break;
		snprintf(operation, sizeof(operation), "create-list-%u",
			 list_items[i]);
		ret = driver == BENCH_LIMIT ?
			      bench_floor(b, m, m->size / list_items[i],
					  operation, NULL) :
			      list_create(b, m, driver, list_items[i],
					  operation);
	}
	return ret;
}

int bench_list(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, list_round, BENCH_UDMABUF | BENCH_ONLY_LIMIT);
}

static int alloc_buffer(const struct bench *b, enum bench_driver driver,
			size_t size)
{
	struct bench_memory empty = { .size = size, .fd = -1 };
	int fd;

	if (driver == BENCH_HEAP)
		return bench_buffer(b, &empty, driver);
	empty.fd = bench_memory_empty(size);
	if (empty.fd < 0)
		return -1;
	fd = bench_buffer(b, &empty, driver);
	close(empty.fd);
	return fd;
}

static int alloc_round(const struct bench *b, const struct bench_memory *m,
		       enum bench_driver driver)
{
	uint64_t t0, t1;
	int fd;

	t0 = bench_now(b);
	fd = alloc_buffer(b, driver, m->size);
	t1 = bench_now(b);
	if (fd < 0)
		return -1;
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), "alloc");
	close(fd);
	return 0;
}

int bench_alloc(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, alloc_round, BENCH_ALL_DRIVERS);
}
