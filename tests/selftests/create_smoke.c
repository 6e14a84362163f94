// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shortest way through: a memfd of every backing becomes a dma-buf whose
 * mapping shows the memfd's bytes. When this fails, look here first.
 */
#include "common.h"

FIXTURE(smoke) {
	int dev;
	int memfd;
};

UDB_BACKING_VARIANTS(smoke);

FIXTURE_SETUP(smoke)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, 2 * UDB_HUGE);
}

FIXTURE_TEARDOWN(smoke)
{
	close(self->memfd);
	close(self->dev);
}

TEST_F(smoke, mapping_shows_the_memfd)
{
	void *mem, *map;
	int buf;

	mem = udb_map(self->memfd, 2 * UDB_HUGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	udb_stamp(mem, 2 * UDB_HUGE, 1, 0);

	buf = udb_create(self->dev, self->memfd, 0, 2 * UDB_HUGE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, 2 * UDB_HUGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, 2 * UDB_HUGE, 1, 0));
	close(buf);
}

TEST_HARNESS_MAIN
