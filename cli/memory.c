// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for what is small beside a dma-buf. There is nothing to be done for a
 * command that does not get it, so it ends.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void *cli_alloc_check(void *piece)
{
	if (!piece)
		exit(cli_fail("no memory: end other programs"));
	return piece;
}

/* All zero. */
void *cli_alloc(size_t size)
{
	return cli_alloc_check(calloc(1, size));
}

void *cli_resize(void *piece, size_t size)
{
	return cli_alloc_check(realloc(piece, size));
}

/**
 * cli_grow() - make room for one more
 * @array: of elements, or NULL.
 * @nr: how many are used.
 * @room: how many fit; is changed.
 * @size: bytes of one.
 *
 * Return: the array, which may have moved.
 */
void *cli_grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? *room * 2 : 8;
	return cli_resize(array, *room * size);
}

char *cli_strdup(const char *text)
{
	return cli_alloc_check(strdup(text));
}

char *cli_format(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return cli_alloc_check(text);
}
