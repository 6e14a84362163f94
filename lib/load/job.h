/* SPDX-License-Identifier: MIT */
/*
 * What the files of the loader share. Nothing here is exported.
 *
 * A load is one &struct udb_load_job, which several threads work on: the caller's
 * thread (with io_uring it is the one that reads), the threads of the other engine,
 * the helper (pages, then the dma-buf) and the checker (checksums). What they tell
 * each other is under &udb_load_job.lock, and &udb_load_job.changed is signalled
 * when it changes. All else is written before the threads start, or by one of them.
 */
#ifndef UDB_LOAD_JOB_H
#define UDB_LOAD_JOB_H

#include <pthread.h>
#include <stdatomic.h>

#include "libudmabuf-load.h"
#include "private.h"

/* Where files begin in the buffer: a huge page can be mapped there. */
#define UDB_LOAD_START		(2 * UDB_MIB)

#define UDB_LOAD_BLOCK_DEFAULT	UDB_MIB
#define UDB_LOAD_DEPTH_DEFAULT	32
#define UDB_LOAD_DEPTH_MAX	1024

/* Bits of a block: &udb_load_job.state. */
#define UDB_LOAD_DONE		(1U << 0)
#define UDB_LOAD_HOLE		(1U << 1)
#define UDB_LOAD_KEEP		(1U << 2) /* was in the page cache before */

/**
 * struct udb_load_stamp - what shows that a file was changed
 * @dev: device number.
 * @inode: number in the file system.
 * @size: bytes.
 * @mtime_ns: when content was changed.
 * @ctime_ns: when anything was changed.
 */
struct udb_load_stamp {
	uint64_t dev;
	uint64_t inode;
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/**
 * struct udb_load_file - an open file
 * @path: as the source has it, or NULL.
 * @fd: opened for reading, through the page cache.
 * @direct_fd: the same file with O_DIRECT, or -1.
 * @is_shared: @fd has the caller's position and flags: they must stay.
 * @is_device: a block device.
 * @is_memory: the file is memory itself (tmpfs).
 * @align: of offsets and addresses.
 * @stamp: when it was opened.
 * @way: enum udb_load_way.
 * @judged: O_DIRECT has been seen to cache all the same.
 * @cached_seen: reads that were said to be direct and left pages in the cache.
 * @cached_before: bytes of its pieces in the page cache.
 */
struct udb_load_file {
	const char *path;
	int fd;
	int direct_fd;
	bool is_shared;
	bool is_device;
	bool is_memory;
	uint32_t align;
	struct udb_load_stamp stamp;
	atomic_uint way;
	atomic_bool judged;
	atomic_uint cached_seen;
	uint64_t cached_before;
};

/**
 * struct udb_load_piece - a source, and its place in the buffer
 * @source: as the caller gave it.
 * @file: where it is.
 * @offset: first byte in the file that was asked for.
 * @size: bytes that were asked for.
 * @begin: first byte in the file that is read, aligned.
 * @at: of @begin in the buffer.
 * @room: bytes in the buffer, of whole pages.
 * @first: number of its first block in &udb_load_job.state.
 * @nr: how many blocks.
 * @checks: which of the next two there are.
 * @xxh3: checksum.
 * @sha256: checksum.
 */
struct udb_load_piece {
	const struct udb_load_source *source;
	struct udb_load_file *file;
	uint64_t offset;
	uint64_t size;
	uint64_t begin;
	uint64_t at;
	uint64_t room;
	uint64_t first;
	uint64_t nr;
	uint32_t checks;
	uint8_t xxh3[8];
	uint8_t sha256[32];
};

/**
 * struct udb_load_block - a read, and how far it is
 * @piece: of what.
 * @index: in &udb_load_job.state.
 * @offset: in the file.
 * @at: in the buffer.
 * @want: bytes that have to come.
 * @ask: bytes to ask for: @want, aligned.
 * @done: bytes that have come.
 * @last: what the request before returned, when it was short.
 * @tries: how often it was done again.
 * @way: how it was read the last time.
 * @judges: whether the page cache is looked at afterwards.
 */
struct udb_load_block {
	struct udb_load_piece *piece;
	uint64_t index;
	uint64_t offset;
	uint64_t at;
	uint64_t want;
	uint64_t ask;
	uint64_t done;
	uint64_t last;
	uint32_t tries;
	uint32_t way;
	bool judges;
};

/**
 * struct udb_load_memory - the memory of a load
 * @memory: the memfd.
 * @addr: where it is mapped, NULL before.
 */
struct udb_load_memory {
	struct udb_memory memory;
	char *addr;
};

/**
 * struct udb_load_job - a load that is under way
 * @dev: of the caller.
 * @opts: checked, without zeros.
 * @files: open files.
 * @nr_files: how many.
 * @pieces: one for each source.
 * @nr_pieces: how many.
 * @nr_blocks: in all pieces.
 * @size: of the buffer.
 * @bytes: in all pieces.
 * @memory: of the buffer.
 * @bufs: dma-bufs, or NULL.
 * @nr_bufs: how many.
 * @buffer_error: why there are none; of the helper.
 * @start_ns: when the call began.
 * @next_tick_ns: when the caller is told again.
 * @report: what will be handed out. Under the lock while threads run.
 * @lock: for all below.
 * @changed: something below has changed.
 * @failure: of the one that failed first.
 * @state: bits UDB_LOAD_* of each block.
 * @next_piece: where the next block is to be taken from.
 * @next: number of the next block.
 * @prefix: all blocks below it are done.
 * @ready: bytes of the buffer that have pages.
 * @done: bytes of the pieces that are in the buffer.
 * @checked: bytes that went into checksums.
 */
struct udb_load_job {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_file *files;
	size_t nr_files;
	struct udb_load_piece *pieces;
	size_t nr_pieces;
	uint64_t nr_blocks;
	uint64_t size;
	uint64_t bytes;
	struct udb_load_memory memory;
	struct udb_buffer **bufs;
	size_t nr_bufs;
	int buffer_error;
	uint64_t start_ns;
	uint64_t next_tick_ns;
	struct udb_load_report report;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct udb_load_failure failure;
	uint8_t *state;
	size_t next_piece;
	uint64_t next;
	uint64_t prefix;
	uint64_t ready;
	uint64_t done;
	uint64_t checked;
};

/**
 * struct udb_load_thread - a thread that may not have started
 * @thread: if it has.
 * @runs: whether it has.
 */
struct udb_load_thread {
	pthread_t thread;
	bool runs;
};

/**
 * struct udb_load_reader - an engine
 * @id: enum udb_load_engine.
 * @run: reads all blocks. 0: it ended, maybe with a failure of the job; otherwise
 *       why it cannot be used here, and then no block was taken.
 */
struct udb_load_reader {
	uint32_t id;
	int (*run)(struct udb_load_job *job);
};

/**
 * struct udb_load_work - what one of the calls of a program does
 * @run: does it, with a job that has options; @result is touched when it succeeds.
 */
struct udb_load_work {
	int (*run)(struct udb_load_job *job,
		   const struct udb_load_source *sources, size_t nr,
		   void *result);
};

/* load.c */
int udb_load_call(struct udb_device *dev, const struct udb_load_source *sources,
		  size_t nr, const struct udb_load_opts *opts,
		  struct udb_load_failure *failure,
		  const struct udb_load_work *work, void *result);
int udb_load_prepare(struct udb_load_job *job,
		     const struct udb_load_source *sources, size_t nr,
		     uint64_t most);

/* failure.c */
int udb_load_note(struct udb_load_failure *failure, int error,
		  enum udb_load_fault fault, const char *path,
		  const char *format, ...)
	__attribute__((format(printf, 5, 6)));
int udb_load_failure_give(struct udb_load_failure *to,
			  const struct udb_load_failure *from);
char *udb_load_text(const char *text, size_t size);
bool udb_load_failed(struct udb_load_job *job);
bool udb_load_fail(struct udb_load_job *job, uint64_t offset, uint64_t wanted,
		   uint64_t had, int error, enum udb_load_fault fault,
		   const char *path, const char *format, ...)
	__attribute__((format(printf, 8, 9)));

/* file.c */
int udb_load_files_open(struct udb_load_job *job,
			const struct udb_load_source *sources, size_t nr);
void udb_load_files_close(struct udb_load_job *job);
int udb_load_stamp_get(const struct udb_load_file *file,
		       struct udb_load_stamp *stamp);
int udb_load_files_unchanged(struct udb_load_job *job);
const char *udb_load_file_name(const struct udb_load_file *file);

/* plan.c */
int udb_load_ranges(struct udb_load_job *job);
void udb_load_ranges_shorten(struct udb_load_job *job, uint64_t most);
int udb_load_plan(struct udb_load_job *job);
void udb_load_plan_block(const struct udb_load_job *job,
			 struct udb_load_piece *piece, uint64_t index,
			 struct udb_load_block *block);

/* direct.c */
uint64_t udb_load_cached(int fd, uint64_t offset, uint64_t size);
int udb_load_direct_begin(struct udb_load_job *job);
void udb_load_direct_end(struct udb_load_job *job);
void udb_load_direct_request(struct udb_load_block *block, int *fd, int *flags);
int udb_load_direct_judge(struct udb_load_job *job,
			  struct udb_load_block *block);
int udb_load_direct_refused(struct udb_load_job *job,
			    struct udb_load_block *block, int error);
void udb_load_direct_drop(const struct udb_load_job *job,
			  const struct udb_load_block *block);

/* limits.c */
uint64_t udb_load_available(const char **ret_what);

/* memory.c */
int udb_load_memory_open(struct udb_load_job *job);
void udb_load_memory_close(struct udb_load_job *job);
bool udb_load_memory_ready(struct udb_load_job *job,
			   const struct udb_load_block *block, bool wait);
void udb_load_memory_clear(struct udb_load_job *job);
void udb_load_memory_fill(struct udb_load_job *job);

/* buffers.c */
int udb_load_buffers_check(struct udb_load_job *job);
void udb_load_buffers_make(struct udb_load_job *job);
int udb_load_buffers_end(struct udb_load_job *job);
void udb_load_buffers_free(struct udb_buffer **bufs, size_t nr);

/* engine.c */
bool udb_load_take(struct udb_load_job *job, struct udb_load_block *block);
bool udb_load_finish(struct udb_load_job *job, struct udb_load_block *block,
		     int64_t res);
int udb_load_read(struct udb_load_job *job);

/* uring.c, threads.c */
extern const struct udb_load_reader udb_load_uring;
extern const struct udb_load_reader udb_load_threads;

/* verify.c */
void udb_load_verify_run(struct udb_load_job *job);
int udb_load_verify_compare(struct udb_load_job *job);

/* progress.c */
uint64_t udb_load_now(void);
uint64_t udb_load_elapsed(const struct udb_load_job *job);
bool udb_load_tick(struct udb_load_job *job, bool last);
void udb_load_thread_start(struct udb_load_thread *thread,
			   void *(*work)(void *arg), void *arg);
void udb_load_thread_join(struct udb_load_thread *thread);

/* result.c */
int udb_load_result(struct udb_load_job *job, struct udb_load **ret_load);

#endif /* UDB_LOAD_JOB_H */
