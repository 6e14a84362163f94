// SPDX-License-Identifier: MIT
/*
 * The memory of a load: a mapped memfd, whose pages the helper makes in front of
 * the reads. Huge ones cost a fraction and are what the disk reads into best.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "job.h"

/* What is made at a time: the first read has to wait for the first of them. */
#define UDB_LOAD_CHUNK		(2 * UDB_MIB)

/* So many huge pages that cannot be had, and no other is tried. */
#define UDB_LOAD_LACKS		4

static int udb_load_memory_refuse(struct udb_load_job *job, uint64_t size,
				  uint64_t have, const char *who)
{
	static const char says[] =
		"%llu MiB are needed, and %s has %llu MiB left: load less, or make room";

	job->failure.wanted = size;
	job->failure.had = have;
	return udb_load_note(&job->failure, -ENOMEM, UDB_LOAD_FAULT_MEMORY,
			     NULL, says, (unsigned long long)(size / UDB_MIB),
			     who, (unsigned long long)(have / UDB_MIB));
}

static int udb_load_memory_map(struct udb_load_memory *memory)
{
	struct udb_map_opts opts = { .struct_size = sizeof(opts) };
	void *addr;
	int ret = udb_map(memory->memory.fd, 0, memory->memory.size, &opts,
			  &addr);

	if (ret)
		return ret;
	memory->addr = addr;
	return 0;
}

/* Mapping reserves pages of a pool: a lack of them shows here and not later. */
static int udb_load_memory_try(struct udb_load_job *job, uint32_t backing)
{
	struct udb_load_memory try = { .memory.backing = backing };
	uint64_t have;
	const char *who;
	int ret;

	if (backing < UDB_BACKING_HUGETLB_2M) {
		have = udb_load_available(&who);
		if (job->size > have)
			return udb_load_memory_refuse(job, job->size, have,
						      who);
	}
	ret = udb_memory_create(job->size, job->opts.name, &try.memory);
	if (ret)
		return ret;
	ret = udb_load_memory_map(&try);
	if (ret) {
		close(try.memory.fd);
		return ret;
	}
	job->memory = try;
	return 0;
}

static int udb_load_memory_lack(struct udb_load_job *job, int error)
{
	if (job->failure.error)
		return error;
	job->failure.wanted = job->size;
	return udb_load_note(&job->failure, error, UDB_LOAD_FAULT_MEMORY, NULL,
			     "no such memory for %llu MiB: %s",
			     (unsigned long long)(job->size / UDB_MIB),
			     strerrordesc_np(-error));
}

/**
 * udb_load_memory_open() - a memfd of the right size, mapped, still without pages
 * @job: the load, planned.
 *
 * Return: 0 or a negative error number, with a failure noted.
 */
int udb_load_memory_open(struct udb_load_job *job)
{
	uint32_t backing = job->opts.backing;
	int ret;

	for (; backing >= UDB_BACKING_HUGETLB_2M; backing--) {
		ret = udb_load_memory_try(job, backing);
		if (!ret)
			return 0;
		if (job->opts.flags & UDB_LOAD_EXACT)
			return udb_load_memory_lack(job, -EOPNOTSUPP);
	}
	ret = udb_load_memory_try(job, backing);
	return ret ? udb_load_memory_lack(job, ret) : 0;
}

/**
 * udb_load_memory_close() - give the memory back
 * @job: the load; no read is under way.
 */
void udb_load_memory_close(struct udb_load_job *job)
{
	if (!job->memory.addr)
		return;
	munmap(job->memory.addr, job->memory.memory.size);
	udb_fd_close(job->memory.memory.fd);
	job->memory.addr = NULL;
}

/* How far the helper is, for those who wait for it. */
static void udb_load_memory_publish(struct udb_load_job *job, uint64_t ready)
{
	pthread_mutex_lock(&job->lock);
	job->ready = ready;
	pthread_cond_broadcast(&job->changed);
	pthread_mutex_unlock(&job->lock);
}

/* Huge pages of one chunk; where one cannot be had, small ones. */
static int udb_load_memory_fill_huge(struct udb_load_job *job, char *addr,
				     uint64_t size, size_t huge, int *lacks)
{
	int ret = 0;

	for (uint64_t at = 0; at < size && !ret; at += huge) {
		uint64_t step = size - at < huge ? size - at : huge;

		ret = -EOPNOTSUPP;
		if (step == huge && *lacks < UDB_LOAD_LACKS)
			ret = udb_populate_huge_step(addr + at, huge);
		if (!ret) {
			job->report.bytes_huge += huge;
			*lacks = 0;
		} else if (ret == -EOPNOTSUPP) {
			*lacks += step == huge;
			ret = udb_populate_step(addr + at, step);
		}
	}
	return ret;
}

static int udb_load_memory_fill_chunk(struct udb_load_job *job, uint64_t at,
				      uint64_t size, size_t huge, int *lacks)
{
	char *addr = job->memory.addr + at;

	if (job->memory.memory.backing == UDB_BACKING_THP && huge)
		return udb_load_memory_fill_huge(job, addr, size, huge, lacks);
	if (job->memory.memory.backing >= UDB_BACKING_HUGETLB_2M)
		job->report.bytes_huge += size;
	return udb_populate_step(addr, size);
}

static uint64_t udb_load_memory_step(const struct udb_load_job *job)
{
	return job->memory.memory.backing == UDB_BACKING_HUGETLB_1G ?
		       UDB_GIB :
		       UDB_LOAD_CHUNK;
}

/**
 * udb_load_memory_fill() - make all pages, in the order of the reads
 * @job: the load; the caller is the helper, the only one to touch
 *       &udb_load_report.bytes_huge.
 */
void udb_load_memory_fill(struct udb_load_job *job)
{
	uint64_t size = job->memory.memory.size;
	uint64_t step = udb_load_memory_step(job), part;
	size_t huge = udb_memory_thp_size();
	int lacks = 0, ret = 0;

	if (job->memory.memory.backing == UDB_BACKING_THP && huge)
		madvise(job->memory.addr, size, MADV_HUGEPAGE);
	for (uint64_t at = 0; at < size; at += part) {
		if (udb_load_failed(job))
			return;
		part = size - at < step ? size - at : step;
		ret = udb_load_memory_fill_chunk(job, at, part, huge, &lacks);
		if (ret)
			break;
		udb_load_memory_publish(job, at + part);
	}
	if (ret)
		udb_load_fail(job, 0, size, job->ready, ret,
			      UDB_LOAD_FAULT_MEMORY, NULL,
			      "no page after %llu of %llu MiB: %s",
			      (unsigned long long)(job->ready / UDB_MIB),
			      (unsigned long long)(size / UDB_MIB),
			      strerrordesc_np(-ret));
}

/**
 * udb_load_memory_ready() - whether a block has its pages
 * @job: the load.
 * @block: that is to be read.
 * @wait: wait until it has, or the load has failed.
 *
 * Return: whether to read it.
 */
bool udb_load_memory_ready(struct udb_load_job *job,
			   const struct udb_load_block *block, bool wait)
{
	uint64_t end = block->at + block->ask;
	bool ready;

	pthread_mutex_lock(&job->lock);
	while (wait && job->ready < end && !job->failure.error)
		pthread_cond_wait(&job->changed, &job->lock);
	ready = job->ready >= end && !job->failure.error;
	pthread_mutex_unlock(&job->lock);
	return ready;
}

/**
 * udb_load_memory_clear() - what is not of a piece is zero
 * @job: the load, all of it read.
 *
 * Reads are of whole blocks of the disk, so there can be bytes in front of a piece,
 * and behind it: of the file, or of whatever was on the disk.
 */
void udb_load_memory_clear(struct udb_load_job *job)
{
	for (size_t i = 0; i < job->nr_pieces; i++) {
		const struct udb_load_piece *piece = &job->pieces[i];
		char *addr = job->memory.addr + piece->at;
		uint64_t head = piece->offset - piece->begin;
		uint64_t end = head + piece->size;

		memset(addr, 0, head);
		memset(addr + end, 0, piece->room - end);
	}
}
