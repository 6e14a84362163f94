// SPDX-License-Identifier: GPL-2.0-only
/*
 * Colours and progress. Only a terminal gets either, and no colours where the
 * user's environment says so (NO_COLOR, TERM=dumb).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define CLI_BAR_MAX	30
#define CLI_BAR_MIN	10

/* What is beside the bar and the text: brackets, per cent, spaces. */
#define CLI_BAR_EXTRA	8

bool cli_term_is(FILE *file)
{
	return isatty(fileno(file));
}

static bool cli_term_is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !*term || !strcmp(term, "dumb");
}

static bool cli_term_has_colour(FILE *file)
{
	const char *no = getenv("NO_COLOR");

	return cli_term_is(file) && !cli_term_is_dumb() && !(no && *no);
}

void cli_term_begin(FILE *file, enum cli_colour colour)
{
	static const char *const codes[] = {
		[CLI_PLAIN] = "",	   [CLI_BOLD] = "\033[1m",
		[CLI_RED] = "\033[31m",	   [CLI_GREEN] = "\033[32m",
		[CLI_YELLOW] = "\033[33m",
	};

	if (cli_term_has_colour(file))
		fputs(codes[colour], file);
}

void cli_term_end(FILE *file, enum cli_colour colour)
{
	if (colour != CLI_PLAIN && cli_term_has_colour(file))
		fputs("\033[0m", file);
}

void cli_term_print(FILE *file, enum cli_colour colour, const char *format, ...)
{
	va_list args;

	cli_term_begin(file, colour);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	cli_term_end(file, colour);
}

/* What comes next is written over what is there. */
void cli_term_home(FILE *file)
{
	if (cli_term_is(file) && !cli_term_is_dumb())
		fputs("\033[H\033[2J", file);
}

void cli_progress_begin(struct cli_progress *progress, bool quiet)
{
	*progress = (struct cli_progress){
		.quiet = quiet,
		.terminal = cli_term_is(stderr) && !cli_term_is_dumb(),
	};
}

static void cli_progress_wipe(struct cli_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

/* A step begins. Its bar comes with the first cli_progress_at(). */
void cli_progress_step(struct cli_progress *progress, const char *what)
{
	if (progress->quiet)
		return;
	cli_progress_wipe(progress);
	if (!progress->terminal)
		cli_note("%s", what);
}

/* The last column stays free: some terminals begin a new line after it. */
static int cli_term_columns(void)
{
	struct winsize size;

	if (ioctl(fileno(stderr), TIOCGWINSZ, &size) || !size.ws_col)
		return 79;
	return size.ws_col - 1;
}

/*
 * @done: 0 to 1. A line that is too long would be drawn below itself again and again, so
 * the bar gets shorter first, and then the text is cut.
 */
void cli_progress_at(struct cli_progress *progress, const char *what,
		     double done)
{
	int length = (int)strlen(what), room, bar, filled;

	if (progress->quiet || !progress->terminal)
		return;
	done = done > 1 ? 1 : done;
	room = cli_term_columns() - CLI_BAR_EXTRA;
	bar = room - length < CLI_BAR_MAX ? room - length : CLI_BAR_MAX;
	bar = bar < CLI_BAR_MIN ? CLI_BAR_MIN : bar;
	length = room - bar < 0 ? 0 : room - bar;
	filled = (int)(done * bar);
	fprintf(stderr, "\r[%.*s%*s] %3d%% %.*s\033[K", filled,
		"##############################", bar - filled, "",
		(int)(done * 100), length, what);
	fflush(stderr);
	progress->drawn = true;
}

void cli_progress_end(struct cli_progress *progress)
{
	cli_progress_wipe(progress);
	fflush(stderr);
}
