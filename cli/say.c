// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the command says when something is not as it should be: one line on
 * standard error, with what to do.
 */
#include "cli.h"

static const char *cli_verb = "";

void cli_set_verb(const char *name)
{
	cli_verb = name;
}

static void cli_say(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

static void cli_say(const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "udmabuf%s%s: ", *cli_verb ? " " : "", cli_verb);
	vfprintf(stderr, format, args);
}

void cli_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cli_say(format, args);
	va_end(args);
	fputc('\n', stderr);
}

int cli_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cli_say(format, args);
	va_end(args);
	fputc('\n', stderr);
	return CLI_FAILED;
}

int cli_misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cli_say(format, args);
	va_end(args);
	fprintf(stderr, " (see udmabuf%s%s --help)\n", *cli_verb ? " " : "",
		cli_verb);
	return CLI_USAGE;
}

int cli_print_version(void)
{
	printf("udmabuf %s\n", UDMABUF_VERSION);
	return CLI_DONE;
}
