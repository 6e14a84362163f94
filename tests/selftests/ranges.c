// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDMABUF_CREATE_RANGES: what it takes and what it refuses. Without a flag its
 * buffers are those of UDMABUF_CREATE_LIST; the read-only ones are in read_only.c.
 */
#include <stdlib.h>

#include "mapping.h"
#include "newer.h"

#define SIZE	UDB_HUGE

/* The structure as programs of the future may know it. */
struct grown_ranges {
	struct udmabuf_create_ranges create;
	uint64_t more[2];
};

FIXTURE(ranges) {
	int dev;
	int memfd;
	struct udmabuf_create_item items[2];
	struct grown_ranges grown;
};

UDB_BACKING_VARIANTS(ranges);

FIXTURE_SETUP(ranges)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, 0);
	self->items[0] = (struct udmabuf_create_item){
		.memfd = self->memfd,
		.offset = 3 * UDB_PAGE,
		.size = 5 * UDB_PAGE,
	};
	self->items[1] = (struct udmabuf_create_item){
		.memfd = self->memfd,
		.size = 2 * UDB_PAGE,
	};
	self->grown = (struct grown_ranges){
		.create.size = sizeof(self->grown),
		.create.ranges = (uintptr_t)self->items,
		.create.count = 2,
	};
}

/* Whatever was refused, nothing of it is pinned. */
FIXTURE_TEARDOWN(ranges)
{
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

static int create(FIXTURE_DATA(ranges) *self)
{
	return ioctl(self->dev, UDMABUF_CREATE_RANGES, &self->grown);
}

TEST_F(ranges, make_one_buffer_in_their_order)
{
	int buf = newer_create(self->dev, self->items, 2, 0);
	char *map;

	ASSERT_GE(buf, 0);
	EXPECT_EQ((off_t)(7 * UDB_PAGE), lseek(buf, 0, SEEK_END));
	map = udb_map(buf, 7 * UDB_PAGE, MAPPING_RW);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, 5 * UDB_PAGE, 1, 3));
	EXPECT_EQ(-1, udb_stamp_wrong(map + 5 * UDB_PAGE, 2 * UDB_PAGE, 1, 0));
	EXPECT_EQ(0, mapping_touch(map, true));
	munmap(map, 7 * UDB_PAGE);
	close(buf);
}

TEST_F(ranges, close_on_exec_is_a_choice)
{
	int with =
		newer_create(self->dev, self->items, 2, UDMABUF_FLAGS_CLOEXEC);
	int without = newer_create(self->dev, self->items, 2, 0);

	EXPECT_EQ(FD_CLOEXEC, fcntl(with, F_GETFD));
	EXPECT_EQ(0, fcntl(without, F_GETFD));
	close(with);
	close(without);
}

TEST_F(ranges, larger_structure_is_taken)
{
	int buf = create(self);

	EXPECT_GE(buf, 0);
	close(buf);
}

TEST_F(ranges, larger_structure_with_an_unknown_field_is_refused)
{
	self->grown.more[1] = 1;
	EXPECT_ERRNO(E2BIG, create(self));
}

TEST_F(ranges, size_below_the_first_version_is_refused)
{
	self->grown.create.size = sizeof(self->grown.create) - 1;
	EXPECT_ERRNO(EINVAL, create(self));
	self->grown.create.size = 0;
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(ranges, absurd_size_is_refused)
{
	self->grown.create.size = UINT32_MAX;
	EXPECT_ERRNO(E2BIG, create(self));
}

TEST_F(ranges, unknown_flags_are_refused)
{
	int bit;

	for (bit = 2; bit < 32; bit++) {
		self->grown.create.flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, create(self))
		TH_LOG("bit %d", bit);
	}
}

TEST_F(ranges, reserved_field_is_refused)
{
	self->grown.create.__reserved = 1;
	EXPECT_ERRNO(EINVAL, create(self));
}

/* The old list ignores it. */
TEST_F(ranges, pad_of_a_range_is_refused)
{
	int buf;

	self->items[1].__pad = 1;
	EXPECT_ERRNO(EINVAL, create(self));
	buf = udb_create_list(self->dev, self->items, 2);
	EXPECT_GE(buf, 0);
	close(buf);
}

TEST_F(ranges, none_are_refused)
{
	self->grown.create.count = 0;
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(ranges, more_than_the_limit_are_refused)
{
	self->grown.create.count = udb_param_get("list_limit") + 1;
	EXPECT_ERRNO(EINVAL, create(self));
	self->grown.create.count = UINT32_MAX;
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(ranges, array_that_cannot_be_read)
{
	self->grown.create.ranges = 0;
	EXPECT_ERRNO(EFAULT, create(self));
	self->grown.create.ranges = UINT64_MAX - 15;
	EXPECT_ERRNO(EFAULT, create(self));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_RANGES, NULL));
}

/* The errors of the ranges themselves are those of the list. */
TEST_F(ranges, bad_range_is_refused)
{
	self->items[1].size = SIZE + UDB_PAGE;
	EXPECT_ERRNO(EINVAL, create(self));
	self->items[1].size = UDB_PAGE - 1;
	EXPECT_ERRNO(EINVAL, create(self));
	self->items[1].size = UDB_PAGE;
	self->items[1].memfd = self->dev;
	EXPECT_ERRNO(EBADFD, create(self));
	self->items[1].memfd = -1;
	EXPECT_ERRNO(EBADFD, create(self));
}

/* Seals count as ever for a buffer that can be written. */
TEST_F(ranges, sealed_memfd_is_refused)
{
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(ranges, memfd_opened_for_reading_is_refused)
{
	int fd = newer_reopen(self->memfd, O_RDONLY);

	ASSERT_GE(fd, 0);
	self->items[1].memfd = fd;
	EXPECT_ERRNO(EACCES, create(self));
	close(fd);
}

TEST_HARNESS_MAIN
