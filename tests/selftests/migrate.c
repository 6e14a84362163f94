// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory manager moves pages about: to gather free ones, to make huge ones of
 * small ones, to get away from bad ones, to get rid of cold ones. A page of a
 * buffer must not move, for a device has its address. Drivers that only held a
 * reference had the memfd's page replaced under the buffer: from then on the two
 * were different memory. Each way to move a page is tried here, on memory that
 * was touched before the create and on memory that only the create made.
 */
#include "common.h"
#include "mapping.h"

#define SIZE	(2 * UDB_HUGE)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

FIXTURE(migrate) {
	int dev;
	int memfd;
	int buf;
	char *mem;
	char *map;
};

FIXTURE_VARIANT(migrate) {
	enum udb_backing backing;
	bool touched;
};

#define MIGRATE_VARIANT(name, ...) \
	FIXTURE_VARIANT_ADD(migrate, name) { __VA_ARGS__ }

MIGRATE_VARIANT(shmem_4k_untouched, UDB_SHMEM_4K, false);
MIGRATE_VARIANT(shmem_4k_touched, UDB_SHMEM_4K, true);
MIGRATE_VARIANT(shmem_thp_touched, UDB_SHMEM_THP, true);
MIGRATE_VARIANT(hugetlb_2m_touched, UDB_HUGETLB_2M, true);

FIXTURE_SETUP(migrate)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	if (variant->touched)
		UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	else
		self->memfd = udb_memfd_empty(variant->backing, SIZE);
	ASSERT_GE(self->memfd, 0);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->mem = mapping_at(self->memfd, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, self->map);
	udb_stamp(self->mem, SIZE, 1, 0);
}

FIXTURE_TEARDOWN(migrate)
{
	munmap(self->map, SIZE);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

/* What was there still is, and what one side writes the other one reads. */
static void expect_one_memory(struct udb_test *_metadata,
			      FIXTURE_DATA(migrate) *self)
{
	EXPECT_EQ(-1, udb_stamp_wrong(self->map, SIZE, 1, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
	udb_stamp(self->map, SIZE, 2, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	udb_stamp(self->mem, SIZE, 3, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->map, SIZE, 3, 0));
}

/* Whether the kernel would or not: that is not what is claimed. */
static void advise(FIXTURE_DATA(migrate) *self, int advice)
{
	size_t at;

	for (at = 0; at < SIZE; at += UDB_HUGE)
		madvise(self->mem + at, UDB_HUGE, advice);
}

/* Small pages are copied into a huge one, which takes their place. */
TEST_F(migrate, collapse)
{
	advise(self, MADV_HUGEPAGE);
	advise(self, MADV_COLLAPSE);
	expect_one_memory(_metadata, self);
}

/* Pages are moved to one end of memory, so that the other has room. */
TEST_F_TIMEOUT(migrate, compaction, 60)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, write(fd, "1", 1));
	close(fd);
	expect_one_memory(_metadata, self);
}

TEST_F(migrate, reclaim)
{
	advise(self, MADV_COLD);
	advise(self, MADV_PAGEOUT);
	expect_one_memory(_metadata, self);
}

/*
 * The administrator says that a page is about to fail. For memory that stays where
 * it is there is nothing to be done, and that has to be the answer.
 */
TEST_F(migrate, soft_offline)
{
	EXPECT_NE(0, madvise(self->mem + 7 * UDB_PAGE, UDB_PAGE,
			     MADV_SOFT_OFFLINE));
	expect_one_memory(_metadata, self);
}

/* After the last user has gone the memory is like any other. */
TEST_F(migrate, reclaim_after_the_close)
{
	munmap(self->map, SIZE);
	close(self->buf);
	advise(self, MADV_PAGEOUT);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->map = mapping_at(self->buf, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, self->map);
	expect_one_memory(_metadata, self);
}

TEST_HARNESS_MAIN
