// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a buffer that was made: a command gets it, or it is held until
 * somebody has had enough.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static void cli_hold_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/**
 * cli_hold_begin() - let signals wait: for cli_hold(), or for cli_hold_end()
 *
 * To be called before anybody can know of the buffer, and end it; or before something
 * that should come to its end in order.
 */
void cli_hold_begin(void)
{
	sigset_t set;

	cli_hold_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/**
 * cli_hold_is_over() - whether to come to an end
 *
 * Return: true when a signal waits. One that is ignored (nohup) never does.
 */
bool cli_hold_is_over(void)
{
	sigset_t waiting;

	sigpending(&waiting);
	return sigismember(&waiting, SIGINT) ||
	       sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP);
}

/**
 * cli_hold_end() - obey signals again
 *
 * Does not return when one has waited: the command ends by it, as whoever sent it
 * expects.
 */
void cli_hold_end(void)
{
	sigset_t set;

	cli_hold_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/**
 * cli_hold() - wait for a signal that says that it is enough
 * @say: tell a person at a terminal.
 */
void cli_hold(bool say)
{
	sigset_t set;
	int signal;

	if (say && cli_term_is(stdout)) {
		puts("It is there until Ctrl-C.");
		fflush(stdout);
	}
	cli_hold_signals(&set);
	sigwait(&set, &signal);
}

/**
 * cli_exec() - become another command
 * @command: its words, with NULL at the end.
 *
 * Return: only when that fails: 127 when there is no such command, else 126.
 */
int cli_exec(char **command)
{
	int error;

	fflush(stdout);
	execvp(command[0], command);
	error = errno;
	cli_fail("cannot run '%s': %s", command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}
