// SPDX-License-Identifier: MIT
/*
 * Time, the caller who wants to know, and threads that leave signals alone.
 */
#include <signal.h>
#include <time.h>

#include "job.h"

/**
 * udb_load_now() - what time it is
 *
 * Return: nanoseconds of a clock that nobody sets.
 */
uint64_t udb_load_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/**
 * udb_load_elapsed() - how long it has taken
 * @job: the load.
 *
 * Return: nanoseconds since the call.
 */
uint64_t udb_load_elapsed(const struct udb_load_job *job)
{
	return udb_load_now() - job->start_ns;
}

/**
 * udb_load_tick() - tell the caller, if it is time
 * @job: the load; this is the caller's thread.
 * @last: it is time in any case.
 *
 * Return: false when the caller has had enough, which is a failure of the load, or
 * when the load has failed: then the caller is not asked any more.
 */
bool udb_load_tick(struct udb_load_job *job, bool last)
{
	struct udb_load_progress progress = {
		.struct_size = sizeof(progress),
		.total = job->bytes,
	};
	uint64_t now = udb_load_now();
	bool failed;

	if (!job->opts.progress || (!last && now < job->next_tick_ns))
		return true;
	job->next_tick_ns = now + job->opts.interval_ms * 1000000ULL;
	pthread_mutex_lock(&job->lock);
	progress.done = job->done;
	progress.checked = job->checked;
	failed = job->failure.error;
	pthread_mutex_unlock(&job->lock);
	if (failed)
		return false;
	progress.elapsed_ns = now - job->start_ns;
	if (!job->opts.progress(job->opts.data, &progress))
		return true;
	udb_load_fail(job, 0, job->bytes, progress.done, -ECANCELED,
		      UDB_LOAD_FAULT_CANCELED, NULL,
		      "canceled after %llu of %llu bytes",
		      (unsigned long long)progress.done,
		      (unsigned long long)job->bytes);
	return false;
}

/**
 * udb_load_thread_start() - start a thread, if that is possible
 * @thread: says whether it runs.
 * @work: what it does.
 * @arg: argument of @work.
 *
 * Signals are for the program's own threads.
 */
void udb_load_thread_start(struct udb_load_thread *thread,
			   void *(*work)(void *arg), void *arg)
{
	sigset_t all, old;

	thread->runs = false;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old))
		return;
	thread->runs = !pthread_create(&thread->thread, NULL, work, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/**
 * udb_load_thread_join() - wait for the end of a thread
 * @thread: that may not have started.
 */
void udb_load_thread_join(struct udb_load_thread *thread)
{
	if (thread->runs)
		pthread_join(thread->thread, NULL);
	thread->runs = false;
}
