// SPDX-License-Identifier: GPL-2.0-only
/* The model of what pages show: see world.h and model.h. */
#include <inttypes.h>
#include <string.h>

#include "model.h"

/* What each word of a page is mixed with. */
static uint64_t place_mask(uint32_t i)
{
	return (uint64_t)i << 20;
}

/* A stamp: tag of the program, uid and page of the memfd, number of the write. */
#define STAMP_TAG	48
#define STAMP_ORIGIN	24
#define STAMP_WRITES	0xfffff

static uint64_t stamp_identity(const struct fuzz_world *world, uint32_t origin)
{
	return world->tag << STAMP_TAG | (uint64_t)origin << STAMP_ORIGIN;
}

uint64_t fuzz_stamp(struct fuzz_world *world, uint32_t origin)
{
	uint32_t nr = atomic_fetch_add(&world->generation, 1) + 1;

	return stamp_identity(world, origin) | (nr & STAMP_WRITES);
}

void fuzz_stamp_words(uint64_t stamp, struct fuzz_words *words)
{
	uint32_t i;

	for (i = 0; i < FUZZ_WORDS; i++)
		words->word[i] = stamp ? stamp ^ place_mask(i) : 0;
}

/* Memory of the right page of the right memfd, whoever wrote it last. */
static bool is_of_origin(const struct fuzz_world *world,
			 const struct fuzz_words *words, uint32_t origin)
{
	uint64_t want = stamp_identity(world, origin), word;
	uint32_t i;

	for (i = 0; i < FUZZ_WORDS; i++) {
		word = words->word[i];
		if (word &&
		    ((word ^ place_mask(i)) & ~(uint64_t)STAMP_WRITES) != want)
			return false;
	}
	return true;
}

bool fuzz_check_words(struct fuzz_world *world, const struct fuzz_words *words,
		      uint32_t origin, uint32_t id, const char *where,
		      uint32_t index)
{
	struct fuzz_words want = { { stamp_identity(world, origin) } };

	if (world->exact) {
		if (world->pool[id].unknown)
			return true;
		fuzz_stamp_words(world->pool[id].stamp, &want);
		if (!memcmp(words, &want, sizeof(want)))
			return true;
	} else if (is_of_origin(world, words, origin)) {
		return true;
	}
	fuzz_found(world,
		   "%s, page %" PRIu32 " (page %" PRIu32 " of memfd %" PRIu32
		   "): has %016" PRIx64 " %016" PRIx64 " %016" PRIx64
		   ", should have %016" PRIx64,
		   where, index, origin & 0xffff, (origin >> 16) - 1,
		   words->word[0], words->word[1], words->word[2],
		   want.word[0]);
	return false;
}

uint32_t fuzz_memfd_page(struct fuzz_world *world, struct fuzz_memfd *memfd,
			 uint32_t index)
{
	if (!world->exact)
		return 0;
	/* One is left for all that come when there are no more: unknown. */
	if (!memfd->page[index]) {
		if (world->nr_pool < FUZZ_POOL - 1) {
			memfd->page[index] = ++world->nr_pool;
		} else {
			memfd->page[index] = FUZZ_POOL - 1;
			world->pool[FUZZ_POOL - 1].unknown = true;
		}
	}
	return memfd->page[index];
}

void fuzz_page_set(struct fuzz_world *world, uint32_t id, uint64_t stamp)
{
	if (world->exact && id)
		world->pool[id].stamp = stamp;
}

/* Does the whole huge page that @index lies in go? */
static bool is_whole(const struct fuzz_memfd *memfd, uint32_t index,
		     uint32_t first, uint32_t nr)
{
	uint32_t begin = index / FUZZ_HUGE_PAGES * FUZZ_HUGE_PAGES;
	uint32_t end = begin + FUZZ_HUGE_PAGES;

	return first <= begin &&
	       (first + nr >= end || (memfd->memory != FUZZ_HUGETLB &&
				      first + nr >= memfd->nr_pages));
}

/*
 * A part of a huge page is overwritten with zeroes: of hugetlb always, of shmem
 * before the kernel tries to split the page, which a buffer keeps it from. Which
 * of both it was, the model does not follow.
 */
void fuzz_memfd_punched(struct fuzz_world *world, struct fuzz_memfd *memfd,
			uint32_t first, uint32_t nr)
{
	uint32_t i, id;

	if (!world->exact)
		return;
	for (i = first; i < first + nr; i++) {
		id = memfd->page[i];
		if (!id)
			continue;
		if ((memfd->memory == FUZZ_SHMEM && !memfd->large) ||
		    is_whole(memfd, i, first, nr))
			memfd->page[i] = 0;
		else if (memfd->memory == FUZZ_HUGETLB)
			fuzz_page_set(world, id, 0);
		else
			world->pool[id].unknown = true;
	}
}
