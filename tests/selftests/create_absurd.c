// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes far beyond the memfd, with every limit out of the way. The memfd's own
 * size refuses them, before anything is allocated for them: a driver that
 * allocates first makes the kernel warn about a crazy size. This runs last,
 * because the kernel warns only once, and a log with a warning fails the run.
 */

#include "common.h"

FIXTURE(absurd) {
	int dev;
	int memfd;
	long size_limit;
};

UDB_BACKING_VARIANTS(absurd);

FIXTURE_SETUP(absurd)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, UDB_HUGE);
	self->size_limit = udb_size_limit_raise(INT32_MAX);
	ASSERT_GT(self->size_limit, 0);
}

FIXTURE_TEARDOWN(absurd)
{
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

/* An array with an entry per page would have 2 MiB, 2 GiB, and far more. */
TEST_F(absurd, sizes_beyond_the_memfd)
{
	static const uint64_t sizes[] = { UDB_GIB, 1024 * UDB_GIB,
					  1048576 * UDB_GIB,
					  (uint64_t)1 << 62 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		EXPECT_ERRNO(EINVAL,
			     udb_create(self->dev, self->memfd, 0, sizes[i]))
		{
			TH_LOG("%lu GiB", sizes[i] / UDB_GIB);
		}
}

/* In a list the absurd range stands behind a good one. */
TEST_F(absurd, sizes_in_a_list)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .size = UDB_PAGE },
		{ .memfd = self->memfd, .size = 1024 * UDB_GIB },
	};

	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, items, 2));
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
