// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that get in each other's way: each side does its step again and again, on
 * the same buffer, memfd or mapping as the other, and each has to work every time.
 * That is the smaller half of the claim: the suite is for a kernel that looks for data
 * races while it runs (the machine "races"), and asks that one afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "peek.h"

#define NR_SIDES	2
#define NR_ITEMS	16	/* of a list, a page each, in falling order */
#define SIZE		(NR_ITEMS * UDB_PAGE)
#define ROUNDS		400

FIXTURE(races) {
	int dev;
	int memfd;
	int buf; /* of many runs */
	char *map; /* of it */
	size_t size;
	long limit;
	struct udmabuf_create_item items[NR_ITEMS];
	unsigned int ready; /* sides that wait for the others */
};

/* 0 or -errno. */
typedef int (*step_fn)(FIXTURE_DATA(races) *self, unsigned int round);

FIXTURE_VARIANT(races) {
	enum udb_backing backing;
	step_fn sides[NR_SIDES];
};

static int step_sync(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	if (udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
	    udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))
		return -errno;
	return 0;
}

static int look(FIXTURE_DATA(races) *self, enum peek_view view,
		enum peek_direction direction)
{
	int peek = peek_attach(self->buf, view, direction);

	if (peek < 0)
		return -errno;
	close(peek);
	return 0;
}

static int step_attach(FIXTURE_DATA(races) *self, unsigned int round)
{
	return look(self, PEEK_DMA, round % 3);
}

static int step_vmap(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	return look(self, PEEK_VMAP, PEEK_BIDIRECTIONAL);
}

static int touch(char *map, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += UDB_PAGE)
		*(volatile char *)(map + at) = 1;
	return 0;
}

static int step_touch(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	return touch(self->map, self->size);
}

/* A fresh mapping in the place of the old one, which the other side touches. */
static int step_remap(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	char *map = mmap(self->map, self->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, self->buf, 0);

	return map == MAP_FAILED ? -errno : touch(map, self->size);
}

/* What was written is still there, after each move. */
static int step_move(FIXTURE_DATA(races) *self, unsigned int round)
{
	char *map = mmap(NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->buf, 0),
	     *moved;

	if (map == MAP_FAILED)
		return -errno;
	touch(map, self->size);
	moved = mremap(map, self->size, self->size, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return -errno;
	touch(moved, self->size);
	if (mprotect(moved, self->size, round % 2 ? PROT_READ : PROT_NONE))
		return -errno;
	return munmap(moved, self->size) ? -errno : 0;
}

static int step_create(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	int buf = udb_create(self->dev, self->memfd, 0, self->size);

	return buf < 0 ? -errno : close(buf);
}

static int step_create_list(
	FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	int buf = udb_create_list(self->dev, self->items, NR_ITEMS);

	return buf < 0 ? -errno : close(buf);
}

/* Seals that the driver has no opinion about, again and again. */
static int step_seal(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	return fcntl(self->memfd, F_ADD_SEALS, F_SEAL_GROW) ? -errno : 0;
}

static int step_punch(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	return fallocate(self->memfd,
			 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			 self->size) ?
		       -errno :
		       0;
}

/* The table of all buffers, while others come and go. */
static int step_table(FIXTURE_DATA(races) *self UDB_UNUSED,
		      unsigned int round UDB_UNUSED)
{
	FILE *table = fopen(udb_table_path(), "re");
	char line[512];
	int rows = 0;

	if (!table)
		return -errno;
	while (fgets(line, sizeof(line), table))
		rows++;
	fclose(table);
	return rows < 2 ? -ENOENT : 0;
}

/* What a buffer is like, while others attach to it, map it and unmap it. */
static int step_info(FIXTURE_DATA(races) *self, unsigned int round UDB_UNUSED)
{
	struct udmabuf_info info = { .size = sizeof(info), .fd = self->buf };

	if (ioctl(self->dev, UDMABUF_INFO, &info))
		return -errno;
	return info.bytes == self->size && info.runs ? 0 : -EINVAL;
}

/* Limits that every list of the other side is below. */
static int step_limits(FIXTURE_DATA(races) *self UDB_UNUSED, unsigned int round)
{
	int ret = udb_param_set("list_limit", round % 2 ? "16" : "65536");

	return ret ? ret :
		     udb_param_set("size_limit_mb", round % 2 ? "64" : "1024");
}

#define RACES(name, memory, one, other)					\
	FIXTURE_VARIANT_ADD(races, name) {				\
		.backing = UDB_##memory,				\
		.sides = { step_##one, step_##other },			\
	}

RACES(sync_sync, SHMEM_4K, sync, sync);
RACES(sync_attach, SHMEM_4K, sync, attach);
RACES(sync_vmap, SHMEM_4K, sync, vmap);
RACES(attach_attach, SHMEM_4K, attach, attach);
RACES(attach_vmap, SHMEM_4K, attach, vmap);
RACES(vmap_vmap, SHMEM_4K, vmap, vmap);
RACES(touch_remap, SHMEM_4K, touch, remap);
RACES(touch_remap_huge, HUGETLB_2M, touch, remap);
RACES(move_move, SHMEM_4K, move, move);
RACES(create_create, SHMEM_4K, create, create);
RACES(create_seal, SHMEM_4K, create, seal);
RACES(create_seal_huge, HUGETLB_2M, create, seal);
RACES(create_punch, SHMEM_4K, create, punch);
RACES(create_punch_huge, HUGETLB_2M, create, punch);
RACES(create_table, SHMEM_4K, create_list, table);
RACES(attach_table, SHMEM_4K, attach, table);
RACES(touch_table, HUGETLB_2M, remap, table);
RACES(attach_info, SHMEM_4K, attach, info);
RACES(touch_info, HUGETLB_2M, remap, info);
RACES(create_limits, SHMEM_4K, create_list, limits);

FIXTURE_SETUP(races)
{
	int i;

	TH_CHECK_FDS();
	ASSERT_EQ(0, peek_load());
	UDB_DEV_OPEN(self->dev);
	self->size = variant->backing == UDB_SHMEM_4K ? SIZE : UDB_HUGE;
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, self->size);
	for (i = 0; i < NR_ITEMS; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = (NR_ITEMS - 1 - i) * UDB_PAGE,
			.size = UDB_PAGE,
		};
	self->buf = variant->backing == UDB_SHMEM_4K ?
			    udb_create_list(self->dev, self->items, NR_ITEMS) :
			    udb_create(self->dev, self->memfd, 0, self->size);
	ASSERT_GE(self->buf, 0);
	self->map = udb_map(self->buf, self->size, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->map);
	self->limit = udb_param_get("size_limit_mb");
}

FIXTURE_TEARDOWN(races)
{
	EXPECT_EQ(0, udb_param_set("list_limit", "65536"));
	EXPECT_EQ(0, udb_size_limit_restore(self->limit));
	munmap(self->map, self->size);
	close(self->buf);
	/* Nobody has a page of it any more. */
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

struct side {
	FIXTURE_DATA(races) *self;
	step_fn step;
	unsigned int round; /* that it got to */
	int ret;
};

static void *side_run(void *arg)
{
	struct side *side = arg;

	__atomic_add_fetch(&side->self->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&side->self->ready, __ATOMIC_ACQUIRE) < NR_SIDES)
		sched_yield();
	while (side->round < ROUNDS && !side->ret)
		side->ret = side->step(side->self, side->round++);
	return NULL;
}

TEST_F_TIMEOUT(races, both_work, 120)
{
	struct side sides[NR_SIDES] = {};
	pthread_t threads[NR_SIDES];
	int i;

	for (i = 0; i < NR_SIDES; i++) {
		sides[i].self = self;
		sides[i].step = variant->sides[i];
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, side_run,
					    &sides[i]));
	}
	for (i = 0; i < NR_SIDES; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, sides[i].ret)
		TH_LOG("side %d, round %u", i, sides[i].round);
	}
}

TEST_HARNESS_MAIN
