// SPDX-License-Identifier: MIT
/*
 * Taking turns with devices: the caches of the processor, and fences.
 */
#include <linux/dma-buf.h>
#include <poll.h>
#include <stddef.h>

#include "private.h"

_Static_assert(UDB_READ == DMA_BUF_SYNC_READ && UDB_WRITE == DMA_BUF_SYNC_WRITE,
	       "the library's flags are the kernel's");

static bool udb_sync_is_access(uint32_t access)
{
	return access && !(access & ~(UDB_READ | UDB_WRITE));
}

static int udb_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return udb_ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/**
 * udb_sync_check() - whether a file is a dma-buf, without doing anything to it
 * @fd: any file.
 *
 * A dma-buf refuses flags that do not exist, all other files the whole call.
 *
 * Return: 0, -EBADF, or -ENOTTY.
 */
int udb_sync_check(int fd)
{
	int ret = udb_sync(fd, ~(uint64_t)DMA_BUF_SYNC_VALID_FLAGS_MASK);

	if (ret == -EINVAL)
		return 0;
	return ret == -EBADF ? -EBADF : -ENOTTY;
}

int udb_sync_begin(int fd, uint32_t access)
{
	if (!udb_sync_is_access(access))
		return -EINVAL;
	return udb_sync(fd, DMA_BUF_SYNC_START | access);
}

int udb_sync_end(int fd, uint32_t access)
{
	if (!udb_sync_is_access(access))
		return -EINVAL;
	return udb_sync(fd, DMA_BUF_SYNC_END | access);
}

int udb_buffer_sync_begin(const struct udb_buffer *buf, uint32_t access)
{
	if (buf->fd >= 0)
		return udb_sync_begin(buf->fd, access);
	return udb_sync_is_access(access) ? 0 : -EINVAL;
}

int udb_buffer_sync_end(const struct udb_buffer *buf, uint32_t access)
{
	if (buf->fd >= 0)
		return udb_sync_end(buf->fd, access);
	return udb_sync_is_access(access) ? 0 : -EINVAL;
}

int udb_sync_export(int fd, uint32_t access)
{
	struct dma_buf_export_sync_file export = { .flags = access, .fd = -1 };
	int ret;

	if (!udb_sync_is_access(access))
		return -EINVAL;
	ret = udb_ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export);
	return ret ? ret : export.fd;
}

int udb_sync_import(int fd, uint32_t access, int sync_file)
{
	struct dma_buf_import_sync_file import = {
		.flags = access,
		.fd = sync_file,
	};

	if (!udb_sync_is_access(access))
		return -EINVAL;
	return udb_ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import);
}

/*
 * A dma-buf is readable when nobody writes any more, and writable when nobody
 * does anything. A sync file knows readable only.
 */
int udb_sync_wait(int fd, uint32_t access, int timeout_ms)
{
	bool is_dmabuf;

	if (!udb_sync_is_access(access))
		return -EINVAL;
	is_dmabuf = !udb_sync_check(fd);
	return udb_poll(fd, is_dmabuf && access & UDB_WRITE ? POLLOUT : POLLIN,
			timeout_ms);
}
