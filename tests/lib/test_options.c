// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structures that grow: an old program with a new library, and a new program with
 * this one. And that the version is said once.
 */
#include <stdio.h>

#include "fake.h"

/* A structure of the next release, whose last member is not known here. */
#define FUTURE(type)							\
	struct {							\
		struct type now;					\
		uint64_t next;						\
	}

/*
 * call_NAME(opts) runs a function with options that are right but for their size;
 * it has to clean up.
 */
static int call_device(const void *opts)
{
	struct udb_device *dev;
	int ret = udb_device_open(opts, &dev);

	if (!ret)
		udb_device_unref(dev);
	return ret;
}

static int with_device(int (*call)(struct udb_device *dev, const void *opts),
		       const void *opts)
{
	struct udb_device *dev;
	int ret = udb_device_open(NULL, &dev);

	if (ret)
		return ret;
	ret = call(dev, opts);
	udb_device_unref(dev);
	return ret;
}

static int alloc(struct udb_device *dev, const void *opts)
{
	struct udb_buffer *buf;
	int ret = udb_buffer_alloc(dev, 1, opts, &buf);

	if (!ret)
		udb_buffer_free(buf);
	return ret;
}

static int call_alloc(const void *opts)
{
	return with_device(alloc, opts);
}

static int wrap(struct udb_device *dev, const void *opts)
{
	struct udb_range range = { .size = fake_page() };
	struct udb_buffer *buf, *again;
	int ret = udb_buffer_alloc(dev, fake_page(), NULL, &buf);

	if (ret)
		return ret;
	range.memfd = udb_buffer_memfd(buf);
	ret = udb_buffer_wrap(dev, &range, 1, opts, &again);
	if (!ret)
		udb_buffer_free(again);
	udb_buffer_free(buf);
	return ret;
}

static int call_wrap(const void *opts)
{
	return with_device(wrap, opts);
}

static int map(struct udb_device *dev, const void *opts)
{
	struct udb_buffer *buf;
	void *addr;
	int ret = udb_buffer_alloc(dev, fake_page(), NULL, &buf);

	if (ret)
		return ret;
	ret = udb_buffer_map(buf, opts, &addr);
	if (!ret)
		udb_unmap(addr, fake_page());
	udb_buffer_free(buf);
	return ret;
}

static int call_map(const void *opts)
{
	return with_device(map, opts);
}

static int pool(struct udb_device *dev, const void *opts)
{
	struct udb_pool *made;
	int ret = udb_pool_new(dev, fake_page(), opts, &made);

	if (!ret)
		udb_pool_free(made);
	return ret;
}

static int call_pool(const void *opts)
{
	return with_device(pool, opts);
}

static int call_receive(const void *opts)
{
	struct udb_buffer *buf;
	int ret = udb_pass_receive(-1, 0, opts, &buf);

	return ret == -EBADF ? 0 : ret; /* got as far as the socket */
}

static int call_check(const void *layout)
{
	return udb_layout_check(layout, UINT64_MAX);
}

FIXTURE(options) {
	struct fake_held before;
};

FIXTURE_VARIANT(options) {
	int (*call)(const void *opts);
	size_t size;
};

#define OPTIONS(name, type)						\
	FIXTURE_VARIANT_ADD(options, name) {				\
		.call = call_##name,					\
		.size = sizeof(struct type),				\
	}

OPTIONS(device, udb_device_opts);
OPTIONS(alloc, udb_alloc_opts);
OPTIONS(wrap, udb_wrap_opts);
OPTIONS(map, udb_map_opts);
OPTIONS(pool, udb_pool_opts);
OPTIONS(receive, udb_receive_opts);

FIXTURE_SETUP(options)
{
	fake_begin();
	self->before = fake_held();
}

FIXTURE_TEARDOWN(options)
{
	EXPECT_HELD(self->before);
}

/* Room for the largest structure and more, as a program would have it. */
union options {
	size_t struct_size;
	unsigned char bytes[512];
};

TEST_F(options, none_are_the_default)
{
	EXPECT_EQ(0, variant->call(NULL));
}

TEST_F(options, zeros_are_the_default)
{
	union options opts = { .struct_size = variant->size };

	EXPECT_EQ(0, variant->call(&opts));
}

/* Who forgets the size has not said anything. */
TEST_F(options, too_small)
{
	union options opts = { .struct_size = 0 };

	EXPECT_EQ(-EINVAL, variant->call(&opts));
	opts.struct_size = variant->size - 1;
	EXPECT_EQ(-EINVAL, variant->call(&opts));
}

TEST_F(options, of_a_newer_program_that_does_not_use_them)
{
	union options opts = { .struct_size = variant->size + 16 };

	EXPECT_EQ(0, variant->call(&opts));
}

TEST_F(options, of_a_newer_program_that_does)
{
	union options opts = { .struct_size = variant->size + 16 };

	opts.bytes[variant->size + 15] = 1;
	EXPECT_EQ(-E2BIG, variant->call(&opts));
}

/*
 * What the library fills in
 */

TEST(layout_of_a_newer_program)
{
	FUTURE(udb_layout)
	layout = { .now.struct_size = sizeof(layout), .next = 7 };

	ASSERT_EQ(0, udb_layout_compute(UDB_FOURCC('R', '8', ' ', ' '), 1, 1, 0,
					&layout.now));
	EXPECT_EQ(sizeof(layout), layout.now.struct_size);
	EXPECT_EQ(0, layout.next);
	EXPECT_EQ(0, call_check(&layout));
	layout.next = 1;
	EXPECT_EQ(-E2BIG, call_check(&layout));
}

TEST(structures_that_are_too_small)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) - 1 };
	struct udb_probe probe = { .struct_size = sizeof(probe) - 1 };
	struct udb_info info = { .struct_size = sizeof(info) - 1 };
	char text[8];

	fake_begin();
	EXPECT_EQ(-EINVAL, udb_layout_compute(UDB_FOURCC('R', '8', ' ', ' '), 1,
					      1, 0, &layout));
	EXPECT_EQ(-EINVAL, udb_probe(NULL, &probe));
	EXPECT_EQ(-EINVAL, udb_probe_explain(&probe, text, sizeof(text)));
	EXPECT_EQ(-EINVAL, udb_info_get(0, &info));
	EXPECT_EQ(0, fake_calls_all());
}

TEST(version_is_that_of_the_header)
{
	char version[32];

	snprintf(version, sizeof(version), "%d.%d.%d", UDB_VERSION_MAJOR,
		 UDB_VERSION_MINOR, UDB_VERSION_PATCH);
	EXPECT_STREQ(version, udb_version());
	EXPECT_STREQ(UDB_PROJECT_VERSION, udb_version());
}

TEST_HARNESS_MAIN
