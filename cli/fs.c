// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of /proc and /sys. Each can be missing, or may not be read, at any time: a
 * process ends while it is looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

#define CLI_READ_STEP	16384

static int cli_fs_path(char *to, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
static char *cli_fs_read_args(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

/* 0, or -1 with errno. */
static int cli_fs_path(char *to, size_t size, const char *format, va_list args)
{
	int root = snprintf(to, size, "%s", cli_root());
	int length = vsnprintf(to + root, size - root, format, args);

	if (length >= 0 && (size_t)length < size - root)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* All that is in it, with a byte 0 at the end; NULL and errno. */
static char *cli_fs_slurp(int fd)
{
	size_t room = 0, have = 0;
	char *text = NULL;
	ssize_t got;

	do {
		if (room - have < CLI_READ_STEP) {
			room = 2 * room + CLI_READ_STEP + 1;
			text = cli_resize(text, room);
		}
		got = read(fd, text + have, room - have - 1);
		have += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[have] = '\0';
	return text;
}

static char *cli_fs_read_args(const char *format, va_list args)
{
	int fd, saved_errno;
	char path[PATH_MAX];
	char *text;

	if (cli_fs_path(path, sizeof(path), format, args))
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text = cli_fs_slurp(fd);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return text;
}

/* A whole file, to be freed; NULL and errno. */
char *cli_fs_read(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = cli_fs_read_args(format, args);
	va_end(args);
	return text;
}

/* The first line of a file, or its beginning. */
bool cli_fs_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = cli_fs_read_args(format, args);
	va_end(args);
	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	cli_copy(to, size, text);
	free(text);
	return true;
}

bool cli_fs_number(uint64_t *number, const char *format, ...)
{
	char *text, *end = NULL;
	uint64_t value = 0;
	bool is;
	va_list args;

	va_start(args, format);
	text = cli_fs_read_args(format, args);
	va_end(args);
	if (text)
		value = strtoull(text, &end, 10);
	is = end && end != text && (*end == '\n' || !*end);
	if (is)
		*number = value;
	free(text);
	return is;
}

DIR *cli_fs_dir(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, format);
	ret = cli_fs_path(path, sizeof(path), format, args);
	va_end(args);
	return ret ? NULL : opendir(path);
}

/* What a link points to; -1 and errno. */
int cli_fs_link(char *to, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	ssize_t length;
	va_list args;
	int ret;

	va_start(args, format);
	ret = cli_fs_path(path, sizeof(path), format, args);
	va_end(args);
	if (ret)
		return -1;
	length = readlinkat(AT_FDCWD, path, to, size - 1);
	if (length < 0)
		return -1;
	to[length] = '\0';
	return 0;
}

bool cli_fs_exists(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, format);
	ret = cli_fs_path(path, sizeof(path), format, args);
	va_end(args);
	return !ret && !access(path, F_OK);
}

/* Which kernel this is. */
void cli_release(char to[CLI_RELEASE])
{
	if (!cli_fs_text(to, CLI_RELEASE, "/proc/sys/kernel/osrelease"))
		cli_copy(to, CLI_RELEASE, "unknown");
}

/*
 * A copy of an open file of another process; -1 where that is not allowed, or the
 * processes are made up.
 */
int cli_fs_take_fd(int pid, int fd)
{
	int process, copy;

	if (*cli_root())
		return -1;
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	close(process);
	return copy;
}
