/* SPDX-License-Identifier: MIT */
#ifndef LIBUDMABUF_H
#define LIBUDMABUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libudmabuf/device.h"
#include "libudmabuf/image.h"
#include "libudmabuf/pool.h"
#include "libudmabuf/share.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * DOC: libudmabuf
 *
 * dma-bufs of ordinary memory, by /dev/udmabuf. A picture that a GPU can read::
 *
 *	struct udb_device *dev;
 *	struct udb_buffer *buf;
 *	void *mem;
 *	int fd;
 *
 *	if (udb_device_open(NULL, &dev) < 0 ||
 *	    udb_buffer_alloc(dev, 1920 * 1080 * 4, NULL, &buf) < 0 ||
 *	    udb_buffer_map(buf, NULL, &mem) < 0)
 *		return -1;
 *	udb_buffer_sync_begin(buf, UDB_WRITE);
 *	memset(mem, 0xff, udb_buffer_size(buf));
 *	udb_buffer_sync_end(buf, UDB_WRITE);
 *	udb_unmap(mem, udb_buffer_size(buf));
 *	fd = udb_buffer_dup_fd(buf);
 *	udb_buffer_free(buf);
 *	udb_device_unref(dev);
 *	return fd;
 *
 * What holds for all functions:
 *
 * * Errors are negative error numbers; errno is not part of the interface.
 *   What is returned through a pointer stays untouched when a function fails.
 *   Besides what a function names, -ENOMEM, -EMFILE and -ENFILE may come from
 *   each that makes something, and -EINVAL means an argument out of its range.
 * * Nothing is printed, no signal is sent or handled, no variable is global. All
 *   file descriptors that are made are close-on-exec.
 * * A file descriptor in an argument stays the caller's, unless it is said to be
 *   taken over; that happens only when the function succeeds.
 * * Structures of options begin with their size, as the caller's compiler sees
 *   it: ``struct udb_map_opts opts = { .struct_size = sizeof(opts) };``. All other
 *   fields may be 0, which is the default, as is a NULL pointer. A size below that
 *   of the first release gives -EINVAL; an option that is set and not known to an
 *   older library gives -E2BIG. Unknown flags give -EINVAL.
 * * A device and a pool can be used by any number of threads. A buffer can, too,
 *   as long as no thread frees it. Files can be used as the kernel allows.
 *
 * All of it is there since version 0.1, but for what says otherwise.
 */

#define UDB_VERSION_MAJOR	0
#define UDB_VERSION_MINOR	1
#define UDB_VERSION_PATCH	0

/* What the processor does: flags of maps and syncs. */
#define UDB_READ		(1U << 0)
#define UDB_WRITE		(1U << 1)

/**
 * udb_version() - which library this is
 *
 * Return: "0.1.0", of the library that is running, not of the header.
 */
const char *udb_version(void);

/**
 * enum udb_backing - pages behind a buffer
 * @UDB_BACKING_AUTO: huge pages for all that is large enough, else small ones.
 * @UDB_BACKING_SMALL: pages of the processor's size, at least some of them.
 * @UDB_BACKING_THP: transparent huge pages; the rest at the end is small.
 * @UDB_BACKING_HUGETLB_2M: of the administrator's pool of 2 MiB pages.
 * @UDB_BACKING_HUGETLB_1G: of the pool of 1 GiB pages.
 * @UDB_BACKING_UNKNOWN: somebody else's memory.
 */
enum udb_backing {
	UDB_BACKING_AUTO,
	UDB_BACKING_SMALL,
	UDB_BACKING_THP,
	UDB_BACKING_HUGETLB_2M,
	UDB_BACKING_HUGETLB_1G,
	UDB_BACKING_UNKNOWN,
};

/* &udb_alloc_opts.flags */
#define UDB_ALLOC_EXACT		(1U << 0) /* the backing asked for, or nothing */
#define UDB_ALLOC_POPULATE	(1U << 1) /* allocate pages with threads */
#define UDB_ALLOC_DROP_MEMFD	(1U << 2) /* close the memfd: one file less */
#define UDB_ALLOC_READ_ONLY	(1U << 3) /* write through the memfd only; 0.2 */

/**
 * struct udb_alloc_opts - options of udb_buffer_alloc()
 * @struct_size: sizeof(struct udb_alloc_opts).
 * @name: of the memfd and the dma-buf, 31 bytes at most; NULL: "udb".
 * @backing: enum udb_backing, the best to try. When it cannot be had, the next is
 *           tried: 1 GiB, 2 MiB, transparent, small; unless %UDB_ALLOC_EXACT.
 * @flags: bits UDB_ALLOC_*.
 * @threads: with %UDB_ALLOC_POPULATE: 1 to 64; 0: one for each processor.
 * @reserved: 0.
 */
struct udb_alloc_opts {
	size_t struct_size;
	const char *name;
	uint32_t backing;
	uint32_t flags;
	uint32_t threads;
	uint32_t reserved;
};

struct udb_buffer;

/**
 * udb_buffer_alloc() - make a buffer of new memory, all zero
 * @dev: a device.
 * @size: bytes, above 0; rounded up to whole pages of the backing.
 * @opts: options or NULL.
 * @ret_buf: receives a buffer, to be given back with udb_buffer_free().
 *
 * Huge pages cost the driver and the devices next to nothing, so all who ask for
 * enough memory get transparent ones where the kernel has some; that needs neither
 * a privilege nor a setting. A device of the heap takes the kernel's pages.
 *
 * With %UDB_ALLOC_READ_ONLY nobody can write through the dma-buf: neither who gets
 * it, nor a device. Data comes by the memfd (%UDB_MAP_MEMFD), which stays here and
 * therefore may not be dropped. udb_buffer_map() has to be asked for %UDB_READ.
 *
 * Return: 0; -EFBIG: above the driver's limit; -ENOMEM, -ENOSPC: no memory;
 * -EOPNOTSUPP: %UDB_ALLOC_EXACT and there is no such backing, or
 * %UDB_ALLOC_READ_ONLY and the driver lacks %UDB_QUERY_READ_ONLY; -ENAMETOOLONG;
 * -EOVERFLOW: @size cannot be rounded up.
 */
int udb_buffer_alloc(struct udb_device *dev, size_t size,
		     const struct udb_alloc_opts *opts,
		     struct udb_buffer **ret_buf);

/**
 * udb_buffer_alloc_image() - make a buffer for a picture
 * @dev: a device.
 * @layout: from udb_layout_compute(); is copied into the buffer.
 * @opts: options or NULL.
 * @ret_buf: receives a buffer.
 *
 * Return: as udb_buffer_alloc(), and as udb_layout_check().
 */
int udb_buffer_alloc_image(struct udb_device *dev,
			   const struct udb_layout *layout,
			   const struct udb_alloc_opts *opts,
			   struct udb_buffer **ret_buf);

/**
 * struct udb_range - a piece of a memfd
 * @offset: where it begins, in bytes.
 * @size: how long it is, in bytes, above 0.
 * @memfd: the memfd.
 * @reserved: 0.
 */
struct udb_range {
	uint64_t offset;
	uint64_t size;
	int32_t memfd;
	uint32_t reserved;
};

/* &udb_wrap_opts.flags */
#define UDB_WRAP_ADD_SEALS	(1U << 0) /* add F_SEAL_SHRINK where missing */
#define UDB_WRAP_ROUND_OUT	(1U << 1) /* first and last range: whole pages */
#define UDB_WRAP_READ_ONLY	(1U << 2) /* nobody writes the buffer; 0.2 */
#define UDB_WRAP_SEAL_WRITE	(1U << 3) /* add F_SEAL_WRITE where missing; 0.2 */

/**
 * struct udb_wrap_opts - options of udb_buffer_wrap()
 * @struct_size: sizeof(struct udb_wrap_opts).
 * @name: of the dma-buf, 31 bytes at most; NULL: none.
 * @flags: bits UDB_WRAP_*.
 * @reserved: 0.
 */
struct udb_wrap_opts {
	size_t struct_size;
	const char *name;
	uint32_t flags;
	uint32_t reserved;
};

/**
 * udb_buffer_wrap() - make a buffer of memory that is in memfds
 * @dev: a device of %UDB_KIND_UDMABUF.
 * @ranges: what the buffer consists of, in this order. Neighbours become one.
 * @nr: how many, above 0.
 * @opts: options or NULL.
 * @ret_buf: receives a buffer. The memfds may be closed.
 *
 * Ranges begin and end at whole pages. With %UDB_WRAP_ROUND_OUT that does not
 * hold for the beginning of the first and the end of the last one; then
 * udb_buffer_offset() tells where in the buffer the first byte is.
 *
 * With %UDB_WRAP_READ_ONLY nobody can write through the buffer, and the memfds may
 * be sealed against writing or be open for reading only. Together with
 * %UDB_WRAP_SEAL_WRITE nobody can write the memory in any other way either, for
 * good: what is in it can be given to processes that do not trust each other.
 *
 * Return: 0; -EBADF, -EBADFD: no memfd; -EPERM: a memfd is not sealed against
 * shrinking, or as %UDB_WRAP_SEAL_WRITE asks for, and may not be, or is sealed
 * against writing; -EACCES: a memfd is open for reading only, or for writing only
 * and the buffer is for reading; -EBUSY: a memfd cannot be sealed against writing,
 * because somebody has mapped it so, or a buffer of it lives; -EINVAL: a range is not
 * of whole pages, empty, or beyond the end, or %UDB_WRAP_SEAL_WRITE without
 * %UDB_WRAP_READ_ONLY; -E2BIG: more ranges than the driver takes; -EFBIG: more
 * bytes; -EOVERFLOW: sums do not fit; -EOPNOTSUPP: no driver, or one that lacks
 * %UDB_QUERY_READ_ONLY.
 */
int udb_buffer_wrap(struct udb_device *dev, const struct udb_range *ranges,
		    size_t nr, const struct udb_wrap_opts *opts,
		    struct udb_buffer **ret_buf);

/**
 * udb_buffer_wrap_split() - the same, in as many buffers as the limits ask for
 * @dev: a device of %UDB_KIND_UDMABUF.
 * @ranges: what the buffers consist of, one after the other.
 * @nr: how many, above 0.
 * @opts: options or NULL.
 * @bufs: receives the buffers.
 * @max: how many fit into @bufs, above 0.
 *
 * A range that is longer than the largest buffer is cut.
 *
 * Return: how many buffers; -E2BIG: more than @max would be needed; else as
 * udb_buffer_wrap(). After an error there are none.
 */
int udb_buffer_wrap_split(struct udb_device *dev,
			  const struct udb_range *ranges, size_t nr,
			  const struct udb_wrap_opts *opts,
			  struct udb_buffer **bufs, size_t max);

/**
 * udb_buffer_adopt() - use a dma-buf of any exporter
 * @fd: the dma-buf; is taken over.
 * @ret_buf: receives a buffer.
 *
 * Return: 0; -EBADF; -ENOTTY: @fd is no dma-buf.
 */
int udb_buffer_adopt(int fd, struct udb_buffer **ret_buf);

/**
 * udb_buffer_free() - give a buffer back
 * @buf: a buffer that does not belong to a pool, or NULL. Mappings and other
 *       file descriptors of it stay.
 *
 * Return: NULL.
 */
struct udb_buffer *udb_buffer_free(struct udb_buffer *buf);

/**
 * udb_buffer_fd() - the dma-buf
 * @buf: a buffer.
 *
 * Return: a file descriptor that stays the buffer's; -EOPNOTSUPP: there is only
 * a memfd.
 */
int udb_buffer_fd(const struct udb_buffer *buf);

/**
 * udb_buffer_memfd() - the memfd behind the dma-buf
 * @buf: a buffer.
 *
 * Only its mapping can be the target of direct I/O.
 *
 * Return: a file descriptor that stays the buffer's; -EOPNOTSUPP: there is none,
 * or more than one.
 */
int udb_buffer_memfd(const struct udb_buffer *buf);

/**
 * udb_buffer_dup_fd() - a dma-buf to keep
 * @buf: a buffer.
 *
 * Return: a new file descriptor, the caller's; -EOPNOTSUPP as udb_buffer_fd().
 */
int udb_buffer_dup_fd(const struct udb_buffer *buf);

/**
 * udb_buffer_size() - how large it is
 * @buf: a buffer.
 *
 * Return: bytes that can be mapped.
 */
size_t udb_buffer_size(const struct udb_buffer *buf);

/**
 * udb_buffer_offset() - where the first byte is that was asked for
 * @buf: a buffer.
 *
 * Return: bytes, below a page; 0 but after %UDB_WRAP_ROUND_OUT.
 */
size_t udb_buffer_offset(const struct udb_buffer *buf);

/**
 * udb_buffer_backing() - which pages the buffer got
 * @buf: a buffer.
 *
 * Return: a backing, never %UDB_BACKING_AUTO.
 */
enum udb_backing udb_buffer_backing(const struct udb_buffer *buf);

/**
 * udb_buffer_layout() - the picture in the buffer
 * @buf: a buffer.
 *
 * Return: the layout, which lives as long as the buffer; NULL: there is none.
 */
const struct udb_layout *udb_buffer_layout(const struct udb_buffer *buf);

/* &udb_map_opts.flags */
#define UDB_MAP_MEMFD		(1U << 0) /* the memfd, not the dma-buf */
#define UDB_MAP_POPULATE	(1U << 1) /* no page faults later */

/**
 * struct udb_map_opts - options of udb_buffer_map()
 * @struct_size: sizeof(struct udb_map_opts).
 * @access: %UDB_READ, %UDB_WRITE or both; 0: both.
 * @flags: bits UDB_MAP_*.
 */
struct udb_map_opts {
	size_t struct_size;
	uint32_t access;
	uint32_t flags;
};

/**
 * udb_buffer_map() - let the processor see the whole buffer
 * @buf: a buffer.
 * @opts: options or NULL.
 * @ret_addr: receives the address; udb_unmap() with udb_buffer_size().
 *
 * The address is such that huge pages can be mapped as such. Between
 * udb_buffer_sync_begin() and _end() it shows what devices see, and they what is
 * written. The mapping does not need the buffer any more.
 *
 * Return: 0; -EOPNOTSUPP: %UDB_MAP_MEMFD and there is none.
 */
int udb_buffer_map(const struct udb_buffer *buf,
		   const struct udb_map_opts *opts, void **ret_addr);

/**
 * udb_map() - the same for any dma-buf or memfd
 * @fd: a dma-buf or a memfd.
 * @offset: first byte, a multiple of the page size.
 * @size: bytes, above 0.
 * @opts: options or NULL; %UDB_MAP_MEMFD is no option here.
 * @ret_addr: receives the address.
 *
 * Return: 0, or what mmap() says: -EBADF, -EACCES, -EINVAL.
 */
int udb_map(int fd, uint64_t offset, size_t size,
	    const struct udb_map_opts *opts, void **ret_addr);

/**
 * udb_unmap() - end a mapping
 * @addr: from udb_map() or udb_buffer_map(), or NULL.
 * @size: as it was mapped.
 *
 * Return: 0; -EINVAL.
 */
int udb_unmap(void *addr, size_t size);

/**
 * udb_sync_begin() - before the processor touches the memory
 * @fd: a dma-buf.
 * @access: %UDB_READ, %UDB_WRITE or both: what it is going to do.
 *
 * Waits for devices, which may take as long as they work.
 *
 * Return: 0; -EBADF; -ENOTTY: @fd is no dma-buf; or what the exporter says.
 */
int udb_sync_begin(int fd, uint32_t access);

/**
 * udb_sync_end() - after the processor has touched the memory
 * @fd: a dma-buf.
 * @access: as in udb_sync_begin().
 *
 * Return: as udb_sync_begin().
 */
int udb_sync_end(int fd, uint32_t access);

/**
 * udb_buffer_sync_begin() - the same for a buffer
 * @buf: a buffer; for one without dma-buf there is nothing to do.
 * @access: as in udb_sync_begin().
 *
 * Return: as udb_sync_begin().
 */
int udb_buffer_sync_begin(const struct udb_buffer *buf, uint32_t access);

/**
 * udb_buffer_sync_end() - the same for a buffer
 * @buf: a buffer.
 * @access: as in udb_sync_begin().
 *
 * Return: as udb_sync_begin().
 */
int udb_buffer_sync_end(const struct udb_buffer *buf, uint32_t access);

/**
 * udb_sync_export() - what devices are still doing, as a sync file
 * @fd: a dma-buf.
 * @access: what the caller is going to do: %UDB_READ has to wait for writers
 *          only, %UDB_WRITE for all.
 *
 * Return: a sync file, the caller's; -ENOTTY: no dma-buf, or a kernel before 6.0.
 */
int udb_sync_export(int fd, uint32_t access);

/**
 * udb_sync_import() - let later users of a dma-buf wait for a sync file
 * @fd: a dma-buf.
 * @access: what the work behind @sync_file does with the memory.
 * @sync_file: stays the caller's.
 *
 * Return: 0; -ENOTTY as udb_sync_export(); -EINVAL: @sync_file is none.
 */
int udb_sync_import(int fd, uint32_t access, int sync_file);

/**
 * udb_sync_wait() - wait for the devices, without touching any cache
 * @fd: a dma-buf or a sync file.
 * @access: what the caller is going to do, as in udb_sync_export().
 * @timeout_ms: 0: only look; below 0: for ever.
 *
 * Return: 0; -ETIMEDOUT: they are still at work; -EIO: @fd cannot be waited for.
 */
int udb_sync_wait(int fd, uint32_t access, int timeout_ms);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_H */
