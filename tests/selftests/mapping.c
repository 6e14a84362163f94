// SPDX-License-Identifier: GPL-2.0-only
/* Looks at mappings: see mapping.h. Nothing here prints or ends a test. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mapping.h"

static sigjmp_buf touch_return;

char *mapping_at(int fd, size_t length, off_t offset, size_t skew, int prot)
{
	size_t room = length + 2 * HUGE_BYTES;
	char *area, *start;

	/* Reserved first, so that MAP_FIXED can hit nothing of ours. */
	area = mmap(NULL, room, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return area;
	start = (char *)(((uintptr_t)area + HUGE_BYTES - 1) & -HUGE_BYTES);
	start += skew;

	munmap(area, start - area);
	munmap(start + length, area + room - (start + length));
	area = mmap(start, length, prot, MAP_SHARED | MAP_FIXED, fd, offset);
	if (area == MAP_FAILED)
		munmap(start, length);
	return area;
}

static void touch_failed(int sig)
{
	siglongjmp(touch_return, sig);
}

int mapping_touch(const void *at, bool write)
{
	struct sigaction action = { .sa_handler = touch_failed };
	struct sigaction old_segv, old_bus;
	volatile char *byte = (volatile char *)(uintptr_t)at;
	int sig;

	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	sig = sigsetjmp(touch_return, 1);
	if (!sig) {
		char value = *byte;

		if (write)
			*byte = value;
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return sig;
}

long mapping_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return -1;
	return usage.ru_minflt;
}

ssize_t mapping_table_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	ssize_t kib = -1;
	char line[256];

	if (!status)
		return -1;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPTE: %zd kB", &kib) == 1)
			break;
	fclose(status);
	return kib < 0 ? -1 : kib * 1024;
}

bool mapping_has_flag(const void *start, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	bool here = false, found = false;
	char line[1024], wanted[8];
	uintptr_t from, to;

	if (!smaps)
		return false;
	snprintf(wanted, sizeof(wanted), " %s ", flag);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
			here = from == (uintptr_t)start;
		if (here && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, wanted);
	}
	fclose(smaps);
	return found;
}
