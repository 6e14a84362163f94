// SPDX-License-Identifier: MIT
/*
 * What a dma-buf says about itself, in /proc/self/fdinfo.
 */
#include <linux/dma-buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

/*
 * The value of the first line "@key:\t", or NULL. The first one counts: a name may
 * hold a line's end, comes last, and is chosen by anybody.
 */
static const char *udb_info_find(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text) {
		if (!strncmp(text, key, length) &&
		    !strncmp(text + length, ":\t", 2))
			return text + length + 2;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static void udb_info_copy(char *to, size_t size, const char *value)
{
	size_t length = value ? strcspn(value, "\n") : 0;

	if (length >= size)
		length = size - 1;
	if (length)
		memcpy(to, value, length);
	to[length] = '\0';
}

static int udb_info_read(int fd, char *text, size_t size)
{
	char path[40];

	if (fd < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return udb_file_read(path, text, size);
}

static int udb_info_parse(const char *text, struct udb_info *info)
{
	const char *exporter = udb_info_find(text, "exp_name");
	const char *size = udb_info_find(text, "size");

	if (!exporter || !size)
		return -ENOTTY;
	info->size = strtoull(size, NULL, 10);
	udb_info_copy(info->exporter, sizeof(info->exporter), exporter);
	udb_info_copy(info->name, sizeof(info->name),
		      udb_info_find(exporter, "name"));
	return 0;
}

/* A missing line of /proc and a missing file are told apart by fstat(). */
static int udb_info_collect(int fd, struct udb_info *info)
{
	char text[1024];
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	ret = udb_info_read(fd, text, sizeof(text));
	if (ret)
		return ret;
	info->inode = st.st_ino;
	return udb_info_parse(text, info);
}

int udb_info_get(int fd, struct udb_info *info)
{
	struct udb_info known = { .struct_size = sizeof(known) };
	int ret;

	ret = udb_struct_give(info, NULL, sizeof(known), sizeof(known));
	if (ret)
		return ret;
	ret = udb_info_collect(fd, &known);
	if (ret)
		return ret;
	return udb_struct_give(info, &known, sizeof(known), sizeof(known));
}

int udb_info_is_udmabuf(int fd)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	int ret = udb_info_collect(fd, &info);

	if (ret)
		return ret;
	return !strcmp(info.exporter, "udmabuf");
}

int udb_info_set_name(int fd, const char *name)
{
	char copy[UDB_NAME_MAX];
	int ret = udb_name_copy(copy, name);

	if (ret)
		return ret;
	return udb_ioctl(fd, DMA_BUF_SET_NAME, copy);
}
