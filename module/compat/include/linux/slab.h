/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kzalloc_obj(), where the kernel has none: kzalloc() of an object's size.
 */
#ifndef UDMABUF_COMPAT_LINUX_SLAB_H
#define UDMABUF_COMPAT_LINUX_SLAB_H

#include_next <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#endif

#endif /* UDMABUF_COMPAT_LINUX_SLAB_H */
