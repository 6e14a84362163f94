// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes and names: from people, for people.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char cli_units[] = "KMGTPE";

/* How many bits a unit shifts by, or -1: "", "B", "K", "KiB" and so on. */
static int cli_unit_shift(const char *unit)
{
	const char *at;

	if (!*unit || !strcmp(unit, "B"))
		return 0;
	at = strchr(cli_units, *unit & ~0x20);
	if (!at || (unit[1] && strcmp(unit + 1, "iB")))
		return -1;
	return 10 * (int)(at - cli_units + 1);
}

/**
 * cli_size_parse() - read a size
 * @text: a whole number, with K, M, G, T (or KiB...), which are powers of 1024.
 * @size: receives bytes.
 *
 * Return: false: it is no size above 0, or does not fit.
 */
bool cli_size_parse(const char *text, uint64_t *size)
{
	unsigned long long value;
	char *end;
	int shift;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	shift = cli_unit_shift(end);
	if (errno || !value || shift < 0 || value > UINT64_MAX >> shift)
		return false;
	*size = value << shift;
	return true;
}

/**
 * cli_size_text() - a size for people
 * @to: receives it.
 * @size: bytes.
 *
 * Return: @to: "64 MiB"; with one digit where it is not a whole number.
 */
const char *cli_size_text(char to[CLI_SIZE_TEXT], uint64_t size)
{
	uint64_t unit = 1;
	int at = -1;

	while (at < 5 && size / unit >= 1024) {
		unit <<= 10;
		at++;
	}
	if (at < 0)
		snprintf(to, CLI_SIZE_TEXT, "%u B", (unsigned int)size);
	else if (size % unit)
		snprintf(to, CLI_SIZE_TEXT, "%.1f %ciB",
			 (double)size / (double)unit, cli_units[at]);
	else
		snprintf(to, CLI_SIZE_TEXT, "%llu %ciB",
			 (unsigned long long)(size / unit), cli_units[at]);
	return to;
}

/* Bytes of the UTF-8 character at @text, or 0: it is none, or a control. */
static size_t cli_utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} kinds[] = {
		{ 0x80, 0x00, 0x20 },
		{ 0xe0, 0xc0, 0xa0 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	uint32_t value;

	for (size_t length = 1; length <= CLI_COUNT(kinds); length++) {
		if ((*text & kinds[length - 1].mask) != kinds[length - 1].lead)
			continue;
		value = *text & ~kinds[length - 1].mask & 0xff;
		for (size_t i = 1; i < length; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (text[i] & 0x3f);
		}
		return value < kinds[length - 1].least || value == 0x7f ||
				       value > 0x10ffff ||
				       (value >= 0xd800 && value <= 0xdfff) ||
				       (value >= 0x2028 && value <= 0x202e) ||
				       (value >= 0x2066 && value <= 0x2069) ?
			       0 :
			       length;
	}
	return 0;
}

/**
 * cli_clean() - make a name of somebody else fit to be shown
 * @to: receives it, valid UTF-8 without control characters; others are \xNN.
 * @size: bytes in @to; four times those of @from are enough.
 * @from: the name.
 */
void cli_clean(char *to, size_t size, const char *from)
{
	const unsigned char *at = (const unsigned char *)from;
	size_t length, used = 0;

	while (*at && used + 5 <= size) {
		length = cli_utf8_length(at);
		if (length) {
			memcpy(to + used, at, length);
			used += length;
			at += length;
		} else {
			used += snprintf(to + used, size - used, "\\x%02x",
					 *at++);
		}
	}
	to[used] = '\0';
}

/**
 * cli_width() - how many places a text takes
 * @text: UTF-8.
 *
 * Return: characters.
 */
size_t cli_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/**
 * cli_copy() - copy a text
 * @to: receives it, or its beginning.
 * @size: bytes in @to.
 * @from: the text.
 *
 * Return: false: it did not fit.
 */
bool cli_copy(char *to, size_t size, const char *from)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}
