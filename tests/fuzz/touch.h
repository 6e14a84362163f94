/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses to memory that may be gone. A page is looked at in three places, both
 * ends and one in the midst.
 */
#ifndef FUZZ_TOUCH_H
#define FUZZ_TOUCH_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_PAGE	4096UL
#define FUZZ_WORDS	3

struct fuzz_words {
	uint64_t word[FUZZ_WORDS];
};

/* Of memory that may be gone: 0, or the signal that an access got. */
int fuzz_read_words(const char *page, struct fuzz_words *words);
int fuzz_write_words(char *page, const struct fuzz_words *words);

/* Once for the process: signals that an access gets. */
bool fuzz_catch_signals(void);

#endif /* FUZZ_TOUCH_H */
