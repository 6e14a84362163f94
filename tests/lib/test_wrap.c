// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of others made into buffers: what goes to the driver, in how many calls.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define PAGES	4096
#define MIB	(1024 * 1024UL)
#define NR	8

FIXTURE(wrap) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_wrap_opts opts;
	struct udb_buffer *bufs[NR];
	int memfd;
	int other;
	size_t page;
};

FIXTURE_VARIANT(wrap) {
};

FIXTURE_VARIANT_ADD(wrap, of) {};

static int memfd_with(int seals, size_t size)
{
	int fd = memfd_create("wrap", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, seals))
		return -1;
	return fd;
}

FIXTURE_SETUP(wrap)
{
	fake_begin();
	self->before = fake_held();
	for (size_t i = 0; i < NR; i++)
		self->bufs[i] = NULL;
	self->opts =
		(struct udb_wrap_opts){ .struct_size = sizeof(self->opts) };
	self->page = fake_page();
	self->memfd = memfd_with(F_SEAL_SHRINK, PAGES * self->page);
	self->other = memfd_with(F_SEAL_SHRINK, PAGES * self->page);
	ASSERT_GE(self->memfd, 0);
	ASSERT_GE(self->other, 0);
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
}

FIXTURE_TEARDOWN(wrap)
{
	for (size_t i = 0; i < NR; i++)
		udb_buffer_free(self->bufs[i]);
	udb_device_unref(self->dev);
	close(self->memfd);
	close(self->other);
	EXPECT_HELD(self->before);
}

/* A range of pages of one of the memfds. */
#define RANGE(_memfd, first, nr)					\
	((struct udb_range){ .memfd = (_memfd),				\
			     .offset = (first) * self->page,		\
			     .size = (nr) * self->page })

#define WRAP(ranges, nr)						\
	udb_buffer_wrap(self->dev, ranges, nr, &self->opts, self->bufs)

#define SPLIT(ranges, nr, max)						\
	udb_buffer_wrap_split(self->dev, ranges, nr, &self->opts,	\
			      self->bufs, max)

#define EXPECT_RANGE(i, _memfd, first, nr) do {				\
		const struct fake_range *last_;				\
									\
		EXPECT_LT(i, fake_ranges(&last_));			\
		EXPECT_EQ(_memfd, last_[i].memfd);			\
		EXPECT_EQ((first) * self->page, last_[i].offset);	\
		EXPECT_EQ((nr) * self->page, last_[i].size);		\
	} while (0)

static unsigned int nr_ranges(void)
{
	const struct fake_range *ranges;

	return fake_ranges(&ranges);
}

TEST_F(wrap, one_range)
{
	struct udb_range range = RANGE(self->memfd, 3, 5);

	ASSERT_EQ(0, udb_buffer_wrap(self->dev, &range, 1, NULL, self->bufs));
	EXPECT_EQ(5 * self->page, udb_buffer_size(self->bufs[0]));
	EXPECT_EQ(UDB_BACKING_UNKNOWN, udb_buffer_backing(self->bufs[0]));
	EXPECT_RANGE(0, self->memfd, 3, 5);
}

/* The library has a copy of the memfd, whose mapping shows the same pages. */
TEST_F(wrap, one_range_can_be_mapped_by_memfd)
{
	struct udb_range range = RANGE(self->memfd, 3, 5);
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .flags = UDB_MAP_MEMFD };
	void *addr;
	char byte = 'y';

	ASSERT_EQ(0, WRAP(&range, 1));
	EXPECT_NE(self->memfd, udb_buffer_memfd(self->bufs[0]));
	ASSERT_EQ(0, udb_buffer_map(self->bufs[0], &opts, &addr));
	ASSERT_EQ(1, pwrite(self->memfd, &byte, 1, 3 * self->page));
	EXPECT_EQ('y', *(char *)addr);
	udb_unmap(addr, 5 * self->page);
}

TEST_F(wrap, several_memfds_have_no_single_one)
{
	struct udb_range ranges[] = { RANGE(self->memfd, 0, 1),
				      RANGE(self->other, 0, 2) };

	ASSERT_EQ(0, WRAP(ranges, 2));
	EXPECT_EQ(2, nr_ranges());
	EXPECT_RANGE(1, self->other, 0, 2);
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_memfd(self->bufs[0]));
}

/* A guest's list of pages is mostly neighbours; each costs the driver time. */
TEST_F(wrap, neighbours_become_one)
{
	struct udb_range ranges[] = {
		RANGE(self->memfd, 0, 1), RANGE(self->memfd, 1, 2),
		RANGE(self->other, 3, 1), RANGE(self->memfd, 3, 1),
		RANGE(self->memfd, 4, 1),
	};

	ASSERT_EQ(0, WRAP(ranges, 5));
	EXPECT_EQ(3, nr_ranges());
	EXPECT_RANGE(0, self->memfd, 0, 3);
	EXPECT_RANGE(1, self->other, 3, 1);
	EXPECT_RANGE(2, self->memfd, 3, 2);
}

/* Halves of a page that meet are a whole one. */
TEST_F(wrap, neighbours_need_not_meet_at_a_page)
{
	struct udb_range ranges[] = { RANGE(self->memfd, 0, 1),
				      RANGE(self->memfd, 1, 1) };

	ranges[0].size += 100;
	ranges[1].offset += 100;
	ranges[1].size -= 100;
	ASSERT_EQ(0, WRAP(ranges, 2));
	EXPECT_RANGE(0, self->memfd, 0, 2);
}

/* A wl_shm buffer begins and ends anywhere. */
TEST_F(wrap, rounds_out)
{
	struct udb_range range = { .memfd = self->memfd,
				   .offset = self->page + 100,
				   .size = self->page };

	self->opts.flags = UDB_WRAP_ROUND_OUT;
	ASSERT_EQ(0, WRAP(&range, 1));
	EXPECT_RANGE(0, self->memfd, 1, 2);
	EXPECT_EQ(100, udb_buffer_offset(self->bufs[0]));
	EXPECT_EQ(2 * self->page, udb_buffer_size(self->bufs[0]));
}

TEST_F(wrap, rounds_out_only_when_asked)
{
	struct udb_range range = { .memfd = self->memfd, .size = 100 };

	EXPECT_EQ(-EINVAL, WRAP(&range, 1));
}

/* Between two ranges there would be bytes that nobody asked for. */
TEST_F(wrap, does_not_round_in_the_middle)
{
	struct udb_range ranges[] = { RANGE(self->memfd, 0, 1),
				      RANGE(self->other, 0, 1) };

	self->opts.flags = UDB_WRAP_ROUND_OUT;
	ranges[0].size += 1;
	EXPECT_EQ(-EINVAL, WRAP(ranges, 2));
}

TEST_F(wrap, bad_ranges)
{
	struct udb_range range = RANGE(self->memfd, 0, 1);

	EXPECT_EQ(-EINVAL, WRAP(&range, 0));
	range.reserved = 1;
	EXPECT_EQ(-EINVAL, WRAP(&range, 1));
	range = RANGE(self->memfd, 0, 0);
	EXPECT_EQ(-EINVAL, WRAP(&range, 1));
	range = RANGE(-1, 0, 1);
	EXPECT_EQ(-EBADF, WRAP(&range, 1));
	range = RANGE(self->memfd, PAGES, 1); /* behind the end */
	EXPECT_EQ(-EINVAL, WRAP(&range, 1));
}

TEST_F(wrap, sums_that_do_not_fit)
{
	struct udb_range ranges[] = { RANGE(self->memfd, 0, 1),
				      RANGE(self->other, 0, 1) };

	ranges[0].offset = UINT64_MAX - self->page + 1;
	EXPECT_EQ(-EOVERFLOW, WRAP(ranges, 1));
	ranges[0].offset = 0;
	ranges[0].size = UINT64_MAX / self->page * self->page;
	ranges[1].size = 2 * self->page;
	EXPECT_EQ(-EOVERFLOW, WRAP(ranges, 2));
	self->opts.flags = UDB_WRAP_ROUND_OUT;
	ranges[0].size = UINT64_MAX;
	EXPECT_EQ(-EOVERFLOW, WRAP(ranges, 1));
}

TEST_F(wrap, not_a_memfd)
{
	int fds[2];
	struct udb_range range;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	range = RANGE(fds[0], 0, 1);
	EXPECT_EQ(-EBADFD, WRAP(&range, 1));
	close(fds[0]);
	EXPECT_EQ(-EBADF, WRAP(&range, 1));
	close(fds[1]);
}

TEST_F(wrap, seal_is_added_when_asked)
{
	int memfd = memfd_with(0, self->page);
	struct udb_range range = RANGE(memfd, 0, 1);

	EXPECT_EQ(-EPERM, WRAP(&range, 1));
	EXPECT_EQ(0, fcntl(memfd, F_GET_SEALS));
	self->opts.flags = UDB_WRAP_ADD_SEALS;
	EXPECT_EQ(0, WRAP(&range, 1));
	EXPECT_EQ(F_SEAL_SHRINK, fcntl(memfd, F_GET_SEALS));
	close(memfd);
}

TEST_F(wrap, seal_that_cannot_be_added)
{
	int memfd = memfd_with(F_SEAL_SEAL, self->page);
	struct udb_range range = RANGE(memfd, 0, 1);

	self->opts.flags = UDB_WRAP_ADD_SEALS;
	EXPECT_EQ(-EPERM, WRAP(&range, 1));
	close(memfd);
}

/* A buffer can be written by devices: who sealed that must not be fooled. */
TEST_F(wrap, sealed_against_writing)
{
	int memfd = memfd_with(F_SEAL_SHRINK | F_SEAL_WRITE, self->page);
	struct udb_range range = RANGE(memfd, 0, 1);

	EXPECT_EQ(-EPERM, WRAP(&range, 1));
	close(memfd);
}

/* Every second page: nothing to join. */
static void comb(FIXTURE_DATA(wrap) *self, struct udb_range *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		ranges[i] = RANGE(self->memfd, 2 * i, 1);
}

TEST_F(wrap, as_long_as_the_list_limit)
{
	struct udb_range ranges[1024];

	comb(self, ranges, 1024);
	ASSERT_EQ(0, WRAP(ranges, 1024));
	EXPECT_EQ(1024, nr_ranges());
}

TEST_F(wrap, longer_than_the_list_limit)
{
	struct udb_range ranges[1025];

	fake.size_limit_mb = 128; /* is not what stops it */
	comb(self, ranges, 1025);
	EXPECT_EQ(-E2BIG, WRAP(ranges, 1025));
	EXPECT_EQ(1, fake_calls(FAKE_IOCTL)); /* that of opening it */
}

/* A frame of a client, sixty times a second. */
TEST_F(wrap, asks_for_no_file)
{
	struct udb_range range = RANGE(self->memfd, 0, 1);
	unsigned int opened = fake_calls(FAKE_OPEN);

	ASSERT_EQ(0, WRAP(&range, 1));
	EXPECT_EQ(opened, fake_calls(FAKE_OPEN));
}

/* What was known of the limits is not what counts. */
TEST_F(wrap, list_limit_that_was_lowered)
{
	struct udb_range ranges[10];

	fake.list_limit = 9;
	comb(self, ranges, 10);
	EXPECT_EQ(-E2BIG, WRAP(ranges, 10));
	ASSERT_EQ(2, SPLIT(ranges, 10, NR));
	EXPECT_EQ(9 * self->page, udb_buffer_size(self->bufs[0]));
}

TEST_F(wrap, list_limit_that_was_raised)
{
	struct udb_range ranges[1025];

	fake.list_limit = 1025;
	fake.size_limit_mb = 128;
	comb(self, ranges, 1025);
	EXPECT_EQ(0, WRAP(ranges, 1025));
}

TEST_F(wrap, size_limit_that_was_lowered)
{
	struct udb_range ranges[40];

	fake.size_limit_mb = 1;
	comb(self, ranges, 40);
	ranges[0].size = 2 * MIB;
	EXPECT_EQ(-EFBIG, WRAP(ranges, 40));
}

TEST_F(wrap, split_over_the_list_limit)
{
	struct udb_range ranges[1025];

	comb(self, ranges, 1025);
	ASSERT_EQ(2, SPLIT(ranges, 1025, NR));
	EXPECT_EQ(1024 * self->page, udb_buffer_size(self->bufs[0]));
	EXPECT_EQ(self->page, udb_buffer_size(self->bufs[1]));
	EXPECT_RANGE(0, self->memfd, 2048, 1);
}

/* Without /sys, the limit that all drivers have is kept. */
TEST_F(wrap, split_over_the_limit_that_is_assumed)
{
	struct udb_range ranges[1025];

	fake.no_sysfs = true;
	comb(self, ranges, 1025);
	EXPECT_EQ(2, SPLIT(ranges, 1025, NR));
}

TEST_F(wrap, larger_than_the_size_limit)
{
	struct udb_range range = RANGE(self->memfd, 0, 1024);

	fake.size_limit_mb = 3;
	EXPECT_EQ(-EFBIG, WRAP(&range, 1));
}

/* One range is cut where a buffer is full. */
TEST_F(wrap, split_over_the_size_limit)
{
	struct udb_range range = { .memfd = self->memfd, .size = 4 * MIB };

	fake.size_limit_mb = 3;
	ASSERT_EQ(2, SPLIT(&range, 1, 2));
	EXPECT_EQ(3 * MIB, udb_buffer_size(self->bufs[0]));
	EXPECT_EQ(MIB, udb_buffer_size(self->bufs[1]));
	EXPECT_RANGE(0, self->memfd, 3 * MIB / self->page, MIB / self->page);
}

TEST_F(wrap, split_into_more_than_fit)
{
	struct udb_range range = { .memfd = self->memfd, .size = 4 * MIB };

	fake.size_limit_mb = 1;
	EXPECT_EQ(-E2BIG, SPLIT(&range, 1, 3));
	EXPECT_EQ(-EINVAL, SPLIT(&range, 1, 0));
	EXPECT_NULL(self->bufs[0]);
}

/* All or none: half of a guest's memory is of no use. */
TEST_F(wrap, split_fails_at_the_last)
{
	struct udb_range range = { .memfd = self->memfd, .size = 4 * MIB };

	fake.size_limit_mb = 1;
	fake_fail(FAKE_IOCTL, 4, ENOMEM);
	EXPECT_EQ(-ENOMEM, SPLIT(&range, 1, NR));
	EXPECT_NULL(self->bufs[0]);
}

TEST_F(wrap, split_has_the_offset_in_the_first)
{
	struct udb_range range = { .memfd = self->memfd,
				   .offset = 5,
				   .size = 2 * MIB - 5 };

	fake.size_limit_mb = 1;
	self->opts.flags = UDB_WRAP_ROUND_OUT;
	ASSERT_EQ(2, SPLIT(&range, 1, NR));
	EXPECT_EQ(5, udb_buffer_offset(self->bufs[0]));
	EXPECT_EQ(0, udb_buffer_offset(self->bufs[1]));
}

/* The administrator may set a limit to 0; then there are no buffers, and no crash. */
TEST_F(wrap, limits_of_nothing)
{
	struct udb_range range = RANGE(self->memfd, 0, 1);

	fake.list_limit = 0;
	EXPECT_EQ(-E2BIG, WRAP(&range, 1));
	EXPECT_EQ(-E2BIG, SPLIT(&range, 1, NR));
	fake.list_limit = 1;
	fake.size_limit_mb = 0;
	EXPECT_EQ(-EFBIG, WRAP(&range, 1));
	EXPECT_EQ(-E2BIG, SPLIT(&range, 1, NR));
}

TEST_F(wrap, name)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	struct udb_range range = RANGE(self->memfd, 0, 1);

	self->opts.name = "guest";
	ASSERT_EQ(0, WRAP(&range, 1));
	ASSERT_EQ(0, udb_info_get(udb_buffer_fd(self->bufs[0]), &info));
	EXPECT_STREQ("guest", info.name);
	self->opts.name = "a name of thirty-two characters!";
	EXPECT_EQ(-ENAMETOOLONG, WRAP(&range, 1));
}

TEST_F(wrap, needs_the_driver)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = UDB_FALLBACK_MEMFD };
	struct udb_range range = RANGE(self->memfd, 0, 1);
	struct udb_device *dev;

	fake.udmabuf = ENOENT;
	ASSERT_EQ(0, udb_device_open(&opts, &dev));
	EXPECT_EQ(-EOPNOTSUPP,
		  udb_buffer_wrap(dev, &range, 1, NULL, self->bufs));
	udb_device_unref(dev);
}

TEST_F(wrap, unknown_flags)
{
	struct udb_range range = RANGE(self->memfd, 0, 1);

	self->opts.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, WRAP(&range, 1));
	EXPECT_EQ(-EINVAL, SPLIT(&range, 1, 1));
}

TEST_HARNESS_MAIN
