// SPDX-License-Identifier: GPL-2.0-only
/*
 * port-NAME-hand, port-NAME-lib
 *
 * Has a port (port.h) make four buffers, one after the other, looks at each, and
 * counts the system calls. The first buffer is counted together with opening and
 * closing; what each of the others costs must be the same. Prints two lines:
 *
 *	once NUMBER CALL NUMBER, ...
 *	again NUMBER CALL NUMBER, ...
 *
 * Exit status: 0; 1 the port did not do its work, left a file open, or did not do the
 * same each time; 2 it could not be watched.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "world.h"

/* In a part of its own, so that looking at the buffer is not counted. */
static int round_of(unsigned int nr, int part)
{
	struct port_shown shown = { .fd = -1, .fence = -1 };

	count_begin(part);
	if (port_begin(nr, &shown)) {
		count_begin(COUNT_NOT);
		warnx("no buffer %u", nr);
		return -1;
	}
	count_begin(COUNT_NOT);
	if (!world_is_shown(&shown, nr))
		return -1;
	count_begin(part);
	if (port_end(nr)) {
		count_begin(COUNT_NOT);
		warnx("buffer %u does not end", nr);
		return -1;
	}
	return 0;
}

static int work(void)
{
	int files = world_open_files();

	count_begin(COUNT_ONCE);
	if (port_open()) {
		count_begin(COUNT_NOT);
		warnx("no driver");
		return 1;
	}
	for (unsigned int nr = 0; nr < WORLD_ROUNDS; nr++)
		if (round_of(nr, nr ? COUNT_AGAIN + nr - 1 : COUNT_ONCE))
			return 1;
	count_begin(COUNT_ONCE);
	port_close();
	count_begin(COUNT_NOT);
	if (world_open_files() == files)
		return 0;
	warnx("%d files are open that were not", world_open_files() - files);
	return 1;
}

/* A page that is in use for a moment is collapsed at another try. */
static bool may_differ(int call)
{
	return call == SYS_madvise;
}

static bool is_steady(const struct count *count)
{
	for (int i = 1; i < COUNT_ROUNDS; i++)
		for (int call = 0; call < COUNT_CALLS; call++)
			if (count->of[COUNT_AGAIN][call] !=
				    count->of[COUNT_AGAIN + i][call] &&
			    !may_differ(call))
				return false;
	return true;
}

static int cheapest(const struct count *count)
{
	int part = COUNT_AGAIN;

	for (int i = 1; i < COUNT_ROUNDS; i++)
		if (count->total[COUNT_AGAIN + i] < count->total[part])
			part = COUNT_AGAIN + i;
	return part;
}

static void print_part(const struct count *count, const char *name, int part)
{
	printf("%s %u ", name, count->total[part]);
	count_print(count, part);
	printf("\n");
}

int main(void)
{
	static struct count count;
	int status;

	world_make();
	free(malloc(1)); /* the heap is there */
	status = count_run(work, &count);
	if (status)
		return status;
	print_part(&count, "once", COUNT_ONCE);
	print_part(&count, "again", cheapest(&count));
	if (is_steady(&count))
		return 0;
	for (int i = 0; i < COUNT_ROUNDS; i++)
		print_part(&count, "round", COUNT_AGAIN + i);
	warnx("not the same calls for each buffer");
	return 1;
}
