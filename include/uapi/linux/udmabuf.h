/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_UDMABUF_H
#define _UAPI_LINUX_UDMABUF_H

#include <linux/types.h>
#include <linux/ioctl.h>

/**
 * DOC: udmabuf user interface
 *
 * The device turns ranges of memfd memory into one dma-buf. The numbers and
 * layouts of %UDMABUF_CREATE and %UDMABUF_CREATE_LIST are those of Linux 4.20 and
 * later and will not change.
 *
 * Every memfd must carry %F_SEAL_SHRINK and must not carry %F_SEAL_WRITE or
 * %F_SEAL_FUTURE_WRITE, unless the buffer is to be read-only (see
 * %UDMABUF_FLAGS_READ_ONLY). The memfd may be closed as soon as the ioctl returned;
 * the buffer keeps the memory. A buffer is as large as the sum of its ranges.
 *
 * While a buffer lives, its memfds cannot get %F_SEAL_WRITE (%EBUSY). They can get
 * %F_SEAL_FUTURE_WRITE, which is about mappings of the memfd, not about the buffer.
 * %F_SEAL_SHRINK keeps nobody from punching a hole into a memfd: the buffer then
 * keeps the pages and the data that it has, the memfd reads zero there, and from
 * then on the two are different memory in that place. A part of a page, huge or
 * small, is not lost to the memfd: it is cleared, and the buffer shows that.
 */

/**
 * DOC: requests that can grow
 *
 * The argument of %UDMABUF_QUERY and of those below it is a structure that begins
 * with its own size, as the caller's compiler sees it. A newer driver takes the
 * smaller structure of an older program. A newer program gets %E2BIG from an older
 * driver when it sets a field that is not known there, and zero in a field that
 * such a driver does not fill. All of these requests have three errors in common:
 *
 * * %EFAULT: the argument cannot be read or written.
 * * %EINVAL: the size is below that of the first version; a flag is not known; or
 *   what is reserved is not 0.
 * * %E2BIG: what the driver does not know of the structure is not 0, or the size is
 *   above 4096.
 *
 * A driver without them answers %ENOTTY. The structures have no padding, and the
 * same layout for programs of 32 and 64 bits.
 */

/**
 * define UDMABUF_FLAGS_CLOEXEC - close the new file descriptor on exec
 *
 * The only flag of %UDMABUF_CREATE and %UDMABUF_CREATE_LIST, which ignore all other
 * bits, for compatibility.
 */
#define UDMABUF_FLAGS_CLOEXEC	0x01

/**
 * define UDMABUF_FLAGS_READ_ONLY - make a buffer that nobody can write
 *
 * A flag of %UDMABUF_CREATE_RANGES. The memfds may be sealed against writing, and
 * have to be open for reading, not for writing. Of such a buffer
 *
 * * the file descriptor is open for reading only, and all that are made of it;
 * * mappings can be read: mmap() for writing fails with %EACCES, through whatever
 *   file it comes, and so does mprotect();
 * * devices read: an attachment that is mapped in another direction than to the
 *   device fails with %EACCES;
 * * the kernel has no mapping (dma_buf_vmap() fails with %EINVAL), since whoever
 *   asks for one does not tell whether he is going to write;
 * * %DMA_BUF_IOCTL_SYNC with %DMA_BUF_SYNC_WRITE fails with %EACCES.
 *
 * What is promised is about the buffer. The memory can still be written by who
 * could write it before: through the memfd, a mapping of it, or another buffer. With
 * %F_SEAL_WRITE on all memfds that is nobody, for good, and %UDMABUF_INFO says so to
 * whoever has the buffer (%UDMABUF_INFO_SEALED). %F_SEAL_FUTURE_WRITE leaves those
 * who have mapped the memfd for writing. A memfd cannot get %F_SEAL_WRITE while a
 * buffer of it lives (%EBUSY): seal it first.
 *
 * A device that is not behind an IOMMU is kept from writing by its driver, not by
 * hardware.
 */
#define UDMABUF_FLAGS_READ_ONLY	0x02

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
 * * %ENOMEM: not enough memory or free huge pages; a page is pinned too often; or
 *   more than %RLIMIT_MEMLOCK allows (see %UDMABUF_ACCOUNT_MEMLOCK).
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

/**
 * define UDMABUF_FEATURE_READ_ONLY - there are buffers that nobody can write
 */
#define UDMABUF_FEATURE_READ_ONLY	(1ULL << 0)

/**
 * define UDMABUF_FEATURE_INFO - the driver tells what a buffer is like
 */
#define UDMABUF_FEATURE_INFO		(1ULL << 1)

/**
 * define UDMABUF_FEATURE_ACCOUNT - the driver has the parameter account
 */
#define UDMABUF_FEATURE_ACCOUNT		(1ULL << 2)

/**
 * define UDMABUF_ACCOUNT_NONE - the memory of buffers counts against no limit
 *
 * What is in a memfd is charged to a memory cgroup in any case, as is what the
 * driver keeps for a buffer.
 */
#define UDMABUF_ACCOUNT_NONE		0

/**
 * define UDMABUF_ACCOUNT_MEMLOCK - it counts against RLIMIT_MEMLOCK
 *
 * The pages of all buffers that a user made are summed up, memory that is in several
 * buffers as often, together with what that user has locked by io_uring and
 * others who count in the same place. What would be more than the limit of the
 * process that makes a buffer is %ENOMEM. It is given back when the last file
 * descriptor, mapping and device has let go of the buffer, whose ever they are. A
 * process with %CAP_IPC_LOCK has no limit, and its buffers are not counted.
 */
#define UDMABUF_ACCOUNT_MEMLOCK		1

/**
 * struct udmabuf_query - argument of ioctl(UDMABUF_QUERY)
 * @size: sizeof(struct udmabuf_query), set by the caller.
 * @flags: 0, set by the caller.
 * @features: answer: bits UDMABUF_FEATURE_*.
 * @size_limit: answer: bytes of the largest buffer, parameter size_limit_mb.
 * @huge_sizes: answer: sum of the page sizes in bytes, other than the smallest, of
 *              which a mapping of a buffer gets page-table entries where memory and
 *              address are fit for it; 0: there are none.
 * @list_limit: answer: ranges of the longest list, parameter list_limit.
 * @create_flags: answer: bits UDMABUF_FLAGS_* that %UDMABUF_CREATE_RANGES knows.
 * @account: answer: what the memory of a new buffer counts against,
 *           UDMABUF_ACCOUNT_*: parameter account.
 * @__reserved: answer: 0.
 * @version: answer: version of the driver, "0.1.0", ends with a zero; empty for a
 *           driver that comes with the kernel and has its version.
 *
 * Limits are those at the time of the call; an administrator can change them.
 */
struct udmabuf_query {
	__u32 size;
	__u32 flags;
	__u64 features;
	__u64 size_limit;
	__u64 huge_sizes;
	__u32 list_limit;
	__u32 create_flags;
	__u32 account;
	__u32 __reserved;
	char version[16];
};

/**
 * define UDMABUF_QUERY - ask what the driver can do
 *
 * Argument: &struct udmabuf_query, read and written.
 *
 * Return: 0, or -1 with errno set as for all requests that can grow.
 */
#define UDMABUF_QUERY        _IO('u', 0x60)

/**
 * struct udmabuf_create_ranges - argument of ioctl(UDMABUF_CREATE_RANGES)
 * @size: sizeof(struct udmabuf_create_ranges).
 * @flags: bits UDMABUF_FLAGS_*.
 * @ranges: address of an array of &struct udmabuf_create_item, the ranges in the
 *          order in which they make up the buffer; __pad has to be 0.
 * @count: number of ranges in the array, 1 to the parameter list_limit.
 * @__reserved: 0.
 */
struct udmabuf_create_ranges {
	__u32 size;
	__u32 flags;
	__u64 ranges;
	__u32 count;
	__u32 __reserved;
};

/**
 * define UDMABUF_CREATE_RANGES - make a buffer of a kind that is asked for
 *
 * Argument: &struct udmabuf_create_ranges. Without %UDMABUF_FLAGS_READ_ONLY the
 * buffer is one of %UDMABUF_CREATE_LIST.
 *
 * Return: a new dma-buf file descriptor, or -1 with errno set as for
 * %UDMABUF_CREATE_LIST and for all requests that can grow. For a read-only buffer
 * %EACCES means that a memfd is not open for reading.
 */
#define UDMABUF_CREATE_RANGES _IO('u', 0x61)

/**
 * define UDMABUF_INFO_READ_ONLY - nobody can write through the buffer
 *
 * It was made with %UDMABUF_FLAGS_READ_ONLY.
 */
#define UDMABUF_INFO_READ_ONLY		(1ULL << 0)

/**
 * define UDMABUF_INFO_SEALED - nobody can write the memory in any way
 *
 * A read-only buffer whose memfds all had %F_SEAL_WRITE, which cannot be taken
 * away: what is in it stays as it is.
 */
#define UDMABUF_INFO_SEALED		(1ULL << 1)

/**
 * define UDMABUF_INFO_ORDERS - orders of folios that are told apart
 */
#define UDMABUF_INFO_ORDERS		32

/**
 * struct udmabuf_info - argument of ioctl(UDMABUF_INFO)
 * @size: sizeof(struct udmabuf_info), set by the caller.
 * @fd: file descriptor of a buffer, set by the caller. It is not consumed.
 * @flags: answer: bits UDMABUF_INFO_READ_ONLY and UDMABUF_INFO_SEALED.
 * @bytes: answer: how large the buffer is.
 * @runs: answer: physically contiguous pieces that it consists of.
 * @huge_entries: answer: page-table entries for more than the smallest page that
 *                mappings of it got since it was made.
 * @attachments: answer: devices that are attached.
 * @mapped: answer: how many of these have it mapped for DMA.
 * @folios: answer: for each order n how many folios of 2^n pages the buffer pins,
 *          one that is pinned several times counted as often. Folios of higher
 *          orders are counted with the last one.
 *
 * There are no addresses in it.
 */
struct udmabuf_info {
	__u32 size;
	__s32 fd;
	__u64 flags;
	__u64 bytes;
	__u64 runs;
	__u64 huge_entries;
	__u32 attachments;
	__u32 mapped;
	__u64 folios[UDMABUF_INFO_ORDERS];
};

/**
 * define UDMABUF_INFO - ask what a buffer is like
 *
 * Argument: &struct udmabuf_info, read and written. Whoever has the buffer may ask,
 * through any open file of the device that made it.
 *
 * Return: 0, or -1 with errno set as for all requests that can grow, and
 *
 * * %EBADF: @fd is not an open file descriptor.
 * * %EINVAL: @fd is not a dma-buf, or one that this device did not make.
 * * %EINTR: a fatal signal arrived.
 */
#define UDMABUF_INFO         _IO('u', 0x62)

#endif /* _UAPI_LINUX_UDMABUF_H */
