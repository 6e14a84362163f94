// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of a verb, read by its table. getopt_long() would print lines of its own
 * and reorder what follows --exec.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* One call of cli_parse(). */
struct cli_parse {
	const struct cli_usage *usage;
	char **argv;
	int argc;
	int at;
	void *opts;
	const char **words;
	unsigned int nr_words;
};

static void cli_print_option(const char *name, const char *value,
			     const char *help)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", name, value ? " " : "",
		 value ? value : "");
	printf("  %-22s %s\n", text, help);
}

static int cli_print_help(const struct cli_usage *usage, const char *verb)
{
	printf("udmabuf %s %s\n\n%s\n\n", verb, usage->synopsis, usage->about);
	for (const struct cli_option *o = usage->options; o->name; o++)
		cli_print_option(o->name, o->value, o->help);
	cli_print_option("version", NULL, "print the version");
	cli_print_option("help", NULL, "print this");
	printf("\nExit status:\n%s\n", usage->exits);
	return CLI_DONE;
}

static bool cli_number_parse(const char *text, unsigned int *number)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value ||
	    value > INT_MAX)
		return false;
	*number = value;
	return true;
}

/* A day is the most: what is longer was a mistake. */
static bool cli_seconds_parse(const char *text, double *seconds)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (strspn(text, "0123456789.") != strlen(text) || end == text ||
	    *end || value < 0.01 || value > 86400)
		return false;
	*seconds = value;
	return true;
}

/* Sets the option's place in the verb's structure; false: @text will not do. */
static bool cli_option_set(const struct cli_option *option, void *opts,
			   const char *text)
{
	void *to = (char *)opts + option->offset;

	switch (option->kind) {
	case CLI_TEXT:
		*(const char **)to = text;
		return *text != '\0';
	case CLI_NUMBER:
		return cli_number_parse(text, to);
	case CLI_SIZE:
		return cli_size_parse(text, to);
	case CLI_SECONDS:
	case CLI_MAYBE_SECONDS:
		return cli_seconds_parse(text, to);
	default:
		*(bool *)to = true;
		return true;
	}
}

static const char *cli_kind_wants(enum cli_kind kind)
{
	switch (kind) {
	case CLI_NUMBER:
		return "a whole number above 0";
	case CLI_SIZE:
		return "a size like 64M";
	case CLI_SECONDS:
	case CLI_MAYBE_SECONDS:
		return "seconds, 0.01 to 86400";
	default:
		return "a value";
	}
}

static const struct cli_option *cli_option_find(const struct cli_usage *usage,
						const char *name, size_t length)
{
	for (const struct cli_option *o = usage->options; o->name; o++)
		if (strlen(o->name) == length &&
		    !strncmp(o->name, name, length))
			return o;
	return NULL;
}

/* The next argument is for @option, which can do without one. */
static bool cli_option_likes(const struct cli_option *option, const char *text)
{
	double seconds;

	return option->kind != CLI_MAYBE_SECONDS ||
	       (text && cli_seconds_parse(text, &seconds));
}

static int cli_parse_value(struct cli_parse *p, const struct cli_option *option,
			   const char *value)
{
	const char *next = p->at < p->argc ? p->argv[p->at] : NULL;

	if (!value && cli_option_likes(option, next)) {
		value = next;
		p->at++;
	} else if (!value) {
		value = "1";
	}
	if (!value)
		return cli_misuse("--%s needs %s", option->name,
				  cli_kind_wants(option->kind));
	if (!cli_option_set(option, p->opts, value))
		return cli_misuse("--%s is '%s', and should be %s",
				  option->name, value,
				  cli_kind_wants(option->kind));
	return CLI_GO_ON;
}

static int cli_parse_rest(struct cli_parse *p, const struct cli_option *option)
{
	if (p->at == p->argc)
		return cli_misuse("--%s needs %s", option->name, option->value);
	*(char ***)((char *)p->opts + option->offset) = p->argv + p->at;
	p->at = p->argc;
	return CLI_GO_ON;
}

static int cli_parse_option(struct cli_parse *p, const char *name)
{
	const char *value = strchr(name, '=');
	size_t length = value ? (size_t)(value - name) : strlen(name);
	const struct cli_option *option;

	option = cli_option_find(p->usage, name, length);
	if (!option)
		return cli_misuse("there is no option --%.*s", (int)length,
				  name);
	if (value && (option->kind == CLI_FLAG || option->kind == CLI_REST))
		return cli_misuse("--%s takes no '%s'", option->name, value);
	if (option->kind == CLI_REST)
		return cli_parse_rest(p, option);
	if (option->kind == CLI_FLAG) {
		cli_option_set(option, p->opts, "");
		return CLI_GO_ON;
	}
	return cli_parse_value(p, option, value ? value + 1 : NULL);
}

static int cli_parse_word(struct cli_parse *p, const char *word)
{
	if (p->nr_words == p->usage->words)
		return cli_misuse("there is no use for '%s'", word);
	p->words[p->nr_words++] = word;
	return CLI_GO_ON;
}

static int cli_parse_one(struct cli_parse *p, bool *only_words)
{
	const char *arg = p->argv[p->at++];

	if (*only_words || arg[0] != '-' || !arg[1])
		return cli_parse_word(p, arg);
	if (!strcmp(arg, "--")) {
		*only_words = true;
		return CLI_GO_ON;
	}
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		return cli_print_help(p->usage, p->argv[0]);
	if (!strcmp(arg, "--version"))
		return cli_print_version();
	if (arg[1] != '-')
		return cli_misuse("there is no option %s", arg);
	return cli_parse_option(p, arg + 2);
}

/**
 * cli_parse() - read the arguments of a verb
 * @usage: how it is called.
 * @argc: with the name of the verb.
 * @argv: the same.
 * @opts: the verb's structure of options; what is not given stays.
 * @words: receives what is no option, as many as @usage has; the others stay.
 *
 * Return: %CLI_GO_ON, or the exit status: there was a mistake, or help was asked
 * for and printed.
 */
int cli_parse(const struct cli_usage *usage, int argc, char **argv, void *opts,
	      const char **words)
{
	struct cli_parse p = {
		.usage = usage,
		.argv = argv,
		.argc = argc,
		.at = 1,
		.opts = opts,
		.words = words,
	};
	bool only_words = false;
	int ret = CLI_GO_ON;

	while (ret == CLI_GO_ON && p.at < argc)
		ret = cli_parse_one(&p, &only_words);
	return ret;
}
