/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For main.c: the rest of the programs, and what their buffers have to show.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>

#include "count.h"
#include "port.h"

#define WORLD_ROUNDS	(COUNT_ROUNDS + 1)

/* Makes the guest's memory and the client's pool. */
void world_make(void);

/* Whether the dma-buf, and what the program sees of it, is as it was drawn. */
bool world_is_shown(const struct port_shown *shown, unsigned int nr);

int world_open_files(void);

#endif /* WORLD_H */
