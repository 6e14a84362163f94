// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long does a create hold off another thread? While buffers are made of a memfd,
 * a thread takes faults on a hole at the end of the same memfd, each of which gets a
 * page. The limit is the longest of such faults while nothing is created.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define HOLD_HOLE	(16 * BENCH_MIB)

struct hold {
	const struct bench *b;
	char *hole;
	atomic_bool stop;
	uint64_t worst;
};

/* Pages that were got are given back, so that there is always one to be got. */
static void *hold_fault(void *data)
{
	struct hold *hold = data;
	uint64_t t0, t1;

	while (!atomic_load(&hold->stop)) {
		for (size_t at = 0; at < HOLD_HOLE; at += BENCH_PAGE) {
			t0 = bench_now(hold->b);
			bench_put(hold->hole + at);
			t1 = bench_now(hold->b);
			hold->worst = t1 - t0 > hold->worst ? t1 - t0 :
							      hold->worst;
			if (atomic_load(&hold->stop))
				break;
		}
		madvise(hold->hole, HOLD_HOLE, MADV_REMOVE);
	}
	return NULL;
}

static int hold_create(const struct bench *b, const struct bench_memory *m,
		       enum bench_driver driver)
{
	int fd;

	for (int i = 0; i < 4; i++) {
		if (driver == BENCH_LIMIT) {
			usleep(20000);
			continue;
		}
		fd = bench_buffer(b, m, driver);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int hold_measure(struct hold *hold, const struct bench_memory *m,
			enum bench_driver driver)
{
	pthread_t thread;
	int ret;

	if (pthread_create(&thread, NULL, hold_fault, hold))
		return bench_errno("a thread");
	usleep(1000);
	ret = hold_create(hold->b, m, driver);
	atomic_store(&hold->stop, true);
	pthread_join(thread, NULL);
	bench_add(driver, BENCH_TIME, (double)hold->worst, "hold-off");
	return ret;
}

static int hold_round(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver)
{
	struct hold hold = { .b = b };
	int ret;

	hold.hole = mmap(NULL, HOLD_HOLE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 m->fd, (off_t)m->size);
	if (hold.hole == MAP_FAILED)
		return bench_errno("mmap");
	ret = hold_measure(&hold, m, driver);
	munmap(hold.hole, HOLD_HOLE);
	return ret;
}

int bench_hold_off(const struct bench *b, const struct bench_memory *m)
{
	if (ftruncate(m->fd, (off_t)(m->size + HOLD_HOLE)))
		return bench_errno("a hole at the end of the memfd");
	return bench_rounds(b, m, hold_round, BENCH_UDMABUF | BENCH_ONLY_LIMIT);
}
