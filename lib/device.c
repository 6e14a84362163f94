// SPDX-License-Identifier: MIT
/*
 * A device: the driver opened, or what the caller lets stand for it.
 */
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

#define UDB_HEAP_NODE	"/dev/dma_heap/system"

#define UDB_FALLBACKS	(UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD)

/* Takes @fd over when it succeeds. */
static int udb_device_new(int fd, enum udb_kind kind,
			  struct udb_device **ret_dev)
{
	struct udb_device *dev = malloc(sizeof(*dev));

	if (!dev)
		return -ENOMEM;
	atomic_init(&dev->refs, 1);
	dev->fd = fd;
	dev->kind = kind;
	atomic_init(&dev->thp_size, 0);
	udb_device_look(dev);
	*ret_dev = dev;
	return 0;
}

/* The error of the first node that is there is the one that says something. */
static int udb_device_open_driver(const char *path)
{
	int fd, error = -ENOENT;

	if (path)
		return udb_driver_open(path);
	for (size_t i = 0; i < 2; i++) {
		fd = udb_driver_open(udb_driver_nodes[i]);
		if (fd >= 0)
			return fd;
		if (error == -ENOENT)
			error = fd;
	}
	return error;
}

static int udb_device_open_heap(void)
{
	int fd = open(UDB_HEAP_NODE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Having no file to spare is no lack of a driver. */
static bool udb_device_is_missing(int error)
{
	return error != -EMFILE && error != -ENFILE && error != -ENOMEM;
}

/* Sets @kind; gives -1 with @ret_error 0 when no file is needed. */
static int udb_device_open_any(const struct udb_device_opts *opts,
			       enum udb_kind *kind, int *ret_error)
{
	int fd = udb_device_open_driver(opts->path);
	int error = fd;

	*kind = UDB_KIND_UDMABUF;
	if (fd < 0 && opts->fallback & UDB_FALLBACK_HEAP &&
	    udb_device_is_missing(fd)) {
		fd = udb_device_open_heap();
		*kind = UDB_KIND_HEAP;
		if (!udb_device_is_missing(fd))
			error = fd;
	}
	if (fd < 0 && opts->fallback & UDB_FALLBACK_MEMFD &&
	    udb_device_is_missing(error)) {
		*kind = UDB_KIND_MEMFD;
		error = 0;
		fd = -1;
	}
	*ret_error = fd < 0 ? error : 0;
	return fd;
}

int udb_device_open(const struct udb_device_opts *opts,
		    struct udb_device **ret_dev)
{
	struct udb_device_opts known;
	enum udb_kind kind;
	int fd, ret;

	ret = udb_opts_take(&known, sizeof(known), sizeof(known), opts);
	if (ret)
		return ret;
	if (known.fallback & ~UDB_FALLBACKS || known.reserved)
		return -EINVAL;
	fd = udb_device_open_any(&known, &kind, &ret);
	if (ret)
		return ret;
	ret = udb_device_new(fd, kind, ret_dev);
	if (ret)
		udb_fd_close(fd);
	return ret;
}

int udb_device_adopt(int fd, struct udb_device **ret_dev)
{
	int ret = udb_driver_check(fd);

	return ret ? ret : udb_device_new(fd, UDB_KIND_UDMABUF, ret_dev);
}

struct udb_device *udb_device_ref(struct udb_device *dev)
{
	atomic_fetch_add_explicit(&dev->refs, 1, memory_order_relaxed);
	return dev;
}

struct udb_device *udb_device_unref(struct udb_device *dev)
{
	if (!dev ||
	    atomic_fetch_sub_explicit(&dev->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	udb_fd_close(dev->fd);
	free(dev);
	return NULL;
}

int udb_device_fd(const struct udb_device *dev)
{
	return dev->fd < 0 ? -EOPNOTSUPP : dev->fd;
}

enum udb_kind udb_device_kind(const struct udb_device *dev)
{
	return dev->kind;
}

int udb_device_limits(const struct udb_device *dev, uint64_t *size,
		      uint32_t *list)
{
	if (dev->kind == UDB_KIND_UDMABUF)
		return udb_driver_limits(udb_driver_of(dev->fd), size, list);
	*size = UINT64_MAX;
	*list = UINT32_MAX;
	return 0;
}

/**
 * udb_device_look() - remember the driver's limits as they are now
 * @dev: a device.
 *
 * Unknown limits are those that all drivers have had.
 */
void udb_device_look(struct udb_device *dev)
{
	uint32_t list = UDB_LIST_LIMIT_DEFAULT;
	uint64_t size = UINT64_MAX;

	udb_device_limits(dev, &size, &list);
	atomic_store(&dev->size_limit, size);
	atomic_store(&dev->list_limit, list);
}

static bool udb_device_is_within(struct udb_device *dev, uint64_t size,
				 size_t nr)
{
	return size <= atomic_load(&dev->size_limit) &&
	       nr <= atomic_load(&dev->list_limit);
}

/**
 * udb_device_takes() - whether a buffer is within the limits
 * @dev: a device.
 * @size: bytes.
 * @nr: ranges; 0: there is no list.
 *
 * Return: whether it is, by what is remembered; or else by what holds now, which is
 * remembered then.
 */
bool udb_device_takes(struct udb_device *dev, uint64_t size, size_t nr)
{
	if (udb_device_is_within(dev, size, nr))
		return true;
	udb_device_look(dev);
	return udb_device_is_within(dev, size, nr);
}

/**
 * udb_device_thp_size() - udb_memory_thp_size(), remembered
 * @dev: a device.
 *
 * Return: bytes; 0 when the kernel has none.
 */
size_t udb_device_thp_size(struct udb_device *dev)
{
	size_t size = atomic_load(&dev->thp_size);

	if (!size) {
		size = udb_memory_thp_size();
		atomic_store(&dev->thp_size, size);
	}
	return size;
}

/*
 * The driver says -EINVAL to what is too large for its limit, too, and a caller
 * could not tell that from a mistake.
 */
static int udb_device_explain(struct udb_device *dev, uint64_t size, int error)
{
	if (error != -EINVAL)
		return error;
	udb_device_look(dev);
	return udb_device_is_within(dev, size, 0) ? error : -EFBIG;
}

/**
 * udb_device_create() - make a dma-buf of a memfd's range
 * @dev: a device.
 * @memfd: the memfd.
 * @offset: in bytes.
 * @size: in bytes.
 *
 * Return: a dma-buf; -EFBIG: above the limit; or what the driver says.
 */
int udb_device_create(struct udb_device *dev, int memfd, uint64_t offset,
		      uint64_t size)
{
	struct udmabuf_create create = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = offset,
		.size = size,
	};
	int ret = udb_ioctl(dev->fd, UDMABUF_CREATE, &create);

	return ret < 0 ? udb_device_explain(dev, size, ret) : ret;
}

/**
 * udb_device_create_read_only() - the same, of a dma-buf that nobody can write
 * @dev: a device.
 * @memfd: the memfd.
 * @offset: in bytes.
 * @size: in bytes.
 *
 * Return: as udb_device_create(); -EOPNOTSUPP: the driver has no such buffers.
 */
int udb_device_create_read_only(struct udb_device *dev, int memfd,
				uint64_t offset, uint64_t size)
{
	const struct udmabuf_create_item item = {
		.memfd = memfd,
		.offset = offset,
		.size = size,
	};
	int ret = udb_query_create(dev, &item, 1, UDMABUF_FLAGS_READ_ONLY);

	return ret < 0 ? udb_device_explain(dev, size, ret) : ret;
}
