// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module parameters list_limit and size_limit_mb: programs read them, and
 * administrators write them at run time. And the defaults, which let big
 * buffers through. Each test puts back what it found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common.h"

#define NR_LISTED	8

static const char *const limit_names[] = { "list_limit", "size_limit_mb" };

FIXTURE(limits) {
	int dev;
	int memfd;
	long saved[2];
};

UDB_BACKING_VARIANTS(limits);

FIXTURE_SETUP(limits)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, UDB_HUGE);
	for (i = 0; i < 2; i++) {
		self->saved[i] = udb_param_get(limit_names[i]);
		ASSERT_GT(self->saved[i], 0);
	}
}

FIXTURE_TEARDOWN(limits)
{
	char text[32];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%ld", self->saved[i]);
		EXPECT_EQ(0, udb_param_set(limit_names[i], text));
	}
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

static int create_listed(FIXTURE_DATA(limits) *self, int count, size_t size)
{
	struct udmabuf_create_item items[NR_LISTED];
	int i;

	for (i = 0; i < count; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.size = size,
		};
	return udb_create_list(self->dev, items, count);
}

/* @buf must be a buffer; it is closed. */
static void expect_works(struct udb_test *_metadata, int buf)
{
	EXPECT_GE(buf, 0);
	if (buf >= 0)
		close(buf);
}

TEST_F(limits, list_limit_is_honoured)
{
	ASSERT_EQ(0, udb_param_set("list_limit", "3"));
	EXPECT_EQ(3, udb_param_get("list_limit"));
	expect_works(_metadata, create_listed(self, 3, UDB_PAGE));
	EXPECT_ERRNO(EINVAL, create_listed(self, 4, UDB_PAGE));
}

/* The next call sees the new value, in either direction. */
TEST_F(limits, list_limit_can_change)
{
	ASSERT_EQ(0, udb_param_set("list_limit", "1"));
	EXPECT_ERRNO(EINVAL, create_listed(self, 2, UDB_PAGE));
	ASSERT_EQ(0, udb_param_set("list_limit", "8"));
	expect_works(_metadata, create_listed(self, 8, UDB_PAGE));
}

TEST_F(limits, size_limit_is_honoured_by_create)
{
	ASSERT_EQ(0, udb_param_set("size_limit_mb", "1"));
	EXPECT_EQ(1, udb_param_get("size_limit_mb"));
	expect_works(_metadata, udb_create(self->dev, self->memfd, 0, UDB_MIB));
	EXPECT_ERRNO(EINVAL,
		     udb_create(self->dev, self->memfd, 0, UDB_MIB + UDB_PAGE));
}

/* It is a limit on the sum. */
TEST_F(limits, size_limit_is_honoured_by_list)
{
	ASSERT_EQ(0, udb_param_set("size_limit_mb", "1"));
	expect_works(_metadata, create_listed(self, 4, UDB_MIB / 4));
	EXPECT_ERRNO(EINVAL, create_listed(self, 5, UDB_MIB / 4));
	EXPECT_ERRNO(EINVAL, create_listed(self, 1, 2 * UDB_MIB));
}

/* 4096 MiB and more are more bytes than 32 bits hold. */
TEST_F(limits, size_limit_beyond_32_bits)
{
	static const char *const values[] = { "4095", "4096", "4097", "8192",
					      "2147483647" };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ASSERT_EQ(0, udb_param_set("size_limit_mb", values[i]));
		expect_works(_metadata,
			     udb_create(self->dev, self->memfd, 0, UDB_HUGE));
	}
}

/* A limit that makes no sense is refused and changes nothing. */
TEST_F(limits, nonsense_is_refused)
{
	static const char *const nonsense[] = {
		"-1", "0", "none", "1 2", "4294967296", "99999999999999999999"
	};
	size_t i;
	int n;

	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, udb_param_set(limit_names[n], "7"));
		for (i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
			EXPECT_LT(udb_param_set(limit_names[n], nonsense[i]), 0)
			{
				TH_LOG("%s took \"%s\"", limit_names[n],
				       nonsense[i]);
			}
			EXPECT_EQ(7, udb_param_get(limit_names[n]));
		}
	}
}

/* A list of that many items would take gigabytes to copy. */
TEST_F(limits, list_limit_is_bounded)
{
	EXPECT_LT(udb_param_set("list_limit", "2147483647"), 0);
	EXPECT_EQ(self->saved[0], udb_param_get("list_limit"));
}

/* Programs without privileges look at them before they start. */
TEST_F(limits, readable_by_all_writable_by_root)
{
	char path[128];
	struct stat st;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0,
			  udb_param_path(path, sizeof(path), limit_names[i]));
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(0644, st.st_mode & 0777);
		EXPECT_EQ(0, st.st_uid);
	}
}

/*
 * The defaults. A display of a virtual machine has thousands of ranges, and a
 * model has gigabytes; 64 MiB was the limit once.
 */
TEST(default_list_limit)
{
	EXPECT_GE(udb_param_get("list_limit"), 65536);
}

TEST(default_size_allows_512_mebibytes)
{
	int dev, memfd, buf;

	UDB_DEV_OPEN(dev);
	memfd = udb_memfd(UDB_HUGETLB_2M, 512 * UDB_MIB);
	ASSERT_GE(memfd, 0);
	buf = udb_create(dev, memfd, 0, 512 * UDB_MIB);
	ASSERT_GE(buf, 0);
	EXPECT_EQ(512 * UDB_MIB, lseek(buf, 0, SEEK_END));
	close(buf);
	close(memfd);
	close(dev);
}

/* More than 32 bits of bytes in one buffer, without that much memory. */
TEST(default_size_allows_5_gibibytes_of_overlap)
{
	struct udmabuf_create_item items[40];
	int dev, memfd, buf, i;

	UDB_DEV_OPEN(dev);
	memfd = udb_memfd(UDB_HUGETLB_2M, 128 * UDB_MIB);
	ASSERT_GE(memfd, 0);
	for (i = 0; i < 40; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = memfd,
			.size = 128 * UDB_MIB,
		};
	buf = udb_create_list(dev, items, 40);
	ASSERT_GE(buf, 0);
	EXPECT_EQ(5 * UDB_GIB, lseek(buf, 0, SEEK_END));
	close(buf);
	close(memfd);
	close(dev);
}

/*
 * Buffers of gigabytes, made of a few huge pages that are named again and again,
 * under limits that an administrator set.
 */
#define PIECE		(128 * UDB_MIB)
#define NR_PIECES	40

FIXTURE(gigabytes) {
	int dev;
	int memfd;
	long size_limit;
	struct udmabuf_create_item items[NR_PIECES];
};

FIXTURE_SETUP(gigabytes)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd(UDB_HUGETLB_2M, PIECE);
	ASSERT_GE(self->memfd, 0);
	for (i = 0; i < NR_PIECES; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.size = PIECE,
		};
	self->size_limit = udb_param_get("size_limit_mb");
	ASSERT_GT(self->size_limit, 0);
}

FIXTURE_TEARDOWN(gigabytes)
{
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

/*
 * The array with a pointer for each page was taken from kmalloc(), which gives
 * 4 MiB at most: 2 GiB of pages.
 */
TEST_F(gigabytes, raised_limit_allows_3_gibibytes)
{
	int buf;

	ASSERT_EQ(0, udb_param_set("size_limit_mb", "4096"));
	buf = udb_create_list(self->dev, self->items, 24);
	ASSERT_GE(buf, 0);
	EXPECT_EQ(3 * UDB_GIB, lseek(buf, 0, SEEK_END));
	close(buf);
}

/*
 * 4096 MiB were 0 bytes once, 4097 were one MiB, and so on: buffers that were
 * within the limit were refused, or arrays too small for them allocated. Here the
 * limit has to hold to the page.
 */
TEST_F(gigabytes, limit_beyond_32_bits_holds_to_the_page)
{
	int buf;

	ASSERT_EQ(0, udb_param_set("size_limit_mb", "4096"));
	buf = udb_create_list(self->dev, self->items, 32);
	EXPECT_EQ(4 * UDB_GIB, lseek(buf, 0, SEEK_END));
	close(buf);
	self->items[32].size = UDB_PAGE;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, 33));

	ASSERT_EQ(0, udb_param_set("size_limit_mb", "4097"));
	self->items[32].size = UDB_MIB;
	buf = udb_create_list(self->dev, self->items, 33);
	EXPECT_EQ(4 * UDB_GIB + UDB_MIB, lseek(buf, 0, SEEK_END));
	close(buf);
	self->items[32].size = UDB_MIB + UDB_PAGE;
	EXPECT_ERRNO(EINVAL, udb_create_list(self->dev, self->items, 33));
}

TEST_HARNESS_MAIN
