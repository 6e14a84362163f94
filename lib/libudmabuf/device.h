/* SPDX-License-Identifier: MIT */
/*
 * Part of libudmabuf.h: the driver, and why there is none.
 */
#ifndef LIBUDMABUF_DEVICE_H
#define LIBUDMABUF_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * enum udb_driver - whose code is behind a device
 * @UDB_DRIVER_UNKNOWN: cannot be told, for example without /sys.
 * @UDB_DRIVER_STOCK: the one that comes with the kernel.
 * @UDB_DRIVER_NG: udmabuf_ng.
 */
enum udb_driver {
	UDB_DRIVER_UNKNOWN,
	UDB_DRIVER_STOCK,
	UDB_DRIVER_NG,
};

/**
 * enum udb_reason - why there are no buffers
 * @UDB_REASON_NONE: there are.
 * @UDB_REASON_NO_DRIVER: the kernel has no driver, or it is not loaded.
 * @UDB_REASON_NO_NODE: the driver is there, its device node is not.
 * @UDB_REASON_PERMISSION: this process may not open the node.
 * @UDB_REASON_NOT_UDMABUF: the node is something else.
 * @UDB_REASON_REFUSED: the node opens, and a first buffer of a page fails.
 */
enum udb_reason {
	UDB_REASON_NONE,
	UDB_REASON_NO_DRIVER,
	UDB_REASON_NO_NODE,
	UDB_REASON_PERMISSION,
	UDB_REASON_NOT_UDMABUF,
	UDB_REASON_REFUSED,
};

/* What works here: bits of &udb_probe.features. */
#define UDB_FEATURE_SYNC_FILE	(1U << 0) /* udb_sync_export(), _import() */
#define UDB_FEATURE_THP		(1U << 1) /* the kernel has huge pages */
#define UDB_FEATURE_HUGETLB_2M	(1U << 2) /* at least one page is free */
#define UDB_FEATURE_HUGETLB_1G	(1U << 3) /* the same */
#define UDB_FEATURE_HEAP	(1U << 4) /* the system heap can be opened */

/**
 * struct udb_probe - what udb_probe() found
 * @struct_size: sizeof(struct udb_probe), set by the caller.
 * @size_limit: bytes of the largest buffer in force; 0 when not known.
 * @list_limit: ranges of the longest list in force; 0 when not known.
 * @reason: enum udb_reason.
 * @error: negative error number behind @reason, or 0.
 * @driver: enum udb_driver.
 * @features: bits UDB_FEATURE_*.
 * @node_mode: permission bits of @node, 0 when it is missing.
 * @node: path of the device node that was looked at.
 * @group: name of the group that owns @node, or its number.
 * @version: of udmabuf_ng, empty for others.
 */
struct udb_probe {
	size_t struct_size;
	uint64_t size_limit;
	uint32_t list_limit;
	uint32_t reason;
	int32_t error;
	uint32_t driver;
	uint32_t features;
	uint32_t node_mode;
	char node[64];
	char group[32];
	char version[32];
};

/**
 * udb_probe() - find out whether buffers can be had, and why not
 * @path: the device node; NULL: /dev/udmabuf, then /dev/udmabuf-ng.
 * @probe: filled in; the caller sets its struct_size.
 *
 * Makes a buffer of one page and closes it again.
 *
 * Return: 0, also when there are none: @probe says so. -EINVAL: struct_size.
 * -ENAMETOOLONG: @path has more than 63 bytes.
 */
int udb_probe(const char *path, struct udb_probe *probe);

/**
 * udb_probe_explain() - the reason as a sentence in English, and what to do
 * @probe: from udb_probe().
 * @text: receives the sentence, always terminated.
 * @size: bytes in @text, 256 are enough.
 *
 * Return: 0; -ENOSPC: @text is too small and has the beginning.
 */
int udb_probe_explain(const struct udb_probe *probe, char *text, size_t size);

/**
 * enum udb_kind - what a device makes
 * @UDB_KIND_UDMABUF: dma-bufs of memfds, by the driver udmabuf.
 * @UDB_KIND_HEAP: dma-bufs of the system heap; there is no memfd.
 * @UDB_KIND_MEMFD: memfds only; there is no dma-buf.
 */
enum udb_kind {
	UDB_KIND_UDMABUF,
	UDB_KIND_HEAP,
	UDB_KIND_MEMFD,
};

/* What will do without a driver, in this order: &udb_device_opts.fallback. */
#define UDB_FALLBACK_HEAP	(1U << 0)
#define UDB_FALLBACK_MEMFD	(1U << 1)

/**
 * struct udb_device_opts - options of udb_device_open()
 * @struct_size: sizeof(struct udb_device_opts).
 * @path: the device node; NULL: /dev/udmabuf, then /dev/udmabuf-ng.
 * @fallback: bits UDB_FALLBACK_*.
 * @reserved: 0.
 */
struct udb_device_opts {
	size_t struct_size;
	const char *path;
	uint32_t fallback;
	uint32_t reserved;
};

struct udb_device;

/**
 * udb_device_open() - open the driver
 * @opts: options or NULL.
 * @ret_dev: receives a device, to be given back with udb_device_unref().
 *
 * Return: 0, or what open() says about the first node that exists: -ENOENT,
 * -EACCES, -EPERM; -ENOTTY: the node is no udmabuf. udb_probe() tells more.
 */
int udb_device_open(const struct udb_device_opts *opts,
		    struct udb_device **ret_dev);

/**
 * udb_device_adopt() - use a device that somebody else has opened
 * @fd: of /dev/udmabuf; is taken over.
 * @ret_dev: receives a device.
 *
 * For a sandbox that is handed its files.
 *
 * Return: 0; -EBADF; -ENOTTY: @fd is no udmabuf.
 */
int udb_device_adopt(int fd, struct udb_device **ret_dev);

/**
 * udb_device_ref() - one more owner
 * @dev: a device.
 *
 * Return: @dev.
 */
struct udb_device *udb_device_ref(struct udb_device *dev);

/**
 * udb_device_unref() - one owner less; the last one closes the device
 * @dev: a device or NULL. Buffers do not need it any more, pools keep their own.
 *
 * Return: NULL.
 */
struct udb_device *udb_device_unref(struct udb_device *dev);

/**
 * udb_device_fd() - the open device node
 * @dev: a device.
 *
 * Return: a file descriptor that stays the device's, or -EOPNOTSUPP for
 * %UDB_KIND_MEMFD.
 */
int udb_device_fd(const struct udb_device *dev);

/**
 * udb_device_kind() - what the device makes
 * @dev: a device.
 *
 * Return: enum udb_kind.
 */
enum udb_kind udb_device_kind(const struct udb_device *dev);

/**
 * udb_device_limits() - the driver's parameters, as they are now
 * @dev: a device.
 * @size: bytes of the largest buffer; UINT64_MAX when there is no such limit.
 * @list: ranges of the longest list; UINT32_MAX when there is no such limit.
 *
 * Return: 0; -ENODATA: they cannot be read, or it is not known whose they are.
 */
int udb_device_limits(const struct udb_device *dev, uint64_t *size,
		      uint32_t *list);

/* What a driver can do beyond buffers as such: bits of &udb_query.features. */
#define UDB_QUERY_READ_ONLY	(1U << 0) /* UDB_ALLOC_, UDB_WRAP_READ_ONLY */
#define UDB_QUERY_INSPECT	(1U << 1) /* udb_device_inspect() */
#define UDB_QUERY_ACCOUNT	(1U << 2) /* &udb_query.account can be changed */

/**
 * enum udb_account - what the memory of new buffers counts against
 * @UDB_ACCOUNT_NONE: no limit of a user.
 * @UDB_ACCOUNT_MEMLOCK: RLIMIT_MEMLOCK of the user who makes the buffer.
 */
enum udb_account {
	UDB_ACCOUNT_NONE,
	UDB_ACCOUNT_MEMLOCK,
};

/**
 * struct udb_query - what a driver says of itself
 * @struct_size: sizeof(struct udb_query), set by the caller.
 * @size_limit: bytes of the largest buffer.
 * @huge_sizes: sum of the page sizes in bytes, other than the smallest, of which a
 *              mapping of a buffer can get page-table entries; 0: there are none.
 * @list_limit: ranges of the longest list.
 * @features: bits UDB_QUERY_*.
 * @account: enum udb_account.
 * @reserved: 0.
 * @version: of the driver; empty when it has that of the kernel.
 */
struct udb_query {
	size_t struct_size;
	uint64_t size_limit;
	uint64_t huge_sizes;
	uint32_t list_limit;
	uint32_t features;
	uint32_t account;
	uint32_t reserved;
	char version[32];
};

/**
 * udb_device_query() - ask the driver what it can do
 * @dev: a device.
 * @query: filled in; the caller sets its struct_size.
 *
 * Needs no file but the device's. Since version 0.2.
 *
 * Return: 0; -EOPNOTSUPP: the driver cannot be asked, as that of the kernel
 * cannot, or there is none. It has no features then.
 */
int udb_device_query(const struct udb_device *dev, struct udb_query *query);

/* &udb_inspect.flags */
#define UDB_INSPECT_READ_ONLY	(1U << 0) /* nobody can write the buffer */
#define UDB_INSPECT_SEALED	(1U << 1) /* nor the memory, in any way, ever */

#define UDB_INSPECT_ORDERS	32

/**
 * struct udb_inspect - what a driver says of a buffer
 * @struct_size: sizeof(struct udb_inspect), set by the caller.
 * @size: bytes.
 * @runs: physically contiguous pieces that it consists of.
 * @huge_entries: page-table entries of more than the smallest page that mappings of
 *                it got since it was made.
 * @attachments: devices that are attached.
 * @mapped: those of them that have it mapped for DMA.
 * @flags: bits UDB_INSPECT_*.
 * @reserved: 0.
 * @folios: for each order n how many folios of 2^n pages it pins.
 */
struct udb_inspect {
	size_t struct_size;
	uint64_t size;
	uint64_t runs;
	uint64_t huge_entries;
	uint32_t attachments;
	uint32_t mapped;
	uint32_t flags;
	uint32_t reserved;
	uint64_t folios[UDB_INSPECT_ORDERS];
};

/**
 * udb_device_inspect() - ask the driver what a buffer is like
 * @dev: a device of the driver that made the buffer.
 * @fd: the dma-buf, which may have come from anybody.
 * @inspect: filled in; the caller sets its struct_size.
 *
 * Who is given a buffer learns here whether what is in it can change while he looks
 * at it (%UDB_INSPECT_SEALED). Since version 0.2.
 *
 * Return: 0; -EBADF; -EINVAL: @fd is no dma-buf, or another driver's; -EOPNOTSUPP:
 * the driver cannot be asked, or there is none.
 */
int udb_device_inspect(const struct udb_device *dev, int fd,
		       struct udb_inspect *inspect);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_DEVICE_H */
