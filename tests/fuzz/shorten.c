// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a program that finds something shorter: takes a half out, then quarters,
 * down to single operations, and keeps what still finds something. A program of
 * several threads does not find it every time, so that it is asked more often.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "fleet.h"

#define TRIES_ALONE	2
#define TRIES_THREADS	12
#define SECONDS		300

struct shorten {
	struct fuzz_fleet *fleet;
	struct fuzz_program *best;
	struct fuzz_program next;
	char *what;
	size_t size;
	time_t end;
};

static bool finds(struct shorten *s, const struct fuzz_program *program)
{
	int tries = program->nr_threads > 1 ? TRIES_THREADS : TRIES_ALONE;
	char what[512];

	while (tries-- && time(NULL) < s->end) {
		if (!fuzz_fleet_try(s->fleet, program, what, sizeof(what)))
			continue;
		snprintf(s->what, s->size, "%s", what);
		return true;
	}
	return false;
}

static bool keep(struct shorten *s)
{
	if (time(NULL) > s->end || !finds(s, &s->next))
		return false;
	*s->best = s->next;
	return true;
}

/* From the end, where what found it is. */
static bool cut(struct shorten *s, uint32_t nr)
{
	bool any = false;
	int64_t at;

	for (at = (int64_t)s->best->nr_ops - nr; at >= 0; at -= nr) {
		s->next = *s->best;
		fuzz_program_cut(&s->next, (uint32_t)at, nr);
		if (s->next.nr_ops && keep(s))
			any = true;
	}
	return any;
}

static void one_thread(struct shorten *s)
{
	uint32_t i;

	s->next = *s->best;
	s->next.nr_threads = 1;
	for (i = 0; i < s->next.nr_ops; i++)
		s->next.op[i].thread = 0;
	keep(s);
}

/* Numbers that may as well be 0. */
static void simplify(struct shorten *s)
{
	uint32_t i, j;

	for (i = 0; i < s->best->nr_ops; i++) {
		for (j = 0; j < FUZZ_ARGS; j++) {
			s->next = *s->best;
			s->next.op[i].arg[j] = 0;
			if (s->best->op[i].arg[j])
				keep(s);
		}
	}
}

bool fuzz_shorten(struct fuzz_fleet *fleet, struct fuzz_program *program,
		  char *what, size_t size)
{
	struct shorten s = {
		.fleet = fleet,
		.best = program,
		.what = what,
		.size = size,
		.end = time(NULL) + SECONDS,
	};
	uint32_t nr;

	if (!finds(&s, program))
		return false;
	if (program->nr_threads > 1)
		one_thread(&s);
	for (nr = program->nr_ops / 2; nr; nr /= 2)
		cut(&s, nr);
	while (cut(&s, 1) && time(NULL) < s.end)
		;
	simplify(&s);
	return true;
}
