// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of the dma-buf itself: SYNC in all its forms, sync files, names,
 * poll. What SYNC does for importers is in importer_table.c.
 */
#include <linux/sync_file.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "settled.h"

/* Not all heads have these. */
#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
#error "linux/dma-buf.h is older than Linux 6.0"
#endif

#define SIZE	(1 * UDB_HUGE)
#define START	DMA_BUF_SYNC_START
#define END	DMA_BUF_SYNC_END

static const uint64_t directions[] = {
	DMA_BUF_SYNC_READ,
	DMA_BUF_SYNC_WRITE,
	DMA_BUF_SYNC_RW,
};

#define NR_DIRECTIONS	(sizeof(directions) / sizeof(directions[0]))

UDB_BUFFER_FIXTURE(sync, SIZE);

TEST_F(sync, start_and_end)
{
	size_t i;

	for (i = 0; i < NR_DIRECTIONS; i++) {
		EXPECT_EQ(0, udb_sync(self->buf, START | directions[i]));
		EXPECT_EQ(0, udb_sync(self->buf, END | directions[i]));
	}
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
}

/* One may begin to read and end by having written. */
TEST_F(sync, end_in_another_direction)
{
	size_t i, j;

	for (i = 0; i < NR_DIRECTIONS; i++) {
		for (j = 0; j < NR_DIRECTIONS; j++) {
			EXPECT_EQ(0,
				  udb_sync(self->buf, START | directions[i]));
			EXPECT_EQ(0, udb_sync(self->buf, END | directions[j]));
		}
	}
}

/* Clients that map for writing and only end are right on other exporters. */
TEST_F(sync, end_without_start)
{
	size_t i;

	for (i = 0; i < NR_DIRECTIONS; i++)
		EXPECT_EQ(0, udb_sync(self->buf, END | directions[i]));
}

/*
 * Drivers used to map the memory for the CPU in the direction of the first SYNC
 * that came, synchronise that mapping in the direction of each later one, and
 * unmap it in both directions at the close: three that need not agree. Here each
 * direction is the first one of a fresh buffer, which is closed after a second.
 */
TEST_F(sync, every_order_of_directions)
{
	size_t i, j;
	int buf;

	for (i = 0; i < NR_DIRECTIONS; i++) {
		for (j = 0; j < NR_DIRECTIONS; j++) {
			buf = udb_create(self->dev, self->memfd, 0, SIZE);
			ASSERT_GE(buf, 0);
			EXPECT_EQ(0, udb_sync(buf, START | directions[i]));
			EXPECT_EQ(0, udb_sync(buf, END | directions[i]));
			EXPECT_EQ(0, udb_sync(buf, START | directions[j]));
			EXPECT_EQ(0, udb_sync(buf, END | directions[j]));
			close(buf);
		}
	}
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
}

TEST_F(sync, nested)
{
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, udb_sync(self->buf, START | DMA_BUF_SYNC_RW));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, udb_sync(self->buf, END | DMA_BUF_SYNC_RW));
}

TEST_F(sync, unbalanced_and_closed)
{
	EXPECT_EQ(0, udb_sync(self->buf, START | DMA_BUF_SYNC_RW));
	close(self->buf);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
}

/* Nothing bounces here: SYNC must leave the bytes alone, of either side. */
TEST_F(sync, changes_no_data)
{
	char *map = udb_map(self->buf, SIZE, PROT_READ | PROT_WRITE);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, udb_sync(self->buf, START | DMA_BUF_SYNC_WRITE));
	udb_stamp(map, SIZE, 2, 0);
	EXPECT_EQ(0, udb_sync(self->buf, END | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	udb_stamp(self->mem, SIZE, 3, 0);
	EXPECT_EQ(0, udb_sync(self->buf, START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 3, 0));
	EXPECT_EQ(0, udb_sync(self->buf, END | DMA_BUF_SYNC_READ));
	munmap(map, SIZE);
}

TEST_F(sync, bad_flags)
{
	static const uint64_t bad[] = {
		0,
		START,
		END,
		8 | DMA_BUF_SYNC_RW,
		UINT64_MAX,
		UINT64_C(1) << 63 | DMA_BUF_SYNC_READ,
		UINT64_C(1) << 32 | DMA_BUF_SYNC_WRITE,
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_ERRNO(EINVAL, udb_sync(self->buf, bad[i]))
	TH_LOG("flags %#llx", (unsigned long long)bad[i]);
}

TEST_F(sync, bad_pointer)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->buf, DMA_BUF_IOCTL_SYNC, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->buf, DMA_BUF_IOCTL_SYNC, 16));
}

TEST_F(sync, unknown_ioctl)
{
	EXPECT_ERRNO(ENOTTY, ioctl(self->buf, _IO('b', 0x7f)));
	EXPECT_ERRNO(ENOTTY, ioctl(self->buf, UDMABUF_CREATE, NULL));
}

TEST_F(sync, sync_files)
{
	size_t i;

	for (i = 0; i < NR_DIRECTIONS; i++) {
		struct dma_buf_export_sync_file out = {
			.flags = directions[i],
			.fd = -1,
		};
		struct dma_buf_import_sync_file in = {
			.flags = directions[i],
		};
		struct pollfd pfd = { .events = POLLIN };

		ASSERT_EQ(0, ioctl(self->buf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE,
				   &out));
		ASSERT_GE(out.fd, 0);
		/* No device works on the buffer, so the fence is signalled. */
		pfd.fd = out.fd;
		EXPECT_EQ(1, poll(&pfd, 1, 0));
		in.fd = out.fd;
		EXPECT_EQ(0, ioctl(self->buf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE,
				   &in));
		close(out.fd);
	}
}

TEST_F(sync, polling)
{
	struct pollfd pfd = { .fd = self->buf };

	pfd.events = POLLIN;
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLIN, pfd.revents);
	pfd.events = POLLOUT;
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLOUT, pfd.revents);
	pfd.events = POLLIN | POLLOUT;
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, pfd.revents);
}

/* The line "key:<tab>value" of the descriptor's fdinfo, "" when missing. */
static void fdinfo_value(int fd, const char *key, char *value, size_t size)
{
	char path[64], line[256];
	FILE *file;

	value[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, strlen(key)) &&
		    !strncmp(line + strlen(key), ":\t", 2))
			snprintf(value, size, "%.60s", line + strlen(key) + 2);
	}
	fclose(file);
}

TEST_F(sync, names)
{
	const char *longest = "a name that has 31 characters..";
	const char *too_long = "a name that has 32 characters...";
	char value[64];

	fdinfo_value(self->buf, "name", value, sizeof(value));
	EXPECT_STREQ("", value);
	EXPECT_EQ(0, ioctl(self->buf, DMA_BUF_SET_NAME_B, "first"));
	fdinfo_value(self->buf, "name", value, sizeof(value));
	EXPECT_STREQ("first", value);
	EXPECT_EQ(0, ioctl(self->buf, DMA_BUF_SET_NAME_B, longest));
	EXPECT_ERRNO(EINVAL, ioctl(self->buf, DMA_BUF_SET_NAME_B, too_long));
	fdinfo_value(self->buf, "name", value, sizeof(value));
	EXPECT_STREQ(longest, value);
}

/*
 * The first SYNC of a buffer used to build a table of all pages, without a
 * lock: when two came at a time, one table was lost. Here two threads start
 * within a microsecond, on a buffer whose table takes much longer to build, so
 * that many rounds would lose the 256 KiB of a table. One in twenty rounds is
 * already more than SETTLED_MEMORY; of a table of huge pages, which is a slab
 * object, one in two more than SETTLED_SLAB. Huge pages, for the create of each
 * round is no part of the claim and should not take longer than the rest.
 */
#define RACE_ROUNDS	1000
#define RACE_SIZE	(32 * UDB_MIB)

struct race {
	int buf; /* of this round */
	unsigned int round; /* says to the other thread: start */
	unsigned int done; /* says to the first: through with that round */
	bool failed; /* a SYNC of the other thread */
};

/* Sleeping in the kernel would let one start long before the other. */
static void race_wait(const unsigned int *number, unsigned int wanted)
{
	while (__atomic_load_n(number, __ATOMIC_ACQUIRE) < wanted)
		sched_yield();
}

static bool start_and_end(int buf)
{
	return !udb_sync(buf, START | DMA_BUF_SYNC_RW) &&
	       !udb_sync(buf, END | DMA_BUF_SYNC_RW);
}

static void *racer_run(void *arg)
{
	struct race *race = arg;
	unsigned int round;

	for (round = 1; round <= RACE_ROUNDS; round++) {
		race_wait(&race->round, round);
		if (!start_and_end(race->buf))
			race->failed = true;
		__atomic_store_n(&race->done, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

struct sync_buffers {
	int dev;
	int memfd;
	int buf;
};

/* A fresh buffer each round. */
static bool race(const void *arg)
{
	const struct sync_buffers *buffers = arg;
	struct race race = {};
	unsigned int round;
	pthread_t racer;
	bool good = true;

	if (pthread_create(&racer, NULL, racer_run, &race))
		abort();
	for (round = 1; round <= RACE_ROUNDS; round++) {
		race.buf =
			udb_create(buffers->dev, buffers->memfd, 0, RACE_SIZE);
		__atomic_store_n(&race.round, round, __ATOMIC_RELEASE);
		good &= start_and_end(race.buf);
		race_wait(&race.done, round);
		close(race.buf);
	}
	pthread_join(racer, NULL);
	return good && !race.failed;
}

TEST_TIMEOUT(threads_lose_nothing, 300)
{
	struct sync_buffers buffers;

	UDB_DEV_OPEN(buffers.dev);
	buffers.memfd = udb_memfd(UDB_HUGETLB_2M, RACE_SIZE);
	ASSERT_GE(buffers.memfd, 0);
	EXPECT_NO_GROWTH(race, &buffers);
	close(buffers.memfd);
	close(buffers.dev);
}

static bool sync_rounds(const void *arg)
{
	const struct sync_buffers *buffers = arg;
	bool good = true;
	int i;

	for (i = 0; i < SETTLED_ROUNDS && good; i++)
		good = !udb_sync(buffers->buf, START | directions[i % 3]) &&
		       !udb_sync(buffers->buf, END | directions[i % 3]);
	return good;
}

TEST_F(sync, many_rounds_lose_nothing)
{
	const struct sync_buffers buffers = { .buf = self->buf };

	EXPECT_NO_GROWTH(sync_rounds, &buffers);
}

TEST_HARNESS_MAIN
