// SPDX-License-Identifier: MIT
/*
 * Small things that all files need: structures that grow, system calls that are
 * tried again, files with one value, time.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define UDB_STRING_(x)	#x
#define UDB_STRING(x)	UDB_STRING_(x)

#define UDB_VERSION					\
	UDB_STRING(UDB_VERSION_MAJOR) "."		\
	UDB_STRING(UDB_VERSION_MINOR) "."		\
	UDB_STRING(UDB_VERSION_PATCH)

const char *udb_version(void)
{
	return UDB_VERSION;
}

static size_t udb_struct_size(const void *structure)
{
	size_t size;

	memcpy(&size, structure, sizeof(size));
	return size;
}

static bool udb_is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/**
 * udb_opts_take() - take over what a caller said
 * @known: receives it, as far as this library knows it.
 * @known_size: sizeof(*known).
 * @first_size: what the first release had, the least that is accepted.
 * @opts: structure that begins with its size, or NULL.
 *
 * A program that is newer than the library must not have set what is unknown here.
 *
 * Return: 0, -EINVAL: too small, -E2BIG: something unknown is set.
 */
int udb_opts_take(void *known, size_t known_size, size_t first_size,
		  const void *opts)
{
	size_t size;

	memset(known, 0, known_size);
	if (!opts)
		return 0;
	size = udb_struct_size(opts);
	if (size < first_size)
		return -EINVAL;
	if (size > known_size &&
	    !udb_is_zero((const unsigned char *)opts + known_size,
			 size - known_size))
		return -E2BIG;
	memcpy(known, opts, size < known_size ? size : known_size);
	return 0;
}

/**
 * udb_struct_give() - fill in a structure of the caller
 * @to: begins with its size.
 * @from: what to put there; NULL: only check the size.
 * @known_size: sizeof(*from).
 * @first_size: what the first release had.
 *
 * What a newer program expects beyond @known_size becomes 0.
 *
 * Return: 0 or -EINVAL: @to is too small.
 */
int udb_struct_give(void *to, const void *from, size_t known_size,
		    size_t first_size)
{
	size_t size = udb_struct_size(to);
	size_t common = size < known_size ? size : known_size;
	const size_t skip = sizeof(size);

	if (size < first_size)
		return -EINVAL;
	if (!from)
		return 0;
	memcpy((char *)to + skip, (const char *)from + skip, common - skip);
	memset((char *)to + common, 0, size - common);
	return 0;
}

/**
 * udb_name_copy() - copy a name that the kernel will take
 * @to: room for %UDB_NAME_MAX bytes.
 * @name: the name.
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int udb_name_copy(char *to, const char *name)
{
	size_t size = strlen(name) + 1;

	if (size > UDB_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(to, name, size);
	return 0;
}

/**
 * udb_page_size() - the page size of this kernel
 *
 * Return: bytes.
 */
size_t udb_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/**
 * udb_ioctl() - ioctl() until it is done
 * @fd: any file.
 * @request: number.
 * @arg: its argument.
 *
 * The kernel asks for SYNC to be tried again with -EINTR or -EAGAIN.
 *
 * Return: what ioctl() returned, or a negative error number.
 */
int udb_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : ret;
}

static int udb_read(int fd, char *text, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while (have < size) {
		got = read(fd, text + have, size - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += got;
	}
	return have;
}

/**
 * udb_file_read() - the beginning of a file
 * @path: a small file of /proc or /sys.
 * @text: receives it, terminated, without the last end of line.
 * @size: bytes in @text.
 *
 * Return: 0 or a negative error number.
 */
int udb_file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = udb_read(fd, text, size - 1);
	close(fd);
	if (ret < 0)
		return ret;
	while (ret && text[ret - 1] == '\n')
		ret--;
	text[ret] = '\0';
	return 0;
}

/**
 * udb_file_read_number() - a file that holds a number
 * @path: a file of /sys.
 * @number: receives it.
 *
 * Return: 0, -ENODATA: something else is in it, or another negative error number.
 */
int udb_file_read_number(const char *path, uint64_t *number)
{
	unsigned long long value;
	char text[32], *end;
	int ret;

	ret = udb_file_read(path, text, sizeof(text));
	if (ret)
		return ret;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-')
		return -ENODATA;
	*number = value;
	return 0;
}

/**
 * udb_fd_clone() - one more descriptor of a file
 * @fd: any file.
 *
 * Return: a file descriptor or a negative error number.
 */
int udb_fd_clone(int fd)
{
	int clone = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return clone < 0 ? -errno : clone;
}

/**
 * udb_fd_close() - close a file if there is one
 * @fd: a file descriptor, or below 0.
 */
void udb_fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/**
 * udb_time_ms() - what time it is
 *
 * Return: milliseconds of a clock that nobody sets.
 */
int64_t udb_time_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/**
 * udb_time_deadline() - when a time limit ends
 * @timeout_ms: from now; below 0: never.
 *
 * Return: time as of udb_time_ms(), or -1 for never.
 */
int64_t udb_time_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : udb_time_ms() + timeout_ms;
}

/**
 * udb_time_left() - how long until then
 * @deadline: from udb_time_deadline().
 *
 * Return: milliseconds as poll() wants them.
 */
int udb_time_left(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - udb_time_ms();
	return left > 0 ? (int)left : 0;
}

/**
 * udb_poll() - wait for one file
 * @fd: any file.
 * @events: for poll().
 * @timeout_ms: 0: only look; below 0: for ever.
 *
 * Return: 0, -ETIMEDOUT, -EBADF, -EIO: the file has failed.
 */
int udb_poll(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t deadline = udb_time_deadline(timeout_ms);
	int ret;

	/* poll() would wait for it for ever */
	if (fd < 0)
		return -EBADF;
	do {
		ret = poll(&poll_fd, 1, udb_time_left(deadline));
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	if (poll_fd.revents & POLLNVAL)
		return -EBADF;
	return poll_fd.revents & events ? 0 : -EIO;
}
