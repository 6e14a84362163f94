// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hugetlb memory that nobody touched before the create. The pages must come
 * out of the pool the ordinary way: zeroed, and with the counters of free and
 * reserved pages right, before, during and after. Drivers have let the
 * reserved count go below zero, for good, which is why this suite runs late.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "common.h"

#define NR_HUGE		8
#define SIZE		(NR_HUGE * UDB_HUGE)

/* Of the pool of 2 MiB pages. */
struct pool {
	long total;
	long free;
	long reserved;
	long surplus;
};

FIXTURE(unfaulted) {
	int dev;
	int memfd;
	struct pool before;
	long size_limit;
};

static struct pool pool_now(void)
{
	return (struct pool){
		.total = udb_meminfo("HugePages_Total"),
		.free = udb_meminfo("HugePages_Free"),
		.reserved = udb_meminfo("HugePages_Rsvd"),
		.surplus = udb_meminfo("HugePages_Surp"),
	};
}

FIXTURE_SETUP(unfaulted)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->before = pool_now();
	ASSERT_GE(self->before.free, 2 * NR_HUGE);
	self->memfd = udb_memfd_empty(UDB_HUGETLB_2M, SIZE);
	ASSERT_GE(self->memfd, 0);
	/* a driver with a small limit would refuse for that reason */
	self->size_limit = udb_size_limit_raise(4096);
	ASSERT_GT(self->size_limit, 0);
}

/* Against the pool before the test: so many fewer free, so many reserved. */
static void expect_pool(struct udb_test *_metadata, const struct pool *before,
			long used, long reserved)
{
	struct pool now = pool_now();

	EXPECT_EQ(before->total, now.total);
	EXPECT_EQ(before->free - used, now.free);
	EXPECT_EQ(before->reserved + reserved, now.reserved);
	EXPECT_EQ(before->surplus, now.surplus);
}

FIXTURE_TEARDOWN(unfaulted)
{
	EXPECT_EQ(0, udb_size_limit_restore(self->size_limit));
	close(self->memfd);
	close(self->dev);
	expect_pool(_metadata, &self->before, 0, 0);
}

TEST_F(unfaulted, counters_are_right_at_every_step)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	expect_pool(_metadata, &self->before, NR_HUGE, 0);
	close(self->memfd);
	expect_pool(_metadata, &self->before, NR_HUGE, 0);
	close(buf);
	expect_pool(_metadata, &self->before, 0, 0);
	self->memfd = dup(self->dev);
}

/* A mapping reserves the pages first; the create must use up the reserve. */
TEST_F(unfaulted, reservation_of_a_mapping_is_used)
{
	void *mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	int buf;

	ASSERT_NE(NULL, mem);
	expect_pool(_metadata, &self->before, 0, NR_HUGE);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	expect_pool(_metadata, &self->before, NR_HUGE, 0);
	munmap(mem, SIZE);
	close(buf);
}

TEST_F(unfaulted, only_what_the_range_needs)
{
	int buf = udb_create(self->dev, self->memfd, 3 * UDB_HUGE - UDB_PAGE,
			     2 * UDB_PAGE);

	ASSERT_GE(buf, 0);
	expect_pool(_metadata, &self->before, 2, 0);
	close(buf);
}

TEST_F(unfaulted, partly_faulted)
{
	char *mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	char *map;
	int buf;

	ASSERT_NE(NULL, mem);
	udb_stamp(mem + 2 * UDB_HUGE, UDB_HUGE, 1, 0);
	udb_stamp(mem + 5 * UDB_HUGE, UDB_HUGE, 1, 0);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, 2 * UDB_HUGE));
	EXPECT_EQ(-1, udb_stamp_wrong(map + 2 * UDB_HUGE, UDB_HUGE, 1, 0));
	EXPECT_EQ(-1, udb_zero_wrong(map + 3 * UDB_HUGE, 2 * UDB_HUGE));
	EXPECT_EQ(-1, udb_stamp_wrong(map + 5 * UDB_HUGE, UDB_HUGE, 1, 0));
	EXPECT_EQ(-1, udb_zero_wrong(map + 6 * UDB_HUGE, 2 * UDB_HUGE));
	expect_pool(_metadata, &self->before, NR_HUGE, 0);
	munmap(map, SIZE);
	munmap(mem, SIZE);
	close(buf);
}

static int allocate(FIXTURE_DATA(unfaulted) *self, int page)
{
	return fallocate(self->memfd, FALLOC_FL_KEEP_SIZE, page * UDB_HUGE,
			 UDB_HUGE);
}

/* Neither end of the range is that of a huge page, and only the middle is missing. */
TEST_F(unfaulted, hole_within_the_range)
{
	int buf;

	ASSERT_EQ(0, allocate(self, 1));
	ASSERT_EQ(0, allocate(self, 3));
	expect_pool(_metadata, &self->before, 2, 0);
	buf = udb_create(self->dev, self->memfd, 2 * UDB_HUGE - UDB_PAGE,
			 UDB_HUGE + 2 * UDB_PAGE);
	ASSERT_GE(buf, 0);
	expect_pool(_metadata, &self->before, 3, 0);
	close(buf);
}

/* The file then has as many pages as it is long, and a hole nevertheless. */
TEST_F(unfaulted, page_behind_the_end_fills_no_hole)
{
	int page, buf;

	for (page = 0; page <= NR_HUGE; page++)
		if (page != 2)
			ASSERT_EQ(0, allocate(self, page));
	expect_pool(_metadata, &self->before, NR_HUGE, 0);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	expect_pool(_metadata, &self->before, NR_HUGE + 1, 0);
	close(buf);
}

/* Every free page of the pool gets a secret, then goes back. */
static void soil_pool(struct udb_test *_metadata, long nr)
{
	int memfd = udb_memfd(UDB_HUGETLB_2M, nr * UDB_HUGE);
	void *mem;

	ASSERT_GE(memfd, 0);
	mem = udb_map(memfd, nr * UDB_HUGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, mem);
	udb_stamp(mem, nr * UDB_HUGE, 9, 0);
	munmap(mem, nr * UDB_HUGE);
	close(memfd);
}

TEST_F_TIMEOUT(unfaulted, reads_zero, 60)
{
	char *map;
	int buf;

	soil_pool(_metadata, self->before.free);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, SIZE));
	munmap(map, SIZE);
	close(buf);
}

TEST_F(unfaulted, is_shared_memory_afterwards)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);
	char *map, *mem;

	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ | PROT_WRITE);
	mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	ASSERT_NE(NULL, mem);
	udb_stamp(map, SIZE, 1, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(mem, SIZE, 1, 0));
	munmap(map, SIZE);
	munmap(mem, SIZE);
	close(buf);
}

/* A pool that is too small is ENOMEM, and keeps what it had. */
TEST_F(unfaulted, too_few_pages)
{
	size_t size = (self->before.free + 1) * UDB_HUGE;
	int memfd = udb_memfd_empty(UDB_HUGETLB_2M, size);

	ASSERT_GE(memfd, 0);
	EXPECT_ERRNO(ENOMEM, udb_create(self->dev, memfd, 0, size));
	close(memfd);
	expect_pool(_metadata, &self->before, 0, 0);
}

/* The first range fits, the second does not. */
TEST_F(unfaulted, too_few_pages_late_in_a_list)
{
	size_t size = self->before.free * UDB_HUGE;
	int memfd = udb_memfd_empty(UDB_HUGETLB_2M, size);
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .size = SIZE },
		{ .memfd = memfd, .size = size },
	};

	ASSERT_GE(memfd, 0);
	EXPECT_ERRNO(ENOMEM, udb_create_list(self->dev, items, 2));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(memfd);
}

/* Pages that others have reserved are not free for us. */
TEST_F(unfaulted, reserved_pages_are_not_taken)
{
	size_t others = (self->before.free - NR_HUGE / 2) * UDB_HUGE;
	void *mem = mmap(NULL, others, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_ERRNO(ENOMEM, udb_create(self->dev, self->memfd, 0, SIZE));
	munmap(mem, others);
}

/*
 * Two creates at once on the same empty memfd
 */
struct racer {
	int dev;
	int memfd;
	pthread_barrier_t *start;
	int buf;
	int error;
};

static void *race_create(void *arg)
{
	struct racer *racer = arg;

	pthread_barrier_wait(racer->start);
	errno = 0;
	racer->buf = udb_create(racer->dev, racer->memfd, 0, SIZE);
	racer->error = errno;
	return NULL;
}

static void race_two_creates(struct udb_test *_metadata, int dev)
{
	int memfd = udb_memfd_empty(UDB_HUGETLB_2M, SIZE);
	struct racer racers[2];
	pthread_barrier_t start;
	pthread_t threads[2];
	int i;

	ASSERT_GE(memfd, 0);
	pthread_barrier_init(&start, NULL, 2);
	for (i = 0; i < 2; i++) {
		racers[i] = (struct racer){ dev, memfd, &start, -1, 0 };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race_create,
					    &racers[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_GE(racers[i].buf, 0)
		{
			TH_LOG("errno %d", racers[i].error);
		}
		if (racers[i].buf >= 0)
			close(racers[i].buf);
	}
	pthread_barrier_destroy(&start);
	close(memfd);
}

TEST_F_TIMEOUT(unfaulted, two_threads_create_at_once, 60)
{
	int i;

	for (i = 0; i < 30; i++)
		race_two_creates(_metadata, self->dev);
}

static void on_alarm(int sig UDB_UNUSED)
{
}

/*
 * Allocating huge pages can be interrupted by any signal. Who asked for
 * restarting must not notice: the call begins again and goes on from there.
 */
TEST_F_TIMEOUT(unfaulted, handlers_do_not_hinder, 60)
{
	struct sigaction action = { .sa_handler = on_alarm,
				    .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 20000 }, { 0, 1000 } };
	size_t size = self->before.free * UDB_HUGE;
	int memfd, buf;

	memfd = udb_memfd_empty(UDB_HUGETLB_2M, size);
	ASSERT_GE(memfd, 0);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	buf = udb_create(self->dev, memfd, 0, size);
	EXPECT_GE(buf, 0);
	often = (struct itimerval){ 0 };
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	close(buf);
	close(memfd);
}

TEST_HARNESS_MAIN
