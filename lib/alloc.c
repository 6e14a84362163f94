// SPDX-License-Identifier: MIT
/*
 * Buffers of new memory, by whatever the device stands for.
 */
#include <linux/dma-heap.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define UDB_ALLOC_FLAGS	\
	(UDB_ALLOC_EXACT | UDB_ALLOC_POPULATE | UDB_ALLOC_DROP_MEMFD | \
	 UDB_ALLOC_READ_ONLY)

/* The memory of these can be written by nobody at all. */
#define UDB_ALLOC_USELESS	(UDB_ALLOC_DROP_MEMFD | UDB_ALLOC_READ_ONLY)

/**
 * udb_alloc_take() - take over options of an allocation
 * @known: receives them, checked, and with a name.
 * @opts: of the caller.
 *
 * Return: 0, or as udb_buffer_alloc() says of options.
 */
int udb_alloc_take(struct udb_alloc_opts *known,
		   const struct udb_alloc_opts *opts)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), opts);

	if (ret)
		return ret;
	if (known->flags & ~UDB_ALLOC_FLAGS || known->reserved ||
	    known->backing >= UDB_BACKING_UNKNOWN ||
	    known->threads > UDB_THREADS_MAX)
		return -EINVAL;
	if (known->flags & UDB_ALLOC_EXACT &&
	    known->backing == UDB_BACKING_AUTO)
		return -EINVAL;
	if ((known->flags & UDB_ALLOC_USELESS) == UDB_ALLOC_USELESS)
		return -EINVAL;
	if (!known->name)
		known->name = "udb";
	return strlen(known->name) < UDB_NAME_MAX ? 0 : -ENAMETOOLONG;
}

/* What cannot be had need not be allocated first. */
static int udb_alloc_check(const struct udb_device *dev, uint32_t flags)
{
	struct udb_query query = { .struct_size = sizeof(query) };
	int ret;

	if (!(flags & UDB_ALLOC_READ_ONLY))
		return 0;
	ret = udb_device_query(dev, &query);
	if (!ret && !(query.features & UDB_QUERY_READ_ONLY))
		ret = -EOPNOTSUPP;
	return ret;
}

static int udb_alloc_dmabuf(struct udb_device *dev,
			    const struct udb_memory *memory, uint32_t flags)
{
	if (flags & UDB_ALLOC_READ_ONLY)
		return udb_device_create_read_only(dev, memory->fd, 0,
						   memory->size);
	return udb_device_create(dev, memory->fd, 0, memory->size);
}

static int udb_alloc_memfd(struct udb_device *dev, size_t size,
			   const struct udb_alloc_opts *opts,
			   struct udb_buffer *buf)
{
	size_t thp = udb_device_thp_size(dev);
	struct udb_memory memory;
	int ret = udb_memory_new(size, thp, opts, &memory);

	if (ret)
		return ret;
	buf->memfd = memory.fd;
	buf->size = memory.size;
	buf->backing = memory.backing;
	if (dev->kind == UDB_KIND_MEMFD)
		return 0;
	ret = udb_alloc_dmabuf(dev, &memory, opts->flags);
	if (ret < 0)
		return ret;
	buf->fd = ret;
	if (opts->flags & UDB_ALLOC_DROP_MEMFD) {
		close(buf->memfd);
		buf->memfd = -1;
	}
	return 0;
}

static int udb_alloc_heap(const struct udb_device *dev, size_t size,
			  const struct udb_alloc_opts *opts,
			  struct udb_buffer *buf)
{
	struct dma_heap_allocation_data data = {
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	uint64_t whole;
	int ret;

	if (opts->flags & UDB_ALLOC_EXACT)
		return -EOPNOTSUPP;
	if (!udb_round_up(size, udb_page_size(), &whole))
		return -EOVERFLOW;
	data.len = whole;
	ret = udb_ioctl(dev->fd, DMA_HEAP_IOCTL_ALLOC, &data);
	if (ret)
		return ret;
	buf->fd = (int)data.fd;
	buf->size = whole;
	return 0;
}

static int udb_alloc_known(struct udb_device *dev, size_t size,
			   const struct udb_alloc_opts *opts,
			   struct udb_buffer *buf)
{
	int ret = udb_alloc_check(dev, opts->flags);

	if (ret)
		return ret;
	/* What is too large for the driver need not be allocated first either. */
	if (!udb_device_takes(dev, size, 0))
		return -EFBIG;
	if (dev->kind == UDB_KIND_HEAP)
		ret = udb_alloc_heap(dev, size, opts, buf);
	else
		ret = udb_alloc_memfd(dev, size, opts, buf);
	/* A name is for people: nothing fails for lack of it. */
	if (!ret && buf->fd >= 0)
		udb_info_set_name(buf->fd, opts->name);
	return ret;
}

int udb_buffer_alloc(struct udb_device *dev, size_t size,
		     const struct udb_alloc_opts *opts,
		     struct udb_buffer **ret_buf)
{
	struct udb_alloc_opts known;
	struct udb_buffer *buf;
	int ret = udb_alloc_take(&known, opts);

	if (ret)
		return ret;
	if (!size)
		return -EINVAL;
	ret = udb_buffer_new(&buf);
	if (ret)
		return ret;
	ret = udb_alloc_known(dev, size, &known, buf);
	if (ret) {
		udb_buffer_free(buf);
		return ret;
	}
	*ret_buf = buf;
	return 0;
}

int udb_buffer_alloc_image(struct udb_device *dev,
			   const struct udb_layout *layout,
			   const struct udb_alloc_opts *opts,
			   struct udb_buffer **ret_buf)
{
	struct udb_layout known;
	struct udb_buffer *buf;
	int ret = udb_layout_take(&known, layout);

	if (ret)
		return ret;
	if (known.size > SIZE_MAX)
		return -EOVERFLOW;
	ret = udb_layout_check(&known, known.size);
	if (ret)
		return ret;
	ret = udb_buffer_alloc(dev, known.size, opts, &buf);
	if (ret)
		return ret;
	buf->layout = known;
	buf->has_layout = true;
	*ret_buf = buf;
	return 0;
}
