/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a benchmark says to /dev/udmabuf-floor, which tells how long the kernel's own
 * part of a driver's work takes: what no driver can do faster.
 */
#ifndef UDMABUF_FLOOR_H
#define UDMABUF_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FLOOR_DEVICE	"/dev/udmabuf-floor"

/* A time, and what the processor's cycle counter says of it. */
struct floor_cost {
	__u64 ns;
	__u64 cycles;
};

struct floor_pin {
	__s32 memfd;
	__u32 flags; /* 0 */
	__u64 offset; /* multiple of the page size */
	__u64 size; /* the same, not 0 */
	__u64 step; /* as much is pinned at a time: the same, not 0 */
	struct floor_cost pin; /* out: inside memfd_pin_folios() */
	struct floor_cost unpin; /* out: inside unpin_folio() */
	__u64 folios; /* out: pins */
};

/*
 * Pins memory, and unpins it. EBADF: not an open file; EINVAL: a size or a flag, or
 * the memfd does not have so much; ENOMEM; EOPNOTSUPP: a kernel without
 * memfd_pin_folios(); else what that said.
 */
#define FLOOR_PIN	_IOWR('F', 0x70, struct floor_pin)

#endif /* UDMABUF_FLOOR_H */
