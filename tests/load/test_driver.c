// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading with a driver, which is made up (tests/lib/fake.h): dma-bufs and its limits.
 * And each call that the library makes, made to fail, one after the other: a load that
 * fails says so and leaves nothing behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake.h"
#include "files.h"

/* More calls than a load of this size makes. */
#define CALLS_MAX	2000

FIXTURE(driver) {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_failure why;
	struct udb_load *load;
	char path[512];
};

FIXTURE_SETUP(driver)
{
	files_begin();
	fake_begin();
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	self->opts = (struct udb_load_opts){
		.struct_size = sizeof(self->opts),
		.depth = 4,
	};
	self->why = (struct udb_load_failure){
		.struct_size = sizeof(self->why),
	};
	snprintf(self->path, sizeof(self->path), "%s",
		 files_make("a", 5 * MIB + 123));
}

FIXTURE_TEARDOWN(driver)
{
	udb_load_free(self->load);
	udb_device_unref(self->dev);
	files_end();
}

static int load_it(FIXTURE_DATA(driver) *self)
{
	struct udb_load_source source = { .path = self->path };

	return udb_load_files(self->dev, &source, 1, &self->opts, &self->why,
			      &self->load);
}

TEST_F(driver, makes_one_buffer_of_all_of_it)
{
	const struct fake_range *range;
	struct udb_buffer *buf;

	ASSERT_EQ(0, load_it(self));
	ASSERT_EQ(1, udb_load_nr_buffers(self->load));
	buf = udb_load_buffer(self->load, 0);
	ASSERT_NE(NULL, buf);
	EXPECT_EQ(udb_load_size(self->load), udb_buffer_size(buf));
	EXPECT_LE(0, udb_buffer_fd(buf));
	EXPECT_EQ(1, fake_ranges(&range));
	EXPECT_EQ(0, range->offset);
	EXPECT_NULL(udb_load_buffer(self->load, 1));
}

/* The stock driver takes 64 MiB: before anything is read, and with the parameter. */
TEST_F(driver, limit_is_known_before)
{
	fake.size_limit_mb = 5;
	EXPECT_EQ(-EFBIG, load_it(self));
	EXPECT_NULL(self->load);
	EXPECT_EQ(UDB_LOAD_FAULT_BUFFER, self->why.fault);
	EXPECT_EQ(5 * MIB, self->why.had);
	EXPECT_NE(NULL, strstr(self->why.text, "size_limit_mb"));
	EXPECT_EQ(0, fake_calls(FAKE_THREAD));
}

TEST_F(driver, limit_is_kept_by_several_buffers)
{
	uint64_t sum = 0;

	fake.size_limit_mb = 2;
	self->opts.flags = UDB_LOAD_SPLIT;
	ASSERT_EQ(0, load_it(self));
	ASSERT_EQ(3, udb_load_nr_buffers(self->load));
	for (size_t i = 0; i < 3; i++) {
		size_t size = udb_buffer_size(udb_load_buffer(self->load, i));

		EXPECT_LE(size, 2 * MIB);
		sum += size;
	}
	EXPECT_EQ(udb_load_size(self->load), sum);
}

TEST_F(driver, limit_of_nothing)
{
	fake.size_limit_mb = 0;
	self->opts.flags = UDB_LOAD_SPLIT;
	EXPECT_EQ(-EFBIG, load_it(self));
	EXPECT_NULL(self->load);
}

/* Before anything is read. */
TEST_F(driver, read_only_is_refused_where_there_is_no_such)
{
	self->opts.flags = UDB_LOAD_READ_ONLY;
	EXPECT_EQ(-EOPNOTSUPP, load_it(self));
	EXPECT_NULL(self->load);
	EXPECT_EQ(UDB_LOAD_FAULT_BUFFER, self->why.fault);
	EXPECT_NE(NULL, strstr(self->why.text, "read-only"));
	EXPECT_EQ(0, fake_calls(FAKE_THREAD));
}

static void take_ours(struct udb_test *_metadata, FIXTURE_DATA(driver) *self)
{
	udb_device_unref(self->dev);
	fake.ours = true;
	fake.ours_name = "udmabuf";
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	self->opts.flags = UDB_LOAD_READ_ONLY;
}

TEST_F(driver, read_only_is_so_for_all)
{
	const uint32_t write = UDB_WRITE;
	int fd;

	take_ours(_metadata, self);
	ASSERT_EQ(0, load_it(self)) TH_LOG("%s", self->why.text);
	fd = udb_buffer_fd(udb_load_buffer(self->load, 0));
	EXPECT_TRUE(fake_is_read_only(fd));
	EXPECT_EQ(0, udb_load_access(self->load) & write);
	EXPECT_EQ(-1, pwrite(udb_load_memfd(self->load), "x", 1, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(driver, read_only_is_so_for_each_of_several)
{
	fake.size_limit_mb = 2;
	take_ours(_metadata, self);
	self->opts.flags |= UDB_LOAD_SPLIT;
	ASSERT_EQ(0, load_it(self)) TH_LOG("%s", self->why.text);
	ASSERT_EQ(3, udb_load_nr_buffers(self->load));
	for (size_t i = 0; i < 3; i++)
		EXPECT_TRUE(fake_is_read_only(
			udb_buffer_fd(udb_load_buffer(self->load, i))));
}

/* A page that the disk reads into cannot be moved: later it can. */
TEST_F(driver, gets_a_second_chance)
{
	fake_fail(FAKE_IOCTL, 1, EBUSY);
	ASSERT_EQ(0, load_it(self));
	EXPECT_EQ(1, udb_load_nr_buffers(self->load));
}

/* Right or nothing: the bytes alone are not what was asked for. */
TEST_F(driver, makes_no_buffer)
{
	fake.list_limit = 0;
	EXPECT_EQ(-E2BIG, load_it(self));
	EXPECT_NULL(self->load);
	EXPECT_EQ(UDB_LOAD_FAULT_BUFFER, self->why.fault);
}

/* The heap's memory has no memfd, which is what is read into. */
TEST_F(driver, heap_is_no_device_to_load_with)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.fallback = UDB_FALLBACK_HEAP };

	udb_device_unref(self->dev);
	fake.udmabuf = ENOENT;
	fake.heap = 0;
	ASSERT_EQ(0, udb_device_open(&opts, &self->dev));
	EXPECT_EQ(-EOPNOTSUPP, load_it(self));
	EXPECT_NULL(self->load);
}

/*
 * Every call fails once
 */

/* It has nothing to give back. */
static int measure_it(FIXTURE_DATA(driver) *self)
{
	struct udb_load_speed speed = { .struct_size = sizeof(speed) };
	struct udb_load_source source = { .path = self->path };

	return udb_load_measure(self->dev, &source, 1, &self->opts, &self->why,
				&speed);
}

static void fail_each_call(struct udb_test *_metadata,
			   FIXTURE_DATA(driver) *self,
			   int (*call)(FIXTURE_DATA(driver) *self))
{
	const struct fake_held before = fake_held();
	unsigned int nth = 0, failed = 0;
	enum fake_call hit;
	int ret;

	do {
		ASSERT_LT(nth, CALLS_MAX);
		fake_fail_any(++nth);
		ret = call(self);
		hit = fake_failed();
		fake_fail_any(0);
		failed += ret < 0;
		EXPECT_LE(ret, 0);
		EXPECT_EQ(!ret && call == load_it, !!self->load);
		if (ret)
			EXPECT_NE('\0', self->why.text[0]);
		self->load = udb_load_free(self->load);
		EXPECT_HELD(before);
		if (ret)
			TH_LOG("call %u: %s", nth, fake_call_name(hit));
	} while (hit != FAKE_NR_CALLS);
	EXPECT_EQ(0, ret);
	EXPECT_LT(10, failed);
}

TEST_F_TIMEOUT(driver, fails_at_each_call_with_uring, 200)
{
	self->opts.engine = UDB_LOAD_ENGINE_URING;
	self->opts.flags = UDB_LOAD_XXH3;
	fail_each_call(_metadata, self, load_it);
}

TEST_F_TIMEOUT(driver, fails_at_each_call_with_threads, 200)
{
	self->opts.engine = UDB_LOAD_ENGINE_THREADS;
	self->opts.flags = UDB_LOAD_SHA256;
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	fail_each_call(_metadata, self, load_it);
}

TEST_F_TIMEOUT(driver, fails_at_each_call_of_a_measurement, 200)
{
	fail_each_call(_metadata, self, measure_it);
}

TEST_HARNESS_MAIN
