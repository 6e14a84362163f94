// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused before anything is read, and what the caller is told.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

FIXTURE(refuse) {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_failure why;
	struct udb_load_source source;
	struct udb_load *load;
	struct files_held before;
};

FIXTURE_SETUP(refuse)
{
	files_begin();
	self->dev = files_device();
	self->opts = (struct udb_load_opts){
		.struct_size = sizeof(self->opts),
	};
	self->why = (struct udb_load_failure){
		.struct_size = sizeof(self->why),
	};
	self->source = (struct udb_load_source){
		.path = files_make("a", MIB),
	};
	self->before = files_held();
}

/* Whatever is refused, nothing is handed out and nothing is left. */
FIXTURE_TEARDOWN(refuse)
{
	EXPECT_NULL(self->load);
	EXPECT_NOTHING_LEFT(self->before);
	udb_device_unref(self->dev);
	files_end();
}

static int try_load(FIXTURE_DATA(refuse) *self)
{
	return udb_load_files(self->dev, &self->source, 1, &self->opts,
			      &self->why, &self->load);
}

#define EXPECT_REFUSED(_error, _fault) do {				\
		EXPECT_EQ(_error, try_load(self));			\
		EXPECT_EQ(_error, self->why.error);			\
		EXPECT_EQ(_fault, self->why.fault);			\
		EXPECT_NE('\0', self->why.text[0]);			\
	} while (0)

TEST_F(refuse, file_that_is_not_there)
{
	self->source.path = files_path("none");
	EXPECT_REFUSED(-ENOENT, UDB_LOAD_FAULT_OPEN);
	EXPECT_STREQ(self->source.path, self->why.path);
}

TEST_F(refuse, folder)
{
	self->source.path = ".";
	EXPECT_REFUSED(-EISDIR, UDB_LOAD_FAULT_OPEN);
}

/* A pipe must not hold the caller up either. */
TEST_F(refuse, pipe)
{
	self->source.path = files_path("pipe");
	ASSERT_EQ(0, mkfifo(self->source.path, 0600));
	EXPECT_REFUSED(-ESPIPE, UDB_LOAD_FAULT_OPEN);
}

TEST_F(refuse, closed_file)
{
	self->source.path = NULL;
	self->source.fd = -1;
	EXPECT_REFUSED(-EBADF, UDB_LOAD_FAULT_OPEN);
}

/* The second file is missing: the first is closed again. */
TEST_F(refuse, one_of_two_files)
{
	struct udb_load_source sources[2] = {
		self->source,
		{ .path = files_path("none") },
	};

	EXPECT_EQ(-ENOENT, udb_load_files(self->dev, sources, 2, &self->opts,
					  &self->why, &self->load));
}

TEST_F(refuse, empty_file)
{
	self->source.path = files_make("empty", 0);
	EXPECT_REFUSED(-ERANGE, UDB_LOAD_FAULT_RANGE);
}

TEST_F(refuse, range_beyond_the_end)
{
	self->source.offset = MIB - 5;
	self->source.size = 6;
	EXPECT_REFUSED(-ERANGE, UDB_LOAD_FAULT_RANGE);
	EXPECT_EQ(MIB, self->why.had);
	EXPECT_EQ(6, self->why.wanted);
	self->source.offset = MIB;
	self->source.size = 0;
	EXPECT_REFUSED(-ERANGE, UDB_LOAD_FAULT_RANGE);
}

TEST_F(refuse, range_that_does_not_fit_a_number)
{
	self->source.offset = UINT64_MAX - 5;
	self->source.size = 100;
	EXPECT_REFUSED(-ERANGE, UDB_LOAD_FAULT_RANGE);
}

/* A memfd would take it, and the machine would kill somebody later. */
TEST_F(refuse, more_than_the_machine_has)
{
	ASSERT_EQ(0, truncate(self->source.path, 4096 * GIB));
	EXPECT_REFUSED(-ENOMEM, UDB_LOAD_FAULT_MEMORY);
	EXPECT_EQ(4096 * GIB, self->why.wanted);
	EXPECT_LT(0, self->why.had);
	EXPECT_LT(self->why.had, 4096 * GIB);
}

TEST_F(refuse, huge_pages_that_are_not_there)
{
	self->opts.backing = UDB_BACKING_HUGETLB_1G;
	self->opts.flags = UDB_LOAD_EXACT;
	EXPECT_REFUSED(-EOPNOTSUPP, UDB_LOAD_FAULT_MEMORY);
}

TEST_F(refuse, no_sources)
{
	EXPECT_EQ(-EINVAL,
		  udb_load_files(self->dev, NULL, 1, NULL, NULL, &self->load));
	EXPECT_EQ(-EINVAL, udb_load_files(self->dev, &self->source, 0, NULL,
					  NULL, &self->load));
	EXPECT_EQ(-EINVAL, udb_load_files(NULL, &self->source, 1, NULL, NULL,
					  &self->load));
}

TEST_F(refuse, reserved)
{
	self->source.reserved = 1;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
}

/* Each field alone out of its range. */
TEST_F(refuse, options_out_of_range)
{
	const struct udb_load_opts good = self->opts;
	const uint64_t blocks[] = { 1, 2048, 4097, 3 * MIB, 2 * GIB };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		self->opts.block_size = blocks[i];
		EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	}
	self->opts = good;
	self->opts.depth = 1025;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.backing = UDB_BACKING_UNKNOWN;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.direct = 3;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.engine = 3;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.flags = 1U << 6;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.flags = UDB_LOAD_EXACT;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
	self->opts = good;
	self->opts.interval_ms = 60001;
	EXPECT_REFUSED(-EINVAL, UDB_LOAD_FAULT_OPTIONS);
}

TEST_F(refuse, name_that_is_too_long)
{
	self->opts.name = "01234567890123456789012345678901";
	EXPECT_REFUSED(-ENAMETOOLONG, UDB_LOAD_FAULT_OPTIONS);
}

/* Structures that grow: a newer program, and one that forgot the size. */
TEST_F(refuse, options_of_another_size)
{
	struct {
		struct udb_load_opts now;
		uint64_t next;
	} opts = { .now.struct_size = sizeof(opts), .next = 1 };

	EXPECT_EQ(-E2BIG, udb_load_files(self->dev, &self->source, 1, &opts.now,
					 &self->why, &self->load));
	opts.now.struct_size = sizeof(opts.now) - 1;
	EXPECT_EQ(-EINVAL, udb_load_files(self->dev, &self->source, 1,
					  &opts.now, &self->why, &self->load));
}

/* A failure that has no room is not written to. */
TEST_F(refuse, failure_of_no_size)
{
	self->why.struct_size = 0;
	EXPECT_EQ(-EINVAL, try_load(self));
	EXPECT_EQ('\0', self->why.text[0]);
}

/* Memory is not on a disk: there is nothing to go past. */
TEST_F(refuse, direct_that_is_required_of_memory)
{
	const char *path = "/dev/shm/udb-load-refuse";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(MIB, pwrite(fd, "x", 1, MIB - 1) + MIB - 1);
	self->source.path = path;
	self->opts.direct = UDB_LOAD_DIRECT_REQUIRE;
	EXPECT_REFUSED(-EOPNOTSUPP, UDB_LOAD_FAULT_DIRECT);
	unlink(path);
	close(fd);
}

TEST_HARNESS_MAIN
