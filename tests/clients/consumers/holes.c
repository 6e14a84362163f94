// SPDX-License-Identifier: GPL-2.0-only
/*
 * As crosvm uses the driver: it opens the device for reading only, makes a buffer of
 * pieces of the guest's memory, and gives other pieces of that memory back to the
 * host (a balloon) by punching holes, beside live buffers.
 */
#include "common.h"

#define HOLES_UNITS	8
#define HOLES_ROUNDS	20
#define HOLES_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* One unit is a huge page where there are any. */
#define HOLES_UNIT	UDB_HUGE
#define HOLES_SIZE	(HOLES_UNITS * HOLES_UNIT)

FIXTURE(balloon) {
	int dev;
	int memfd;
	int buf;
	char *mem;
	char *map;
};

UDB_BACKING_VARIANTS(balloon);

/* Even units are in the buffer, odd ones are not. */
static int holes_blob(FIXTURE_DATA(balloon) *self)
{
	struct udmabuf_create_item item[HOLES_UNITS / 2];
	uint32_t i;

	for (i = 0; i < HOLES_UNITS / 2; i++)
		item[i] = (struct udmabuf_create_item){
			.memfd = (__u32)self->memfd,
			.offset = 2 * i * HOLES_UNIT,
			.size = HOLES_UNIT
		};
	return udb_create_list(self->dev, item, HOLES_UNITS / 2);
}

FIXTURE_SETUP(balloon)
{
	self->dev = open(udb_dev_path(), O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->dev, 0);
	self->memfd =
		udb_memfd_sealed(variant->backing, HOLES_SIZE, HOLES_SEALS);
	ASSERT_GE(self->memfd, 0);
	ASSERT_EQ(0, udb_memfd_populate(variant->backing, self->memfd,
					HOLES_SIZE));
	self->mem = udb_map(self->memfd, HOLES_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem);
	udb_stamp(self->mem, HOLES_SIZE, 1, 0);
	self->buf = holes_blob(self);
	ASSERT_GE(self->buf, 0);
	self->map = udb_map(self->buf, HOLES_SIZE / 2, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(balloon)
{
	munmap(self->map, HOLES_SIZE / 2);
	munmap(self->mem, HOLES_SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

static int holes_punch(int memfd, unsigned int unit)
{
	return fallocate(memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)unit * (off_t)HOLES_UNIT, (off_t)HOLES_UNIT);
}

/* Whether the guest's memory and the buffer have this generation in the even units. */
static bool holes_blob_has(FIXTURE_DATA(balloon) *self, uint64_t generation)
{
	unsigned int i;

	for (i = 0; i < HOLES_UNITS / 2; i++)
		if (udb_stamp_wrong(self->map + i * HOLES_UNIT, HOLES_UNIT,
				    generation, 2 * i * UDB_HUGE_PAGES) != -1 ||
		    udb_stamp_wrong(self->mem + 2 * i * HOLES_UNIT, HOLES_UNIT,
				    generation, 2 * i * UDB_HUGE_PAGES) != -1)
			return false;
	return true;
}

TEST_F_TIMEOUT(balloon, inflates_and_deflates_beside_a_blob, 120)
{
	unsigned int round, unit;

	for (round = 1; round <= HOLES_ROUNDS; round++) {
		for (unit = 1; unit < HOLES_UNITS; unit += 2) {
			char *hole = self->mem + unit * HOLES_UNIT;

			ASSERT_EQ(0, holes_punch(self->memfd, unit));
			ASSERT_EQ(-1, udb_zero_wrong(hole, HOLES_UNIT));
			udb_stamp(hole, HOLES_UNIT, 100 + round, 0);
		}
		ASSERT_TRUE(holes_blob_has(self, round));
		for (unit = 0; unit < HOLES_UNITS; unit += 2)
			udb_stamp(self->map + unit / 2 * HOLES_UNIT, HOLES_UNIT,
				  round + 1, unit * UDB_HUGE_PAGES);
	}
	for (unit = 1; unit < HOLES_UNITS; unit += 2)
		EXPECT_EQ(-1,
			  udb_stamp_wrong(self->mem + unit * HOLES_UNIT,
					  HOLES_UNIT, 100 + HOLES_ROUNDS, 0));
}

/* The guest's memory is another one then, what a device uses is not. */
TEST_F(balloon, blob_keeps_pages_that_were_given_back)
{
	ASSERT_EQ(0, holes_punch(self->memfd, 2));
	EXPECT_EQ(-1, udb_zero_wrong(self->mem + 2 * HOLES_UNIT, HOLES_UNIT));
	EXPECT_EQ(-1, udb_stamp_wrong(self->map + HOLES_UNIT, HOLES_UNIT, 1,
				      2 * UDB_HUGE_PAGES));
}

TEST_F(balloon, new_blob_of_pages_that_came_back)
{
	char *map;
	int buf;

	ASSERT_EQ(0, holes_punch(self->memfd, 3));
	udb_stamp(self->mem + 3 * HOLES_UNIT, HOLES_UNIT, 9, 0);
	buf = udb_create(self->dev, self->memfd, 3 * HOLES_UNIT, HOLES_UNIT);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, HOLES_UNIT, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, HOLES_UNIT, 9, 0));
	EXPECT_TRUE(holes_blob_has(self, 1));
	munmap(map, HOLES_UNIT);
	close(buf);
}

TEST_HARNESS_MAIN
