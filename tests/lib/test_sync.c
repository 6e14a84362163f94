// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking turns with devices, and what a dma-buf says about itself.
 */
#include <linux/dma-buf.h>
#include <unistd.h>

#include "fake.h"

FIXTURE(sync) {
	struct fake_held before;
	struct udb_buffer *buf;
	int fd;
};

FIXTURE_VARIANT(sync) {
};

FIXTURE_VARIANT_ADD(sync, of) {};

FIXTURE_SETUP(sync)
{
	fake_begin();
	self->before = fake_held();
	self->fd = fake_dmabuf(fake_page(), "udmabuf");
	ASSERT_EQ(0, udb_buffer_adopt(self->fd, &self->buf));
}

FIXTURE_TEARDOWN(sync)
{
	udb_buffer_free(self->buf);
	EXPECT_HELD(self->before);
}

TEST_F(sync, begin_and_end_balance)
{
	ASSERT_EQ(0, udb_buffer_sync_begin(self->buf, UDB_WRITE));
	EXPECT_EQ(1, fake_sync_depth(self->fd));
	EXPECT_EQ(DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE,
		  fake_sync_flags(self->fd));
	ASSERT_EQ(0, udb_buffer_sync_end(self->buf, UDB_WRITE));
	EXPECT_EQ(0, fake_sync_depth(self->fd));
	EXPECT_EQ(DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE,
		  fake_sync_flags(self->fd));
}

/* The kernel says to try again, and most programs do not. */
TEST_F(sync, tried_again)
{
	fake_fail(FAKE_IOCTL, 1, EINTR);
	EXPECT_EQ(0, udb_sync_begin(self->fd, UDB_READ));
	fake_fail(FAKE_IOCTL, 1, EAGAIN);
	EXPECT_EQ(0, udb_sync_end(self->fd, UDB_READ));
	EXPECT_EQ(0, fake_sync_depth(self->fd));
}

TEST_F(sync, other_errors_are_told)
{
	fake_fail(FAKE_IOCTL, 1, EIO);
	EXPECT_EQ(-EIO, udb_sync_begin(self->fd, UDB_READ));
}

/* The kernel takes no direction for one that is not said; the library does not. */
TEST_F(sync, bad_access)
{
	const uint32_t bad[] = { 0, 4, 7, UINT32_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, udb_sync_begin(self->fd, bad[i]));
		EXPECT_EQ(-EINVAL, udb_sync_end(self->fd, bad[i]));
		EXPECT_EQ(-EINVAL, udb_buffer_sync_begin(self->buf, bad[i]));
		EXPECT_EQ(-EINVAL, udb_buffer_sync_end(self->buf, bad[i]));
		EXPECT_EQ(-EINVAL, udb_sync_export(self->fd, bad[i]));
		EXPECT_EQ(-EINVAL, udb_sync_import(self->fd, bad[i], 0));
		EXPECT_EQ(-EINVAL, udb_sync_wait(self->fd, bad[i], 0));
	}
}

TEST_F(sync, no_dmabuf)
{
	EXPECT_EQ(-ENOTTY, udb_sync_begin(STDOUT_FILENO, UDB_READ));
	EXPECT_EQ(-EBADF, udb_sync_begin(-1, UDB_READ));
	EXPECT_EQ(-ENOTTY, udb_sync_export(STDOUT_FILENO, UDB_READ));
}

/* What is only a memfd has no device to take turns with. */
TEST_F(sync, memfd_has_nothing_to_do)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = UDB_FALLBACK_MEMFD };
	struct udb_device *dev;
	struct udb_buffer *buf;

	fake.udmabuf = ENOENT;
	ASSERT_EQ(0, udb_device_open(&opts, &dev));
	ASSERT_EQ(0, udb_buffer_alloc(dev, 1, NULL, &buf));
	EXPECT_EQ(0, udb_buffer_sync_begin(buf, UDB_WRITE));
	EXPECT_EQ(0, udb_buffer_sync_end(buf, UDB_WRITE));
	EXPECT_EQ(-EINVAL, udb_buffer_sync_end(buf, 0));
	udb_buffer_free(buf);
	udb_device_unref(dev);
}

TEST_F(sync, files_out_and_in)
{
	int fence;

	fake_busy(self->fd, true);
	fence = udb_sync_export(self->fd, UDB_WRITE);
	ASSERT_GE(fence, 0);
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(fence, UDB_READ, 0));
	fake_busy(self->fd, false);
	EXPECT_EQ(0, udb_sync_import(self->fd, UDB_WRITE, fence));
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(self->fd, UDB_WRITE, 0));
	EXPECT_EQ(-EINVAL, udb_sync_import(self->fd, UDB_WRITE, self->fd));
	close(fence);
}

TEST_F(sync, waiting_ends_after_its_time)
{
	fake_busy(self->fd, true);
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(self->fd, UDB_WRITE, 20));
	fake_busy(self->fd, false);
	EXPECT_EQ(0, udb_sync_wait(self->fd, UDB_WRITE, -1));
	EXPECT_EQ(-EBADF, udb_sync_wait(-1, UDB_READ, 0));
}

TEST_F(sync, waiting_goes_on_after_a_signal)
{
	fake_fail(FAKE_POLL, 1, EINTR);
	EXPECT_EQ(0, udb_sync_wait(self->fd, UDB_READ, -1));
}

TEST_F(sync, info)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	ASSERT_EQ(0, udb_info_set_name(self->fd, "frame 7"));
	ASSERT_EQ(0, udb_info_get(self->fd, &info));
	EXPECT_EQ(fake_page(), info.size);
	EXPECT_NE(0, info.inode);
	EXPECT_STREQ("udmabuf", info.exporter);
	EXPECT_STREQ("frame 7", info.name);
}

TEST_F(sync, info_without_name)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	memset(info.name, 'x', sizeof(info.name));
	ASSERT_EQ(0, udb_info_get(self->fd, &info));
	EXPECT_STREQ("", info.name);
}

/* Anybody may set a name, and it may hold lines of its own. */
TEST_F(sync, a_name_cannot_pretend_to_be_an_exporter)
{
	int fd = fake_dmabuf(fake_page(), "amdgpu");

	ASSERT_EQ(0, udb_info_set_name(fd, "x\nexp_name:\tudmabuf"));
	EXPECT_EQ(0, udb_info_is_udmabuf(fd));
	EXPECT_EQ(1, udb_info_is_udmabuf(self->fd));
	close(fd);
}

TEST_F(sync, info_of_other_files)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	EXPECT_EQ(-ENOTTY, udb_info_get(STDOUT_FILENO, &info));
	EXPECT_EQ(-EBADF, udb_info_get(-1, &info));
	EXPECT_EQ(-EBADF, udb_info_is_udmabuf(-1));
	EXPECT_EQ(-ENOTTY, udb_info_is_udmabuf(STDOUT_FILENO));
}

TEST_F(sync, name_that_is_too_long)
{
	EXPECT_EQ(-ENAMETOOLONG,
		  udb_info_set_name(self->fd,
				    "a name of thirty-two characters!"));
	EXPECT_EQ(-ENOTTY, udb_info_set_name(STDOUT_FILENO, "x"));
}

TEST_HARNESS_MAIN
