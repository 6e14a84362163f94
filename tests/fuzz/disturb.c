// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens on a machine meanwhile: memory gets short, pages are moved, somebody
 * looks, processes stop and are killed, and root tries to take the driver away.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fleet.h"

#define MEMORY_LEFT_KB	(256UL * 1024)
#define MEMORY_MAX_KB	(384UL * 1024)

/* What cannot be written is not there, on this kernel. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;
	close(fd);
}

static unsigned long available_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kb = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %lu", &kb) == 1)
			break;
	fclose(file);
	return kb;
}

/* Leaves so much that nobody has to be killed for it. */
static void take_memory(void)
{
	unsigned long kb = available_kb();
	void *memory;

	if (kb <= MEMORY_LEFT_KB)
		return;
	kb -= MEMORY_LEFT_KB;
	if (kb > MEMORY_MAX_KB)
		kb = MEMORY_MAX_KB;
	put("/proc/self/oom_score_adj", "1000");
	memory = mmap(NULL, kb * 1024, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory != MAP_FAILED)
		munmap(memory, kb * 1024);
}

static void disturb_memory(uint32_t what)
{
	if (what == 0)
		put("/proc/sys/vm/drop_caches", "3");
	else if (what == 1)
		put("/proc/sys/vm/compact_memory", "1");
	else
		take_memory();
}

/*
 * What moves memory takes as long as it takes: a process of its own does it, one at
 * a time. Then the others have three times as long for themselves.
 */
static pid_t memory_pid;
static uint64_t memory_began, memory_again;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tend_memory(void)
{
	if (memory_pid <= 0 || waitpid(memory_pid, NULL, WNOHANG) == 0)
		return;
	memory_pid = 0;
	memory_again = now_ms() + 3 * (now_ms() - memory_began);
}

static void start_memory(uint32_t what)
{
	if (memory_pid > 0 || now_ms() < memory_again)
		return;
	memory_began = now_ms();
	memory_pid = fork();
	if (!memory_pid) {
		disturb_memory(what);
		_exit(0);
	}
}

static void freeze(struct fuzz_fleet *fleet, struct fuzz_rng *rng)
{
	pid_t pid = fleet->worker[fuzz_below(rng, fleet->nr_workers)].pid;

	if (pid <= 0 || kill(pid, SIGSTOP))
		return;
	usleep(1000 * fuzz_below(rng, 50));
	kill(pid, SIGCONT);
}

/* The workers have the device open: it cannot go. */
static bool unload(const struct fuzz_fleet *fleet, char *what, size_t size)
{
	if (!fleet->module ||
	    syscall(SYS_delete_module, fleet->module, O_NONBLOCK))
		return true;
	snprintf(what, size, "module %s went while it was in use",
		 fleet->module);
	return false;
}

static void huge_pages(struct fuzz_rng *rng)
{
	static const char folder[] = "/sys/kernel/mm/transparent_hugepage/";
	static const char *const enabled[] = { "always", "madvise", "never" };
	static const char *const shmem[] = { "advise", "advise", "never" };
	char path[128];

	snprintf(path, sizeof(path), "%senabled", folder);
	put(path, enabled[fuzz_below(rng, 3)]);
	snprintf(path, sizeof(path), "%sshmem_enabled", folder);
	put(path, shmem[fuzz_below(rng, 3)]);
}

static void switch_tracing(struct fuzz_rng *rng)
{
	put("/sys/kernel/tracing/events/udmabuf/enable",
	    fuzz_below(rng, 2) ? "1" : "0");
	put("/sys/kernel/tracing/trace", "");
}

bool fuzz_disturb(struct fuzz_fleet *fleet, struct fuzz_rng *rng, char *what,
		  size_t size)
{
	tend_memory();
	switch (fuzz_below(rng, 11)) {
	case 0 ... 2:
		start_memory(fuzz_below(rng, 3));
		return true;
	case 3 ... 4:
		fuzz_fleet_kill(fleet, fuzz_below(rng, fleet->nr_workers));
		return true;
	case 5 ... 6:
		freeze(fleet, rng);
		return true;
	case 7:
		huge_pages(rng);
		return true;
	case 8:
		switch_tracing(rng);
		return true;
	default:
		return unload(fleet, what, size);
	}
}

void fuzz_disturb_end(void)
{
	if (memory_pid > 0) {
		kill(memory_pid, SIGKILL);
		waitpid(memory_pid, NULL, 0);
		memory_pid = 0;
	}
	put("/sys/kernel/tracing/events/udmabuf/enable", "0");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	put("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise");
}
