// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: which buffer is handed out when, by one thread and by many.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fake.h"

#define SIZE		fake_page()
#define THREADS		6
#define ROUNDS		200

FIXTURE(pool) {
	struct fake_held before;
	struct udb_device *dev;
	struct udb_pool *pool;
	struct udb_pool_opts opts;
};

FIXTURE_VARIANT(pool) {
};

FIXTURE_VARIANT_ADD(pool, of) {};

FIXTURE_SETUP(pool)
{
	fake_begin();
	self->before = fake_held();
	self->opts = (struct udb_pool_opts){
		.struct_size = sizeof(self->opts),
		.max = 2,
	};
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_pool_new(self->dev, SIZE, &self->opts, &self->pool));
}

FIXTURE_TEARDOWN(pool)
{
	EXPECT_NULL(udb_pool_free(self->pool));
	udb_device_unref(self->dev);
	EXPECT_HELD(self->before);
}

#define GET(timeout, buf) udb_pool_get(self->pool, timeout, buf)
#define PUT(buf) udb_pool_put(self->pool, buf)

TEST_F(pool, hands_out_what_came_back)
{
	struct udb_buffer *first, *again;

	ASSERT_EQ(0, GET(0, &first));
	EXPECT_EQ(SIZE, udb_buffer_size(first));
	ASSERT_EQ(0, PUT(first));
	ASSERT_EQ(0, GET(0, &again));
	EXPECT_EQ(first, again);
	PUT(again);
}

TEST_F(pool, makes_no_more_than_max)
{
	struct udb_buffer *bufs[2], *none = NULL;

	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	EXPECT_NE(bufs[0], bufs[1]);
	EXPECT_EQ(-ETIMEDOUT, GET(0, &none));
	EXPECT_EQ(-ETIMEDOUT, GET(20, &none));
	EXPECT_NULL(none);
	PUT(bufs[0]);
	PUT(bufs[1]);
}

/* A device that still reads would show the next picture half. */
TEST_F(pool, busy_buffer_stays_in)
{
	struct udb_buffer *bufs[2], *got;

	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	fake_busy(udb_buffer_fd(bufs[0]), true);
	PUT(bufs[0]);
	EXPECT_EQ(-ETIMEDOUT, GET(20, &got));
	PUT(bufs[1]);
	ASSERT_EQ(0, GET(0, &got));
	EXPECT_EQ(bufs[1], got);
	PUT(got);
	fake_busy(udb_buffer_fd(bufs[0]), false);
	ASSERT_EQ(0, GET(0, &got));
	EXPECT_EQ(bufs[0], got);
	PUT(got);
}

TEST_F(pool, put_refuses_what_is_not_out)
{
	struct udb_buffer *buf, *other;

	ASSERT_EQ(0, udb_buffer_alloc(self->dev, SIZE, NULL, &other));
	EXPECT_EQ(-EINVAL, PUT(other));
	udb_buffer_free(other);
	ASSERT_EQ(0, GET(0, &buf));
	EXPECT_EQ(0, PUT(buf));
	EXPECT_EQ(-EINVAL, PUT(buf));
	EXPECT_EQ(0, PUT(NULL));
}

TEST_F(pool, trim_leaves_what_is_busy_and_what_is_to_be_kept)
{
	struct udb_buffer *bufs[2];

	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	fake_busy(udb_buffer_fd(bufs[0]), true);
	EXPECT_EQ(0, udb_pool_trim(self->pool, 0));
	PUT(bufs[0]);
	PUT(bufs[1]);
	EXPECT_EQ(0, udb_pool_trim(self->pool, 1));
	EXPECT_EQ(1, udb_pool_trim(self->pool, 0));
}

/* A buffer on a screen outlives the program's pool. */
TEST_F(pool, freed_while_a_buffer_is_out)
{
	struct udb_buffer *buf;
	struct udb_pool *pool = self->pool;

	ASSERT_EQ(0, GET(0, &buf));
	self->pool = udb_pool_free(pool);
	EXPECT_EQ(SIZE, udb_buffer_size(buf));
	EXPECT_EQ(0, udb_pool_put(pool, buf));
}

TEST_F(pool, keeps_the_device)
{
	struct udb_buffer *buf;

	self->dev = udb_device_unref(self->dev);
	ASSERT_EQ(0, GET(0, &buf));
	PUT(buf);
}

TEST_F(pool, failure_leaves_room)
{
	struct udb_buffer *bufs[2];

	fake_fail(FAKE_MEMFD, 1, EMFILE);
	EXPECT_EQ(-EMFILE, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	PUT(bufs[0]);
	PUT(bufs[1]);
}

TEST_F(pool, pictures)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	struct udb_pool_opts opts = { .struct_size = sizeof(opts),
				      .layout = &layout };
	struct udb_pool *pool;
	struct udb_buffer *buf;

	ASSERT_EQ(0, udb_layout_compute(UDB_FOURCC('X', 'R', '2', '4'), 64, 64,
					0, &layout));
	EXPECT_EQ(-EINVAL, udb_pool_new(self->dev, SIZE + 1, &opts, &pool));
	ASSERT_EQ(0, udb_pool_new(self->dev, 0, &opts, &pool));
	ASSERT_EQ(0, udb_pool_get(pool, 0, &buf));
	EXPECT_EQ(64, udb_buffer_layout(buf)->width);
	udb_pool_put(pool, buf);
	udb_pool_free(pool);
}

TEST_F(pool, bad_options)
{
	struct udb_alloc_opts alloc = { .struct_size = sizeof(alloc),
					.flags = 1U << 31 };
	struct udb_pool_opts opts = { .struct_size = sizeof(opts),
				      .alloc = &alloc };
	struct udb_pool *pool;

	EXPECT_EQ(-EINVAL, udb_pool_new(self->dev, 0, NULL, &pool));
	EXPECT_EQ(-EINVAL, udb_pool_new(self->dev, SIZE, &opts, &pool));
	opts.alloc = NULL;
	opts.reserved = 1;
	EXPECT_EQ(-EINVAL, udb_pool_new(self->dev, SIZE, &opts, &pool));
}

TEST_F(pool, name_need_not_live)
{
	char name[] = "short-lived";
	struct udb_alloc_opts alloc = { .struct_size = sizeof(alloc),
					.name = name };
	struct udb_pool_opts opts = { .struct_size = sizeof(opts),
				      .alloc = &alloc };
	struct udb_info info = { .struct_size = sizeof(info) };
	struct udb_pool *pool;
	struct udb_buffer *buf;

	ASSERT_EQ(0, udb_pool_new(self->dev, SIZE, &opts, &pool));
	memset(name, 0, sizeof(name));
	memset(&alloc, 0xff, sizeof(alloc));
	ASSERT_EQ(0, udb_pool_get(pool, 0, &buf));
	ASSERT_EQ(0, udb_info_get(udb_buffer_fd(buf), &info));
	EXPECT_STREQ("short-lived", info.name);
	udb_pool_put(pool, buf);
	udb_pool_free(pool);
}

/*
 * Threads
 */

struct later {
	struct udb_pool *pool;
	struct udb_buffer *buf;
	bool idle;
};

static void *put_later(void *arg)
{
	struct later *later = arg;

	usleep(30000);
	if (later->idle)
		fake_busy(udb_buffer_fd(later->buf), false);
	else
		udb_pool_put(later->pool, later->buf);
	return NULL;
}

TEST_F(pool, waits_for_another_thread)
{
	struct later later = { .pool = self->pool };
	struct udb_buffer *bufs[2], *got;
	pthread_t thread;

	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	later.buf = bufs[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, put_later, &later));
	ASSERT_EQ(0, GET(-1, &got));
	EXPECT_EQ(bufs[1], got);
	pthread_join(thread, NULL);
	PUT(bufs[0]);
	PUT(got);
}

/* Nobody calls anything when a device is done: the file itself tells. */
TEST_F(pool, waits_for_the_device)
{
	struct later later = { .pool = self->pool, .idle = true };
	struct udb_buffer *bufs[2], *got;
	pthread_t thread;

	ASSERT_EQ(0, GET(0, &bufs[0]));
	ASSERT_EQ(0, GET(0, &bufs[1]));
	later.buf = bufs[0];
	fake_busy(udb_buffer_fd(bufs[0]), true);
	PUT(bufs[0]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, put_later, &later));
	ASSERT_EQ(0, GET(10000, &got));
	EXPECT_EQ(bufs[0], got);
	pthread_join(thread, NULL);
	PUT(bufs[1]);
	PUT(got);
}

/* Counts of a crowd: @shared says who has a buffer, to see two that have one. */
struct crowd {
	struct udb_pool *pool;
	atomic_int failures;
};

static void *take_turns(void *arg)
{
	struct crowd *crowd = arg;
	struct udb_buffer *buf;

	for (int i = 0; i < ROUNDS; i++) {
		if (udb_pool_get(crowd->pool, 20000, &buf)) {
			crowd->failures++;
			continue;
		}
		/* the depth is 1 while one user has it, and only then */
		udb_buffer_sync_begin(buf, UDB_WRITE);
		if (fake_sync_depth(udb_buffer_fd(buf)) != 1)
			crowd->failures++;
		udb_buffer_sync_end(buf, UDB_WRITE);
		if (udb_pool_put(crowd->pool, buf))
			crowd->failures++;
		if (i % 16 == 0)
			udb_pool_trim(crowd->pool, 0);
	}
	return NULL;
}

/* More threads than buffers: each gets its turn, and nobody shares. */
TEST_F_TIMEOUT(pool, many_threads, 100)
{
	struct crowd crowd = { .pool = self->pool };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, take_turns,
					    &crowd));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, crowd.failures);
}

TEST_HARNESS_MAIN
