/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the pins of a large folio are counted, by the function that came before. */
#ifndef UDMABUF_COMPAT_FOLIO_PINCOUNT_H
#define UDMABUF_COMPAT_FOLIO_PINCOUNT_H

#include_next <linux/mm.h>

#define udmabuf_compat_pincount(folio) folio_pincount_ptr(folio)

#endif /* UDMABUF_COMPAT_FOLIO_PINCOUNT_H */
