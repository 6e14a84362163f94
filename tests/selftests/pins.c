// SPDX-License-Identifier: GPL-2.0-only
/*
 * One page in many buffers, many times. Each of them pins the page, and a pin of
 * a small folio counts 1024 in the folio's reference count, so that two million
 * pins overflow it. Any program can ask for them: a list may name a page again
 * and again. Drivers left that to the memory manager, which prints a warning; a
 * kernel with panic_on_warn stops there. Runs late for that reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

#define NR_ITEMS	65536
/* So many full lists would be more pins than a folio can count. */
#define NR_LISTS	33

FIXTURE(pins) {
	int dev;
	int memfd;
	long list_limit;
	long size_limit;
	struct udmabuf_create_item *items;
	int bufs[NR_LISTS];
};

UDB_BACKING_VARIANTS(pins);

/* Drivers with smaller limits have the same trouble with more lists. */
FIXTURE_SETUP(pins)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, UDB_HUGE);
	self->list_limit = udb_param_get("list_limit");
	ASSERT_GT(self->list_limit, 0);
	self->size_limit = udb_size_limit_raise(NR_ITEMS * UDB_PAGE / UDB_MIB);
	ASSERT_GT(self->size_limit, 0);
	if (self->list_limit < NR_ITEMS)
		ASSERT_EQ(0, udb_param_set("list_limit", "65536"));
	self->items = calloc(NR_ITEMS, sizeof(*self->items));
	ASSERT_NE(NULL, self->items);
	for (i = 0; i < NR_LISTS; i++)
		self->bufs[i] = -1;
}

FIXTURE_TEARDOWN(pins)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", self->list_limit);
	EXPECT_EQ(0, udb_param_set("list_limit", text));
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	free(self->items);
	close(self->memfd);
	close(self->dev);
}

static void list_pages(FIXTURE_DATA(pins) *self, int count, int nr_pages)
{
	int i;

	for (i = 0; i < count; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = i % nr_pages * UDB_PAGE,
			.size = UDB_PAGE,
		};
}

static int seal_write(FIXTURE_DATA(pins) *self)
{
	return fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE);
}

/* Each list pins each page many times; all of it has to be counted back. */
TEST_F_TIMEOUT(pins, many_lists_let_go, 60)
{
	int i, nr = NR_LISTS - 1;

	list_pages(self, 1000, 3);
	for (i = 0; i < nr; i++) {
		self->bufs[i] =
			udb_create_list(self->dev, self->items, 900 + 3 * i);
		ASSERT_GE(self->bufs[i], 0);
	}
	/* Neither the order of making nor its reverse. */
	for (i = 0; i < nr - 1; i++)
		close(self->bufs[i * 5 % nr]);
	EXPECT_ERRNO(EBUSY, seal_write(self));
	close(self->bufs[(nr - 1) * 5 % nr]);
	EXPECT_EQ(0, seal_write(self));
}

/*
 * Small folios come to their limit, which is ENOMEM; large ones have a counter
 * of pins and do not. Either way the page is whole afterwards.
 */
TEST_F_TIMEOUT(pins, too_many_are_refused, 300)
{
	bool small = variant->backing == UDB_SHMEM_4K;
	int i, nr = 0, error = 0;

	list_pages(self, NR_ITEMS, 1);
	while (nr < (small ? NR_LISTS : 3) && !error) {
		self->bufs[nr] =
			udb_create_list(self->dev, self->items, NR_ITEMS);
		if (self->bufs[nr] < 0)
			error = errno;
		else
			nr++;
	}
	EXPECT_EQ(small ? ENOMEM : 0, error)
	TH_LOG("%d lists of %d pins", nr, NR_ITEMS);
	for (i = 0; i < nr; i++)
		close(self->bufs[i]);
	self->bufs[0] = udb_create(self->dev, self->memfd, 0, UDB_HUGE);
	EXPECT_GE(self->bufs[0], 0);
	EXPECT_ERRNO(EBUSY, seal_write(self));
	close(self->bufs[0]);
	EXPECT_EQ(0, seal_write(self));
}

TEST_HARNESS_MAIN
