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

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_DEVICE_H */
