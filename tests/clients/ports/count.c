// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the system calls of a process, with its threads, as strace would: the
 * machine has none. The process says where a part of its work begins with a call
 * that does not exist.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count.h"

/* A number that no kernel gives to a call. */
#define COUNT_MARK	100000

#define COUNT_OPTIONS	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
#define COUNT_STOP	(SIGTRAP | 0x80)

/* What the ports, and the library, call. */
static const struct {
	long nr;
	const char *name;
} count_names[] = {
	{ SYS_openat, "openat" },	{ SYS_close, "close" },
	{ SYS_ioctl, "ioctl" },		{ SYS_memfd_create, "memfd_create" },
	{ SYS_ftruncate, "ftruncate" }, { SYS_fcntl, "fcntl" },
	{ SYS_mmap, "mmap" },		{ SYS_munmap, "munmap" },
	{ SYS_madvise, "madvise" },	{ SYS_read, "read" },
	{ SYS_lseek, "lseek" },		{ SYS_poll, "poll" },
	{ SYS_newfstatat, "fstat" },	{ SYS_fstat, "fstat" },
	{ SYS_readlink, "readlink" },	{ SYS_brk, "brk" },
	{ SYS_futex, "futex" },
};

void count_begin(int part)
{
	int error = errno;

	syscall(COUNT_MARK, (long)part);
	errno = error;
}

static void count_call(struct count *count, int part, uint64_t nr)
{
	if (part == COUNT_NOT)
		return;
	count->total[part]++;
	count->of[part][nr < COUNT_CALLS ? nr : COUNT_CALLS - 1]++;
}

/* A process stands before a system call, or behind it. */
static void count_stop(pid_t pid, int *part, struct count *count)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		err(2, "PTRACE_GET_SYSCALL_INFO");
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (info.entry.nr == COUNT_MARK)
		*part = (int)info.entry.args[0];
	else
		count_call(count, *part, info.entry.nr);
}

/* Till the first process has ended, whose status is returned. */
static int count_watch(pid_t first, struct count *count)
{
	int part = COUNT_NOT;
	int status, signal;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				return status;
			continue;
		}
		signal = WSTOPSIG(status);
		if (signal == COUNT_STOP)
			count_stop(pid, &part, count);
		if (signal == COUNT_STOP || signal == SIGTRAP ||
		    signal == SIGSTOP)
			signal = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
	}
	err(2, "waitpid");
}

int count_run(int (*function)(void), struct count *count)
{
	pid_t pid;
	int status;

	memset(count, 0, sizeof(*count));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			err(2, "PTRACE_TRACEME");
		raise(SIGSTOP);
		exit(function());
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, COUNT_OPTIONS) ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
		err(2, "cannot watch a process");
	status = count_watch(pid, count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *count_name(long nr, char *number, size_t size)
{
	for (size_t i = 0; i < sizeof(count_names) / sizeof(count_names[0]);
	     i++)
		if (count_names[i].nr == nr)
			return count_names[i].name;
	snprintf(number, size, "number-%ld", nr);
	return number;
}

void count_print(const struct count *count, int part)
{
	const char *between = "";
	char number[32];

	for (long nr = 0; nr < COUNT_CALLS; nr++) {
		if (!count->of[part][nr])
			continue;
		printf("%s%s %u", between,
		       count_name(nr, number, sizeof(number)),
		       count->of[part][nr]);
		between = ", ";
	}
}
