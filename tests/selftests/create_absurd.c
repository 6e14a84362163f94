// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes far beyond the memfd, with every limit out of the way. The memfd's own
 * size refuses them, before anything is allocated for them: a driver that
 * allocates first makes the kernel warn about a crazy size. This runs last,
 * because the kernel warns only once, and a log with a warning fails the run.
 */
#include <stdio.h>
#include <time.h>

#include "common.h"

FIXTURE(absurd) {
	int dev;
	int memfd;
	long saved_limit;
};

UDB_BACKING_VARIANTS(absurd);

FIXTURE_SETUP(absurd)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, UDB_HUGE);
	self->saved_limit = udb_param_get("size_limit_mb");
	ASSERT_GT(self->saved_limit, 0);
	ASSERT_EQ(0, udb_param_set("size_limit_mb", "2147483647"));
}

FIXTURE_TEARDOWN(absurd)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", self->saved_limit);
	EXPECT_EQ(0, udb_param_set("size_limit_mb", text));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

/* The bytes that a driver would need for an array with an entry per page. */
TEST_F(absurd, terabytes_beyond_the_memfd)
{
	uint64_t size;

	for (size = UDB_GIB; size <= 1024 * 1024 * UDB_GIB; size *= 4) {
		EXPECT_ERRNO(EINVAL, udb_create(self->dev, self->memfd, 0,
						size));
		EXPECT_ERRNO(EINVAL, udb_create(self->dev, self->memfd, 0,
						size + UDB_PAGE));
	}
}

/* In a list the absurd range stands behind a good one. */
TEST_F(absurd, terabytes_in_a_list)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .size = UDB_PAGE },
		{ .memfd = self->memfd, .size = 1024 * UDB_GIB },
	};

	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, items, 2));
}

/* Refused at once: memory must not be taken and given back meanwhile. */
TEST_F(absurd, refusal_is_quick)
{
	struct timespec begin, end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < 20; i++)
		EXPECT_ERRNO(EINVAL, udb_create(self->dev, self->memfd, 0,
						256 * UDB_GIB));
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT_LE(end.tv_sec - begin.tv_sec, 2);
}

/* A sparse memfd may be as large as it likes, if nobody wants all of it. */
TEST(one_page_of_a_terabyte)
{
	int dev, memfd, buf;
	char *map;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(dev);
	memfd = udb_memfd_empty(UDB_SHMEM_4K, 1024 * UDB_GIB);
	ASSERT_GE(memfd, 0);
	buf = udb_create(dev, memfd, 1024 * UDB_GIB - UDB_PAGE, UDB_PAGE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, UDB_PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, UDB_PAGE));
	munmap(map, UDB_PAGE);
	close(buf);
	close(memfd);
	close(dev);
}

TEST_HARNESS_MAIN
