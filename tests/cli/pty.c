// SPDX-License-Identifier: GPL-2.0-only
/*
 * pty SECONDS COMMAND [ARGUMENT]...
 *
 * Runs a command as at a terminal of 80 columns, prints what the terminal would
 * show, and ends with the command's exit status, or 128 and its signal. After
 * SECONDS, if they are not 0, it presses Ctrl-C.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t pty_start(char **command, int *master)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	pid_t pid = forkpty(master, NULL, NULL, &size);

	if (pid)
		return pid;
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

static int64_t pty_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until , or for ever where it is 0. */
static bool pty_is_ready(int master, int64_t deadline)
{
	struct pollfd ready = { .fd = master, .events = POLLIN };
	int64_t left = deadline - pty_now_ms();

	if (!deadline)
		return poll(&ready, 1, -1);
	return poll(&ready, 1, left > 0 ? (int)left : 0) && left > 0;
}

/* What comes until the command has ended; then a terminal is an error. */
static void pty_copy(int master, int64_t deadline)
{
	char bytes[4096];
	ssize_t got;

	for (;;) {
		if (!pty_is_ready(master, deadline)) {
			if (write(master, "\003", 1) != 1)
				return;
			deadline = 0;
			continue;
		}
		got = read(master, bytes, sizeof(bytes));
		if (got <= 0 || write(STDOUT_FILENO, bytes, got) != got)
			return;
	}
}

int main(int argc, char **argv)
{
	int master, status, seconds;
	pid_t pid;

	if (argc < 3) {
		fputs("pty SECONDS COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	seconds = (int)strtol(argv[1], NULL, 10);
	pid = pty_start(argv + 2, &master);
	if (pid < 0)
		return 2;
	pty_copy(master, seconds ? pty_now_ms() + seconds * 1000 : 0);
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
