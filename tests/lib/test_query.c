// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver says of itself, and the buffers that only some drivers make:
 * those that nobody can write.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define MIB	(1024 * 1024UL)

FIXTURE(query) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_buffer *buf;
	struct udb_query query;
	struct udb_alloc_opts alloc;
	struct udb_wrap_opts wrap;
	struct udb_range ranges[2];
	int memfd;
};

FIXTURE_VARIANT(query) {
};

FIXTURE_VARIANT_ADD(query, ours) {};

FIXTURE_SETUP(query)
{
	fake_begin();
	fake.ours = true;
	fake.ours_name = "udmabuf";
	self->before = fake_held();
	self->buf = NULL;
	self->query = (struct udb_query){ .struct_size = sizeof(self->query) };
	self->alloc = (struct udb_alloc_opts){
		.struct_size = sizeof(self->alloc),
		.flags = UDB_ALLOC_READ_ONLY,
	};
	self->wrap = (struct udb_wrap_opts){
		.struct_size = sizeof(self->wrap),
		.flags = UDB_WRAP_READ_ONLY,
	};
	self->memfd = memfd_create("query", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_GE(self->memfd, 0);
	ASSERT_EQ(0, ftruncate(self->memfd, 4 * fake_page()));
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	for (int i = 0; i < 2; i++)
		self->ranges[i] = (struct udb_range){
			.memfd = self->memfd,
			.offset = 2 * i * fake_page(),
			.size = fake_page(),
		};
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
}

FIXTURE_TEARDOWN(query)
{
	udb_buffer_free(self->buf);
	udb_device_unref(self->dev);
	close(self->memfd);
	EXPECT_HELD(self->before);
}

static int query(FIXTURE_DATA(query) *self)
{
	return udb_device_query(self->dev, &self->query);
}

static int alloc(FIXTURE_DATA(query) *self)
{
	return udb_buffer_alloc(self->dev, MIB, &self->alloc, &self->buf);
}

static int wrap(FIXTURE_DATA(query) *self, size_t nr)
{
	return udb_buffer_wrap(self->dev, self->ranges, nr, &self->wrap,
			       &self->buf);
}

/* Another device for the rest of the test. */
static int reopen(FIXTURE_DATA(query) *self, uint32_t fallback)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = fallback };

	udb_device_unref(self->dev);
	self->dev = NULL;
	return udb_device_open(&opts, &self->dev);
}

TEST_F(query, tells_what_the_driver_says)
{
	fake.list_limit = 77;
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(64 * MIB, self->query.size_limit);
	EXPECT_EQ(77, self->query.list_limit);
	EXPECT_EQ(fake_thp(), self->query.huge_sizes);
	EXPECT_EQ(UDB_QUERY_READ_ONLY | UDB_QUERY_INSPECT | UDB_QUERY_ACCOUNT,
		  self->query.features);
	EXPECT_EQ(UDB_ACCOUNT_NONE, self->query.account);
	EXPECT_STREQ("0.1.0", self->query.version);
}

TEST_F(query, tells_what_buffers_count_against)
{
	fake.account = 1;
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(UDB_ACCOUNT_MEMLOCK, self->query.account);
}

TEST_F(query, needs_no_sysfs)
{
	fake.no_sysfs = true;
	EXPECT_EQ(0, query(self));
}

TEST_F(query, features_that_are_not_there_are_not_told)
{
	fake.features = 0;
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(0, self->query.features);
}

/* Bits that this library does not know mean nothing to its users. */
TEST_F(query, features_of_the_future_are_not_told)
{
	fake.features = UINT64_MAX << 32;
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(0, self->query.features);
}

TEST_F(query, driver_of_the_kernel_cannot_be_asked)
{
	fake.ours = false;
	self->query.list_limit = 5;
	EXPECT_EQ(-EOPNOTSUPP, query(self));
	EXPECT_EQ(5, self->query.list_limit);
}

TEST_F(query, there_may_be_no_driver)
{
	fake.udmabuf = ENOENT;
	fake.heap = 0;
	ASSERT_EQ(0, reopen(self, UDB_FALLBACK_HEAP));
	EXPECT_EQ(-EOPNOTSUPP, query(self));
	fake.heap = ENOENT;
	ASSERT_EQ(0, reopen(self, UDB_FALLBACK_MEMFD));
	EXPECT_EQ(-EOPNOTSUPP, query(self));
}

TEST_F(query, structure_too_small)
{
	self->query.struct_size--;
	EXPECT_EQ(-EINVAL, query(self));
}

/* Written here, read by all others. */
TEST_F(query, new_buffer_is_read_only)
{
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .flags = UDB_MAP_MEMFD };
	void *addr;

	ASSERT_EQ(0, alloc(self));
	EXPECT_TRUE(fake_is_read_only(udb_buffer_fd(self->buf)));
	ASSERT_EQ(0, udb_buffer_map(self->buf, &opts, &addr));
	*(char *)addr = 'x';
	EXPECT_EQ(0, udb_unmap(addr, udb_buffer_size(self->buf)));
}

TEST_F(query, buffers_can_be_written_unless_told_otherwise)
{
	self->alloc.flags = 0;
	ASSERT_EQ(0, alloc(self));
	EXPECT_FALSE(fake_is_read_only(udb_buffer_fd(self->buf)));
}

TEST_F(query, new_buffer_that_nobody_could_write)
{
	self->alloc.flags |= UDB_ALLOC_DROP_MEMFD;
	EXPECT_EQ(-EINVAL, alloc(self));
}

/* Nothing is allocated for what cannot be had. */
TEST_F(query, new_buffer_without_the_feature)
{
	fake.features = 0;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self));
	fake.ours = false;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self));
	EXPECT_EQ(1, fake_calls(FAKE_MEMFD));
}

TEST_F(query, new_buffer_above_the_limit)
{
	fake.size_limit_mb = 2;
	self->alloc.backing = UDB_BACKING_SMALL;
	EXPECT_EQ(-EFBIG, udb_buffer_alloc(self->dev, 3 * MIB, &self->alloc,
					   &self->buf));
}

TEST_F(query, one_range)
{
	ASSERT_EQ(0, wrap(self, 1));
	EXPECT_TRUE(fake_is_read_only(udb_buffer_fd(self->buf)));
	EXPECT_GE(udb_buffer_memfd(self->buf), 0);
}

TEST_F(query, list_of_ranges)
{
	ASSERT_EQ(0, wrap(self, 2));
	EXPECT_TRUE(fake_is_read_only(udb_buffer_fd(self->buf)));
	EXPECT_EQ(2 * fake_page(), udb_buffer_size(self->buf));
}

TEST_F(query, sealed_ranges)
{
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS,
			   F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
	EXPECT_EQ(0, wrap(self, 2));
	udb_buffer_free(self->buf);
	self->buf = NULL;
	self->wrap.flags = 0;
	EXPECT_EQ(-EPERM, wrap(self, 2));
}

TEST_F(query, seal_is_added)
{
	self->wrap.flags |= UDB_WRAP_SEAL_WRITE;
	ASSERT_EQ(0, wrap(self, 2));
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_WRITE,
		  fcntl(self->memfd, F_GET_SEALS));
}

TEST_F(query, seal_is_not_added_unless_told)
{
	ASSERT_EQ(0, wrap(self, 2));
	EXPECT_EQ(F_SEAL_SHRINK, fcntl(self->memfd, F_GET_SEALS));
}

TEST_F(query, seal_that_cannot_be_added)
{
	void *addr = mmap(NULL, fake_page(), PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->memfd, 0);

	ASSERT_NE(MAP_FAILED, addr);
	self->wrap.flags |= UDB_WRAP_SEAL_WRITE;
	EXPECT_EQ(-EBUSY, wrap(self, 1));
	munmap(addr, fake_page());
}

/* A buffer that can be written cannot be made of what it is asked to seal. */
TEST_F(query, seal_without_read_only)
{
	self->wrap.flags = UDB_WRAP_SEAL_WRITE;
	EXPECT_EQ(-EINVAL, wrap(self, 1));
	EXPECT_EQ(F_SEAL_SHRINK, fcntl(self->memfd, F_GET_SEALS));
}

TEST_F(query, ranges_without_the_feature)
{
	fake.ours = false;
	EXPECT_EQ(-EOPNOTSUPP, wrap(self, 1));
	EXPECT_EQ(-EOPNOTSUPP, wrap(self, 2));
}

/*
 * What a buffer is like
 */
static int inspect(
	FIXTURE_DATA(query) *self, int fd, struct udb_inspect *inspect)
{
	*inspect = (struct udb_inspect){ .struct_size = sizeof(*inspect) };
	return udb_device_inspect(self->dev, fd, inspect);
}

TEST_F(query, inspects_a_buffer)
{
	struct udb_inspect what;

	self->alloc.flags = 0;
	ASSERT_EQ(0, alloc(self));
	ASSERT_EQ(0, inspect(self, udb_buffer_fd(self->buf), &what));
	EXPECT_EQ(udb_buffer_size(self->buf), what.size);
	EXPECT_EQ(3, what.runs);
	EXPECT_EQ(4, what.huge_entries);
	EXPECT_EQ(2, what.attachments);
	EXPECT_EQ(1, what.mapped);
	EXPECT_EQ(0, what.flags);
	EXPECT_EQ(5, what.folios[0]);
	EXPECT_EQ(6, what.folios[9]);
}

TEST_F(query, inspects_a_read_only_buffer)
{
	struct udb_inspect what;

	ASSERT_EQ(0, alloc(self));
	ASSERT_EQ(0, inspect(self, udb_buffer_fd(self->buf), &what));
	EXPECT_EQ(UDB_INSPECT_READ_ONLY | UDB_INSPECT_SEALED, what.flags);
}

TEST_F(query, inspects_no_buffer_of_others)
{
	int other = fake_dmabuf(fake_page(), "system");
	struct udb_inspect what;

	EXPECT_EQ(-EINVAL, inspect(self, other, &what));
	EXPECT_EQ(-EINVAL, inspect(self, self->memfd, &what));
	EXPECT_EQ(-EBADF, inspect(self, -1, &what));
	close(other);
}

TEST_F(query, inspects_nothing_without_the_driver)
{
	struct udb_inspect what;

	self->alloc.flags = 0;
	ASSERT_EQ(0, alloc(self));
	fake.ours = false;
	EXPECT_EQ(-EOPNOTSUPP, inspect(self, udb_buffer_fd(self->buf), &what));
}

TEST_F(query, structure_to_inspect_too_small)
{
	struct udb_inspect what = { .struct_size = sizeof(what) - 1 };

	EXPECT_EQ(-EINVAL, udb_device_inspect(self->dev, 0, &what));
}

TEST_HARNESS_MAIN
