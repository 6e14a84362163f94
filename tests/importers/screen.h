/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the screen of the virtual machine shows, as the emulator sees it from
 * outside, compared with pixels in memory. All of them count.
 */
#ifndef IMPORTERS_SCREEN_H
#define IMPORTERS_SCREEN_H

#include "display.h"

/* Pixels that the screen shows in another way than they were drawn. */
struct screen_wrong {
	long pixels; /* -1: there is no picture of the screen */
	unsigned int x, y; /* of the first, unless 0 */
};

/*
 * Compares the screen with the pixels of @frame, which lie at @memory (its
 * offset not counted). The picture stays among the results, as @name.png,
 * when the number of wrong pixels is not @expected.
 */
struct screen_wrong screen_compare(const struct display_frame *frame,
				   const void *memory, const char *name,
				   long expected);

#endif /* IMPORTERS_SCREEN_H */
