// SPDX-License-Identifier: MIT
/*
 * The buffer as such: an owner of file descriptors, and what is known of them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

/**
 * udb_buffer_new() - a buffer without any file
 * @ret_buf: receives the buffer; its maker fills in what it has.
 *
 * Return: 0 or -ENOMEM.
 */
int udb_buffer_new(struct udb_buffer **ret_buf)
{
	struct udb_buffer *buf = calloc(1, sizeof(*buf));

	if (!buf)
		return -ENOMEM;
	buf->fd = -1;
	buf->memfd = -1;
	buf->backing = UDB_BACKING_UNKNOWN;
	*ret_buf = buf;
	return 0;
}

int udb_buffer_adopt(int fd, struct udb_buffer **ret_buf)
{
	struct udb_buffer *buf;
	off_t size;
	int ret;

	ret = udb_sync_check(fd);
	if (ret)
		return ret;
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0)
		return -ENOTTY;
	ret = udb_buffer_new(&buf);
	if (ret)
		return ret;
	lseek(fd, 0, SEEK_SET);
	buf->fd = fd;
	buf->size = size;
	*ret_buf = buf;
	return 0;
}

struct udb_buffer *udb_buffer_free(struct udb_buffer *buf)
{
	if (!buf)
		return NULL;
	udb_fd_close(buf->fd);
	udb_fd_close(buf->memfd);
	free(buf);
	return NULL;
}

int udb_buffer_fd(const struct udb_buffer *buf)
{
	return buf->fd < 0 ? -EOPNOTSUPP : buf->fd;
}

int udb_buffer_memfd(const struct udb_buffer *buf)
{
	return buf->memfd < 0 ? -EOPNOTSUPP : buf->memfd;
}

int udb_buffer_dup_fd(const struct udb_buffer *buf)
{
	return buf->fd < 0 ? -EOPNOTSUPP : udb_fd_clone(buf->fd);
}

size_t udb_buffer_size(const struct udb_buffer *buf)
{
	return buf->size;
}

size_t udb_buffer_offset(const struct udb_buffer *buf)
{
	return buf->offset;
}

enum udb_backing udb_buffer_backing(const struct udb_buffer *buf)
{
	return buf->backing;
}

const struct udb_layout *udb_buffer_layout(const struct udb_buffer *buf)
{
	return buf->has_layout ? &buf->layout : NULL;
}
