// SPDX-License-Identifier: GPL-2.0-only
/* Reads counters of a kernel at rest: see settled.h. Needs root. */
#include <dirent.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "common.h"
#include "settled.h"

static void settled_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* The cache may have gone meanwhile: then there is nothing to give. */
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;
	close(fd);
}

/*
 * Freed objects count as active while they lie in a processor's own slab;
 * shrinking a cache gives those back.
 */
static void settled_shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		settled_write(path, "1");
	}
	closedir(dir);
}

/*
 * Pages that were freed in bulk stay on lists of the processor, up to some
 * hundred MiB. Each refresh of the statistics gives back an eighth.
 */
static void settled_shrink_page_lists(void)
{
	int i;

	for (i = 0; i < 64; i++)
		settled_write("/proc/sys/vm/stat_refresh", "1");
}

static void settled_wait(void)
{
	int i;

	/* A global membarrier waits for a grace period. */
	for (i = 0; i < 3; i++) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		usleep(50000);
	}
	sync();
	settled_write("/proc/sys/vm/drop_caches", "3");
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	usleep(50000);
	settled_shrink_slabs();
	settled_shrink_page_lists();
}

/* Areas that are unmapped already and wait for a common flush are no loss. */
static long settled_vmalloc(void)
{
	return udb_vmalloc_bytes("") - udb_vmalloc_bytes("unpurged");
}

void settled_read(struct settled *counters)
{
	settled_wait();
	counters->slab = udb_slab_bytes();
	counters->vmalloc = settled_vmalloc();
	counters->memory = udb_meminfo("MemTotal") - udb_meminfo("MemFree");
	counters->huge_free = udb_meminfo("HugePages_Free");
	counters->huge_reserved = udb_meminfo("HugePages_Rsvd");
	counters->huge_surplus = udb_meminfo("HugePages_Surp");
}

static bool settled_grew(const struct settled *before,
			 const struct settled *after)
{
	return after->slab - before->slab > SETTLED_SLAB ||
	       after->vmalloc - before->vmalloc > SETTLED_VMALLOC ||
	       after->memory - before->memory > SETTLED_MEMORY ||
	       after->huge_free != before->huge_free ||
	       after->huge_reserved != before->huge_reserved ||
	       after->huge_surplus != before->huge_surplus;
}

#define SETTLED_RUNS	3

bool settled_run(bool (*batch)(const void *arg), const void *arg,
		 struct settled *before, struct settled *after)
{
	bool good;
	int run;

	settled_read(after);
	for (run = 0; run < SETTLED_RUNS; run++) {
		*before = *after;
		good = batch(arg);
		settled_read(after);
		if (!good || !settled_grew(before, after))
			return good;
	}
	return true;
}
