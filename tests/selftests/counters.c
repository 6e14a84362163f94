// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own view for the selftests: counters under /proc, page-table
 * figures of a mapping, and the parameters of the driver under test.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/*
 * "Name:   123 kB" of a file of such lines, from the current position on, until
 * @stop returns true for a line. -ENOENT when there is no such line.
 */
static long udb_field(FILE *file, const char *name,
		      bool (*stop)(const char *line))
{
	size_t len = strlen(name);
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		if (stop && stop(line))
			break;
		if (!strncmp(line, name, len) && line[len] == ':')
			return strtol(line + len + 1, NULL, 10);
	}
	return -ENOENT;
}

long udb_meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	long ret;

	if (!file)
		return -errno;
	ret = udb_field(file, name, NULL);
	fclose(file);
	return ret;
}

long udb_live_dma_bufs(void)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	char line[256];
	long live = -ENOENT;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Total %ld objects", &live);
	fclose(file);
	return live;
}

bool udb_kernel_has(const char *symbol)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], name[256];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %*s %255s", name) == 1 &&
			!strcmp(name, symbol);
	fclose(file);
	return found;
}

/* A head line of smaps starts a new mapping: "7f12-7f34 rw-s ...". */
static bool udb_smaps_head(const char *line)
{
	unsigned long start, end;

	return sscanf(line, "%lx-%lx ", &start, &end) == 2;
}

long udb_smaps_kb(const void *addr, const char *field)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	char line[512];
	long ret = -ENOENT;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) != 2)
			continue;
		if ((uintptr_t)addr < start || (uintptr_t)addr >= end)
			continue;
		ret = udb_field(file, field, udb_smaps_head);
		break;
	}
	fclose(file);
	return ret;
}

/* Sums over /proc/slabinfo: of one cache or, with NULL, of all. */
static long udb_slab_sum(const char *cache, bool bytes)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	unsigned long active, total, size, sum = 0;
	char line[512], name[128];
	bool seen = false;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %lu %lu %lu", name, &active, &total,
			   &size) != 4)
			continue;
		if (cache && strcmp(cache, name))
			continue;
		seen = true;
		sum += bytes ? active * size : active;
	}
	fclose(file);
	return seen ? (long)sum : -ENOENT;
}

long udb_slab_objects(const char *cache)
{
	return udb_slab_sum(cache, false);
}

long udb_slab_bytes(void)
{
	return udb_slab_sum(NULL, true);
}

/* Lines: 0xSTART-0xEND BYTES CALLER ... */
long udb_vmalloc_bytes(const char *word)
{
	FILE *file = fopen("/proc/vmallocinfo", "re");
	unsigned long bytes, sum = 0;
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, word) && sscanf(line, "%*s %lu", &bytes) == 1)
			sum += bytes;
	fclose(file);
	return sum;
}

int udb_nr_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		nr++;
	closedir(dir);
	/* ".", ".." and the one for looking */
	return nr - 3;
}

/*
 * A file in the folder that a folder of all modules has for the driver's:
 * /dev/udmabuf-ng belongs to the module udmabuf_ng.
 */
static int driver_path(char *path, size_t size, const char *modules,
		       const char *file)
{
	const char *device = strrchr(udb_dev_path(), '/');
	const char *module = getenv("UDMABUF_MODULE");
	char *c;

	if (!module && !device)
		return -ENOENT;
	snprintf(path, size, "%s/%s/%s", modules, module ?: device + 1, file);
	for (c = path + strlen(modules) + 1; *c && *c != '/'; c++)
		if (*c == '-')
			*c = '_';
	return 0;
}

int udb_param_path(char *path, size_t size, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "parameters/%s", name);
	return driver_path(path, size, "/sys/module", file);
}

const char *udb_table_path(void)
{
	static char path[256];

	return driver_path(path, sizeof(path), "/sys/kernel/debug", "buffers") ?
		       "" :
		       path;
}

long udb_param_get(const char *name)
{
	char path[256], text[64] = "";
	long ret = udb_param_path(path, sizeof(path), name);
	FILE *file;

	if (ret)
		return ret;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fgets(text, sizeof(text), file))
		ret = strtol(text, NULL, 10);
	else
		ret = -EIO;
	fclose(file);
	return ret;
}

int udb_param_set(const char *name, const char *value)
{
	char path[256];
	int ret = udb_param_path(path, sizeof(path), name);
	int fd;

	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int udb_size_limit_restore(long mb)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", mb);
	return udb_param_set("size_limit_mb", text);
}

long udb_size_limit_raise(long mb)
{
	long before = udb_param_get("size_limit_mb");
	int ret;

	if (before < 0 || before >= mb)
		return before;
	ret = udb_size_limit_restore(mb);
	return ret ? ret : before;
}
