// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the disk can do: that it was read, all of it and nothing else, and that
 * nothing is left of the measurement. How fast it is says the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"

#define SIZE	(9 * MIB + 123)

FIXTURE(measure) {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_failure why;
	struct udb_load_speed speed;
	struct udb_load_source source;
	struct files_held before;
};

FIXTURE_VARIANT(measure) {
	uint32_t engine;
};

FIXTURE_VARIANT_ADD(measure, uring) {
	.engine = UDB_LOAD_ENGINE_URING,
};

FIXTURE_VARIANT_ADD(measure, threads) {
	.engine = UDB_LOAD_ENGINE_THREADS,
};

FIXTURE_SETUP(measure)
{
	files_begin();
	self->dev = files_device();
	self->opts = (struct udb_load_opts){
		.struct_size = sizeof(self->opts),
		.engine = variant->engine,
	};
	self->why.struct_size = sizeof(self->why);
	self->speed.struct_size = sizeof(self->speed);
	self->source.path = files_make("a", SIZE);
	self->before = files_held();
}

FIXTURE_TEARDOWN(measure)
{
	EXPECT_NOTHING_LEFT(self->before);
	udb_device_unref(self->dev);
	files_end();
}

static int measure(FIXTURE_DATA(measure) *self)
{
	return udb_load_measure(self->dev, &self->source, 1, &self->opts,
				&self->why, &self->speed);
}

TEST_F(measure, reads_the_file)
{
	ASSERT_EQ(0, measure(self))
	TH_LOG("%s", self->why.text);
	EXPECT_EQ(SIZE, self->speed.bytes);
	EXPECT_LT(0, self->speed.ns);
	EXPECT_EQ(variant->engine, self->speed.engine);
}

TEST_F(measure, reads_a_piece)
{
	self->source.offset = MIB + 5;
	self->source.size = 3 * MIB;
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(3 * MIB, self->speed.bytes);
}

/* The load that follows must not find what the measurement has left. */
TEST_F(measure, leaves_no_page_cache)
{
	struct udb_load_report report = { .struct_size = sizeof(report) };
	struct udb_load *load;

	self->opts.direct = UDB_LOAD_DIRECT_NEVER;
	ASSERT_EQ(0, measure(self));
	EXPECT_NE(UDB_LOAD_WAY_DIRECT, self->speed.way);
	ASSERT_EQ(0, udb_load_files(self->dev, &self->source, 1, NULL, NULL,
				    &load));
	EXPECT_EQ(0, udb_load_report_get(load, &report));
	EXPECT_LE(report.cache_before, SIZE / 100);
	udb_load_free(load);
}

/* A disk that reads nothing has no speed, and certainly not an infinite one. */
TEST_F(measure, holes_have_no_speed)
{
	ASSERT_EQ(0, truncate(self->source.path, 0));
	ASSERT_EQ(0, truncate(self->source.path, 5 * MIB));
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(0, self->speed.bytes);
}

/* Checksums cost time, and are the load's. */
TEST_F(measure, checksums_are_not_looked_at)
{
	static const uint8_t wrong[32];

	self->source.sha256 = wrong;
	EXPECT_EQ(0, measure(self));
}

TEST_F(measure, file_that_is_not_there)
{
	self->source.path = files_path("none");
	self->speed.bytes = 77;
	EXPECT_EQ(-ENOENT, measure(self));
	EXPECT_EQ(UDB_LOAD_FAULT_OPEN, self->why.fault);
	EXPECT_EQ(77, self->speed.bytes);
}

static int cancel(void *data, const struct udb_load_progress *progress)
{
	(void)data;
	(void)progress;
	return 1;
}

TEST_F(measure, can_be_canceled)
{
	self->opts.progress = cancel;
	self->opts.interval_ms = 1;
	self->opts.block_size = 4096;
	EXPECT_EQ(-ECANCELED, measure(self));
	EXPECT_EQ(UDB_LOAD_FAULT_CANCELED, self->why.fault);
}

TEST_F(measure, wrong_arguments)
{
	self->speed.struct_size = sizeof(self->speed) - 1;
	EXPECT_EQ(-EINVAL, measure(self));
	self->speed.struct_size = sizeof(self->speed);
	self->opts.flags = ~0U;
	EXPECT_EQ(-EINVAL, measure(self));
}

TEST_HARNESS_MAIN
