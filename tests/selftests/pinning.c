// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the caller's address space and other users of the memfd have to do with
 * creating a buffer: nothing. A driver may have to map the memory for a moment to
 * get hold of it; nobody must be able to tell, whatever he does in the meantime.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common.h"

#define SIZE	(4 * UDB_HUGE)
#define ROUNDS	30
#define NAME	"memfd:"

FIXTURE(pinning) {
	int dev;
	int memfd;
	char *mem;
};

UDB_BACKING_VARIANTS(pinning);

FIXTURE_SETUP(pinning)
{
	TH_CHECK_FDS();
	UDB_MEMORY_OR_SKIP(variant->backing, SIZE);
}

FIXTURE_TEARDOWN(pinning)
{
	if (self->mem)
		munmap(self->mem, SIZE);
	close(self->memfd);
	close(self->dev);
}

/* True when @buf shows the memfd as FIXTURE_SETUP stamped it. */
static bool buffer_is_right(int buf)
{
	char *map = udb_map(buf, SIZE, PROT_READ);
	bool right = map && udb_stamp_wrong(map, SIZE, 1, 0) < 0;

	if (map)
		munmap(map, SIZE);
	return right;
}

/*
 * A thread beside the one that creates, until it is told to stop.
 */

struct peer {
	pthread_t thread;
	int memfd;
	const char *mem;
	bool stop;
	bool armed; /* a tampering peer may act */
	bool acts;
	unsigned long rounds;
};

static bool flag_is(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void flag_set(bool *flag, bool to)
{
	__atomic_store_n(flag, to, __ATOMIC_SEQ_CST);
}

static bool peer_goes_on(struct peer *peer)
{
	__atomic_add_fetch(&peer->rounds, 1, __ATOMIC_SEQ_CST);
	return !flag_is(&peer->stop);
}

static void peer_start(struct peer *peer, void *(*run)(void *))
{
	if (pthread_create(&peer->thread, NULL, run, peer))
		abort();
	while (!__atomic_load_n(&peer->rounds, __ATOMIC_SEQ_CST))
		sched_yield();
}

static void peer_end(struct peer *peer)
{
	flag_set(&peer->stop, true);
	pthread_join(peer->thread, NULL);
}

/* Between these two a peer may do what it likes to mappings it did not make. */
static void peer_arm(struct peer *peer)
{
	flag_set(&peer->armed, true);
}

static void peer_disarm(struct peer *peer)
{
	flag_set(&peer->armed, false);
	while (flag_is(&peer->acts))
		sched_yield();
}

/* The first mapping of a memfd but @known; 0: none. Calls no malloc(). */
static unsigned long foreign_mapping(const char *known, unsigned long *size)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	unsigned long start, end, found = 0;
	char text[8192], *line, *next;
	size_t have = 0;
	ssize_t got;

	while (have < sizeof(text) - 1 &&
	       (got = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += got;
	close(fd);
	text[have] = '\0';
	for (line = text; *line && !found; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2 &&
		    strstr(line, NAME) && start != (unsigned long)known) {
			found = start;
			*size = end - start;
		}
	}
	return found;
}

/*
 * Does @change to each such mapping, then takes away what is there: else that
 * would be found in place of the next one.
 */
static void tamper(struct peer *peer,
		   void (*change)(struct peer *peer, void *at, size_t size))
{
	unsigned long at, size;

	while (peer_goes_on(peer)) {
		flag_set(&peer->acts, true);
		at = flag_is(&peer->armed) ? foreign_mapping(peer->mem, &size) :
					     0;
		if (at) {
			change(peer, (void *)at, size);
			sched_yield();
			munmap((void *)at, size);
		}
		flag_set(&peer->acts, false);
		sched_yield();
	}
}

/* Where this fails, which it may, there is no mapping: the next try has one. */
static void map_over(void *at, size_t size, int flags, int fd, off_t offset)
{
	if (mmap(at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd,
		 offset) == MAP_FAILED)
		sched_yield();
}

static void replace(struct peer *peer UDB_UNUSED, void *at, size_t size)
{
	map_over(at, size, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *replacer_run(void *arg)
{
	tamper(arg, replace);
	return NULL;
}

static void shift(struct peer *peer, void *at, size_t size)
{
	map_over(at, size, MAP_SHARED, peer->memfd, UDB_HUGE);
}

static void *shifter_run(void *arg)
{
	tamper(arg, shift);
	return NULL;
}

static void unmap(struct peer *peer UDB_UNUSED, void *at, size_t size)
{
	munmap(at, size);
}

static void *unmapper_run(void *arg)
{
	tamper(arg, unmap);
	return NULL;
}

/*
 * Whoever pulls the rug from under himself may fail, with ENOMEM and nothing
 * else; a buffer that he gets is one of the memfd.
 */
static void expect_right_or_enomem(struct udb_test *_metadata, int dev,
				   int memfd, const char *mem,
				   void *(*run)(void *))
{
	struct peer peer = { .memfd = memfd, .mem = mem };
	int round, buf, error, wrong = 0, other = 0;

	peer_start(&peer, run);
	for (round = 0; round < ROUNDS; round++) {
		peer_arm(&peer);
		buf = udb_create(dev, memfd, 0, SIZE);
		error = errno;
		peer_disarm(&peer);
		if (buf < 0)
			other += error != ENOMEM;
		else
			wrong += !buffer_is_right(buf);
		close(buf);
	}
	peer_end(&peer);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, other);
}

TEST_F_TIMEOUT(pinning, a_replaced_mapping_is_no_memory, 60)
{
	expect_right_or_enomem(_metadata, self->dev, self->memfd, self->mem,
			       replacer_run);
}

TEST_F_TIMEOUT(pinning, a_shifted_mapping_is_no_memory, 60)
{
	expect_right_or_enomem(_metadata, self->dev, self->memfd, self->mem,
			       shifter_run);
}

TEST_F_TIMEOUT(pinning, a_gone_mapping_is_no_memory, 60)
{
	expect_right_or_enomem(_metadata, self->dev, self->memfd, self->mem,
			       unmapper_run);
}

/* mmap() of hugetlbfs takes the lock of the file inside that of the mappings. */
static void *mapper_run(void *arg)
{
	struct peer *peer = arg;
	void *map;

	while (peer_goes_on(peer)) {
		map = udb_map(peer->memfd, SIZE, PROT_READ);
		if (map)
			munmap(map, SIZE);
	}
	return NULL;
}

TEST_F_TIMEOUT(pinning, mapping_the_memfd_at_the_same_time, 60)
{
	struct peer peer = { .memfd = self->memfd };
	int round, buf, wrong = 0;

	peer_start(&peer, mapper_run);
	for (round = 0; round < ROUNDS; round++) {
		buf = udb_create(self->dev, self->memfd, 0, SIZE);
		wrong += buf < 0 || !buffer_is_right(buf);
		close(buf);
	}
	peer_end(&peer);
	EXPECT_EQ(0, wrong);
}

/* Punches the same hole again and again, and never the last page. */
static void *puncher_run(void *arg)
{
	struct peer *peer = arg;

	while (peer_goes_on(peer)) {
		fallocate(peer->memfd,
			  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, UDB_HUGE,
			  UDB_HUGE);
		sched_yield();
	}
	return NULL;
}

/* What was punched has new pages; the rest of the buffer is what it was. */
TEST_F_TIMEOUT(pinning, punching_holes_at_the_same_time, 60)
{
	struct peer peer = { .memfd = self->memfd };
	int round, buf, wrong = 0;
	char *map;

	peer_start(&peer, puncher_run);
	for (round = 0; round < ROUNDS; round++) {
		buf = udb_create(self->dev, self->memfd, 0, SIZE);
		map = buf < 0 ? NULL : udb_map(buf, SIZE, PROT_READ);
		wrong += !map || udb_stamp_wrong(map, UDB_HUGE, 1, 0) >= 0 ||
			 udb_stamp_wrong(map + 2 * UDB_HUGE,
					 SIZE - 2 * UDB_HUGE, 1,
					 2 * UDB_HUGE_PAGES) >= 0;
		if (map)
			munmap(map, SIZE);
		close(buf);
	}
	peer_end(&peer);
	EXPECT_EQ(0, wrong);
}

TEST_F(pinning, leaves_no_mapping)
{
	unsigned long size;
	int buf;

	ASSERT_EQ(0, foreign_mapping(self->mem, &size));
	buf = udb_create(self->dev, self->memfd, UDB_PAGE, UDB_PAGE);
	EXPECT_GE(buf, 0);
	EXPECT_EQ(0, foreign_mapping(self->mem, &size));
	close(buf);
}

/* Nor where there is no room for one; that may be an error, but a clean one. */
TEST_F(pinning, full_address_space)
{
	const struct rlimit full = { .rlim_max = RLIM_INFINITY };
	struct rlimit old;
	int buf, error;

	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &old));
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &full));
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	error = errno;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &old));
	if (buf < 0)
		EXPECT_EQ(ENOMEM, error);
	else
		EXPECT_TRUE(buffer_is_right(buf));
	close(buf);
}

/* Open for writing is all that the driver asks for. */
TEST_F(pinning, memfd_that_cannot_be_read)
{
	char path[64];
	int memfd, buf;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	memfd = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_GE(memfd, 0);
	buf = udb_create(self->dev, memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	EXPECT_TRUE(buffer_is_right(buf));
	close(buf);
	close(memfd);
}

/* A range in the middle of huge pages, whose pages have other neighbours. */
TEST_F(pinning, range_across_huge_pages)
{
	size_t first = UDB_HUGE_PAGES - 3, size = 6 * UDB_PAGE;
	char *map;
	int buf;

	buf = udb_create(self->dev, self->memfd, first * UDB_PAGE, size);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, size, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, size, 1, first));
	munmap(map, size);
	close(buf);
}

TEST_HARNESS_MAIN
