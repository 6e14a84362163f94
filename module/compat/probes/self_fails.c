// SPDX-License-Identifier: GPL-2.0-only
/* The probe that must fail: if it builds, so does everything. */
#include <linux/module.h>

void udmabuf_probe(void);

void udmabuf_probe(void)
{
	udmabuf_no_kernel_has_this();
}
