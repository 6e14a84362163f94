// SPDX-License-Identifier: MIT
/*
 * The call: opens and plans, gets memory, and lets three things go on at a time:
 * pages and then the dma-buf (the helper), reads (the engine), checksums (the
 * checker). Then it looks whether all of it is right, and only then there is a buffer.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "job.h"

#define UDB_LOAD_FLAGS                                                      \
	(UDB_LOAD_SPLIT | UDB_LOAD_USE_CACHE | UDB_LOAD_XXH3 |              \
	 UDB_LOAD_SHA256 | UDB_LOAD_EXACT | UDB_LOAD_READ_ONLY)

#define UDB_LOAD_BLOCK_MIN	4096
#define UDB_LOAD_BLOCK_MAX	UDB_GIB
#define UDB_LOAD_INTERVAL_MAX	60000

static bool udb_load_opts_right(const struct udb_load_opts *opts)
{
	return !(opts->flags & ~UDB_LOAD_FLAGS) &&
	       opts->backing < UDB_BACKING_UNKNOWN &&
	       opts->direct <= UDB_LOAD_DIRECT_NEVER &&
	       opts->engine <= UDB_LOAD_ENGINE_THREADS &&
	       opts->depth <= UDB_LOAD_DEPTH_MAX &&
	       opts->interval_ms <= UDB_LOAD_INTERVAL_MAX &&
	       !(opts->block_size & (opts->block_size - 1)) &&
	       (!opts->block_size || opts->block_size >= UDB_LOAD_BLOCK_MIN) &&
	       opts->block_size <= UDB_LOAD_BLOCK_MAX &&
	       !(opts->flags & UDB_LOAD_EXACT &&
		 opts->backing == UDB_BACKING_AUTO);
}

static int udb_load_opts_take(struct udb_load_opts *known,
			      const struct udb_load_opts *opts)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), opts);

	if (ret)
		return ret;
	if (!udb_load_opts_right(known))
		return -EINVAL;
	if (!known->name)
		known->name = "udb-load";
	if (strlen(known->name) >= UDB_NAME_MAX)
		return -ENAMETOOLONG;
	if (!known->block_size)
		known->block_size = UDB_LOAD_BLOCK_DEFAULT;
	if (!known->depth)
		known->depth = UDB_LOAD_DEPTH_DEFAULT;
	if (!known->interval_ms)
		known->interval_ms = 100;
	if (known->backing == UDB_BACKING_AUTO)
		known->backing = UDB_BACKING_THP;
	return 0;
}

static int udb_load_args_check(struct udb_device *dev,
			       const struct udb_load_source *sources, size_t nr)
{
	if (!dev || !sources || !nr)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++)
		if (sources[i].reserved)
			return -EINVAL;
	return udb_device_kind(dev) == UDB_KIND_HEAP ? -EOPNOTSUPP : 0;
}

/* The clock of the condition is the one that udb_load_now() has. */
static int udb_load_job_new(struct udb_load_job *job)
{
	pthread_condattr_t attr;
	int ret = pthread_condattr_init(&attr);

	if (ret)
		return -ret;
	ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!ret)
		ret = pthread_cond_init(&job->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (ret)
		return -ret;
	ret = pthread_mutex_init(&job->lock, NULL);
	if (ret)
		pthread_cond_destroy(&job->changed);
	job->start_ns = udb_load_now();
	return -ret;
}

static void udb_load_job_free(struct udb_load_job *job)
{
	udb_load_buffers_free(job->bufs, job->nr_bufs);
	udb_load_memory_close(job);
	udb_load_files_close(job);
	free(job->pieces);
	free(job->state);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
}

/**
 * udb_load_prepare() - all that comes before the first read
 * @job: the load, with options.
 * @sources: of the caller.
 * @nr: how many.
 * @most: bytes of all pieces, which are shortened when they have more.
 *
 * Alignment has to be known before the plan, what is cached after it.
 *
 * Return: 0 or a negative error number, with a failure noted where there is more
 * to say.
 */
int udb_load_prepare(struct udb_load_job *job,
		     const struct udb_load_source *sources, size_t nr,
		     uint64_t most)
{
	int ret = udb_load_files_open(job, sources, nr);

	if (!ret)
		ret = udb_load_ranges(job);
	if (!ret)
		udb_load_ranges_shorten(job, most);
	if (!ret)
		ret = udb_load_direct_begin(job);
	if (!ret)
		ret = udb_load_plan(job);
	if (!ret)
		ret = udb_load_direct_begin(job);
	job->report.plan_ns = udb_load_elapsed(job);
	if (!ret)
		ret = udb_load_memory_open(job);
	if (!ret)
		ret = udb_load_buffers_check(job);
	return ret;
}

static void *udb_load_helper(void *arg)
{
	struct udb_load_job *job = arg;

	udb_load_memory_fill(job);
	if (udb_load_failed(job))
		return NULL;
	job->report.memory_ns = udb_load_elapsed(job);
	udb_load_buffers_make(job);
	return NULL;
}

static void *udb_load_checker(void *arg)
{
	udb_load_verify_run(arg);
	return NULL;
}

/* A thread that does not start is not missed: then it is one after the other. */
static int udb_load_pipeline(struct udb_load_job *job)
{
	struct udb_load_thread helper, checker;
	bool checks;
	int ret;

	udb_load_thread_start(&helper, udb_load_helper, job);
	if (!helper.runs)
		udb_load_helper(job);
	udb_load_thread_start(&checker, udb_load_checker, job);
	checks = checker.runs;
	ret = udb_load_read(job);
	job->report.read_ns = udb_load_elapsed(job);
	udb_load_thread_join(&helper);
	if (!checks)
		udb_load_verify_run(job);
	udb_load_thread_join(&checker);
	return job->failure.error ? job->failure.error : ret;
}

static uint64_t udb_load_cpu_ns(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		       1000000000ULL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000ULL;
}

/* What there is to be right, each after what it depends on. */
static int udb_load_complete(struct udb_load_job *job)
{
	int ret = udb_load_files_unchanged(job);

	if (!ret)
		ret = udb_load_verify_compare(job);
	if (ret)
		return ret;
	udb_load_memory_clear(job);
	udb_load_direct_end(job);
	ret = udb_load_buffers_end(job);
	if (!ret && !udb_load_tick(job, true))
		ret = -ECANCELED;
	return ret;
}

static void udb_load_report_end(struct udb_load_job *job,
				const struct rusage *before)
{
	struct udb_load_report *report = &job->report;
	struct rusage after;

	getrusage(RUSAGE_SELF, &after);
	report->cpu_ns = udb_load_cpu_ns(&after) - udb_load_cpu_ns(before);
	report->faults = after.ru_minflt + after.ru_majflt - before->ru_minflt -
			 before->ru_majflt;
	report->bytes = job->bytes;
	report->total_ns = udb_load_elapsed(job);
	report->backing = job->memory.memory.backing;
	if (report->backing == UDB_BACKING_THP && !report->bytes_huge)
		report->backing = UDB_BACKING_SMALL;
}

static int udb_load_job_run(struct udb_load_job *job,
			    const struct udb_load_source *sources, size_t nr,
			    void *ret_load)
{
	struct rusage before;
	int ret;

	getrusage(RUSAGE_SELF, &before);
	ret = udb_load_prepare(job, sources, nr, UINT64_MAX);
	if (!ret)
		ret = udb_load_pipeline(job);
	if (!ret)
		ret = udb_load_complete(job);
	if (ret)
		return ret;
	udb_load_report_end(job, &before);
	return udb_load_result(job, (struct udb_load **)ret_load);
}

static int udb_load_known(struct udb_load_job *job,
			  const struct udb_load_source *sources, size_t nr,
			  const struct udb_load_work *work, void *result)
{
	int ret = udb_load_job_new(job);

	if (ret)
		return ret;
	ret = work->run(job, sources, nr, result);
	udb_load_job_free(job);
	return ret;
}

/* What failed without a word of its own. */
static int udb_load_explain(struct udb_load_job *job, int error,
			    struct udb_load_failure *failure)
{
	if (error && !job->failure.error)
		udb_load_note(&job->failure, error,
			      error == -ENOMEM ? UDB_LOAD_FAULT_MEMORY :
						 UDB_LOAD_FAULT_OPTIONS,
			      NULL, "cannot load: %s", strerrordesc_np(-error));
	if (error)
		udb_load_failure_give(failure, &job->failure);
	return error;
}

/**
 * udb_load_call() - a call of a program, from its arguments to its end
 * @dev: of the caller, as the next four are.
 * @sources: not checked.
 * @nr: how many.
 * @opts: not checked, or NULL.
 * @failure: receives why it failed, or NULL.
 * @work: what to do.
 * @result: for @work; where it leaves what the caller wants.
 *
 * Return: 0 or a negative error number.
 */
int udb_load_call(struct udb_device *dev, const struct udb_load_source *sources,
		  size_t nr, const struct udb_load_opts *opts,
		  struct udb_load_failure *failure,
		  const struct udb_load_work *work, void *result)
{
	struct udb_load_job job = { .dev = dev };
	int ret = udb_load_failure_give(failure, NULL);

	if (ret)
		return ret;
	ret = udb_load_args_check(dev, sources, nr);
	if (!ret)
		ret = udb_load_opts_take(&job.opts, opts);
	if (!ret)
		ret = udb_load_known(&job, sources, nr, work, result);
	return udb_load_explain(&job, ret, failure);
}

int udb_load_files(struct udb_device *dev,
		   const struct udb_load_source *sources, size_t nr,
		   const struct udb_load_opts *opts,
		   struct udb_load_failure *failure, struct udb_load **ret_load)
{
	static const struct udb_load_work work = { .run = udb_load_job_run };

	return udb_load_call(dev, sources, nr, opts, failure, &work,
			     (void *)ret_load);
}
