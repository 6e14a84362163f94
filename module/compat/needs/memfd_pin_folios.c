// SPDX-License-Identifier: GPL-2.0-only
/* memfd_pin_folios() and unpin_folio() */
#include <linux/mm.h>
#include <linux/memfd.h>

long (*udmabuf_need_pin)(struct file *memfd, loff_t start, loff_t end,
			 struct folio **folios, unsigned int max_folios,
			 pgoff_t *offset) = memfd_pin_folios;
void (*udmabuf_need_unpin)(struct folio *folio) = unpin_folio;
