/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a page shows, and what it should: see world.h.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "touch.h"
#include "world.h"

#define FUZZ_ORIGIN(memfd, index)	((memfd)->uid << 16 | (index))

/* A stamp never used before, for memory that is page @origin of a memfd. */
uint64_t fuzz_stamp(struct fuzz_world *world, uint32_t origin);
void fuzz_stamp_words(uint64_t stamp, struct fuzz_words *words);

/*
 * Judges what was read of page @id of the model, of @origin; @where and @index
 * tell a reader of the report which that was.
 */
bool fuzz_check_words(struct fuzz_world *world, const struct fuzz_words *words,
		      uint32_t origin, uint32_t id, const char *where,
		      uint32_t index);

/* The page of the model behind a page of a memfd; made when it is a hole. */
uint32_t fuzz_memfd_page(struct fuzz_world *world, struct fuzz_memfd *memfd,
			 uint32_t index);

/* It is known what page @id shows from now on. */
void fuzz_page_set(struct fuzz_world *world, uint32_t id, uint64_t stamp);

/* The memory of [@first, @first + @nr) of @memfd was given up by the kernel. */
void fuzz_memfd_punched(struct fuzz_world *world, struct fuzz_memfd *memfd,
			uint32_t first, uint32_t nr);

#endif /* FUZZ_MODEL_H */
