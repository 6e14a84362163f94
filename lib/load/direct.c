// SPDX-License-Identifier: MIT
/*
 * Past the page cache, and honestly so. File systems take O_DIRECT and read through
 * the page cache all the same (compressed files, journaled data), so the first reads
 * of each file are looked at: did they leave pages behind? From there it goes down:
 * O_DIRECT, RWF_DONTCACHE, the page cache with everything dropped that was not in it.
 */
#include <fcntl.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job.h"

/* Those of kernels, in case the C library is older. */
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE		0x00000080
#endif
#define UDB_LOAD_SYS_CACHESTAT	451

/*
 * Read blocks that must have left pages before O_DIRECT is called a lie. All are
 * looked at: a file can be compressed in one place and not in another.
 */
#define UDB_LOAD_PROOFS		2

/* A file is read from the cache when that has so many percent of it. */
#define UDB_LOAD_CACHED_SHARE	90

struct udb_load_cache_range {
	uint64_t offset;
	uint64_t size;
};

struct udb_load_cache_stat {
	uint64_t cached;
	uint64_t dirty;
	uint64_t writeback;
	uint64_t evicted;
	uint64_t recently_evicted;
};

/* For kernels without cachestat(). Pages that it may not tell of count as cached. */
static uint64_t udb_load_cached_mincore(int fd, uint64_t offset, uint64_t size)
{
	const uint64_t page = udb_page_size();
	uint64_t begin = offset & ~(page - 1), nr, cached = 0;
	unsigned char *bytes;
	void *addr;

	size += offset - begin;
	nr = (size + page - 1) / page;
	addr = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)begin);
	if (addr == MAP_FAILED)
		return UINT64_MAX;
	bytes = calloc(nr, 1);
	if (!bytes || mincore(addr, size, bytes)) {
		cached = UINT64_MAX;
	} else {
		for (uint64_t i = 0; i < nr; i++)
			cached += (bytes[i] & 1) * page;
	}
	free(bytes);
	munmap(addr, size);
	return cached;
}

/**
 * udb_load_cached() - how much of a file the page cache has
 * @fd: the file.
 * @offset: where to look.
 * @size: how far, above 0.
 *
 * Return: bytes of whole pages; UINT64_MAX: that cannot be known.
 */
uint64_t udb_load_cached(int fd, uint64_t offset, uint64_t size)
{
	struct udb_load_cache_range range = { offset, size };
	struct udb_load_cache_stat stat = { 0 };

	if (!syscall(UDB_LOAD_SYS_CACHESTAT, fd, &range, &stat, 0))
		return stat.cached * udb_page_size();
	if (errno == EBADF || errno == EOPNOTSUPP)
		return UINT64_MAX;
	return udb_load_cached_mincore(fd, offset, size);
}

/*
 * What direct I/O wants. A file system that does not say takes what it gets, or
 * refuses it when it comes.
 */
static bool udb_load_direct_align(struct udb_load_file *file)
{
	struct statx st = { 0 };
	uint32_t align;

	if (syscall(SYS_statx, file->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN,
		    &st) ||
	    !(st.stx_mask & STATX_DIOALIGN))
		return true;
	align = st.stx_dio_offset_align > st.stx_dio_mem_align ?
			st.stx_dio_offset_align :
			st.stx_dio_mem_align;
	if (!st.stx_dio_offset_align || align & (align - 1) || align > UDB_GIB)
		return false;
	if (align > file->align)
		file->align = align;
	return true;
}

static uint64_t udb_load_cached_pieces(const struct udb_load_job *job,
				       const struct udb_load_file *file)
{
	uint64_t sum = 0, cached;

	for (size_t i = 0; i < job->nr_pieces; i++) {
		const struct udb_load_piece *piece = &job->pieces[i];

		if (piece->file != file)
			continue;
		cached = udb_load_cached(file->fd, piece->offset, piece->size);
		if (cached == UINT64_MAX)
			return cached;
		sum += cached;
	}
	return sum;
}

/* Who has used the page cache before may find it as it was. */
static void udb_load_direct_keep(struct udb_load_job *job,
				 struct udb_load_piece *piece)
{
	struct udb_load_block block;

	for (uint64_t i = 0; i < piece->nr; i++) {
		udb_load_plan_block(job, piece, piece->first + i, &block);
		if (udb_load_cached(piece->file->fd, block.offset, block.want))
			job->state[block.index] |= UDB_LOAD_KEEP;
	}
}

static uint64_t udb_load_file_bytes(const struct udb_load_job *job,
				    const struct udb_load_file *file)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < job->nr_pieces; i++)
		if (job->pieces[i].file == file)
			sum += job->pieces[i].size;
	return sum;
}

/* The best way that can work, as far as can be told before the first read. */
static void udb_load_direct_choose(struct udb_load_job *job,
				   struct udb_load_file *file)
{
	uint64_t cached = udb_load_cached_pieces(job, file);
	uint64_t bytes = udb_load_file_bytes(job, file);

	file->cached_before = cached;
	if (file->is_memory ||
	    (job->opts.flags & UDB_LOAD_USE_CACHE && cached != UINT64_MAX &&
	     cached / UDB_LOAD_CACHED_SHARE >= bytes / 100))
		file->way = UDB_LOAD_WAY_CACHED;
	else if (job->opts.direct == UDB_LOAD_DIRECT_NEVER)
		file->way = UDB_LOAD_WAY_DROP;
	else if (file->direct_fd < 0 || !udb_load_direct_align(file))
		file->way = UDB_LOAD_WAY_DONTCACHE;
	else
		file->way = UDB_LOAD_WAY_DIRECT;
}

/* Reading ahead would cache more than is dropped. */
static void udb_load_direct_expect_drop(const struct udb_load_file *file)
{
	if (!file->is_shared)
		posix_fadvise(file->fd, 0, 0, POSIX_FADV_RANDOM);
}

static int udb_load_not_direct(struct udb_load_job *job,
			       const struct udb_load_file *file,
			       const char *why)
{
	udb_load_fail(job, 0, 0, 0, -EOPNOTSUPP, UDB_LOAD_FAULT_DIRECT,
		      file->path, "%s cannot be read past the page cache: %s",
		      udb_load_file_name(file), why);
	return -EOPNOTSUPP;
}

/**
 * udb_load_direct_begin() - choose how each file is read
 * @job: the load, with open files; the alignment may change, so the plan is made
 *       after the first and before the second call.
 *
 * Called once without and once with a plan: the first call chooses, the second
 * notes what was in the page cache.
 *
 * Return: 0 or -EOPNOTSUPP, with a failure noted.
 */
int udb_load_direct_begin(struct udb_load_job *job)
{
	const bool require = job->opts.direct == UDB_LOAD_DIRECT_REQUIRE;

	for (size_t i = 0; i < job->nr_files; i++) {
		struct udb_load_file *file = &job->files[i];

		if (!job->state)
			udb_load_direct_choose(job, file);
		if (file->way == UDB_LOAD_WAY_DROP)
			udb_load_direct_expect_drop(file);
		if (require && file->is_memory)
			return udb_load_not_direct(job, file, "it is memory");
		if (require && file->way != UDB_LOAD_WAY_DIRECT)
			return udb_load_not_direct(job, file,
						   "its file system refuses");
	}
	for (size_t i = 0; job->state && i < job->nr_pieces; i++)
		if (job->pieces[i].file->cached_before)
			udb_load_direct_keep(job, &job->pieces[i]);
	return 0;
}

/**
 * udb_load_direct_request() - how to read a block now
 * @block: the block; notes the way.
 * @fd: receives the file to read from.
 * @flags: receives flags for preadv2().
 */
void udb_load_direct_request(struct udb_load_block *block, int *fd, int *flags)
{
	struct udb_load_file *file = block->piece->file;

	block->way = file->way;
	*fd = file->fd;
	*flags = 0;
	block->judges = false;
	if (block->way == UDB_LOAD_WAY_DONTCACHE)
		*flags = RWF_DONTCACHE;
	if (block->way != UDB_LOAD_WAY_DIRECT)
		return;
	*fd = file->direct_fd;
	block->judges = !file->judged &&
			!udb_load_cached(file->fd, block->offset, block->want);
}

/* One step down, by whoever is the first to see that it is needed. */
static void udb_load_direct_lower(struct udb_load_job *job,
				  struct udb_load_file *file, uint32_t from)
{
	uint32_t to = from == UDB_LOAD_WAY_DIRECT ? UDB_LOAD_WAY_DONTCACHE :
						    UDB_LOAD_WAY_DROP;

	atomic_compare_exchange_strong(&file->way, &from, to);
	if (to == UDB_LOAD_WAY_DROP)
		udb_load_direct_expect_drop(file);
	pthread_mutex_lock(&job->lock);
	job->report.retries++;
	pthread_mutex_unlock(&job->lock);
}

/* The page cache has grown: by this read, most likely, for it was empty here. */
static int udb_load_direct_silent(struct udb_load_job *job,
				  struct udb_load_file *file)
{
	if (file->judged ||
	    atomic_fetch_add(&file->cached_seen, 1) + 1 < UDB_LOAD_PROOFS)
		return 0;
	if (atomic_exchange(&file->judged, true))
		return 0;
	pthread_mutex_lock(&job->lock);
	job->report.silent++;
	pthread_mutex_unlock(&job->lock);
	if (job->opts.direct == UDB_LOAD_DIRECT_REQUIRE)
		return udb_load_not_direct(job, file,
					   "O_DIRECT is taken, but it caches");
	udb_load_direct_lower(job, file, UDB_LOAD_WAY_DIRECT);
	return 0;
}

/**
 * udb_load_direct_judge() - whether a direct read was one
 * @job: the load.
 * @block: that was read.
 *
 * Return: 0; -EOPNOTSUPP, with a failure noted.
 */
int udb_load_direct_judge(struct udb_load_job *job,
			  struct udb_load_block *block)
{
	struct udb_load_file *file = block->piece->file;
	uint64_t cached;

	if (!block->judges)
		return 0;
	cached = udb_load_cached(file->fd, block->offset, block->want);
	if (!cached || cached == UINT64_MAX)
		return 0;
	return udb_load_direct_silent(job, file);
}

/**
 * udb_load_direct_refused() - whether another way can be tried
 * @job: the load.
 * @block: that was not read.
 * @error: negative error number.
 *
 * Return: 0: read it again; @error: that was another kind of error; -EOPNOTSUPP,
 * with a failure noted.
 */
int udb_load_direct_refused(struct udb_load_job *job,
			    struct udb_load_block *block, int error)
{
	struct udb_load_file *file = block->piece->file;

	if (error != -EINVAL && error != -EOPNOTSUPP && error != -ENOTBLK)
		return error;
	if (block->way != UDB_LOAD_WAY_DIRECT &&
	    block->way != UDB_LOAD_WAY_DONTCACHE)
		return error;
	if (block->way == UDB_LOAD_WAY_DIRECT &&
	    job->opts.direct == UDB_LOAD_DIRECT_REQUIRE)
		return udb_load_not_direct(job, file, strerrordesc_np(-error));
	udb_load_direct_lower(job, file, block->way);
	return 0;
}

/**
 * udb_load_direct_drop() - leave no page in the cache that was not there
 * @job: the load.
 * @block: that was read.
 */
void udb_load_direct_drop(const struct udb_load_job *job,
			  const struct udb_load_block *block)
{
	if (block->way == UDB_LOAD_WAY_DROP &&
	    !(job->state[block->index] & UDB_LOAD_KEEP))
		posix_fadvise(block->piece->file->fd, (off_t)block->offset,
			      (off_t)block->ask, POSIX_FADV_DONTNEED);
}

/* Large pages that reach over blocks go only when both are dropped in one go. */
static void udb_load_direct_sweep(struct udb_load_job *job,
				  struct udb_load_piece *piece)
{
	uint64_t begin = piece->begin, end;
	struct udb_load_block block;

	for (uint64_t i = 0; i < piece->nr; i++) {
		udb_load_plan_block(job, piece, piece->first + i, &block);
		end = block.offset + block.ask;
		if (!(job->state[block.index] & UDB_LOAD_KEEP) &&
		    i + 1 < piece->nr)
			continue;
		if (job->state[block.index] & UDB_LOAD_KEEP)
			end = block.offset;
		if (end > begin)
			posix_fadvise(piece->file->fd, (off_t)begin,
				      (off_t)(end - begin),
				      POSIX_FADV_DONTNEED);
		begin = block.offset + block.ask;
	}
}

/**
 * udb_load_direct_end() - sweep, and count what is left
 * @job: the load, all of it read.
 */
void udb_load_direct_end(struct udb_load_job *job)
{
	struct udb_load_report *report = &job->report;
	uint64_t after;

	for (size_t i = 0; i < job->nr_pieces; i++) {
		struct udb_load_file *file = job->pieces[i].file;

		if (file->way != UDB_LOAD_WAY_CACHED &&
		    (file->way != UDB_LOAD_WAY_DIRECT || file->cached_seen))
			udb_load_direct_sweep(job, &job->pieces[i]);
	}
	for (size_t i = 0; i < job->nr_files; i++) {
		struct udb_load_file *file = &job->files[i];

		after = udb_load_cached_pieces(job, file);
		report->way = file->way > report->way ? file->way : report->way;
		if (after == UINT64_MAX || file->cached_before == UINT64_MAX)
			report->cache_grown = UINT64_MAX;
		if (report->cache_grown == UINT64_MAX)
			continue;
		report->cache_before += file->cached_before;
		if (after > file->cached_before)
			report->cache_grown += after - file->cached_before;
	}
}
