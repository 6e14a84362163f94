// SPDX-License-Identifier: MIT
/*
 * What all engines have in common: which block is next, and what an answer of the
 * kernel means. A block is done when all bytes that the file has there have come; no
 * other case counts as success.
 */
#include <sched.h>
#include <string.h>

#include "job.h"

/* How often the kernel may put off one read. */
#define UDB_LOAD_TRIES_MAX	1000

/* The next block of the queue, without those in holes. */
static bool udb_load_take_locked(struct udb_load_job *job,
				 struct udb_load_block *block)
{
	struct udb_load_piece *piece;

	while (job->next < job->nr_blocks) {
		piece = &job->pieces[job->next_piece];
		if (job->next == piece->first + piece->nr) {
			job->next_piece++;
			continue;
		}
		udb_load_plan_block(job, piece, job->next++, block);
		if (!(job->state[block->index] & UDB_LOAD_DONE))
			return true;
	}
	return false;
}

/**
 * udb_load_take() - the next block to read
 * @job: the load.
 * @block: receives it.
 *
 * Return: false when there is none, or the load has failed.
 */
bool udb_load_take(struct udb_load_job *job, struct udb_load_block *block)
{
	bool taken;

	pthread_mutex_lock(&job->lock);
	taken = !job->failure.error && udb_load_take_locked(job, block);
	pthread_mutex_unlock(&job->lock);
	return taken;
}

/* Bytes of a block that are of its piece: at both ends more may be read. */
static uint64_t udb_load_block_bytes(const struct udb_load_block *block)
{
	uint64_t begin = block->piece->offset;

	return block->offset < begin ? block->offset + block->want - begin :
				       block->want;
}

/* Holes count with what is before them, when it is their turn. */
static void udb_load_done_locked(struct udb_load_job *job,
				 const struct udb_load_block *block)
{
	job->state[block->index] |= UDB_LOAD_DONE;
	job->done += udb_load_block_bytes(block);
	while (job->prefix < job->nr_blocks &&
	       job->state[job->prefix] & UDB_LOAD_DONE)
		job->prefix++;
	pthread_cond_broadcast(&job->changed);
}

static void udb_load_done(struct udb_load_job *job,
			  const struct udb_load_block *block)
{
	pthread_mutex_lock(&job->lock);
	job->report.reads++;
	udb_load_done_locked(job, block);
	pthread_mutex_unlock(&job->lock);
}

/* Before anything is read, what is in holes is done: it is zero. */
static void udb_load_skip_holes(struct udb_load_job *job)
{
	struct udb_load_block block;

	pthread_mutex_lock(&job->lock);
	for (size_t i = 0; i < job->nr_pieces; i++) {
		struct udb_load_piece *piece = &job->pieces[i];

		for (uint64_t k = piece->first; k < piece->first + piece->nr;
		     k++) {
			if (!(job->state[k] & UDB_LOAD_HOLE))
				continue;
			udb_load_plan_block(job, piece, k, &block);
			udb_load_done_locked(job, &block);
			job->report.bytes_hole += udb_load_block_bytes(&block);
		}
	}
	pthread_mutex_unlock(&job->lock);
}

static void udb_load_count(struct udb_load_job *job, uint64_t *counter)
{
	pthread_mutex_lock(&job->lock);
	(*counter)++;
	pthread_mutex_unlock(&job->lock);
}

static bool udb_load_finish_error(struct udb_load_job *job,
				  struct udb_load_block *block, int error)
{
	const struct udb_load_file *file = block->piece->file;
	uint64_t offset = block->offset + block->done;

	if (error == -EINTR || error == -EAGAIN) {
		udb_load_count(job, &job->report.retries);
		if (++block->tries < UDB_LOAD_TRIES_MAX) {
			sched_yield();
			return true;
		}
	}
	error = udb_load_direct_refused(job, block, error);
	if (!error)
		return true;
	udb_load_fail(job, offset, block->want - block->done, 0, error,
		      UDB_LOAD_FAULT_READ, file->path,
		      "reading %s failed at offset %llu: %s",
		      udb_load_file_name(file), (unsigned long long)offset,
		      strerrordesc_np(-error));
	return false;
}

static bool udb_load_finish_early(struct udb_load_job *job,
				  struct udb_load_block *block, uint64_t got)
{
	const struct udb_load_file *file = block->piece->file;
	uint64_t end = block->offset + block->done + got;
	struct udb_load_stamp now;
	static const char says[] =
		"%s ended at offset %llu while it was loaded; it had %llu bytes before";

	/* A block that is behind the end does not tell where that is. */
	if (!udb_load_stamp_get(file, &now) && now.size < end)
		end = now.size;
	udb_load_fail(job, end, file->stamp.size, end, -ENODATA,
		      UDB_LOAD_FAULT_TRUNCATED, file->path, says,
		      udb_load_file_name(file), (unsigned long long)end,
		      (unsigned long long)file->stamp.size);
	return false;
}

/*
 * A short read is gone on with at the last place that direct I/O can begin at. When
 * that gives the same few bytes again, there are no more.
 */
static bool udb_load_finish_short(struct udb_load_job *job,
				  struct udb_load_block *block, uint64_t got)
{
	uint64_t align = block->piece->file->align;
	uint64_t whole = got & ~(align - 1);

	if (!got || (!whole && block->last == got))
		return udb_load_finish_early(job, block, got);
	udb_load_count(job, &job->report.short_reads);
	block->last = got - whole;
	block->done += whole;
	return true;
}

/* More than the file had: somebody writes to it. */
static bool udb_load_finish_grown(struct udb_load_job *job,
				  const struct udb_load_block *block,
				  uint64_t got)
{
	const struct udb_load_file *file = block->piece->file;
	uint64_t end = block->offset + block->done + got;

	if (end <= file->stamp.size)
		return false;
	udb_load_fail(job, file->stamp.size, file->stamp.size, end, -ESTALE,
		      UDB_LOAD_FAULT_CHANGED, file->path,
		      "%s has grown while it was loaded: load it again",
		      udb_load_file_name(file));
	return true;
}

/**
 * udb_load_finish() - what the kernel's answer means
 * @job: the load.
 * @block: what was read.
 * @res: bytes, or a negative error number.
 *
 * Return: true when the rest of the block has to be asked for; else the block is done,
 * or the load has failed.
 */
bool udb_load_finish(struct udb_load_job *job, struct udb_load_block *block,
		     int64_t res)
{
	if (udb_load_failed(job))
		return false;
	if (res < 0)
		return udb_load_finish_error(job, block, (int)res);
	if (udb_load_finish_grown(job, block, res))
		return false;
	if (block->done + res < block->want)
		return udb_load_finish_short(job, block, res);
	if (udb_load_direct_judge(job, block))
		return false;
	udb_load_direct_drop(job, block);
	udb_load_done(job, block);
	return false;
}

/* What was asked for, or what works. */
static int udb_load_read_with(struct udb_load_job *job,
			      const struct udb_load_reader *reader)
{
	if (job->opts.engine != UDB_LOAD_ENGINE_AUTO &&
	    job->opts.engine != reader->id)
		return -EOPNOTSUPP;
	job->report.engine = reader->id;
	return reader->run(job);
}

/* Counted by blocks and by bytes, whatever the engines may have said. */
static int udb_load_read_all(struct udb_load_job *job)
{
	uint64_t done;
	bool all;

	pthread_mutex_lock(&job->lock);
	done = job->done;
	all = job->prefix == job->nr_blocks && done == job->bytes;
	pthread_mutex_unlock(&job->lock);
	if (!all)
		udb_load_fail(job, 0, job->bytes, done, -EIO,
			      UDB_LOAD_FAULT_READ, NULL,
			      "%llu of %llu bytes were read",
			      (unsigned long long)done,
			      (unsigned long long)job->bytes);
	return udb_load_failed(job) ? -EIO : 0;
}

/**
 * udb_load_read() - read all blocks
 * @job: the load, with memory; the helper is at work.
 *
 * Return: 0, when each byte is where it belongs; -EIO, when the failure that is noted
 * says more. No read is under way any more.
 */
int udb_load_read(struct udb_load_job *job)
{
	const struct udb_load_reader *const readers[] = { &udb_load_uring,
							  &udb_load_threads };
	int ret = -EOPNOTSUPP, error = 0;

	udb_load_skip_holes(job);
	for (size_t i = 0; i < 2 && ret; i++) {
		ret = udb_load_read_with(job, readers[i]);
		error = ret && ret != -EOPNOTSUPP ? ret : error;
	}
	if (ret)
		udb_load_fail(job, 0, 0, 0, -EOPNOTSUPP, UDB_LOAD_FAULT_ENGINE,
			      NULL, "no engine can read here: %s",
			      strerrordesc_np(-error));
	return udb_load_read_all(job);
}
