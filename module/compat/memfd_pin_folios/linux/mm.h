/* SPDX-License-Identifier: GPL-2.0-only */
/* A pin of any page of a folio is a pin of the folio. */
#ifndef UDMABUF_COMPAT_UNPIN_FOLIO_H
#define UDMABUF_COMPAT_UNPIN_FOLIO_H

#include_next <linux/mm.h>

static inline void unpin_folio(struct folio *folio)
{
	unpin_user_page(&folio->page);
}

#endif /* UDMABUF_COMPAT_UNPIN_FOLIO_H */
