// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDMABUF_INFO: what the driver tells of a buffer to who has it, and of whose
 * buffers it tells nothing.
 */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "drm.h"
#include "mapping.h"
#include "newer.h"
#include "peek.h"

#define SIZE		(2 * UDB_HUGE)
#define HUGE_ORDER	9

/* The structure as programs of the future may know it. */
struct grown_info {
	struct udmabuf_info info;
	uint64_t more[2];
};

FIXTURE(info) {
	int dev;
	int memfd;
	int buf;
	struct udmabuf_info info;
};

UDB_BACKING_VARIANTS(info);

FIXTURE_SETUP(info)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, 0);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
}

FIXTURE_TEARDOWN(info)
{
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

/* Asks for a buffer; the answer is in self->info. */
static int ask(FIXTURE_DATA(info) *self, int fd)
{
	memset(&self->info, 0, sizeof(self->info));
	self->info.size = sizeof(self->info);
	self->info.fd = fd;
	return ioctl(self->dev, UDMABUF_INFO, &self->info);
}

TEST_F(info, tells_the_size)
{
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(SIZE, self->info.bytes);
	EXPECT_EQ(sizeof(self->info), self->info.size);
	EXPECT_EQ(self->buf, self->info.fd);
}

TEST_F(info, tells_the_folios)
{
	const bool huge = variant->backing != UDB_SHMEM_4K;
	const int order = huge ? HUGE_ORDER : 0;
	int i;

	ASSERT_EQ(0, ask(self, self->buf));
	for (i = 0; i < UDMABUF_INFO_ORDERS; i++)
		EXPECT_EQ(i == order ? SIZE / UDB_PAGE >> order : 0,
			  self->info.folios[i])
	TH_LOG("order %d", i);
}

/* A folio that is in a buffer twice is pinned twice. */
TEST_F(info, counts_each_pin)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .size = UDB_PAGE },
		{ .memfd = self->memfd, .offset = UDB_PAGE, .size = UDB_PAGE },
		{ .memfd = self->memfd, .size = UDB_PAGE },
	};
	int buf = udb_create_list(self->dev, items, 3), order;

	order = variant->backing == UDB_SHMEM_4K ? 0 : HUGE_ORDER;
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_EQ(3, self->info.folios[order]);
	EXPECT_EQ(3 * UDB_PAGE, self->info.bytes);
	EXPECT_GE(self->info.runs, 2);
	EXPECT_LE(self->info.runs, 3);
	close(buf);
}

/* Pages 0 and 2 in turn; small ones may by chance lie side by side. */
TEST_F(info, tells_the_runs)
{
	struct udmabuf_create_item items[8];
	int buf, i;

	for (i = 0; i < 8; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = i % 2 * 2 * UDB_PAGE,
			.size = UDB_PAGE,
		};
	buf = udb_create_list(self->dev, items, 8);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_LE(self->info.runs, 8);
	EXPECT_GE(self->info.runs, variant->backing == UDB_SHMEM_4K ? 4 : 8);
	close(buf);
	buf = udb_create(self->dev, self->memfd, 0, UDB_PAGE);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_EQ(1, self->info.runs);
	close(buf);
}

TEST_F(info, tells_the_attachments)
{
	int one, two;

	ASSERT_EQ(0, peek_load());
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(0, self->info.attachments);
	one = peek_attach(self->buf, PEEK_SG, PEEK_TO_DEVICE);
	two = peek_attach(self->buf, PEEK_DMA, PEEK_BIDIRECTIONAL);
	ASSERT_GE(one, 0);
	ASSERT_GE(two, 0);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(2, self->info.attachments);
	EXPECT_EQ(2, self->info.mapped);
	close(one);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(1, self->info.attachments);
	EXPECT_EQ(1, self->info.mapped);
	close(two);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(0, self->info.attachments);
	EXPECT_EQ(0, self->info.mapped);
}

/* Small pages may lie side by side by chance, so nothing is said of those. */
TEST_F(info, tells_the_huge_entries)
{
	const bool huge = udb_kernel_has(UDB_HUGE_ENTRIES);
	char *map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(0, self->info.huge_entries);
	mapping_touch(map, false);
	mapping_touch(map + UDB_HUGE, false);
	ASSERT_EQ(0, ask(self, self->buf));
	if (variant->backing != UDB_SHMEM_4K)
		EXPECT_EQ(huge ? 2 : 0, self->info.huge_entries);
	munmap(map, SIZE);
}

/* The same of a buffer that is read-only: huge entries are none that can write. */
TEST_F(info, tells_the_huge_entries_of_read_only)
{
	const bool huge = udb_kernel_has(UDB_HUGE_ENTRIES);
	int buf = newer_read_only(self->dev, self->memfd, SIZE);
	char *map;

	ASSERT_GE(buf, 0);
	map = mapping_at(buf, SIZE, 0, 0, PROT_READ);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(SIGSEGV, mapping_touch(map, true));
	mapping_touch(map + UDB_HUGE, false);
	ASSERT_EQ(0, ask(self, buf));
	if (variant->backing != UDB_SHMEM_4K)
		EXPECT_EQ(huge ? 2 : 0, self->info.huge_entries);
	munmap(map, SIZE);
	close(buf);
}

TEST_F(info, ordinary_buffer_has_no_flags)
{
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(0, self->info.flags);
}

/* Sealed is only what all of the memory is, and was before the buffer. */
TEST_F(info, tells_what_is_read_only_and_what_is_sealed)
{
	struct udmabuf_create_item items[2] = {
		{ .memfd = self->memfd, .size = UDB_PAGE },
		{ .size = UDB_PAGE },
	};
	const uint32_t flags = UDMABUF_FLAGS_READ_ONLY | UDMABUF_FLAGS_CLOEXEC;
	int other = udb_memfd_empty(UDB_SHMEM_4K, UDB_PAGE), buf;

	close(self->buf);
	ASSERT_GE(other, 0);
	items[1].memfd = other;
	self->buf = newer_read_only(self->dev, self->memfd, SIZE);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(UDMABUF_INFO_READ_ONLY, self->info.flags);
	close(self->buf);

	ASSERT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	self->buf = newer_read_only(self->dev, self->memfd, SIZE);
	ASSERT_EQ(0, ask(self, self->buf));
	EXPECT_EQ(UDMABUF_INFO_READ_ONLY | UDMABUF_INFO_SEALED,
		  self->info.flags);

	buf = newer_create(self->dev, items, 2, flags);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_EQ(UDMABUF_INFO_READ_ONLY, self->info.flags);
	close(buf);
	ASSERT_EQ(0, fcntl(other, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	buf = newer_create(self->dev, items, 2, flags);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_EQ(UDMABUF_INFO_READ_ONLY, self->info.flags);
	close(buf);
	ASSERT_EQ(0, fcntl(other, F_ADD_SEALS, F_SEAL_WRITE));
	buf = newer_create(self->dev, items, 2, flags);
	ASSERT_EQ(0, ask(self, buf));
	EXPECT_EQ(UDMABUF_INFO_READ_ONLY | UDMABUF_INFO_SEALED,
		  self->info.flags);
	close(buf);
	close(other);
}

/* Whoever got the buffer has no memfd, and another open file of the device. */
TEST_F(info, any_descriptor_of_it_will_do)
{
	int copy = dup(self->buf), dev = self->dev;

	self->dev = udb_dev_open();
	close(self->buf);
	self->buf = copy;
	EXPECT_EQ(0, ask(self, copy));
	EXPECT_EQ(SIZE, self->info.bytes);
	close(dev);
}

TEST_F(info, what_is_no_buffer_is_refused)
{
	int event = eventfd(0, EFD_CLOEXEC);

	EXPECT_ERRNO(EBADF, ask(self, -1));
	EXPECT_ERRNO(EBADF, ask(self, 1000));
	EXPECT_ERRNO(EINVAL, ask(self, self->memfd));
	EXPECT_ERRNO(EINVAL, ask(self, self->dev));
	EXPECT_ERRNO(EINVAL, ask(self, event));
	close(event);
}

TEST_F(info, buffer_of_another_driver_is_refused)
{
	int drm = drm_open_vgem("card"), fd;

	ASSERT_GE(drm, 0);
	fd = drm_create(drm);
	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(EINVAL, ask(self, fd));
	close(fd);
	close(drm);
}

TEST_F(info, larger_structure_is_taken)
{
	struct grown_info grown = {
		.info = { .size = sizeof(grown), .fd = self->buf },
	};

	ASSERT_EQ(0, ioctl(self->dev, UDMABUF_INFO, &grown));
	EXPECT_EQ(SIZE, grown.info.bytes);
	grown.more[1] = 1;
	EXPECT_ERRNO(E2BIG, ioctl(self->dev, UDMABUF_INFO, &grown));
}

TEST_F(info, size_below_the_first_version_is_refused)
{
	self->info = (struct udmabuf_info){
		.size = sizeof(self->info) - 1,
		.fd = self->buf,
	};
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, UDMABUF_INFO, &self->info));
	self->info.size = 8;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, UDMABUF_INFO, &self->info));
}

TEST_F(info, argument_that_cannot_be_read)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_INFO, NULL));
}

TEST_HARNESS_MAIN
