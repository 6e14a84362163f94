// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is read to where, for files that no test machine has room for. This looks at
 * the library from inside: files are numbers here.
 */
#include <stdlib.h>

#include "job.h"
#include "udb_harness.h"

#define KIB	1024UL
#define TIB	(1024 * UDB_GIB)

FIXTURE(plan) {
	struct udb_load_job job;
	struct udb_load_source sources[3];
	struct udb_load_file files[2];
	struct udb_load_piece pieces[3];
};

/* Without a file there are no holes: is_shared keeps the plan from looking. */
FIXTURE_SETUP(plan)
{
	self->job.opts.block_size = UDB_MIB;
	self->job.files = self->files;
	self->job.pieces = self->pieces;
	for (int i = 0; i < 2; i++) {
		self->files[i].fd = -1;
		self->files[i].align = 4096;
		self->files[i].is_shared = true;
	}
}

FIXTURE_TEARDOWN(plan)
{
	free(self->job.state);
}

static void add(
	FIXTURE_DATA(plan) *self, int file, uint64_t file_size, uint64_t offset,
		uint64_t size)
{
	size_t i = self->job.nr_pieces++;

	self->files[file].stamp.size = file_size;
	self->sources[i].offset = offset;
	self->sources[i].size = size;
	self->pieces[i].source = &self->sources[i];
	self->pieces[i].file = &self->files[file];
}

static int make(FIXTURE_DATA(plan) *self)
{
	int ret = udb_load_ranges(&self->job);

	return ret ? ret : udb_load_plan(&self->job);
}

/*
 * All blocks follow each other, none is longer than one read of the kernel, and their
 * bytes are those of the piece.
 */
static void expect_blocks(struct udb_test *_metadata, FIXTURE_DATA(plan) *self,
			  struct udb_load_piece *piece)
{
	uint64_t at = piece->begin, end = piece->offset + piece->size;
	struct udb_load_block block;

	for (uint64_t i = 0; i < piece->nr; i++) {
		udb_load_plan_block(&self->job, piece, piece->first + i,
				    &block);
		ASSERT_EQ(at, block.offset);
		ASSERT_EQ(piece->at + (at - piece->begin), block.at);
		ASSERT_LE(block.ask, 0x7ffff000);
		ASSERT_LE(block.want, block.ask);
		ASSERT_EQ(0, block.ask % piece->file->align);
		ASSERT_EQ(0, block.offset % piece->file->align);
		ASSERT_LE(block.at + block.ask, piece->at + piece->room);
		at += block.want;
	}
	EXPECT_EQ(end, at);
}

/* One read() is cut at 2 GiB less a page: longer ranges are many reads. */
TEST_F(plan, range_of_more_than_2_gib)
{
	add(self, 0, 5 * UDB_GIB + 17, 3000, 5 * UDB_GIB - 2990);
	self->job.opts.block_size = UDB_GIB;
	ASSERT_EQ(0, make(self));
	EXPECT_EQ(6, self->job.nr_blocks);
	expect_blocks(_metadata, self, &self->pieces[0]);
}

TEST_F(plan, file_of_a_tebibyte)
{
	add(self, 0, TIB + 1, 0, 0);
	ASSERT_EQ(0, make(self));
	EXPECT_EQ(1024 * 1024 + 1, self->job.nr_blocks);
	EXPECT_EQ(TIB + 1, self->job.bytes);
	EXPECT_EQ(TIB + 4096, self->job.size);
	expect_blocks(_metadata, self, &self->pieces[0]);
}

TEST_F(plan, files_and_pieces)
{
	add(self, 0, 10 * UDB_MIB, 1, 5);
	add(self, 0, 10 * UDB_MIB, 8191, 2);
	add(self, 1, 10 * UDB_MIB, 4097, 3 * UDB_MIB);
	ASSERT_EQ(0, make(self));
	EXPECT_EQ(0, self->pieces[0].at);
	EXPECT_EQ(4096, self->pieces[1].at);
	EXPECT_EQ(8192, self->pieces[1].room);
	EXPECT_EQ(2 * UDB_MIB, self->pieces[2].at);
	for (int i = 0; i < 3; i++)
		expect_blocks(_metadata, self, &self->pieces[i]);
}

/* 64 KiB blocks of a disk: addresses have to be aligned as well as offsets. */
TEST_F(plan, disk_of_large_blocks)
{
	self->files[0].align = 64 * KIB;
	self->job.opts.block_size = 4096;
	add(self, 0, UDB_MIB, 70 * KIB, 5);
	add(self, 0, UDB_MIB, 200 * KIB, 100 * KIB);
	ASSERT_EQ(0, make(self));
	for (int i = 0; i < 2; i++) {
		expect_blocks(_metadata, self, &self->pieces[i]);
		EXPECT_EQ(0, self->pieces[i].at % (64 * KIB));
	}
}

/* A range that ends at the last byte, and one that does not fit by one. */
TEST_F(plan, ends_of_a_file)
{
	add(self, 0, UDB_MIB, UDB_MIB - 1, 1);
	ASSERT_EQ(0, make(self));
	expect_blocks(_metadata, self, &self->pieces[0]);
	self->sources[0].size = 2;
	EXPECT_EQ(-ERANGE, udb_load_ranges(&self->job));
	EXPECT_EQ(UDB_MIB, self->job.failure.had);
}

/* What is measured of much: each file has its share, and none is left out. */
TEST_F(plan, part_of_all)
{
	add(self, 0, 3 * UDB_GIB, 5, 3 * UDB_GIB - 5);
	add(self, 1, UDB_GIB, 7, 1);
	add(self, 1, UDB_GIB, 0, 0);
	ASSERT_EQ(0, udb_load_ranges(&self->job));
	udb_load_ranges_shorten(&self->job, UDB_GIB);
	EXPECT_EQ(5, self->pieces[0].offset);
	EXPECT_LE(768 * UDB_MIB - 2, self->pieces[0].size);
	EXPECT_LE(self->pieces[0].size, 768 * UDB_MIB);
	EXPECT_LE(1, self->pieces[1].size);
	EXPECT_LE(256 * UDB_MIB - 2, self->pieces[2].size);
	EXPECT_LE(self->pieces[2].size, 256 * UDB_MIB + 2);
}

TEST_F(plan, part_that_is_all)
{
	add(self, 0, UDB_GIB, 5, 0);
	ASSERT_EQ(0, udb_load_ranges(&self->job));
	udb_load_ranges_shorten(&self->job, UDB_GIB);
	EXPECT_EQ(UDB_GIB - 5, self->pieces[0].size);
}

TEST_F(plan, more_than_a_buffer_can_be)
{
	add(self, 0, INT64_MAX, 0, 0);
	add(self, 1, INT64_MAX, 0, 0);
	EXPECT_EQ(-EOVERFLOW, make(self));
}

TEST_HARNESS_MAIN
