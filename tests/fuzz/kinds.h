/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of operations, by file: see kinds.c for the list of them. An
 * operation is true when the kernel was asked.
 */
#ifndef FUZZ_KINDS_H
#define FUZZ_KINDS_H

#include "world.h"

/* The part of the address space that a mapping has for itself. */
#define FUZZ_SLOT	(4 * FUZZ_HUGE)

/* The one that is the thread's own, for what is over when an operation ends. */
char *fuzz_scratch(const struct fuzz_thread *thread);

#define FUZZ_KIND(name) \
	bool fuzz_do_##name(struct fuzz_thread *thread, const struct fuzz_op *op)

/* on_memfd.c: the memory, by itself */
FUZZ_KIND(memfd);
FUZZ_KIND(populate);
FUZZ_KIND(pwrite);
FUZZ_KIND(pread);
FUZZ_KIND(punch);
FUZZ_KIND(resize);
FUZZ_KIND(seal);

/* on_create.c: new buffers, by lists that are right and that are not */
FUZZ_KIND(create);
FUZZ_KIND(create_list);
FUZZ_KIND(create_ranges);
FUZZ_KIND(create_bad);

/* on_ask.c: the other ioctls of the device */
FUZZ_KIND(query);
FUZZ_KIND(info);
FUZZ_KIND(ranges_bad);
FUZZ_KIND(junk_ioctl);

/* on_map.c: the address space */
FUZZ_KIND(mmap);
FUZZ_KIND(mmap_bad);
FUZZ_KIND(munmap);
FUZZ_KIND(mremap);
FUZZ_KIND(mremap_grow);
FUZZ_KIND(mprotect);
FUZZ_KIND(madvise);

/* on_touch.c: what is in it */
FUZZ_KIND(write);
FUZZ_KIND(check);
FUZZ_KIND(gup);
FUZZ_KIND(fork);
void fuzz_check_all(struct fuzz_world *world);

/* on_buf.c: the dma-buf, by itself */
FUZZ_KIND(dup);
FUZZ_KIND(close);
FUZZ_KIND(sync);
FUZZ_KIND(sync_file);
FUZZ_KIND(look);

/* on_import.c: devices */
FUZZ_KIND(import);
FUZZ_KIND(reexport);
FUZZ_KIND(import_close);
FUZZ_KIND(import_storm);
FUZZ_KIND(peek);
int fuzz_import_open(void);
void fuzz_import_close(struct fuzz_world *world, struct fuzz_buf *buf,
		       uint32_t device);

/* on_peer.c: another process, which gets buffers by SCM_RIGHTS */
FUZZ_KIND(pass);
FUZZ_KIND(kill_peer);

/*
 * Starts the peer when there is none. The main thread does it: the peer ends with
 * the thread that started it.
 */
void fuzz_peer_start(struct fuzz_world *world);

#endif /* FUZZ_KINDS_H */
