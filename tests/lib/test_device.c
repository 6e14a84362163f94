// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a device: which node, what stands for a driver that is not there, and
 * what is known of the one that is.
 */
#include <fcntl.h>
#include <unistd.h>

#include "fake.h"

FIXTURE(device) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_device_opts opts;
};

FIXTURE_VARIANT(device) {
};

FIXTURE_VARIANT_ADD(device, stock) {};

FIXTURE_SETUP(device)
{
	fake_begin();
	self->before = fake_held();
	self->dev = NULL;
	self->opts =
		(struct udb_device_opts){ .struct_size = sizeof(self->opts) };
}

FIXTURE_TEARDOWN(device)
{
	udb_device_unref(self->dev);
	EXPECT_HELD(self->before);
}

/* Reading is all that a sandbox may allow, and the file must not leak. */
TEST_F(device, opens_udmabuf)
{
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	EXPECT_EQ(UDB_KIND_UDMABUF, udb_device_kind(self->dev));
	EXPECT_GE(udb_device_fd(self->dev), 0);
}

TEST_F(device, opens_the_second_node)
{
	fake.udmabuf = ENOENT;
	fake.udmabuf_ng = 0;
	EXPECT_EQ(0, udb_device_open(NULL, &self->dev));
}

/* That /dev/udmabuf-ng is missing must not hide what is wrong with the other. */
TEST_F(device, first_node_says_what_is_wrong)
{
	fake.udmabuf = EACCES;
	EXPECT_EQ(-EACCES, udb_device_open(NULL, &self->dev));
	EXPECT_NULL(self->dev);
}

/* A container's rules on devices. */
TEST_F(device, node_that_is_forbidden)
{
	fake.udmabuf = EPERM;
	EXPECT_EQ(-EPERM, udb_device_open(NULL, &self->dev));
	EXPECT_NULL(self->dev);
}

TEST_F(device, opens_only_the_path_that_is_named)
{
	self->opts.path = "/dev/udmabuf-ng";
	EXPECT_EQ(-ENOENT, udb_device_open(&self->opts, &self->dev));
}

TEST_F(device, refuses_another_device)
{
	self->opts.path = "/dev/not-udmabuf";
	EXPECT_EQ(-ENOTTY, udb_device_open(&self->opts, &self->dev));
}

/* A signal during open() is no reason to have no driver. */
TEST_F(device, open_goes_on_after_a_signal)
{
	fake_fail(FAKE_OPEN, 1, EINTR);
	EXPECT_EQ(0, udb_device_open(NULL, &self->dev));
}

TEST_F(device, falls_back_to_the_heap)
{
	fake.udmabuf = ENOENT;
	fake.heap = 0;
	self->opts.fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD;
	ASSERT_EQ(0, udb_device_open(&self->opts, &self->dev));
	EXPECT_EQ(UDB_KIND_HEAP, udb_device_kind(self->dev));
}

TEST_F(device, falls_back_to_memfds)
{
	fake.udmabuf = EACCES;
	self->opts.fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD;
	ASSERT_EQ(0, udb_device_open(&self->opts, &self->dev));
	EXPECT_EQ(UDB_KIND_MEMFD, udb_device_kind(self->dev));
	EXPECT_EQ(-EOPNOTSUPP, udb_device_fd(self->dev));
}

TEST_F(device, falls_back_to_nothing_unasked)
{
	fake.udmabuf = ENOENT;
	fake.heap = 0;
	self->opts.fallback = UDB_FALLBACK_MEMFD;
	ASSERT_EQ(0, udb_device_open(&self->opts, &self->dev));
	EXPECT_EQ(UDB_KIND_MEMFD, udb_device_kind(self->dev));
}

/* A process without a free descriptor would lose its driver for good. */
TEST_F(device, no_free_file_is_no_reason_to_fall_back)
{
	fake_fail(FAKE_OPEN, 1, EMFILE);
	self->opts.fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD;
	EXPECT_EQ(-EMFILE, udb_device_open(&self->opts, &self->dev));
}

TEST_F(device, unknown_fallback_is_refused)
{
	self->opts.fallback = 1U << 7;
	EXPECT_EQ(-EINVAL, udb_device_open(&self->opts, &self->dev));
}

TEST_F(device, adopts_an_open_node)
{
	int fd = fake_device();

	ASSERT_EQ(0, udb_device_adopt(fd, &self->dev));
	EXPECT_EQ(fd, udb_device_fd(self->dev));
}

/* What is not taken over is still the caller's. */
TEST_F(device, adopts_nothing_else)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	EXPECT_EQ(-ENOTTY, udb_device_adopt(fds[0], &self->dev));
	EXPECT_EQ(0, close(fds[0]));
	EXPECT_EQ(-EBADF, udb_device_adopt(fds[0], &self->dev));
	close(fds[1]);
}

TEST_F(device, last_owner_closes)
{
	struct udb_device *second;
	int fd;

	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	second = udb_device_ref(self->dev);
	fd = udb_device_fd(second);
	EXPECT_NULL(udb_device_unref(self->dev));
	EXPECT_EQ(fd, udb_device_fd(second));
	self->dev = udb_device_unref(second);
	EXPECT_ERRNO(EBADF, fcntl(fd, F_GETFD));
	EXPECT_NULL(udb_device_unref(NULL));
}

TEST_F(device, limits_of_the_stock_driver)
{
	uint64_t size;
	uint32_t list;

	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_device_limits(self->dev, &size, &list));
	EXPECT_EQ(64UL << 20, size);
	EXPECT_EQ(1024, list);
}

/* Both are loaded: the node's name tells whose limits count. */
TEST_F(device, limits_of_ours)
{
	uint64_t size;
	uint32_t list;

	fake.ours = true;
	fake.ours_name = "udmabuf-ng";
	fake.udmabuf = ENOENT;
	fake.udmabuf_ng = 0;
	fake.size_limit_mb = 2147483647;
	fake.list_limit = 65536;
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_device_limits(self->dev, &size, &list));
	EXPECT_EQ(2147483647UL << 20, size);
	EXPECT_EQ(65536, list);
}

TEST_F(device, limits_without_sysfs)
{
	uint64_t size = 1;
	uint32_t list = 2;

	fake.no_sysfs = true;
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	EXPECT_EQ(-ENODATA, udb_device_limits(self->dev, &size, &list));
	EXPECT_EQ(1, size);
	EXPECT_EQ(2, list);
}

TEST_F(device, no_limits_without_driver)
{
	uint64_t size;
	uint32_t list;

	fake.udmabuf = ENOENT;
	self->opts.fallback = UDB_FALLBACK_MEMFD;
	ASSERT_EQ(0, udb_device_open(&self->opts, &self->dev));
	ASSERT_EQ(0, udb_device_limits(self->dev, &size, &list));
	EXPECT_EQ(UINT64_MAX, size);
	EXPECT_EQ(UINT32_MAX, list);
}

TEST_HARNESS_MAIN
