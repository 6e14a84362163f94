// SPDX-License-Identifier: GPL-2.0-only
/*
 * New buffers: sizes, backings and what is tried when one cannot be had.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

#define MIB	(1024 * 1024UL)

FIXTURE(alloc) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_buffer *buf;
	struct udb_alloc_opts opts;
};

FIXTURE_VARIANT(alloc) {
};

FIXTURE_VARIANT_ADD(alloc, on) {};

FIXTURE_SETUP(alloc)
{
	fake_begin();
	self->before = fake_held();
	self->buf = NULL;
	self->opts =
		(struct udb_alloc_opts){ .struct_size = sizeof(self->opts) };
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
}

FIXTURE_TEARDOWN(alloc)
{
	udb_buffer_free(self->buf);
	udb_device_unref(self->dev);
	EXPECT_HELD(self->before);
}

static int alloc(FIXTURE_DATA(alloc) *self, size_t size)
{
	return udb_buffer_alloc(self->dev, size, &self->opts, &self->buf);
}

/* Bytes that a few huge pages hold. They may be more than the stock driver takes. */
static size_t some_huge(void)
{
	fake.size_limit_mb = 2048;
	return 2 * fake_thp();
}

/* The device another one: what the machine has changed to is opened anew. */
static int reopen(FIXTURE_DATA(alloc) *self, uint32_t fallback)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = fallback };

	udb_device_unref(self->dev);
	self->dev = NULL;
	return udb_device_open(&opts, &self->dev);
}

/* Programs pass sizes of pictures; the driver takes whole pages only. */
TEST_F(alloc, rounds_up_to_pages)
{
	const size_t page = fake_page();

	ASSERT_EQ(0, alloc(self, page + 1));
	EXPECT_EQ(2 * page, udb_buffer_size(self->buf));
	EXPECT_EQ(0, udb_buffer_offset(self->buf));
	EXPECT_EQ(UDB_BACKING_SMALL, udb_buffer_backing(self->buf));
	EXPECT_NULL(udb_buffer_layout(self->buf));
}

TEST_F(alloc, no_size)
{
	EXPECT_EQ(-EINVAL, alloc(self, 0));
}

TEST_F(alloc, size_that_cannot_be_rounded)
{
	fake.no_sysfs = true;
	EXPECT_EQ(-EOVERFLOW, alloc(self, SIZE_MAX));
}

/* The driver wants F_SEAL_SHRINK. */
TEST_F(alloc, memfd_is_sealed)
{
	ASSERT_EQ(0, alloc(self, 4096));
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_GROW,
		  fcntl(udb_buffer_memfd(self->buf), F_GET_SEALS));
}

TEST_F(alloc, all_files_close_on_exec)
{
	ASSERT_EQ(0, alloc(self, 4096));
	EXPECT_EQ(FD_CLOEXEC, fcntl(udb_buffer_memfd(self->buf), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(udb_buffer_fd(self->buf), F_GETFD));
}

/* Who asks for enough gets huge pages without asking for them. */
TEST_F(alloc, large_ones_are_huge)
{
	const size_t size = some_huge() + MIB;

	ASSERT_EQ(0, udb_buffer_alloc(self->dev, size, NULL, &self->buf));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
	EXPECT_EQ(size, udb_buffer_size(self->buf));
}

TEST_F(alloc, small_when_the_kernel_has_no_huge_page)
{
	fake.no_thp = true;
	ASSERT_EQ(0, alloc(self, some_huge()));
	EXPECT_EQ(UDB_BACKING_SMALL, udb_buffer_backing(self->buf));
}

TEST_F(alloc, exact_thp_or_nothing)
{
	fake.no_thp = true;
	self->opts.flags = UDB_ALLOC_EXACT;
	self->opts.backing = UDB_BACKING_THP;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self, some_huge()));
}

/* A page that is in use for a moment is no reason to go without. */
TEST_F(alloc, collapsing_is_tried_again)
{
	fake_fail(FAKE_MADVISE, 3, EAGAIN);
	ASSERT_EQ(0, alloc(self, some_huge()));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
}

TEST_F(alloc, hugetlb_when_asked_for)
{
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	ASSERT_EQ(0, alloc(self, 3 * MIB));
	EXPECT_EQ(UDB_BACKING_HUGETLB_2M, udb_buffer_backing(self->buf));
	EXPECT_EQ(4 * MIB, udb_buffer_size(self->buf));
}

/* From the pool that is empty to the next best, down to what is there. */
TEST_F(alloc, hugetlb_falls_back_to_thp)
{
	fake.no_hugetlb = true;
	self->opts.backing = UDB_BACKING_HUGETLB_1G;
	ASSERT_EQ(0, alloc(self, some_huge()));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
	EXPECT_EQ(3, fake_calls(FAKE_MEMFD));
}

TEST_F(alloc, exact_hugetlb_or_nothing)
{
	fake.no_hugetlb = true;
	self->opts.flags = UDB_ALLOC_EXACT;
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self, 4 * MIB));
}

/* A pool that runs dry while it is used: an error there, a fallback here. */
TEST_F(alloc, hugetlb_pool_runs_dry)
{
	fake_fail(FAKE_MADVISE, 1, EFAULT);
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	ASSERT_EQ(0, alloc(self, some_huge()));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
}

TEST_F(alloc, no_memory_is_no_signal)
{
	fake_fail(FAKE_MADVISE, 2, EFAULT);
	EXPECT_EQ(-ENOMEM, alloc(self, some_huge()));
}

/* The stock driver of 6.12 stops at 64 MiB, and says -EINVAL to that. */
TEST_F(alloc, above_the_limit)
{
	EXPECT_EQ(-EFBIG, alloc(self, 64 * MIB + 1));
	EXPECT_EQ(0, fake_calls(FAKE_MEMFD));
	ASSERT_EQ(0, alloc(self, 64 * MIB));
}

/* A buffer for each frame: what a driver can is not asked for each of them. */
TEST_F(alloc, asks_for_no_file_each_time)
{
	const size_t size = some_huge();
	unsigned int opened;

	ASSERT_EQ(0, alloc(self, size));
	opened = fake_calls(FAKE_OPEN);
	udb_buffer_free(self->buf);
	ASSERT_EQ(0, alloc(self, size));
	EXPECT_EQ(opened, fake_calls(FAKE_OPEN));
}

TEST_F(alloc, limit_that_was_raised)
{
	ASSERT_EQ(-EFBIG, alloc(self, 65 * MIB));
	fake.size_limit_mb = 65;
	EXPECT_EQ(0, alloc(self, 65 * MIB));
}

TEST_F(alloc, limit_that_was_lowered)
{
	fake.size_limit_mb = 1;
	EXPECT_EQ(-EFBIG, alloc(self, MIB + 1));
	EXPECT_EQ(0, alloc(self, MIB));
}

TEST_F(alloc, rounding_above_the_limit)
{
	fake.size_limit_mb = 3;
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	EXPECT_EQ(-EFBIG, alloc(self, 3 * MIB));
}

TEST_F(alloc, name)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	self->opts.name = "a name of thirty-one characters";
	ASSERT_EQ(31, strlen(self->opts.name));
	ASSERT_EQ(0, alloc(self, 1));
	ASSERT_EQ(0, udb_info_get(udb_buffer_fd(self->buf), &info));
	EXPECT_STREQ(self->opts.name, info.name);
}

TEST_F(alloc, name_that_is_too_long)
{
	self->opts.name = "a name of thirty-two characters!";
	EXPECT_EQ(-ENAMETOOLONG, alloc(self, 1));
}

TEST_F(alloc, a_name_that_fails_does_not_matter)
{
	fake_fail(FAKE_IOCTL, 2, EPERM);
	EXPECT_EQ(0, alloc(self, 1));
}

TEST_F(alloc, create_goes_on_after_a_signal)
{
	fake_fail(FAKE_IOCTL, 1, EINTR);
	EXPECT_EQ(0, alloc(self, 1));
}

TEST_F(alloc, drops_the_memfd)
{
	self->opts.flags = UDB_ALLOC_DROP_MEMFD;
	ASSERT_EQ(0, alloc(self, 1));
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_memfd(self->buf));
	EXPECT_GE(udb_buffer_fd(self->buf), 0);
}

/* Blocks of the file that are allocated, in bytes. */
static long allocated(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks * 512L;
}

TEST_F(alloc, threads_populate_all_of_it)
{
	fake.no_thp = true;
	self->opts.flags = UDB_ALLOC_POPULATE;
	self->opts.threads = 3;
	ASSERT_EQ(0, alloc(self, 50 * MIB));
	EXPECT_EQ(50 * MIB, allocated(udb_buffer_memfd(self->buf)));
	EXPECT_GE(fake_calls(FAKE_THREAD), 2);
}

TEST_F(alloc, the_end_behind_huge_pages_is_populated)
{
	const size_t page = fake_page();

	self->opts.flags = UDB_ALLOC_POPULATE;
	self->opts.threads = 1;
	ASSERT_EQ(0, alloc(self, some_huge() + 2 * page));
	/* collapsing is made up, so two pages stand for two that are huge */
	EXPECT_EQ(4 * page, allocated(udb_buffer_memfd(self->buf)));
}

TEST_F(alloc, a_thread_that_does_not_start_is_not_missed)
{
	fake.no_thp = true;
	fake_fail(FAKE_THREAD, 1, EAGAIN);
	self->opts.flags = UDB_ALLOC_POPULATE;
	self->opts.threads = 4;
	ASSERT_EQ(0, alloc(self, 40 * MIB));
	EXPECT_EQ(40 * MIB, allocated(udb_buffer_memfd(self->buf)));
}

TEST_F(alloc, bad_options)
{
	self->opts.threads = 65;
	EXPECT_EQ(-EINVAL, alloc(self, 1));
	self->opts.threads = 0;
	self->opts.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, alloc(self, 1));
	self->opts.flags = UDB_ALLOC_EXACT; /* exactly what? */
	EXPECT_EQ(-EINVAL, alloc(self, 1));
	self->opts.flags = 0;
	self->opts.backing = UDB_BACKING_UNKNOWN;
	EXPECT_EQ(-EINVAL, alloc(self, 1));
	EXPECT_NULL(self->buf);
}

TEST_F(alloc, memfd_without_driver)
{
	fake.udmabuf = ENOENT;
	ASSERT_EQ(0, reopen(self, UDB_FALLBACK_MEMFD));
	ASSERT_EQ(0, alloc(self, 4096));
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_fd(self->buf));
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_dup_fd(self->buf));
	EXPECT_GE(udb_buffer_memfd(self->buf), 0);
}

TEST_F(alloc, heap_without_driver)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	fake.udmabuf = ENOENT;
	fake.heap = 0;
	ASSERT_EQ(0, reopen(self, UDB_FALLBACK_HEAP));
	ASSERT_EQ(0, alloc(self, fake_page() + 1));
	EXPECT_EQ(2 * fake_page(), udb_buffer_size(self->buf));
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_memfd(self->buf));
	ASSERT_EQ(0, udb_info_get(udb_buffer_fd(self->buf), &info));
	EXPECT_STREQ("system", info.exporter);
}

TEST_F(alloc, image_has_its_layout)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	const struct udb_layout *of;

	ASSERT_EQ(0, udb_layout_compute(UDB_FOURCC('N', 'V', '1', '2'), 640,
					480, 0, &layout));
	ASSERT_EQ(0,
		  udb_buffer_alloc_image(self->dev, &layout, NULL, &self->buf));
	of = udb_buffer_layout(self->buf);
	ASSERT_NE(NULL, of);
	EXPECT_EQ(0, memcmp(&layout, of, sizeof(layout)));
	EXPECT_GE(udb_buffer_size(self->buf), layout.size);
}

TEST_F(alloc, adopts_a_dmabuf)
{
	int fd = fake_dmabuf(fake_page(), "other");

	ASSERT_EQ(0, udb_buffer_adopt(fd, &self->buf));
	EXPECT_EQ(fd, udb_buffer_fd(self->buf));
	EXPECT_EQ(fake_page(), udb_buffer_size(self->buf));
	EXPECT_EQ(UDB_BACKING_UNKNOWN, udb_buffer_backing(self->buf));
}

/* Any file has a size; only a dma-buf may be taken for one. */
TEST_F(alloc, adopts_nothing_else)
{
	ASSERT_EQ(0, alloc(self, 4096));
	EXPECT_EQ(-ENOTTY,
		  udb_buffer_adopt(udb_buffer_memfd(self->buf), &self->buf));
	EXPECT_EQ(-EBADF, udb_buffer_adopt(-1, &self->buf));
}

TEST_F(alloc, copy_of_the_file_outlives_the_buffer)
{
	int fd;

	ASSERT_EQ(0, alloc(self, 1));
	fd = udb_buffer_dup_fd(self->buf);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	self->buf = udb_buffer_free(self->buf);
	EXPECT_EQ(1, udb_info_is_udmabuf(fd));
	close(fd);
	EXPECT_NULL(udb_buffer_free(NULL));
}

TEST_HARNESS_MAIN
