// SPDX-License-Identifier: GPL-2.0-only
/* Talks to the test importer: see peek.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "common.h"
#include "peek.h"

int peek_load(void)
{
	const char *folder = getenv("UDMABUF_TEST_MODULES");
	char path[512];
	int fd, ret = 0;

	if (!access(PEEK_DEVICE, F_OK))
		return 0;
	if (!folder)
		return -ENODEV;
	snprintf(path, sizeof(path), "%s/udmabuf_peek.ko", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno;
	close(fd);
	return ret;
}

int peek_attach(int buf, enum peek_view view, enum peek_direction direction)
{
	struct peek_attach attach = {
		.fd = buf,
		.view = view,
		.direction = direction,
	};
	int peek = open(PEEK_DEVICE, O_RDWR | O_CLOEXEC), saved_errno;

	if (peek < 0)
		return -1;
	if (!ioctl(peek, PEEK_ATTACH, &attach))
		return peek;
	saved_errno = errno;
	close(peek);
	errno = saved_errno;
	return -1;
}

int peek_info(int peek, struct peek_info *info)
{
	return ioctl(peek, PEEK_INFO, info);
}

int peek_sync(int peek, unsigned long request, enum peek_direction direction)
{
	uint32_t arg = direction;

	return ioctl(peek, request, &arg);
}

int peek_set(const char *parameter, unsigned long value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/module/udmabuf_peek/parameters/%s",
		 parameter);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%lu", value) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

bool peek_read(int peek, void *to, size_t size, off_t offset)
{
	return pread(peek, to, size, offset) == (ssize_t)size;
}

bool peek_write(int peek, const void *from, size_t size, off_t offset)
{
	return pwrite(peek, from, size, offset) == (ssize_t)size;
}
