// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors that only a list can have: its count, its sum, and an item that is
 * wrong behind good ones. A list is made whole or not at all: after an error
 * no earlier item may be left pinned, or the teardown could not write-seal
 * the memfds.
 */
#include <stdlib.h>

#include "common.h"

#define NR_ITEMS	16
#define SIZE		(NR_ITEMS * UDB_PAGE)
#define LIST_LIMIT_MAX	1048576

FIXTURE(list) {
	int dev;
	int memfd[2];
	/* pages of the two memfds in turn, all as they should be */
	struct udmabuf_create_item items[NR_ITEMS];
	int buf;
};

UDB_BACKING_VARIANTS(list);

static size_t memfd_size(enum udb_backing backing)
{
	return backing == UDB_SHMEM_4K ? SIZE : UDB_HUGE;
}

FIXTURE_SETUP(list)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	for (i = 0; i < 2; i++)
		UDB_MEMFD_OR_SKIP(self->memfd[i], variant->backing,
				  memfd_size(variant->backing));
	for (i = 0; i < NR_ITEMS; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd[i % 2],
			.offset = i * UDB_PAGE,
			.size = UDB_PAGE,
		};
	self->buf = -1;
}

FIXTURE_TEARDOWN(list)
{
	int i;

	if (self->buf >= 0)
		close(self->buf);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, fcntl(self->memfd[i], F_ADD_SEALS, F_SEAL_WRITE))
		{
			TH_LOG("pages of memfd %d are still pinned", i);
		}
		close(self->memfd[i]);
	}
	close(self->dev);
}

/* What makes a failure of the others mean something. */
TEST_F(list, control)
{
	self->buf = udb_create_list(self->dev, self->items, NR_ITEMS);
	EXPECT_GE(self->buf, 0);
	EXPECT_EQ(SIZE, lseek(self->buf, 0, SEEK_END));
}

TEST_F(list, count_zero)
{
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, 0));
}

TEST_F(list, all_sizes_zero)
{
	int i;

	for (i = 0; i < NR_ITEMS; i++)
		self->items[i].size = 0;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

/* An empty range is refused wherever it stands, as the old driver does. */
TEST_F(list, one_size_zero)
{
	static const int places[] = { 0, 7, NR_ITEMS - 1 };
	int i;

	for (i = 0; i < 3; i++) {
		self->items[places[i]].size = 0;
		EXPECT_ERRNO(EINVAL,
			     udb_create_list(self->dev, self->items, NR_ITEMS))
		{
			TH_LOG("item %d", places[i]);
		}
		self->items[places[i]].size = UDB_PAGE;
	}
}

TEST_F(list, last_fd_bad)
{
	self->items[NR_ITEMS - 1].memfd = -1;
	EXPECT_ERRNO(EBADFD, udb_create_list(self->dev, self->items, NR_ITEMS));
}

TEST_F(list, last_fd_no_memfd)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	self->items[NR_ITEMS - 1].memfd = fd;
	EXPECT_ERRNO(EBADFD, udb_create_list(self->dev, self->items, NR_ITEMS));
	close(fd);
}

TEST_F(list, last_offset_unaligned)
{
	self->items[NR_ITEMS - 1].offset = 1;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

TEST_F(list, last_size_unaligned)
{
	self->items[NR_ITEMS - 1].size = UDB_PAGE - 1;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

TEST_F(list, last_range_beyond_the_end)
{
	self->items[NR_ITEMS - 1].offset = memfd_size(variant->backing);
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

TEST_F(list, last_range_wraps)
{
	self->items[NR_ITEMS - 1].offset = -(uint64_t)UDB_PAGE;
	self->items[NR_ITEMS - 1].size = 2 * UDB_PAGE;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

/* The sizes add up to 2^64, which is 0, plus the others. */
TEST_F(list, sum_wraps)
{
	self->items[3].size = (uint64_t)1 << 63;
	self->items[9].size = (uint64_t)1 << 63;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
}

static void expect_sealed_last(struct udb_test *_metadata,
			       FIXTURE_DATA(list) *self,
			       int seals)
{
	int fd = udb_memfd_sealed(UDB_SHMEM_4K, SIZE, seals);

	ASSERT_GE(fd, 0);
	self->items[NR_ITEMS - 1].memfd = fd;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, NR_ITEMS));
	close(fd);
}

TEST_F(list, last_memfd_not_shrink_sealed)
{
	expect_sealed_last(_metadata, self, F_SEAL_GROW);
}

TEST_F(list, last_memfd_write_sealed)
{
	expect_sealed_last(_metadata, self, F_SEAL_SHRINK | F_SEAL_WRITE);
}

TEST_F(list, last_memfd_future_write_sealed)
{
	expect_sealed_last(_metadata, self,
			   F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE);
}

/*
 * The limit on the count, which the driver may let one read
 */
FIXTURE(limit) {
	int dev;
	int memfd;
	struct udmabuf_create_item *items;
	long max;
};

FIXTURE_SETUP(limit)
{
	long i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd(UDB_SHMEM_4K, UDB_PAGE);
	ASSERT_GE(self->memfd, 0);
	self->max = udb_param_get("list_limit");
	ASSERT_GT(self->max, 0);
	ASSERT_LE(self->max, LIST_LIMIT_MAX);
	self->items = calloc(self->max + 1, sizeof(*self->items));
	ASSERT_NE(NULL, self->items);
	for (i = 0; i <= self->max; i++) {
		self->items[i].memfd = self->memfd;
		self->items[i].size = UDB_PAGE;
	}
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	free(self->items);
	close(self->memfd);
	close(self->dev);
}

TEST_F(limit, count_at_the_limit)
{
	int buf = udb_create_list(self->dev, self->items, self->max);

	ASSERT_GE(buf, 0);
	EXPECT_EQ(self->max * (long)UDB_PAGE, lseek(buf, 0, SEEK_END));
	close(buf);
}

TEST_F(limit, count_above_the_limit)
{
	EXPECT_ERRNO(EINVAL,
		     udb_create_list(self->dev, self->items, self->max + 1));
}

/*
 * Counts whose list would overflow 32 bits, or a signed comparison. Refused
 * for the count, so the list is not read: there is none.
 */
TEST_F(limit, count_absurd)
{
	static const uint32_t counts[] = {
		INT32_MAX,
		(uint32_t)INT32_MAX + 1,
		UINT32_MAX,
		UINT32_MAX / sizeof(struct udmabuf_create_item) + 1,
		UINT32_MAX / sizeof(struct udmabuf_create_item) + 2,
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct udmabuf_create_list head = { .count = counts[i] };

		EXPECT_ERRNO(EINVAL,
			     ioctl(self->dev, UDMABUF_CREATE_LIST, &head))
		{
			TH_LOG("count %u", counts[i]);
		}
	}
}

TEST_HARNESS_MAIN
