// SPDX-License-Identifier: MIT
/*
 * The engine of threads, for where io_uring is refused: each reads a block at a time.
 * The caller's own thread waits, and tells how far it is.
 */
#include <sys/uio.h>

#include "job.h"

#define UDB_LOAD_READERS_MAX	16

/* What the threads of one load share; @running is under the job's lock. */
struct udb_load_team {
	struct udb_load_job *job;
	uint32_t running;
};

static int64_t udb_load_thread_read(struct udb_load_job *job,
				    struct udb_load_block *block)
{
	struct iovec iov = {
		.iov_base = job->memory.addr + block->at + block->done,
		.iov_len = block->ask - block->done,
	};
	off_t offset = (off_t)(block->offset + block->done);
	int fd, flags;
	ssize_t got;

	udb_load_direct_request(block, &fd, &flags);
	got = preadv2(fd, &iov, 1, offset, flags);
	return got < 0 ? -errno : got;
}

static void udb_load_thread_work(struct udb_load_job *job)
{
	struct udb_load_block block;

	while (udb_load_take(job, &block)) {
		if (!udb_load_memory_ready(job, &block, true))
			return;
		while (udb_load_finish(job, &block,
				       udb_load_thread_read(job, &block)))
			if (udb_load_failed(job))
				return;
	}
}

static void *udb_load_thread_main(void *arg)
{
	struct udb_load_team *team = arg;
	struct udb_load_job *job = team->job;

	udb_load_thread_work(job);
	pthread_mutex_lock(&job->lock);
	team->running--;
	pthread_cond_broadcast(&job->changed);
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static void udb_load_team_wait(struct udb_load_team *team)
{
	struct udb_load_job *job = team->job;
	struct timespec until;
	uint32_t running;

	do {
		udb_load_tick(job, false);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 10 * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_mutex_lock(&job->lock);
		if (team->running)
			pthread_cond_timedwait(&job->changed, &job->lock,
					       &until);
		running = team->running;
		pthread_mutex_unlock(&job->lock);
	} while (running);
}

static int udb_load_threads_run(struct udb_load_job *job)
{
	struct udb_load_thread threads[UDB_LOAD_READERS_MAX];
	struct udb_load_team team = { .job = job };
	uint32_t nr = job->opts.depth, started = 0;

	nr = nr < UDB_LOAD_READERS_MAX ? nr : UDB_LOAD_READERS_MAX;
	team.running = nr;
	for (uint32_t i = 0; i < nr; i++) {
		udb_load_thread_start(&threads[i], udb_load_thread_main, &team);
		started += threads[i].runs;
	}
	pthread_mutex_lock(&job->lock);
	team.running -= nr - started;
	pthread_mutex_unlock(&job->lock);
	if (started)
		udb_load_team_wait(&team);
	else
		udb_load_thread_work(job);
	for (uint32_t i = 0; i < nr; i++)
		udb_load_thread_join(&threads[i]);
	return 0;
}

const struct udb_load_reader udb_load_threads = {
	.id = UDB_LOAD_ENGINE_THREADS,
	.run = udb_load_threads_run,
};
