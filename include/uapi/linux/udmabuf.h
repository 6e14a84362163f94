/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_UDMABUF_H
#define _UAPI_LINUX_UDMABUF_H

#include <linux/types.h>
#include <linux/ioctl.h>

/**
 * DOC: udmabuf user interface
 *
 * The device turns ranges of memfd memory into one dma-buf. The numbers and
 * layouts here are those of Linux 4.20 and later and will not change.
 *
 * Every memfd must carry %F_SEAL_SHRINK and must not carry %F_SEAL_WRITE or
 * %F_SEAL_FUTURE_WRITE. The memfd may be closed as soon as the ioctl returned;
 * the buffer keeps the memory. A buffer is as large as the sum of its ranges.
 *
 * While a buffer lives, its memfds cannot get %F_SEAL_WRITE (%EBUSY). They can get
 * %F_SEAL_FUTURE_WRITE, which is about mappings of the memfd, not about the buffer.
 * No seal keeps anybody from punching a hole into a memfd: the buffer then keeps
 * the memory and the data that it has, the memfd reads zero there, and from then
 * on the two are different memory in that place.
 */

/**
 * define UDMABUF_FLAGS_CLOEXEC - close the new file descriptor on exec
 *
 * The only flag. For compatibility all other bits are ignored.
 */
#define UDMABUF_FLAGS_CLOEXEC	0x01

/**
 * struct udmabuf_create - argument of ioctl(UDMABUF_CREATE)
 * @memfd: file descriptor of the memfd. It is not consumed.
 * @flags: %UDMABUF_FLAGS_CLOEXEC or 0. Unknown bits are ignored.
 * @offset: start of the range in bytes, a multiple of the page size.
 * @size: length of the range in bytes, a multiple of the page size, not 0.
 *
 * See %UDMABUF_CREATE for the errors.
 */
struct udmabuf_create {
	__u32 memfd;
	__u32 flags;
	__u64 offset;
	__u64 size;
};

/**
 * struct udmabuf_create_item - one range of ioctl(UDMABUF_CREATE_LIST)
 * @memfd: file descriptor of the memfd. It is not consumed.
 * @__pad: ignored.
 * @offset: start of the range in bytes, a multiple of the page size.
 * @size: length of the range in bytes, a multiple of the page size, not 0.
 */
struct udmabuf_create_item {
	__u32 memfd;
	__u32 __pad;
	__u64 offset;
	__u64 size;
};

/**
 * struct udmabuf_create_list - argument of ioctl(UDMABUF_CREATE_LIST)
 * @flags: %UDMABUF_FLAGS_CLOEXEC or 0. Unknown bits are ignored.
 * @count: number of ranges in @list, 1 to the parameter list_limit.
 * @list: the ranges, in the order in which they make up the buffer. A range
 *        may be named more than once, and ranges may overlap.
 */
struct udmabuf_create_list {
	__u32 flags;
	__u32 count;
	struct udmabuf_create_item list[];
};

/**
 * define UDMABUF_CREATE - make a buffer out of one range of a memfd
 *
 * Argument: &struct udmabuf_create. Since Linux 4.20.
 *
 * Return: a new dma-buf file descriptor, or -1 with errno set to
 *
 * * %EFAULT: the argument cannot be read.
 * * %EBADFD: @memfd is not an open file descriptor of a memfd.
 * * %EINVAL: offset or size is not a multiple of the page size; the size is 0,
 *   above the parameter size_limit_mb, or reaches beyond the end of the memfd;
 *   the wanted seal is missing or a denied one is set.
 * * %EACCES: the memfd was opened without write access.
 * * %ENOMEM: not enough memory or free huge pages, or a page is pinned too often.
 * * %EMFILE, %ENFILE: no file descriptor is free.
 * * %EINTR: a signal arrived. A signal that does not kill is noticed only while
 *   missing huge pages are allocated.
 */
#define UDMABUF_CREATE       _IOW('u', 0x42, struct udmabuf_create)

/**
 * define UDMABUF_CREATE_LIST - make a buffer out of many ranges
 *
 * Argument: &struct udmabuf_create_list. Since Linux 4.20.
 *
 * Return: as %UDMABUF_CREATE, and %EINVAL also when the count is 0 or above
 * the parameter list_limit. An error of any range is the error of the call, and
 * no memory stays pinned.
 */
#define UDMABUF_CREATE_LIST  _IOW('u', 0x43, struct udmabuf_create_list)

#endif /* _UAPI_LINUX_UDMABUF_H */
