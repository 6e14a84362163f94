// SPDX-License-Identifier: MIT
/*
 * The dma-bufs of a load. The helper makes them once all pages are there, while the
 * disk still reads into them.
 */
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* So many buffers that the smallest one has a page. */
#define UDB_LOAD_BUFS_MAX	65536

static int udb_load_buffers_refuse(struct udb_load_job *job, uint64_t limit)
{
	static const char says[] =
		"%llu MiB are needed, the limit is %llu: raise the driver's size_limit_mb or split";
	uint64_t need = (job->size + UDB_MIB - 1) / UDB_MIB;

	job->failure.wanted = job->size;
	job->failure.had = limit;
	return udb_load_note(&job->failure, -EFBIG, UDB_LOAD_FAULT_BUFFER, NULL,
			     says, (unsigned long long)need,
			     (unsigned long long)(limit / UDB_MIB));
}

/* A driver that has no buffers of that kind is noticed before anything is read. */
static int udb_load_buffers_check_access(struct udb_load_job *job)
{
	struct udb_query query = { .struct_size = sizeof(query) };

	if (!udb_device_query(job->dev, &query) &&
	    query.features & UDB_QUERY_READ_ONLY)
		return 0;
	return udb_load_note(&job->failure, -EOPNOTSUPP, UDB_LOAD_FAULT_BUFFER,
			     NULL, "the driver has no read-only dma-bufs");
}

/**
 * udb_load_buffers_check() - whether the driver will take it
 * @job: the load, with memory.
 *
 * Return: 0 or a negative error number, with a failure noted.
 */
int udb_load_buffers_check(struct udb_load_job *job)
{
	uint64_t limit = UINT64_MAX, size = job->memory.memory.size;
	uint32_t list;
	int ret;

	if (udb_device_kind(job->dev) != UDB_KIND_UDMABUF)
		return 0;
	if (job->opts.flags & UDB_LOAD_READ_ONLY) {
		ret = udb_load_buffers_check_access(job);
		if (ret)
			return ret;
	}
	if (udb_device_limits(job->dev, &limit, &list))
		limit = UINT64_MAX;
	job->nr_bufs = 1;
	if (size > limit) {
		if (!(job->opts.flags & UDB_LOAD_SPLIT) || !limit ||
		    size / limit >= UDB_LOAD_BUFS_MAX)
			return udb_load_buffers_refuse(job, limit);
		job->nr_bufs = (size + limit - 1) / limit;
	}
	job->bufs =
		(struct udb_buffer **)calloc(job->nr_bufs, sizeof(*job->bufs));
	return job->bufs ? 0 : -ENOMEM;
}

/**
 * udb_load_buffers_make() - make the dma-bufs
 * @job: the load; all pages are there. The caller is the helper, or alone.
 */
void udb_load_buffers_make(struct udb_load_job *job)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .name = job->opts.name };
	struct udb_range range = { .memfd = job->memory.memory.fd,
				   .size = job->memory.memory.size };
	int ret;

	if (!job->bufs || job->bufs[0])
		return;
	if (job->opts.flags & UDB_LOAD_READ_ONLY)
		opts.flags = UDB_WRAP_READ_ONLY;
	ret = udb_buffer_wrap_split(job->dev, &range, 1, &opts, job->bufs,
				    job->nr_bufs);
	job->buffer_error = ret < 0 ? ret : 0;
	if (ret < 0)
		return;
	job->nr_bufs = ret;
	job->report.buffer_ns = udb_load_elapsed(job);
}

/**
 * udb_load_buffers_end() - be sure that there are dma-bufs
 * @job: the load; nobody else works on it.
 *
 * A page that the disk reads into cannot be moved. A driver that wanted to move some
 * gets a second chance now that nothing is read any more.
 *
 * Return: 0 or a negative error number, with a failure noted.
 */
int udb_load_buffers_end(struct udb_load_job *job)
{
	udb_load_buffers_make(job);
	if (!job->buffer_error)
		return 0;
	job->failure.wanted = job->size;
	return udb_load_note(&job->failure, job->buffer_error,
			     UDB_LOAD_FAULT_BUFFER, NULL,
			     "no dma-buf of %llu MiB: %s",
			     (unsigned long long)(job->size / UDB_MIB),
			     strerrordesc_np(-job->buffer_error));
}

/**
 * udb_load_buffers_free() - give dma-bufs back
 * @bufs: array, or NULL.
 * @nr: how many, some of which may be NULL.
 */
void udb_load_buffers_free(struct udb_buffer **bufs, size_t nr)
{
	for (size_t i = 0; bufs && i < nr; i++)
		udb_buffer_free(bufs[i]);
	free((void *)bufs);
}
