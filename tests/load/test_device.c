// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device, all of it and a piece, against a copy of what is on it. Which one
 * says the script filesystems; without it there is none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

FIXTURE(device) {
	struct udb_device *dev;
	struct udb_load_failure why;
	struct udb_load_source source;
	const uint8_t *copy;
	size_t size;
};

FIXTURE_SETUP(device)
{
	const char *copy = getenv("UDB_LOAD_COPY");
	struct stat st;
	int fd;

	self->source.path = getenv("UDB_LOAD_DEVICE");
	ASSERT_NE(NULL, self->source.path);
	ASSERT_NE(NULL, copy);
	fd = open(copy, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	self->size = st.st_size;
	self->copy = mmap(NULL, self->size, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, self->copy);
	close(fd);
	self->dev = files_device();
	self->why.struct_size = sizeof(self->why);
}

FIXTURE_TEARDOWN(device)
{
	munmap((void *)self->copy, self->size);
	udb_device_unref(self->dev);
}

static void expect_copy(struct udb_test *_metadata, FIXTURE_DATA(device) *self,
			size_t size)
{
	struct udb_load_report report = { .struct_size = sizeof(report) };
	struct udb_load_place place = { .struct_size = sizeof(place) };
	struct udb_load *load;
	const uint8_t *all;

	ASSERT_EQ(0, udb_load_files(self->dev, &self->source, 1, NULL,
				    &self->why, &load))
	TH_LOG("%s", self->why.text);
	EXPECT_EQ(0, udb_load_report_get(load, &report));
	EXPECT_EQ(0, udb_load_place_get(load, 0, &place));
	EXPECT_EQ(size, report.bytes);
	EXPECT_EQ(UDB_LOAD_WAY_DIRECT, report.way);
	all = files_map(load);
	EXPECT_EQ(0, memcmp(all + place.buffer_offset,
			    self->copy + self->source.offset, size));
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

TEST_F(device, all_of_it)
{
	expect_copy(_metadata, self, self->size);
}

TEST_F(device, piece)
{
	self->source.offset = 12345;
	self->source.size = 3 * MIB + 7;
	expect_copy(_metadata, self, 3 * MIB + 7);
}

TEST_F(device, beyond_its_end)
{
	struct udb_load *load = NULL;

	self->source.offset = self->size - 5;
	self->source.size = 6;
	EXPECT_EQ(-ERANGE, udb_load_files(self->dev, &self->source, 1, NULL,
					  &self->why, &load));
	EXPECT_NULL(load);
}

TEST_HARNESS_MAIN
