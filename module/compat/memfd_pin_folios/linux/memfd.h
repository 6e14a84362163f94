/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinning the memory of a memfd: compat/memfd_pin_folios.c. */
#ifndef UDMABUF_COMPAT_MEMFD_PIN_FOLIOS_H
#define UDMABUF_COMPAT_MEMFD_PIN_FOLIOS_H

#include_next <linux/memfd.h>
#include <linux/types.h>

struct file;
struct folio;

long memfd_pin_folios(struct file *memfd, loff_t start, loff_t end,
		      struct folio **folios, unsigned int max_folios,
		      pgoff_t *offset);

#endif /* UDMABUF_COMPAT_MEMFD_PIN_FOLIOS_H */
