// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read-only buffers: which memfds they can be made of, and that neither the
 * processor nor a device nor the kernel gets more of one than to read it. What a
 * process tries that wants to change a byte is in hostile.c.
 */
#include <linux/memfd.h>
#include <stdlib.h>

#include "mapping.h"
#include "newer.h"
#include "peek.h"

#define SIZE	(2 * UDB_HUGE)

FIXTURE(read_only) {
	int dev;
	int memfd;
	int buf;
};

UDB_BACKING_VARIANTS(read_only);

FIXTURE_SETUP(read_only)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, F_SEAL_WRITE);
	self->buf = newer_read_only(self->dev, self->memfd, SIZE);
	ASSERT_GE(self->buf, 0);
}

FIXTURE_TEARDOWN(read_only)
{
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

TEST_F(read_only, shows_the_memory)
{
	char *map = udb_map(self->buf, SIZE, PROT_READ);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(read_only, has_a_size_and_a_mode)
{
	int copy = dup(self->buf);

	EXPECT_EQ((off_t)SIZE, lseek(self->buf, 0, SEEK_END));
	EXPECT_EQ(O_RDONLY, fcntl(self->buf, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->buf, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(copy, F_GETFL) & O_ACCMODE);
	close(copy);
}

TEST_F(read_only, mapping_for_writing_is_refused)
{
	EXPECT_ERRNO(EACCES, (long)mmap(NULL, SIZE, MAPPING_RW, MAP_SHARED,
					self->buf, 0));
	EXPECT_ERRNO(EACCES, (long)mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED,
					self->buf, 0));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE,
					self->buf, 0));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, SIZE, MAPPING_RW, MAP_PRIVATE,
					self->buf, 0));
}

/* Before there are entries, and when there are. */
TEST_F(read_only, mprotect_to_write_is_refused)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_ERRNO(EACCES, mprotect(map, SIZE, MAPPING_RW));
	EXPECT_EQ(0, mapping_touch(map, false));
	EXPECT_ERRNO(EACCES, mprotect(map, SIZE, MAPPING_RW));
	EXPECT_ERRNO(EACCES, mprotect(map, UDB_PAGE, PROT_WRITE));
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	EXPECT_EQ(SIGSEGV, mapping_touch(map + SIZE - 1, true));
	EXPECT_FALSE(mapping_has_flag(map, "mw"));
	munmap(map, SIZE);
}

/* One fault for each 2 MiB, as for others; and reading is all it gives. */
TEST_F(read_only, faults_by_windows)
{
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);
	long before, at;

	ASSERT_NE(MAP_FAILED, map);
	mapping_touch(map, false);
	before = mapping_faults();
	for (at = 0; at < (long)SIZE; at += UDB_PAGE)
		(void)*(volatile char *)(map + at);
	EXPECT_LE(mapping_faults() - before, (long)(SIZE / UDB_HUGE));
	munmap(map, SIZE);
}

TEST_F(read_only, sync_is_for_reading)
{
	const uint64_t start = DMA_BUF_SYNC_START, end = DMA_BUF_SYNC_END;

	EXPECT_EQ(0, udb_sync(self->buf, start | DMA_BUF_SYNC_READ));
	EXPECT_EQ(0, udb_sync(self->buf, end | DMA_BUF_SYNC_READ));
	EXPECT_ERRNO(EACCES, udb_sync(self->buf, start | DMA_BUF_SYNC_WRITE));
	EXPECT_ERRNO(EACCES, udb_sync(self->buf, start | DMA_BUF_SYNC_RW));
	EXPECT_ERRNO(EACCES, udb_sync(self->buf, end | DMA_BUF_SYNC_WRITE));
	EXPECT_ERRNO(EACCES, udb_sync(self->buf, end | DMA_BUF_SYNC_RW));
}

/* The stamps as an importer finds them, in pieces. */
static long peek_wrong(int peek)
{
	static char piece[UDB_MIB];
	size_t at;

	for (at = 0; at < SIZE; at += sizeof(piece)) {
		if (!peek_read(peek, piece, sizeof(piece), at))
			return (long)at;
		if (udb_stamp_wrong(piece, sizeof(piece), 1, at / UDB_PAGE) >=
		    0)
			return (long)at;
	}
	return -1;
}

TEST_F(read_only, devices_read)
{
	static const enum peek_view views[] = { PEEK_SG, PEEK_PAGES, PEEK_DMA };
	int peek, i;

	ASSERT_EQ(0, peek_load());
	for (i = 0; i < 3; i++) {
		peek = peek_attach(self->buf, views[i], PEEK_TO_DEVICE);
		ASSERT_GE(peek, 0);
		EXPECT_EQ(-1, peek_wrong(peek));
		EXPECT_EQ(0, udb_sync(self->buf,
				      DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
		EXPECT_EQ(0, udb_sync(self->buf,
				      DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
		EXPECT_EQ(-1, peek_wrong(peek));
		close(peek);
	}
}

TEST_F(read_only, devices_that_write_are_refused)
{
	static const enum peek_direction directions[] = {
		PEEK_BIDIRECTIONAL,
		PEEK_FROM_DEVICE,
	};
	int i;

	ASSERT_EQ(0, peek_load());
	for (i = 0; i < 2; i++) {
		EXPECT_ERRNO(EACCES,
			     peek_attach(self->buf, PEEK_SG, directions[i]));
		EXPECT_ERRNO(EACCES,
			     peek_attach(self->buf, PEEK_DMA, directions[i]));
	}
}

/* Importers sync, too, in words of their own. */
TEST_F(read_only, importers_sync_for_reading)
{
	int peek;

	ASSERT_EQ(0, peek_load());
	peek = peek_attach(self->buf, PEEK_SG, PEEK_TO_DEVICE);
	ASSERT_GE(peek, 0);
	EXPECT_EQ(0, peek_sync(peek, PEEK_SYNC_BEGIN, PEEK_FROM_DEVICE));
	EXPECT_EQ(0, peek_sync(peek, PEEK_SYNC_END, PEEK_FROM_DEVICE));
	EXPECT_ERRNO(EACCES, peek_sync(peek, PEEK_SYNC_BEGIN, PEEK_TO_DEVICE));
	EXPECT_ERRNO(EACCES,
		     peek_sync(peek, PEEK_SYNC_BEGIN, PEEK_BIDIRECTIONAL));
	EXPECT_ERRNO(EACCES, peek_sync(peek, PEEK_SYNC_END, PEEK_TO_DEVICE));
	close(peek);
}

/* Also of a buffer of one run, which is in the kernel's direct map already. */
TEST_F(read_only, kernel_mapping_is_refused)
{
	int small = newer_read_only(self->dev, self->memfd, UDB_PAGE);

	ASSERT_EQ(0, peek_load());
	ASSERT_GE(small, 0);
	EXPECT_ERRNO(EINVAL,
		     peek_attach(self->buf, PEEK_VMAP, PEEK_BIDIRECTIONAL));
	EXPECT_ERRNO(EINVAL, peek_attach(small, PEEK_VMAP, PEEK_TO_DEVICE));
	close(small);
}

/* A file of an importer is open for writing, whatever the buffer is. */
TEST_F(read_only, mapping_through_an_importer_is_read_only)
{
	char *map;
	int peek;

	ASSERT_EQ(0, peek_load());
	peek = peek_attach(self->buf, PEEK_SG, PEEK_TO_DEVICE);
	ASSERT_GE(peek, 0);
	EXPECT_ERRNO(EACCES,
		     (long)mmap(NULL, SIZE, MAPPING_RW, MAP_SHARED, peek, 0));
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, peek, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_ERRNO(EACCES, mprotect(map, SIZE, MAPPING_RW));
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	munmap(map, SIZE);
	close(peek);
}

/*
 * Kinds of memfds
 */
FIXTURE(kinds) {
	int dev;
	int memfd;
};

UDB_BACKING_VARIANTS(kinds);

FIXTURE_SETUP(kinds)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, 0);
}

FIXTURE_TEARDOWN(kinds)
{
	close(self->memfd);
	close(self->dev);
}

/* Makes a buffer of @memfd and looks whether it has the memory. */
static void expect_buffer(struct udb_test *_metadata, int dev, int memfd)
{
	int buf = newer_read_only(dev, memfd, SIZE);
	char *map;

	ASSERT_GE(buf, 0)
	TH_LOG("errno %d", errno);
	map = udb_map(buf, SIZE, PROT_READ);
	EXPECT_NE(NULL, map);
	if (map)
		EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
	close(buf);
}

TEST_F(kinds, sealed_against_future_writes)
{
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	expect_buffer(_metadata, self->dev, self->memfd);
}

TEST_F(kinds, with_all_seals)
{
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS,
			   F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_GROW |
				   F_SEAL_SEAL));
	expect_buffer(_metadata, self->dev, self->memfd);
}

TEST_F(kinds, opened_for_reading)
{
	int fd = newer_reopen(self->memfd, O_RDONLY);

	ASSERT_GE(fd, 0);
	expect_buffer(_metadata, self->dev, fd);
	close(fd);
}

TEST_F(kinds, opened_for_reading_and_sealed)
{
	int fd = newer_reopen(self->memfd, O_RDONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	expect_buffer(_metadata, self->dev, fd);
	close(fd);
}

/* Others may go on writing: who has the buffer sees it. */
TEST_F(kinds, not_sealed_at_all)
{
	int buf = newer_read_only(self->dev, self->memfd, SIZE);
	char *mem = udb_map(self->memfd, SIZE, MAPPING_RW), *map;

	ASSERT_GE(buf, 0);
	ASSERT_NE(NULL, mem);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	udb_stamp(mem, SIZE, 2, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 2, 0));
	munmap(map, SIZE);
	munmap(mem, SIZE);
	close(buf);
}

TEST_F(kinds, opened_for_writing_is_refused)
{
	int fd = newer_reopen(self->memfd, O_WRONLY);

	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(EACCES, newer_read_only(self->dev, fd, SIZE));
	close(fd);
}

TEST_F(kinds, that_can_shrink_is_refused)
{
	int fd = udb_memfd_bare(variant->backing);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	EXPECT_ERRNO(EINVAL, newer_read_only(self->dev, fd, SIZE));
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EINVAL, newer_read_only(self->dev, fd, SIZE));
	close(fd);
}

/* The seal that promises most has to be there first. */
TEST_F(kinds, cannot_be_sealed_while_the_buffer_lives)
{
	int buf = newer_read_only(self->dev, self->memfd, SIZE);

	ASSERT_GE(buf, 0);
	EXPECT_ERRNO(EBUSY, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	close(buf);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* The old requests go on refusing, whatever bits they are given. */
TEST_F(kinds, sealed_is_refused_by_the_old_requests)
{
	struct udmabuf_create arg = {
		.memfd = self->memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY,
		.size = SIZE,
	};
	struct udmabuf_create_item item = {
		.memfd = self->memfd,
		.size = SIZE,
	};

	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, UDMABUF_CREATE, &arg));
	EXPECT_ERRNO(EINVAL, udb_create_list_flags(self->dev, &item, 1,
						   UDMABUF_FLAGS_READ_ONLY));
}

TEST_F(kinds, flag_means_nothing_to_the_old_requests)
{
	struct udmabuf_create arg = {
		.memfd = self->memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY,
		.size = SIZE,
	};
	int buf = ioctl(self->dev, UDMABUF_CREATE, &arg);
	char *map;

	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, MAPPING_RW);
	EXPECT_NE(NULL, map);
	munmap(map, SIZE);
	close(buf);
}

/*
 * Memory that was never written
 */
FIXTURE(holes) {
	int dev;
	int memfd;
};

UDB_BACKING_VARIANTS(holes);

FIXTURE_SETUP(holes)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	self->memfd = udb_memfd_empty(variant->backing, SIZE);
	ASSERT_GE(self->memfd, 0);
}

FIXTURE_TEARDOWN(holes)
{
	close(self->memfd);
	close(self->dev);
}

static void expect_zeros(struct udb_test *_metadata, int dev, int memfd)
{
	const long reserved = udb_meminfo("HugePages_Rsvd");
	int buf = newer_read_only(dev, memfd, SIZE);
	char *map;

	ASSERT_GE(buf, 0)
	TH_LOG("errno %d", errno);
	EXPECT_EQ(reserved, udb_meminfo("HugePages_Rsvd"));
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, SIZE));
	munmap(map, SIZE);
	close(buf);
	EXPECT_EQ(reserved, udb_meminfo("HugePages_Rsvd"));
}

TEST_F(holes, of_a_sealed_memfd_read_zero)
{
	ASSERT_EQ(0,
		  fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
	expect_zeros(_metadata, self->dev, self->memfd);
}

TEST_F(holes, of_a_memfd_opened_for_reading_read_zero)
{
	int fd = newer_reopen(self->memfd, O_RDONLY);

	ASSERT_GE(fd, 0);
	expect_zeros(_metadata, self->dev, fd);
	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	expect_zeros(_metadata, self->dev, fd);
	close(fd);
}

/* Bits of /proc/kpageflags: who lets go of a page, and whether it was written. */
#define KPF_DIRTY	4

static int page_is_dirty(const void *at)
{
	int maps = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0, bits = 0;
	int dirty = -1;

	if (pread(maps, &entry, 8, (uintptr_t)at / UDB_PAGE * 8) == 8 &&
	    entry >> 63 &&
	    pread(flags, &bits, 8, (entry & ((1ULL << 55) - 1)) * 8) == 8)
		dirty = bits >> KPF_DIRTY & 1;
	close(maps);
	close(flags);
	return dirty;
}

/*
 * Nobody wrote, so nothing has to be kept: a clean page of a hole can be dropped.
 * The same memory in a buffer that can be written is dirty afterwards.
 */
TEST(memory_is_not_marked_dirty)
{
	int dev, memfd, buf;
	char *map;

	UDB_DEV_OPEN(dev);
	NEWER_OR_SKIP(dev);
	memfd = udb_memfd_empty(UDB_SHMEM_4K, UDB_PAGE);
	ASSERT_GE(memfd, 0);
	map = udb_map(memfd, UDB_PAGE, PROT_READ);
	ASSERT_NE(NULL, map);
	buf = newer_read_only(dev, memfd, UDB_PAGE);
	ASSERT_GE(buf, 0);
	close(buf);
	EXPECT_EQ(0, mapping_touch(map, false));
	EXPECT_EQ(0, page_is_dirty(map));
	buf = udb_create(dev, memfd, 0, UDB_PAGE);
	ASSERT_GE(buf, 0);
	close(buf);
	EXPECT_EQ(1, page_is_dirty(map));
	munmap(map, UDB_PAGE);
	close(memfd);
	close(dev);
}

TEST_HARNESS_MAIN
