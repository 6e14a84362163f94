/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the library against a real driver share. UDMABUF_DEVICE names
 * the node; they run in a virtual machine, as root, as suites of tests/run.
 */
#ifndef REAL_H
#define REAL_H

#include <fcntl.h>
#include <libudmabuf.h>
#include <stdlib.h>
#include <unistd.h>

#include "udb_harness.h"

#define MIB	(1024 * 1024UL)

/* The node to test. */
static inline int real_open(struct udb_device **dev)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.path = getenv("UDMABUF_DEVICE"),
	};

	return udb_device_open(&opts, dev);
}

static inline bool real_is_ours(void)
{
	return getenv("UDMABUF_MODULE");
}

#endif /* REAL_H */
