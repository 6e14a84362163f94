// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDMABUF_QUERY, and what it has in common with all requests that can grow: how a
 * driver takes structures that are smaller or larger than its own.
 */
#include <stdio.h>

#include "newer.h"

/* A number of 'u' that nobody has. */
#define UNKNOWN_REQUEST	_IO('u', 0x7f)

/* The structure as programs of the future may know it. */
struct grown_query {
	struct udmabuf_query query;
	uint64_t more[3];
};

/* The only test that a driver without these requests fails: all others skip. */
TEST(driver_has_the_request)
{
	struct udmabuf_query query;
	int dev;

	UDB_DEV_OPEN(dev);
	EXPECT_EQ(0, newer_query(dev, &query))
	TH_LOG("errno %d", errno);
	close(dev);
}

FIXTURE(query) {
	int dev;
	struct grown_query grown;
};

FIXTURE_VARIANT(query) {
	int unused;
};

FIXTURE_VARIANT_ADD(query, any) {
	.unused = 0,
};

FIXTURE_SETUP(query)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	self->grown = (struct grown_query){
		.query.size = sizeof(self->grown),
	};
}

FIXTURE_TEARDOWN(query)
{
	close(self->dev);
}

static int ask(FIXTURE_DATA(query) *self)
{
	return ioctl(self->dev, UDMABUF_QUERY, &self->grown);
}

TEST_F(query, tells_the_limits)
{
	struct udmabuf_query query;
	long mib = udb_param_get("size_limit_mb");

	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(udb_param_get("list_limit"), query.list_limit);
	EXPECT_EQ((uint64_t)mib * UDB_MIB, query.size_limit);
}

TEST_F(query, tells_a_limit_that_changed)
{
	long list = udb_param_get("list_limit"), mib;
	struct udmabuf_query query;
	char text[32];

	mib = udb_size_limit_raise(123);
	ASSERT_EQ(0, udb_param_set("size_limit_mb", "7"));
	ASSERT_EQ(0, udb_param_set("list_limit", "9"));
	EXPECT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(9, query.list_limit);
	EXPECT_EQ(7 * UDB_MIB, query.size_limit);
	snprintf(text, sizeof(text), "%ld", list);
	EXPECT_EQ(0, udb_param_set("list_limit", text));
	EXPECT_EQ(0, udb_size_limit_restore(mib));
}

/* The driver in a kernel's own tree has no version of its own. */
TEST_F(query, tells_the_version)
{
	FILE *file = fopen("/sys/module/udmabuf_ng/version", "re");
	struct udmabuf_query query;
	char version[32] = "";

	if (file) {
		ASSERT_EQ(1, fscanf(file, "%31s", version));
		fclose(file);
	}
	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_STREQ(version, query.version);
}

TEST_F(query, tells_huge_entries)
{
	const uint64_t want = udb_kernel_has(UDB_HUGE_ENTRIES) ? UDB_HUGE : 0;
	struct udmabuf_query query;

	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(want, query.huge_sizes);
}

TEST_F(query, tells_flags_of_create)
{
	struct udmabuf_query query;

	ASSERT_EQ(0, newer_query(self->dev, &query));
	EXPECT_EQ(UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY,
		  query.create_flags);
	EXPECT_TRUE(query.features & UDMABUF_FEATURE_READ_ONLY);
}

TEST_F(query, device_opened_for_reading_is_enough)
{
	int dev = open(udb_dev_path(), O_RDONLY | O_CLOEXEC);
	struct udmabuf_query query;

	ASSERT_GE(dev, 0);
	EXPECT_EQ(0, newer_query(dev, &query));
	close(dev);
}

/* A program that knows more than the driver does. */
TEST_F(query, larger_structure_is_taken)
{
	ASSERT_EQ(0, ask(self));
	EXPECT_EQ(sizeof(self->grown), self->grown.query.size);
	EXPECT_EQ(udb_param_get("list_limit"), self->grown.query.list_limit);
	EXPECT_EQ(0, self->grown.more[0]);
	EXPECT_EQ(0, self->grown.more[2]);
}

TEST_F(query, larger_structure_with_an_unknown_field_is_refused)
{
	self->grown.more[2] = 1ULL << 63;
	EXPECT_ERRNO(E2BIG, ask(self));
	self->grown.more[2] = 0;
	self->grown.more[0] = 1;
	EXPECT_ERRNO(E2BIG, ask(self));
}

TEST_F(query, answer_stays_within_the_size)
{
	self->grown.query.size = sizeof(self->grown.query);
	self->grown.more[0] = 0x5a5a5a5a5a5a5a5aULL;
	ASSERT_EQ(0, ask(self));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aULL, self->grown.more[0]);
}

TEST_F(query, size_below_the_first_version_is_refused)
{
	static const uint32_t sizes[] = { 0, 1, 4, 8,
					  sizeof(struct udmabuf_query) - 1 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		self->grown.query.size = sizes[i];
		EXPECT_ERRNO(EINVAL, ask(self))
		TH_LOG("size %u", sizes[i]);
	}
}

/* All of it zero, and there; but the kernel does not look for that long. */
TEST_F(query, absurd_size_is_refused)
{
	struct udmabuf_query *query;
	char *area = mmap(NULL, UDB_MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	query = (struct udmabuf_query *)area;
	query->size = 4096;
	EXPECT_EQ(0, ioctl(self->dev, UDMABUF_QUERY, query));
	memset(area, 0, sizeof(*query));
	query->size = 4097;
	EXPECT_ERRNO(E2BIG, ioctl(self->dev, UDMABUF_QUERY, query));
	query->size = UINT32_MAX;
	EXPECT_ERRNO(E2BIG, ioctl(self->dev, UDMABUF_QUERY, query));
	munmap(area, UDB_MIB);
}

TEST_F(query, unknown_flags_are_refused)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		self->grown.query.flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, ask(self))
		TH_LOG("bit %d", bit);
	}
}

/* Fields that are answers may hold anything. */
TEST_F(query, what_was_in_the_answer_does_not_matter)
{
	memset(&self->grown.query, 0xff, sizeof(self->grown.query));
	self->grown.query.size = sizeof(self->grown.query);
	self->grown.query.flags = 0;
	ASSERT_EQ(0, ask(self));
	EXPECT_EQ(udb_param_get("list_limit"), self->grown.query.list_limit);
}

TEST_F(query, argument_that_cannot_be_read)
{
	char *area = mmap(NULL, 2 * UDB_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint32_t size = sizeof(struct udmabuf_query);

	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_QUERY, NULL));
	ASSERT_NE(MAP_FAILED, area);
	/* The size can be read, what follows cannot. */
	memcpy(area + UDB_PAGE - sizeof(size), &size, sizeof(size));
	ASSERT_EQ(0, munmap(area + UDB_PAGE, UDB_PAGE));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_QUERY,
				   area + UDB_PAGE - sizeof(size)));
	munmap(area, UDB_PAGE);
}

TEST_F(query, argument_that_cannot_be_written)
{
	struct udmabuf_query *query = mmap(NULL, UDB_PAGE,
					   PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, query);
	query->size = sizeof(*query);
	ASSERT_EQ(0, mprotect(query, UDB_PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_QUERY, query));
	munmap(query, UDB_PAGE);
}

TEST_F(query, unknown_request_is_told_apart)
{
	EXPECT_ERRNO(ENOTTY, ioctl(self->dev, UNKNOWN_REQUEST, &self->grown));
}

TEST_HARNESS_MAIN
