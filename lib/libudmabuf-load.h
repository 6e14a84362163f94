/* SPDX-License-Identifier: MIT */
#ifndef LIBUDMABUF_LOAD_H
#define LIBUDMABUF_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libudmabuf-load/serve.h"
#include "libudmabuf.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * DOC: libudmabuf-load
 *
 * Files into dma-bufs, at the speed of the disk. Weights of a model::
 *
 *	struct udb_load_failure why = { .struct_size = sizeof(why) };
 *	struct udb_load_source file = { .path = "model.gguf" };
 *	struct udb_load *load;
 *
 *	if (udb_load_files(dev, &file, 1, NULL, &why, &load) < 0) {
 *		puts(why.text);
 *		return -1;
 *	}
 *	use(udb_load_buffer(load, 0));
 *	udb_load_free(load);
 *
 * The file is read past the page cache into large pages, while other threads
 * make the pages, the dma-buf, and the checksums. A load is right or it is an error
 * that leaves nothing behind: there is no buffer that lacks a byte.
 *
 * What libudmabuf.h says holds for all functions holds for these, too.
 */

/**
 * struct udb_load_source - a file, or a piece of it
 * @path: of a regular file or a block device; NULL: @fd is used.
 * @sha256: 32 bytes that the SHA-256 of the piece has to be, or NULL.
 * @xxh3: 8 bytes that the XXH3-64 has to be, as xxhsum prints them, or NULL.
 * @offset: first byte of the piece.
 * @size: bytes of the piece; 0: to the end of the file.
 * @fd: with @path NULL: an open file; it stays the caller's, as does its position.
 * @reserved: 0.
 */
struct udb_load_source {
	const char *path;
	const uint8_t *sha256;
	const uint8_t *xxh3;
	uint64_t offset;
	uint64_t size;
	int32_t fd;
	uint32_t reserved;
};

/**
 * enum udb_load_direct - whether the page cache may be used
 * @UDB_LOAD_DIRECT_AUTO: past it where that works, else as little as possible.
 * @UDB_LOAD_DIRECT_REQUIRE: past it, or not at all.
 * @UDB_LOAD_DIRECT_NEVER: do not try to go past it.
 */
enum udb_load_direct {
	UDB_LOAD_DIRECT_AUTO,
	UDB_LOAD_DIRECT_REQUIRE,
	UDB_LOAD_DIRECT_NEVER,
};

/**
 * enum udb_load_engine - who reads
 * @UDB_LOAD_ENGINE_AUTO: io_uring, or threads where it is refused.
 * @UDB_LOAD_ENGINE_URING: io_uring or nothing.
 * @UDB_LOAD_ENGINE_THREADS: threads.
 */
enum udb_load_engine {
	UDB_LOAD_ENGINE_AUTO,
	UDB_LOAD_ENGINE_URING,
	UDB_LOAD_ENGINE_THREADS,
};

/**
 * enum udb_load_way - how a file was read
 * @UDB_LOAD_WAY_DIRECT: O_DIRECT, and the page cache was seen not to grow.
 * @UDB_LOAD_WAY_DONTCACHE: through pages that the kernel drops at once.
 * @UDB_LOAD_WAY_DROP: through the page cache; what was not there before is dropped.
 * @UDB_LOAD_WAY_CACHED: through the page cache, because the file is in it.
 */
enum udb_load_way {
	UDB_LOAD_WAY_DIRECT,
	UDB_LOAD_WAY_DONTCACHE,
	UDB_LOAD_WAY_DROP,
	UDB_LOAD_WAY_CACHED,
};

/**
 * struct udb_load_progress - how far a load has come
 * @struct_size: sizeof(struct udb_load_progress), as the library knows it.
 * @total: bytes to be read.
 * @done: bytes that are in the buffer.
 * @checked: bytes that went into the checksums.
 * @elapsed_ns: since the call.
 */
struct udb_load_progress {
	size_t struct_size;
	uint64_t total;
	uint64_t done;
	uint64_t checked;
	uint64_t elapsed_ns;
};

/* &udb_load_opts.flags */
#define UDB_LOAD_SPLIT		(1U << 0) /* several buffers if limits ask for it */
#define UDB_LOAD_USE_CACHE	(1U << 1) /* what is cached is read from there */
#define UDB_LOAD_XXH3		(1U << 2) /* compute XXH3-64 */
#define UDB_LOAD_SHA256		(1U << 3) /* compute SHA-256 */
#define UDB_LOAD_EXACT		(1U << 4) /* the backing asked for, or nothing */
#define UDB_LOAD_READ_ONLY	(1U << 5) /* nobody writes to it; since 0.2 */

/**
 * struct udb_load_opts - options of udb_load_files()
 * @struct_size: sizeof(struct udb_load_opts).
 * @name: of the memfd and the dma-buf, 31 bytes at most; NULL: "udb-load".
 * @progress: called now and then by the calling thread, and at the end; anything
 *            but 0 cancels the load. NULL: nobody wants to know.
 * @data: for @progress.
 * @block_size: bytes of a read: a power of two, 4 KiB to 1 GiB; 0: 1 MiB.
 * @depth: reads under way, 1 to 1024; 0: 32. Threads are at most 16.
 * @backing: enum udb_backing, the best to try, as for udb_buffer_alloc().
 * @direct: enum udb_load_direct.
 * @engine: enum udb_load_engine.
 * @flags: bits UDB_LOAD_*.
 * @interval_ms: how often @progress is called, 1 to 60000; 0: 100.
 */
struct udb_load_opts {
	size_t struct_size;
	const char *name;
	int (*progress)(void *data, const struct udb_load_progress *progress);
	void *data;
	uint64_t block_size;
	uint32_t depth;
	uint32_t backing;
	uint32_t direct;
	uint32_t engine;
	uint32_t flags;
	uint32_t interval_ms;
};

/**
 * enum udb_load_fault - what went wrong
 * @UDB_LOAD_FAULT_NONE: nothing.
 * @UDB_LOAD_FAULT_OPTIONS: the arguments.
 * @UDB_LOAD_FAULT_OPEN: a file cannot be opened, or is none to load.
 * @UDB_LOAD_FAULT_RANGE: a piece is beyond the end of its file.
 * @UDB_LOAD_FAULT_MEMORY: not enough memory of the wanted kind.
 * @UDB_LOAD_FAULT_BUFFER: the driver made no dma-buf.
 * @UDB_LOAD_FAULT_ENGINE: the engine asked for is refused here.
 * @UDB_LOAD_FAULT_DIRECT: the page cache cannot be avoided.
 * @UDB_LOAD_FAULT_READ: reading failed.
 * @UDB_LOAD_FAULT_TRUNCATED: the file ended early.
 * @UDB_LOAD_FAULT_CHANGED: the file was written while it was read.
 * @UDB_LOAD_FAULT_CHECKSUM: a checksum is not the wanted one.
 * @UDB_LOAD_FAULT_CANCELED: the caller did not want to go on.
 * @UDB_LOAD_FAULT_FORMAT: a header is not what it should be.
 * @UDB_LOAD_FAULT_SOCKET: a socket cannot be made, or nobody answers there.
 * @UDB_LOAD_FAULT_REFUSED: a server does not hand out what it has.
 */
enum udb_load_fault {
	UDB_LOAD_FAULT_NONE,
	UDB_LOAD_FAULT_OPTIONS,
	UDB_LOAD_FAULT_OPEN,
	UDB_LOAD_FAULT_RANGE,
	UDB_LOAD_FAULT_MEMORY,
	UDB_LOAD_FAULT_BUFFER,
	UDB_LOAD_FAULT_ENGINE,
	UDB_LOAD_FAULT_DIRECT,
	UDB_LOAD_FAULT_READ,
	UDB_LOAD_FAULT_TRUNCATED,
	UDB_LOAD_FAULT_CHANGED,
	UDB_LOAD_FAULT_CHECKSUM,
	UDB_LOAD_FAULT_CANCELED,
	UDB_LOAD_FAULT_FORMAT,
	UDB_LOAD_FAULT_SOCKET,
	UDB_LOAD_FAULT_REFUSED,
};

/**
 * struct udb_load_failure - why something failed
 * @struct_size: sizeof(struct udb_load_failure), set by the caller.
 * @offset: in the file, where there is one; else 0.
 * @wanted: bytes that were needed, where that says something; else 0.
 * @had: bytes that there were.
 * @error: negative error number.
 * @fault: enum udb_load_fault.
 * @path: of the file; empty without.
 * @text: a sentence in English with all of this, and what to do.
 */
struct udb_load_failure {
	size_t struct_size;
	uint64_t offset;
	uint64_t wanted;
	uint64_t had;
	int32_t error;
	uint32_t fault;
	char path[256];
	char text[512];
};

struct udb_load;

/**
 * udb_load_files() - bring files into a buffer
 * @dev: a device of %UDB_KIND_UDMABUF; or of %UDB_KIND_MEMFD: without dma-buf.
 * @sources: files or pieces, in the order in which they are to be read.
 * @nr: how many, above 0.
 * @opts: options or NULL.
 * @failure: filled in when the call fails, or NULL.
 * @ret_load: receives what was loaded, to be given back with udb_load_free().
 *
 * Each file begins at a multiple of 2 MiB in the buffer; pieces of one file that
 * follow each other share nothing but the file. Where a byte is in a page is the
 * same in file and buffer. What is between pieces is zero.
 *
 * With %UDB_LOAD_READ_ONLY nobody can write what was loaded, the caller included: the
 * dma-bufs are read-only, and the memfd is sealed with F_SEAL_FUTURE_WRITE.
 *
 * Return: 0; -EFBIG: above the driver's limit, and no %UDB_LOAD_SPLIT; -ENOMEM:
 * more than the machine or a cgroup has; -ENODATA: the file was truncated; -ESTALE:
 * it was written; -EBADMSG: a wrong checksum; -ECANCELED; -ERANGE: a piece is not in
 * its file; -EOPNOTSUPP: %UDB_LOAD_DIRECT_REQUIRE, %UDB_LOAD_EXACT, an engine, the
 * kind of @dev, or %UDB_LOAD_READ_ONLY and its driver lacks %UDB_QUERY_READ_ONLY;
 * -EISDIR, -ESPIPE: not a file to load; or what open() and read() say.
 */
int udb_load_files(struct udb_device *dev,
		   const struct udb_load_source *sources, size_t nr,
		   const struct udb_load_opts *opts,
		   struct udb_load_failure *failure,
		   struct udb_load **ret_load);

/**
 * udb_load_free() - give back what was loaded
 * @load: from udb_load_files(), or NULL. File descriptors that were cloned and
 *        mappings stay.
 *
 * Return: NULL.
 */
struct udb_load *udb_load_free(struct udb_load *load);

/**
 * udb_load_memfd() - the memory of all buffers
 * @load: what was loaded.
 *
 * Return: a memfd that stays @load's; -EOPNOTSUPP: a server has sent dma-bufs only.
 */
int udb_load_memfd(const struct udb_load *load);

/**
 * udb_load_size() - how large all of it is
 * @load: what was loaded.
 *
 * Return: bytes that can be mapped.
 */
size_t udb_load_size(const struct udb_load *load);

/**
 * udb_load_nr_buffers() - how many dma-bufs there are
 * @load: what was loaded.
 *
 * Return: 1; more after %UDB_LOAD_SPLIT; 0 with a device of %UDB_KIND_MEMFD.
 */
size_t udb_load_nr_buffers(const struct udb_load *load);

/**
 * udb_load_buffer() - one of the dma-bufs
 * @load: what was loaded.
 * @index: below udb_load_nr_buffers(). They follow each other in the memory.
 *
 * Return: a buffer that stays @load's; NULL: @index is too large.
 */
struct udb_buffer *udb_load_buffer(const struct udb_load *load, size_t index);

/**
 * struct udb_load_place - where a source is, and what is in it
 * @struct_size: sizeof(struct udb_load_place), set by the caller.
 * @path: of the file, or empty; lives as long as the load.
 * @file_offset: its first byte in the file.
 * @buffer_offset: its first byte in the memory.
 * @size: bytes.
 * @way: enum udb_load_way.
 * @checks: which of the next two there are: %UDB_LOAD_XXH3, %UDB_LOAD_SHA256.
 * @xxh3: XXH3-64 of what is in the buffer, most significant byte first.
 * @sha256: SHA-256 of what is in the buffer.
 */
struct udb_load_place {
	size_t struct_size;
	const char *path;
	uint64_t file_offset;
	uint64_t buffer_offset;
	uint64_t size;
	uint32_t way;
	uint32_t checks;
	uint8_t xxh3[8];
	uint8_t sha256[32];
};

/**
 * udb_load_nr_places() - how many sources there were
 * @load: what was loaded.
 *
 * Return: as many as udb_load_files() was given.
 */
size_t udb_load_nr_places(const struct udb_load *load);

/**
 * udb_load_place_get() - where one source is
 * @load: what was loaded.
 * @index: which source.
 * @place: filled in; the caller sets its struct_size.
 *
 * Return: 0 or -EINVAL.
 */
int udb_load_place_get(const struct udb_load *load, size_t index,
		       struct udb_load_place *place);

/**
 * udb_load_find() - where bytes of a file are
 * @load: what was loaded.
 * @path: of the file, as its source had it.
 * @offset: in the file.
 * @size: bytes, all of which have to be in one source.
 * @ret_offset: receives the offset in the memory.
 *
 * Return: 0; -ENOENT: they were not loaded.
 */
int udb_load_find(const struct udb_load *load, const char *path,
		  uint64_t offset, uint64_t size, uint64_t *ret_offset);

/**
 * struct udb_load_report - what a load did and cost
 * @struct_size: sizeof(struct udb_load_report), set by the caller.
 * @bytes: in all sources.
 * @bytes_hole: of these, in holes of files: not read, because they are zero.
 * @bytes_huge: memory in huge pages.
 * @plan_ns: until files were open and looked at.
 * @memory_ns: until the memory had all pages, since the call.
 * @buffer_ns: until there was a dma-buf, since the call; 0 without.
 * @read_ns: until the last byte was there, since the call.
 * @check_ns: until the checksums were there, since the call; 0 without.
 * @total_ns: the call.
 * @cpu_ns: processor time of the whole process during the call.
 * @faults: page faults of the whole process during the call.
 * @cache_before: bytes of the pieces in the page cache before.
 * @cache_grown: bytes by which that has grown; UINT64_MAX: cannot be known here.
 * @reads: requests that were done.
 * @short_reads: that came in pieces.
 * @retries: that were done again.
 * @engine: enum udb_load_engine, the one that read.
 * @backing: enum udb_backing, the one that it got.
 * @way: enum udb_load_way, the worst of all files.
 * @silent: files that took O_DIRECT and cached all the same.
 */
struct udb_load_report {
	size_t struct_size;
	uint64_t bytes;
	uint64_t bytes_hole;
	uint64_t bytes_huge;
	uint64_t plan_ns;
	uint64_t memory_ns;
	uint64_t buffer_ns;
	uint64_t read_ns;
	uint64_t check_ns;
	uint64_t total_ns;
	uint64_t cpu_ns;
	uint64_t faults;
	uint64_t cache_before;
	uint64_t cache_grown;
	uint64_t reads;
	uint64_t short_reads;
	uint64_t retries;
	uint32_t engine;
	uint32_t backing;
	uint32_t way;
	uint32_t silent;
};

/**
 * udb_load_report_get() - what the load did and cost
 * @load: what was loaded.
 * @report: filled in; the caller sets its struct_size.
 *
 * Return: 0 or -EINVAL.
 */
int udb_load_report_get(const struct udb_load *load,
			struct udb_load_report *report);

/**
 * struct udb_load_speed - how fast files can be read
 * @struct_size: sizeof(struct udb_load_speed), set by the caller.
 * @bytes: that were read; 0: the files are one hole, so there is no speed.
 * @ns: nanoseconds that it took.
 * @engine: enum udb_load_engine, the one that read.
 * @way: enum udb_load_way, the worst of all files.
 */
struct udb_load_speed {
	size_t struct_size;
	uint64_t bytes;
	uint64_t ns;
	uint32_t engine;
	uint32_t way;
};

/**
 * udb_load_measure() - what the disk can do
 * @dev: as for udb_load_files(), as the next three are.
 * @sources: files or pieces; the checksums are not looked at.
 * @nr: how many, above 0.
 * @opts: options or NULL.
 * @failure: filled in when the call fails, or NULL.
 * @speed: filled in; the caller sets its struct_size.
 *
 * Reads the files as udb_load_files() would, into memory of the same kind whose pages
 * are there before the clock is started, and gives the memory back. Of more than
 * 1 GiB it reads the beginning of each source, 1 GiB in all. A load takes at least
 * as long for each byte; what it takes longer is what pages, dma-buf and checksums cost.
 *
 * Return: 0 or an error of udb_load_files().
 */
int udb_load_measure(struct udb_device *dev,
		     const struct udb_load_source *sources, size_t nr,
		     const struct udb_load_opts *opts,
		     struct udb_load_failure *failure,
		     struct udb_load_speed *speed);

#define UDB_LOAD_DIMS_MAX	8

/**
 * struct udb_load_tensor - one tensor of a model
 * @struct_size: sizeof(struct udb_load_tensor), set by the caller.
 * @name: its name; lives as long as the table, as the next two do.
 * @type: of its elements, as the file calls it.
 * @path: of the file that it is in.
 * @offset: of its first byte in the file.
 * @size: bytes.
 * @nr_dims: how many of @dims there are.
 * @reserved: 0.
 * @dims: elements in each dimension, in the order of the file.
 */
struct udb_load_tensor {
	size_t struct_size;
	const char *name;
	const char *type;
	const char *path;
	uint64_t offset;
	uint64_t size;
	uint32_t nr_dims;
	uint32_t reserved;
	uint64_t dims[UDB_LOAD_DIMS_MAX];
};

struct udb_load_tensors;

/**
 * udb_load_tensors_open() - read the table of the tensors of a model
 * @path: of a GGUF or safetensors file, or an index of several of the latter.
 * @failure: filled in when the call fails, or NULL.
 * @ret_tensors: receives the table, to be given back with
 *               udb_load_tensors_free().
 *
 * The file is not trusted: each tensor in the table is inside of its file.
 *
 * Return: 0; -EBADMSG: the header is wrong; -EPROTONOSUPPORT: of a version or a
 * format that is not known; or what open() and read() say.
 */
int udb_load_tensors_open(const char *path, struct udb_load_failure *failure,
			  struct udb_load_tensors **ret_tensors);

/**
 * udb_load_tensors_free() - give a table back
 * @table: a table or NULL.
 *
 * Return: NULL.
 */
struct udb_load_tensors *udb_load_tensors_free(struct udb_load_tensors *table);

/**
 * udb_load_tensors_nr() - how many tensors there are
 * @tensors: a table.
 *
 * Return: how many.
 */
size_t udb_load_tensors_nr(const struct udb_load_tensors *tensors);

/**
 * udb_load_tensors_get() - one of the tensors
 * @tensors: a table.
 * @index: which one; they are in the order of files and offsets.
 * @tensor: filled in; the caller sets its struct_size.
 *
 * Return: 0 or -EINVAL.
 */
int udb_load_tensors_get(const struct udb_load_tensors *tensors, size_t index,
			 struct udb_load_tensor *tensor);

/**
 * udb_load_tensors_sources() - what to load to have some of the tensors
 * @tensors: a table, which has to live as long as the sources are used.
 * @glob: pattern of names as fnmatch() has it; NULL: all.
 * @sources: receives the sources, one for tensors that are neighbours.
 * @max: how many fit into @sources; 0: only count.
 *
 * Return: how many sources are needed; -ENOENT: no name fits; -E2BIG: more
 * than @max.
 */
int udb_load_tensors_sources(const struct udb_load_tensors *tensors,
			     const char *glob, struct udb_load_source *sources,
			     size_t max);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_LOAD_H */
