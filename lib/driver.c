// SPDX-License-Identifier: MIT
/*
 * What can be seen of a driver from outside: whose it is, and its parameters.
 * There is no call for that, so /sys has to tell.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "private.h"

const char *const udb_driver_nodes[2] = { "/dev/udmabuf", "/dev/udmabuf-ng" };

/* The name of a misc device: what its link in /sys ends with. */
static int udb_driver_misc_name(dev_t rdev, char *name, size_t size)
{
	char path[64], target[PATH_MAX];
	const char *last;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(rdev),
		 minor(rdev));
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	memcpy(name, last, strlen(last) + 1);
	return 0;
}

/**
 * udb_driver_of() - whose driver is behind a device node
 * @fd: the open node.
 *
 * udmabuf_ng says which name it registered. A misc device of that name is its own,
 * since there cannot be two.
 *
 * Return: the driver.
 */
enum udb_driver udb_driver_of(int fd)
{
	char misc[64], ours[64];
	struct stat st;

	if (fstat(fd, &st) || !S_ISCHR(st.st_mode) ||
	    udb_driver_misc_name(st.st_rdev, misc, sizeof(misc)))
		return UDB_DRIVER_UNKNOWN;
	if (!udb_file_read("/sys/module/udmabuf_ng/parameters/name", ours,
			   sizeof(ours)) &&
	    !strcmp(misc, ours))
		return UDB_DRIVER_NG;
	return strcmp(misc, "udmabuf") ? UDB_DRIVER_UNKNOWN : UDB_DRIVER_STOCK;
}

static int udb_driver_parameter(enum udb_driver driver, const char *name,
				uint64_t *value)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s",
		 driver == UDB_DRIVER_NG ? "udmabuf_ng" : "udmabuf", name);
	return udb_file_read_number(path, value);
}

/**
 * udb_driver_limits() - the parameters of a driver
 * @driver: whose.
 * @size: receives bytes.
 * @list: receives ranges.
 *
 * Return: 0 or -ENODATA.
 */
int udb_driver_limits(enum udb_driver driver, uint64_t *size, uint32_t *list)
{
	uint64_t mib, ranges;

	if (driver == UDB_DRIVER_UNKNOWN ||
	    udb_driver_parameter(driver, "size_limit_mb", &mib) ||
	    udb_driver_parameter(driver, "list_limit", &ranges))
		return -ENODATA;
	*size = mib > UINT64_MAX / UDB_MIB ? UINT64_MAX : mib * UDB_MIB;
	*list = ranges > UINT32_MAX ? UINT32_MAX : (uint32_t)ranges;
	return 0;
}

/**
 * udb_driver_check() - whether an open file is a udmabuf device
 * @fd: any file.
 *
 * A buffer of nothing is refused by every udmabuf, and with another error by what
 * is something else.
 *
 * Return: 0, -EBADF, -EPERM, -EACCES, or -ENOTTY.
 */
int udb_driver_check(int fd)
{
	struct udmabuf_create nothing = { .memfd = UINT32_MAX };
	int ret = udb_ioctl(fd, UDMABUF_CREATE, &nothing);

	if (ret == -EINVAL || ret == -EBADFD)
		return 0;
	if (ret >= 0)
		close(ret);
	return ret == -EBADF || ret == -EPERM || ret == -EACCES ? ret : -ENOTTY;
}

/**
 * udb_driver_open() - open a device node
 * @path: of the node.
 *
 * Reading is enough, and is what a sandbox may allow.
 *
 * Return: a file descriptor or a negative error number.
 */
int udb_driver_open(const char *path)
{
	int fd, ret;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	ret = udb_driver_check(fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}
