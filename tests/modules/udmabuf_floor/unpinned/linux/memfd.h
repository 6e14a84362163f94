/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels without memfd_pin_folios() have no such floor.
 */
#ifndef UDMABUF_FLOOR_UNPINNED_MEMFD_H
#define UDMABUF_FLOOR_UNPINNED_MEMFD_H

#include_next <linux/memfd.h>
#include <linux/errno.h>
#include <linux/types.h>

struct file;
struct folio;

static inline long memfd_pin_folios(struct file *memfd, loff_t start,
				    loff_t end, struct folio **folios,
				    unsigned int max_folios, pgoff_t *offset)
{
	return -EOPNOTSUPP;
}

static inline void unpin_folio(struct folio *folio)
{
}

#endif /* UDMABUF_FLOOR_UNPINNED_MEMFD_H */
