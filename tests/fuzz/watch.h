/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches the kernel's log for what vm/log-patterns calls a defect.
 */
#ifndef FUZZ_WATCH_H
#define FUZZ_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* From now on; @patterns is the file. False: there is no log, or no pattern. */
bool fuzz_watch_open(const char *patterns);

/* Whether there was such a line since the last call; the first one in @line. */
bool fuzz_watch(char *line, size_t size);

/* Reports that the kernel makes only once are made once more. */
void fuzz_watch_again(void);

#endif /* FUZZ_WATCH_H */
