/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MODULE_IMPORT_NS() takes a string since 6.13 and took a token before; what
 * it makes of it is the same.
 */
#ifndef UDMABUF_COMPAT_LINUX_MODULE_H
#define UDMABUF_COMPAT_LINUX_MODULE_H

#include_next <linux/module.h>

#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)

#endif /* UDMABUF_COMPAT_LINUX_MODULE_H */
