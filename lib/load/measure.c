// SPDX-License-Identifier: MIT
/*
 * What can be had of a disk at best: the same files, read in the same way, into
 * memory of the same kind that has all its pages already. Nothing else goes on
 * meanwhile: no pages are made, no dma-buf, no checksums.
 */
#include "job.h"

/* Long enough for any disk, and short beside what a model takes. */
#define UDB_LOAD_SAMPLE		UDB_GIB

static int udb_load_measure_read(struct udb_load_job *job, uint64_t *ns)
{
	uint64_t begin;
	int ret;

	udb_load_memory_fill(job);
	if (job->failure.error)
		return job->failure.error;
	begin = udb_load_now();
	ret = udb_load_read(job);
	*ns = udb_load_now() - begin;
	return job->failure.error ? job->failure.error : ret;
}

static int udb_load_measure_run(struct udb_load_job *job,
				const struct udb_load_source *sources,
				size_t nr, void *result)
{
	struct udb_load_speed speed = { 0 };
	int ret = udb_load_prepare(job, sources, nr, UDB_LOAD_SAMPLE);

	if (!ret)
		ret = udb_load_measure_read(job, &speed.ns);
	if (ret)
		return ret;
	udb_load_direct_end(job);
	speed.bytes = job->bytes - job->report.bytes_hole;
	speed.engine = job->report.engine;
	speed.way = job->report.way;
	return udb_struct_give(result, &speed, sizeof(speed), sizeof(speed));
}

int udb_load_measure(struct udb_device *dev,
		     const struct udb_load_source *sources, size_t nr,
		     const struct udb_load_opts *opts,
		     struct udb_load_failure *failure,
		     struct udb_load_speed *speed)
{
	static const struct udb_load_work work = {
		.run = udb_load_measure_run,
	};
	int ret = udb_struct_give(speed, NULL, sizeof(*speed), sizeof(*speed));

	if (ret)
		return ret;
	return udb_load_call(dev, sources, nr, opts, failure, &work, speed);
}
