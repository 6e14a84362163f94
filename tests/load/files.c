// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files to load (files.h). What fails here is a broken machine: the program ends. Not
 * by open(), which the made-up machine of some tests has its own idea of.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define CHUNK	(256 * KIB)

static char folder[256];

static void broken(const char *what)
{
	perror(what);
	abort();
}

const char *files_begin(void)
{
	const char *base = getenv("UDB_LOAD_FOLDER");

	snprintf(folder, sizeof(folder), "%s/load-XXXXXX", base ? base : ".");
	if (!mkdtemp(folder))
		broken(folder);
	return folder;
}

const char *files_path(const char *name)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

void files_end(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		broken(folder);
	while ((entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	if (rmdir(folder))
		broken(folder);
}

/* Neighbouring pages, mebibytes and gibibytes have other bytes. */
uint8_t files_byte(uint64_t offset)
{
	return (uint8_t)(1 + (offset ^ offset >> 7 ^ offset >> 12 ^
			      offset >> 20 ^ offset >> 30) %
				     251);
}

void files_write(const char *path, uint64_t offset, uint64_t size)
{
	int fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static uint8_t bytes[CHUNK];

	if (fd < 0)
		broken(path);
	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t part = size - at < CHUNK ? size - at : CHUNK;

		for (size_t i = 0; i < part; i++)
			bytes[i] = files_byte(offset + at + i);
		if (pwrite(fd, bytes, part, (off_t)(offset + at)) !=
		    (ssize_t)part)
			broken(path);
	}
	if (fsync(fd) || close(fd))
		broken(path);
}

void files_evict(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		broken(path);
	close(fd);
}

const char *files_make(const char *name, uint64_t size)
{
	const char *path = files_path(name);

	files_write(path, 0, size);
	files_evict(path);
	return path;
}

const char *files_make_mixed(const char *name, uint64_t random, uint64_t size)
{
	const char *path = files_make(name, size);
	int fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	static uint8_t bytes[CHUNK];

	if (fd < 0)
		broken(path);
	for (uint64_t at = 0; at < random; at += CHUNK)
		if (getrandom(bytes, CHUNK, 0) != CHUNK ||
		    pwrite(fd, bytes, CHUNK, (off_t)at) != CHUNK)
			broken(path);
	if (fsync(fd) || close(fd))
		broken(path);
	files_evict(path);
	return path;
}

bool files_kind_is(const char *kind)
{
	const char *is = getenv("UDB_LOAD_KIND");

	return is && !strcmp(is, kind);
}

struct udb_device *files_device(void)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.path = "/dev/no-such-driver",
		.fallback = UDB_FALLBACK_MEMFD,
	};
	struct udb_device *dev;

	if (udb_device_open(&opts, &dev))
		abort();
	return dev;
}

struct files_held files_held(void)
{
	struct files_held held = { 0 };
	DIR *dir = opendir("/proc/self/fd");
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	if (!dir || !maps)
		broken("/proc/self");
	while (readdir(dir))
		held.files++;
	while (fgets(line, sizeof(line), maps))
		held.mappings += !!strstr(line, "/memfd:");
	closedir(dir);
	fclose(maps);
	return held;
}

const uint8_t *files_map(const struct udb_load *load)
{
	void *addr;

	if (udb_map(udb_load_memfd(load), 0, udb_load_size(load), NULL, &addr))
		return NULL;
	return addr;
}

uint64_t files_wrong(const uint8_t *bytes, uint64_t offset, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (bytes[i] != files_byte(offset + i))
			return i;
	return size;
}

uint64_t files_not_zero(const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (bytes[i])
			return i;
	return size;
}
