// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: where they are put, what they show, and that all room that was taken
 * to place them is given back.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define MIB	(1024 * 1024UL)

FIXTURE(map) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_buffer *buf;
	void *addr;
	struct udb_map_opts opts;
};

FIXTURE_VARIANT(map) {
	size_t size;
	size_t align; /* 0: a page */
};

FIXTURE_VARIANT_ADD(map, small) {
	.size = 128 * 1024,
};

FIXTURE_VARIANT_ADD(map, large) {
	.size = 5 * MIB,
	.align = 2 * MIB,
};

FIXTURE_SETUP(map)
{
	fake_begin();
	self->before = fake_held();
	self->buf = NULL;
	self->addr = NULL;
	self->opts = (struct udb_map_opts){ .struct_size = sizeof(self->opts) };
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0,
		  udb_buffer_alloc(self->dev, variant->size, NULL, &self->buf));
}

FIXTURE_TEARDOWN(map)
{
	EXPECT_EQ(0, udb_unmap(self->addr, variant->size));
	udb_buffer_free(self->buf);
	udb_device_unref(self->dev);
	EXPECT_HELD(self->before);
}

static size_t alignment(const FIXTURE_VARIANT(map) *variant)
{
	return variant->align ? variant->align : fake_page();
}

/* At another address no huge entry could map it. */
TEST_F(map, is_aligned)
{
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &self->addr));
	EXPECT_EQ(0, (uintptr_t)self->addr % alignment(variant));
}

TEST_F(map, asks_for_no_file)
{
	unsigned int opened = fake_calls(FAKE_OPEN);

	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &self->addr));
	EXPECT_EQ(opened, fake_calls(FAKE_OPEN));
}

TEST_F(map, all_of_it_can_be_written)
{
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &self->addr));
	memset(self->addr, 1, variant->size);
}

TEST_F(map, memfd_shows_what_the_memfd_has)
{
	char byte = 'x';

	self->opts.flags = UDB_MAP_MEMFD;
	ASSERT_EQ(0, udb_buffer_map(self->buf, &self->opts, &self->addr));
	ASSERT_EQ(1, pwrite(udb_buffer_memfd(self->buf), &byte, 1, 4095));
	EXPECT_EQ('x', ((char *)self->addr)[4095]);
}

/* The offset in the file counts, too: an entry maps whole huge pages of it. */
TEST_F(map, is_aligned_with_the_offset)
{
	const size_t page = fake_page();
	const size_t align = alignment(variant);
	const size_t size = variant->size - page;
	uintptr_t at;

	ASSERT_EQ(0, udb_map(udb_buffer_memfd(self->buf), page, size, NULL,
			     &self->addr));
	at = (uintptr_t)self->addr;
	EXPECT_EQ(size >= 2 * MIB ? page : 0, at % align);
	EXPECT_EQ(0, udb_unmap(self->addr, size));
	self->addr = NULL;
}

TEST_F(map, goes_without_room_for_alignment)
{
	fake_fail(FAKE_MMAP, 1, ENOMEM);
	EXPECT_EQ(variant->size < MIB ? -ENOMEM : 0,
		  udb_buffer_map(self->buf, NULL, &self->addr));
}

/* The room that was reserved must not stay. */
TEST_F(map, fails_without_a_trace)
{
	fake_fail(FAKE_MMAP, variant->size < MIB ? 1 : 2, EACCES);
	EXPECT_EQ(-EACCES, udb_buffer_map(self->buf, NULL, &self->addr));
	EXPECT_NULL(self->addr);
}

static void write_to(void *addr)
{
	*(volatile char *)addr = 1;
}

TEST_F_SIGNAL(map, for_reading_only, SIGSEGV)
{
	self->opts.access = UDB_READ;
	ASSERT_EQ(0, udb_buffer_map(self->buf, &self->opts, &self->addr));
	write_to(self->addr);
}

TEST_F(map, without_memfd)
{
	struct udb_buffer *other;

	ASSERT_EQ(0, udb_buffer_adopt(fake_dmabuf(variant->size, "udmabuf"),
				      &other));
	self->opts.flags = UDB_MAP_MEMFD;
	EXPECT_EQ(-EOPNOTSUPP, udb_buffer_map(other, &self->opts, &self->addr));
	udb_buffer_free(other);
}

TEST_F(map, bad_options)
{
	int fd = udb_buffer_fd(self->buf);

	self->opts.access = 4;
	EXPECT_EQ(-EINVAL, udb_buffer_map(self->buf, &self->opts, &self->addr));
	self->opts.access = 0;
	self->opts.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, udb_buffer_map(self->buf, &self->opts, &self->addr));
	self->opts.flags = UDB_MAP_MEMFD;
	EXPECT_EQ(-EINVAL, udb_map(fd, 0, 1, &self->opts, &self->addr));
	EXPECT_EQ(-EINVAL, udb_map(fd, 0, 0, NULL, &self->addr));
	EXPECT_EQ(-EINVAL, udb_map(fd, 1, fake_page(), NULL, &self->addr));
	EXPECT_EQ(-EBADF, udb_map(-1, 0, fake_page(), NULL, &self->addr));
}

TEST_F(map, sizes_that_do_not_fit)
{
	int fd = udb_buffer_fd(self->buf);

	EXPECT_EQ(-EOVERFLOW, udb_map(fd, 0, SIZE_MAX, NULL, &self->addr));
	EXPECT_EQ(-EOVERFLOW, udb_map(fd, UINT64_MAX, 4096, NULL, &self->addr));
}

TEST_F(map, populated)
{
	unsigned char resident = 0;

	self->opts.flags = UDB_MAP_POPULATE;
	ASSERT_EQ(0, udb_buffer_map(self->buf, &self->opts, &self->addr));
	ASSERT_EQ(0, mincore(self->addr, 1, &resident));
	EXPECT_EQ(1, resident & 1);
}

TEST_HARNESS_MAIN
