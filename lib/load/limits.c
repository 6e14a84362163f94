// SPDX-License-Identifier: MIT
/*
 * How much memory there is. A memfd may be larger than the machine, and what comes
 * of that is a killed process and not an error, so it has to be known before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

#define UDB_LOAD_CGROUPS	"/sys/fs/cgroup"

/* Two generations of control groups, whose files have other names. */
struct udb_load_group {
	const char *root;
	const char *max;
	const char *now;
	const char *stat[2];
};

static const struct udb_load_group udb_load_group_v2 = {
	.root = UDB_LOAD_CGROUPS,
	.max = "memory.max",
	.now = "memory.current",
	.stat = { "\ninactive_file ", "\nactive_file " },
};

static const struct udb_load_group udb_load_group_v1 = {
	.root = UDB_LOAD_CGROUPS "/memory",
	.max = "memory.limit_in_bytes",
	.now = "memory.usage_in_bytes",
	.stat = { "\ntotal_inactive_file ", "\ntotal_active_file " },
};

/* The number after a word that stands in a text. */
static bool udb_load_number_after(const char *text, const char *word,
				  uint64_t *number)
{
	const char *at = strstr(text, word);

	if (!at)
		return false;
	*number = strtoull(at + strlen(word), NULL, 10);
	return true;
}

static int udb_load_group_read(const struct udb_load_group *files,
			       const char *group, const char *name, char *text,
			       size_t size)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s%s/%s", files->root, group, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return udb_file_read(path, text, size);
}

/* Pages of files are given up before anything is killed. */
static uint64_t udb_load_group_pages(const struct udb_load_group *files,
				     const char *group)
{
	uint64_t sum = 0, value;
	char text[8192] = "\n";

	if (udb_load_group_read(files, group, "memory.stat", text + 1,
				sizeof(text) - 1))
		return 0;
	for (int i = 0; i < 2; i++)
		if (udb_load_number_after(text, files->stat[i], &value))
			sum += value;
	return sum;
}

/* What a group and those above it may still have; "max" is no number. */
static uint64_t udb_load_group_left(const struct udb_load_group *files,
				    char *group)
{
	uint64_t least = UINT64_MAX, max, now, left;
	char text[64], *slash;

	for (;;) {
		if (!udb_load_group_read(files, group, files->max, text,
					 sizeof(text)) &&
		    udb_load_number_after(text, "", &max) && text[0] != 'm' &&
		    !udb_load_group_read(files, group, files->now, text,
					 sizeof(text)) &&
		    udb_load_number_after(text, "", &now)) {
			left = max > now ? max - now : 0;
			left += udb_load_group_pages(files, group);
			least = left < least ? left : least;
		}
		slash = strrchr(group, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* The path that follows a mark in a line of /proc/self/cgroup. */
static bool udb_load_group_name(const char *text, const char *mark, char *name,
				size_t size)
{
	const char *at = strstr(text, mark);
	size_t length;

	if (!at)
		return false;
	at += strlen(mark);
	length = strcspn(at, "\n");
	if (length >= size)
		return false;
	memcpy(name, at, length);
	name[length] = '\0';
	if (length == 1)
		name[0] = '\0';
	return true;
}

static uint64_t udb_load_groups_left(void)
{
	uint64_t left = UINT64_MAX, other;
	char text[4096] = "\n", name[256];

	if (udb_file_read("/proc/self/cgroup", text + 1, sizeof(text) - 1))
		return left;
	if (udb_load_group_name(text, "\n0::", name, sizeof(name)))
		left = udb_load_group_left(&udb_load_group_v2, name);
	if (udb_load_group_name(text, ":memory:", name, sizeof(name))) {
		other = udb_load_group_left(&udb_load_group_v1, name);
		left = other < left ? other : left;
	}
	return left;
}

/**
 * udb_load_available() - memory that can be had
 * @ret_what: receives who says so.
 *
 * Return: bytes; UINT64_MAX when nobody says anything.
 */
uint64_t udb_load_available(const char **ret_what)
{
	uint64_t machine = UINT64_MAX, groups = udb_load_groups_left(), kib;
	char text[4096];

	if (!udb_file_read("/proc/meminfo", text, sizeof(text)) &&
	    udb_load_number_after(text, "MemAvailable:", &kib))
		machine = kib * 1024;
	*ret_what = groups < machine ? "the control group's limit" :
				       "the machine";
	return groups < machine ? groups : machine;
}
