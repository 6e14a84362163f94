// SPDX-License-Identifier: GPL-2.0-only
/* Pinning the memory of a memfd without mapping it, and unpinning it: 6.11. */
#include <linux/mm.h>
#include <linux/memfd.h>

long (*udmabuf_pin)(struct file *memfd, loff_t start, loff_t end,
		    struct folio **folios, unsigned int max_folios,
		    pgoff_t *offset) = memfd_pin_folios;
void (*udmabuf_unpin)(struct folio *folio) = unpin_folio;
