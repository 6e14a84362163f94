// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a buffer costs beyond its memory. Drivers have kept 16 bytes and more for
 * each 4 KiB, whatever the memory is made of, have walked over all of them at the
 * create, and have charged nobody. Where a test has to do with time, it compares
 * two times: no number of milliseconds is right on every machine.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"
#include "settled.h"

/* 5 GiB, of a few huge pages that are named again and again. */
#define PIECE		(128 * UDB_MIB)
#define NR_PIECES	40

/* As many small folios as the above has huge ones, times six. */
#define SMALL		(64 * UDB_MIB)

FIXTURE(cost) {
	int dev;
	int memfd;
	long size_limit;
	long list_limit;
	struct udmabuf_create_item items[NR_PIECES];
};

FIXTURE_SETUP(cost)
{
	int i;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->size_limit = udb_size_limit_raise(6 * 1024);
	ASSERT_GT(self->size_limit, 0);
	self->list_limit = udb_param_get("list_limit");
	if (self->list_limit < 65536)
		ASSERT_EQ(0, udb_param_set("list_limit", "65536"));
	self->memfd = udb_memfd(UDB_HUGETLB_2M, PIECE);
	ASSERT_GE(self->memfd, 0);
	for (i = 0; i < NR_PIECES; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.size = PIECE,
		};
}

FIXTURE_TEARDOWN(cost)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", self->list_limit);
	EXPECT_EQ(0, udb_param_set("list_limit", text));
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	close(self->memfd);
	close(self->dev);
}

/* 16 bytes a page would be 20 MiB. */
TEST_F_TIMEOUT(cost, huge_pages_keep_no_array_of_pages, 60)
{
	struct settled before, after;
	int buf;

	settled_read(&before);
	buf = udb_create_list(self->dev, self->items, NR_PIECES);
	ASSERT_GE(buf, 0);
	settled_read(&after);
	EXPECT_LT(after.vmalloc - before.vmalloc, (long)UDB_MIB);
	EXPECT_LT(after.slab - before.slab, (long)UDB_MIB);
	EXPECT_LT(after.memory - before.memory, SETTLED_MEMORY);
	close(buf);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* The best of many, for the machine may be busy, in seconds; negative when it fails. */
static double seconds_to_create(
	int dev, const struct udmabuf_create_item *items, int count)
{
	double best = -1, start, took;
	int i, buf;

	for (i = 0; i < 20; i++) {
		start = now();
		buf = udb_create_list(dev, items, count);
		took = now() - start;
		if (buf < 0)
			return -1;
		close(buf);
		if (best < 0 || took < best)
			best = took;
	}
	return best;
}

/*
 * A folio is a step, however large it is. A driver that takes a step for each
 * 4 KiB needs three to nine times as long for the large buffer as for the small
 * one; one that does not needs a third.
 */
TEST_F_TIMEOUT(cost, huge_pages_are_not_walked_by_pages, 60)
{
	struct udmabuf_create_item small = { .size = SMALL };
	double huge_took, small_took;

	small.memfd = udb_memfd(UDB_SHMEM_4K, SMALL);
	ASSERT_GE((int)small.memfd, 0);
	small_took = seconds_to_create(self->dev, &small, 1);
	huge_took = seconds_to_create(self->dev, self->items, NR_PIECES);
	close(small.memfd);
	ASSERT_TRUE(small_took > 0 && huge_took > 0);
	TH_LOG("%.1f ms for 5 GiB of huge pages, %.1f ms for 64 MiB of small",
	       huge_took * 1e3, small_took * 1e3);
	EXPECT_TRUE(huge_took < small_took);
}

/*
 * A memory cgroup of its own, in a place that nobody else looks at
 */
#define GROUPS	"/tmp/cost-groups"
#define GROUP	GROUPS "/udmabuf"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);
	return good;
}

static long bytes_charged(void)
{
	FILE *file = fopen(GROUP "/memory.current", "re");
	char text[32] = "-1";

	if (!file)
		return -1;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return strtol(text, NULL, 10);
}

static bool group_make(void)
{
	if (mkdir(GROUPS, 0700) || mount("none", GROUPS, "cgroup2", 0, NULL))
		return false;
	return put(GROUPS "/cgroup.subtree_control", "+memory") &&
	       !mkdir(GROUP, 0700);
}

static void group_remove(void)
{
	rmdir(GROUP);
	umount(GROUPS);
	rmdir(GROUPS);
}

#define NR_RUNS		65536

/*
 * In the group: what so many buffers of so many runs are charged, in KiB; INT_MIN:
 * error. Each processor may have half a MiB that is not accounted for yet.
 */
static int kib_of_fragments(int dev, int memfd, int buffers, int runs)
{
	struct udmabuf_create_item *items = calloc(runs, sizeof(*items));
	long before;
	int i;

	if (!items || !put(GROUP "/cgroup.procs", "0"))
		return INT_MIN;
	/* Pages 0 and 2 in turn: none follows the one before it. */
	for (i = 0; i < runs; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = memfd,
			.offset = i % 2 * 2 * UDB_PAGE,
			.size = UDB_PAGE,
		};
	before = bytes_charged();
	for (i = 0; i < buffers; i++)
		if (udb_create_list(dev, items, runs) < 0)
			return INT_MIN;
	return (int)((bytes_charged() - before) / 1024);
}

/*
 * In a process of its own kib_of_fragments() finds @least to @most KiB. The memfd has
 * its pages already: they are charged to this process.
 */
static void fragments_charge(struct udb_test *_metadata, int dev, int buffers,
			     int runs, int least, int most)
{
	int memfd = udb_memfd(UDB_SHMEM_4K, 4 * UDB_PAGE), status;
	pid_t pid;

	ASSERT_GE(memfd, 0);
	ASSERT_TRUE(group_make());
	pid = fork();
	if (!pid) {
		int kib = kib_of_fragments(dev, memfd, buffers, runs);

		_exit(kib < least || kib > most);
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	group_remove();
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	close(memfd);
}

/*
 * Megabytes of runs, four here, are charged to whoever made the buffers, and limited
 * as his memory is.
 */
TEST_F_TIMEOUT(cost, fragments_are_charged_to_the_creator, 180)
{
	fragments_charge(_metadata, self->dev, 4, NR_RUNS, 2048, INT_MAX);
}

/*
 * 9000 runs are 141 KiB, 40 times: not 256 KiB each, the next power of two. What
 * else a buffer has is 1 to 2 KiB.
 */
TEST_F_TIMEOUT(cost, fragments_take_no_power_of_two, 60)
{
	fragments_charge(_metadata, self->dev, 40, 9000, 0, 40 * 160);
}

TEST_HARNESS_MAIN
