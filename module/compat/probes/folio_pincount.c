// SPDX-License-Identifier: GPL-2.0-only
/* The count of pins in a large folio: 6.3. */
#include <linux/mm_types.h>

unsigned long udmabuf_pincount = offsetof(struct folio, _pincount);
