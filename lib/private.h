/* SPDX-License-Identifier: MIT */
/*
 * What the files of the library share. Nothing here is exported.
 *
 * A device and a buffer are constant after they were made, but for the device's
 * count of owners and what it remembers of the kernel (any thread may bring that up to
 * date), and what a pool notes in a buffer under its own lock.
 */
#ifndef UDB_PRIVATE_H
#define UDB_PRIVATE_H

#include <errno.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "libudmabuf.h"

#define UDB_MIB			(1024UL * 1024)
#define UDB_GIB			(1024 * UDB_MIB)

/* With the byte that ends it; the kernel takes no longer ones. */
#define UDB_NAME_MAX		32

/* What the drivers had in all kernels, and what goes when it is unknown. */
#define UDB_LIST_LIMIT_DEFAULT	1024

/* More do not make memory faster. */
#define UDB_THREADS_MAX		64

/**
 * struct udb_device - an open driver
 * @refs: how many owners it has.
 * @fd: the device node, or -1 (%UDB_KIND_MEMFD).
 * @kind: what it makes.
 * @list_limit: ranges of the longest list, as it was when somebody looked.
 * @size_limit: bytes of the largest buffer, as it was then.
 * @thp_size: bytes of a transparent huge page; 0 before somebody looked.
 *
 * Files are not read for each buffer: that would be most of its system calls. A
 * limit that was raised is seen when something would be above what is remembered, one
 * that was lowered when the driver refuses.
 */
struct udb_device {
	atomic_uint refs;
	int fd;
	enum udb_kind kind;
	atomic_uint_least32_t list_limit;
	atomic_uint_least64_t size_limit;
	atomic_size_t thp_size;
};

/**
 * struct udb_buffer - a dma-buf, or what stands for it
 * @pool: the pool it belongs to, or NULL.
 * @out: whether a user of the pool has it. The pool's lock protects this, @next.
 * @next: the next one in a list of the pool.
 * @fd: the dma-buf, or -1.
 * @memfd: the memfd behind it, or -1.
 * @memfd_offset: where in @memfd it begins.
 * @size: bytes.
 * @offset: of the first byte that was asked for.
 * @backing: pages.
 * @has_layout: whether @layout says something.
 * @layout: of the picture.
 */
struct udb_buffer {
	struct udb_pool *pool;
	bool out;
	struct udb_buffer *next;
	int fd;
	int memfd;
	uint64_t memfd_offset;
	size_t size;
	size_t offset;
	enum udb_backing backing;
	bool has_layout;
	struct udb_layout layout;
};

/**
 * struct udb_memory - a new memfd
 * @fd: the memfd.
 * @size: bytes, whole pages of @backing.
 * @backing: what it got.
 */
struct udb_memory {
	int fd;
	size_t size;
	enum udb_backing backing;
};

/* util.c */
int udb_opts_take(void *known, size_t known_size, size_t first_size,
		  const void *opts);
int udb_struct_give(void *to, const void *from, size_t known_size,
		    size_t first_size);
int udb_name_copy(char *to, const char *name);
size_t udb_page_size(void);
int udb_ioctl(int fd, unsigned long request, void *arg);
int udb_file_read(const char *path, char *text, size_t size);
int udb_file_read_number(const char *path, uint64_t *number);
int udb_fd_clone(int fd);
void udb_fd_close(int fd);
int64_t udb_time_ms(void);
int udb_time_left(int64_t deadline);
int64_t udb_time_deadline(int timeout_ms);
int udb_poll(int fd, short events, int timeout_ms);

/* driver.c */
extern const char *const udb_driver_nodes[2];
enum udb_driver udb_driver_of(int fd);
int udb_driver_limits(enum udb_driver driver, uint64_t *size, uint32_t *list);
int udb_driver_check(int fd);
int udb_driver_open(const char *path);

/* device.c */
int udb_device_create(struct udb_device *dev, int memfd, uint64_t offset,
		      uint64_t size);
int udb_device_create_read_only(struct udb_device *dev, int memfd,
				uint64_t offset, uint64_t size);
void udb_device_look(struct udb_device *dev);
bool udb_device_takes(struct udb_device *dev, uint64_t size, size_t nr);
size_t udb_device_thp_size(struct udb_device *dev);

/* query.c */
struct udmabuf_create_item;
int udb_query_create(const struct udb_device *dev,
		     const struct udmabuf_create_item *items, uint32_t nr,
		     uint32_t flags);

/* buffer.c */
int udb_buffer_new(struct udb_buffer **ret_buf);

/* memory.c */
int udb_memory_create(size_t size, const char *name, struct udb_memory *memory);
int udb_memory_new(size_t size, size_t thp, const struct udb_alloc_opts *opts,
		   struct udb_memory *memory);
size_t udb_memory_thp_size(void);

/* populate.c */
int udb_populate_step(char *addr, size_t size);
int udb_populate_huge_step(char *addr, size_t size);
int udb_populate(int fd, size_t begin, size_t end, uint32_t threads);
int udb_populate_huge(int fd, size_t end, size_t huge, uint32_t threads);

/* alloc.c */
int udb_alloc_take(struct udb_alloc_opts *known,
		   const struct udb_alloc_opts *opts);

/* map.c */
int udb_map_huge(int fd, uint64_t offset, size_t size, int prot, int flags,
		 void **ret_addr);

/* sync.c */
int udb_sync_check(int fd);

/* image.c */
int udb_layout_take(struct udb_layout *known, const struct udb_layout *layout);

/* Rounds up to a multiple of a power of two; false when that does not fit. */
static inline bool udb_round_up(uint64_t value, uint64_t to, uint64_t *rounded)
{
	if (__builtin_add_overflow(value, to - 1, rounded))
		return false;
	*rounded &= ~(to - 1);
	return true;
}

#endif /* UDB_PRIVATE_H */
