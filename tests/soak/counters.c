// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's counters of what can be lost: see soak.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "soak.h"

/* Lines of /proc/meminfo, in kB or pages. */
static const char *const meminfo[] = {
	"MemFree", "Slab",  "SUnreclaim",     "VmallocUsed",	"PageTables",
	"Percpu",  "Shmem", "HugePages_Free", "HugePages_Rsvd",
};

#define NR_MEMINFO	(sizeof(meminfo) / sizeof(meminfo[0]))

static long vm_counter(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "re");
	char line[128], word[64];
	long value, ret = -1;

	if (!file)
		return -1;
	while (ret < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", word, &value) == 2 &&
		    !strcmp(word, name))
			ret = value;
	fclose(file);
	return ret;
}

/* Pages that somebody has pinned now. */
static long pinned(void)
{
	return vm_counter("nr_foll_pin_acquired") -
	       vm_counter("nr_foll_pin_released");
}

static long first_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

void soak_counter_names(char *line, uint32_t size)
{
	uint32_t at = 0, i;

	for (i = 0; i < NR_MEMINFO; i++)
		at += (uint32_t)snprintf(line + at, size - at, "%s\t",
					 meminfo[i]);
	snprintf(line + at, size - at, "pinned\tdma_bufs\tfiles");
}

void soak_counter_values(char *line, uint32_t size)
{
	uint32_t at = 0, i;

	for (i = 0; i < NR_MEMINFO; i++)
		at += (uint32_t)snprintf(line + at, size - at, "%ld\t",
					 udb_meminfo(meminfo[i]));
	snprintf(line + at, size - at, "%ld\t%ld\t%ld", pinned(),
		 udb_live_dma_bufs(), first_number("/proc/sys/fs/file-nr"));
}
