/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel with a udmabuf driver, for tests of the library on a machine without
 * one. fake.c stands between the library and the C library (the linker's --wrap):
 * device nodes, /sys and the ioctls are made up here, while memfds, mappings,
 * sockets and threads are real. Any call can be made to fail.
 *
 * The pages are as large as FAKE_PAGE_SIZE in the environment says (those of this
 * machine, without it), and so are those that are huge.
 *
 * A dma-buf is a memfd with a copy of the memory: what only the real thing can
 * show is left to the tests in the virtual machine (real.c).
 */
#ifndef FAKE_H
#define FAKE_H

#include <libudmabuf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "udb_harness.h"

/* Calls that are counted and can fail. */
enum fake_call {
	FAKE_ACCESS,
	FAKE_CALLOC,
	FAKE_EVENTFD,
	FAKE_FCNTL,
	FAKE_FSTAT,
	FAKE_FTRUNCATE,
	FAKE_IOCTL,
	FAKE_LSEEK,
	FAKE_MADVISE,
	FAKE_MALLOC,
	FAKE_MEMFD,
	FAKE_MMAP,
	FAKE_OPEN,
	FAKE_POLL,
	FAKE_READ,
	FAKE_READLINK,
	FAKE_RECVMSG,
	FAKE_SENDMSG,
	FAKE_STAT,
	FAKE_THREAD,
	FAKE_NR_CALLS,
};

/* A page, and a transparent huge page: what one table of the former maps. */
size_t fake_page(void);
size_t fake_thp(void);

/* What the machine looks like. fake_begin() sets it to a stock 6.12. */
struct fake_machine {
	int udmabuf; /* error of opening /dev/udmabuf; 0 it opens */
	int udmabuf_ng;
	int heap;
	bool ours; /* udmabuf_ng is loaded */
	const char *ours_name; /* the name that it registered */
	bool no_sysfs;
	uint32_t size_limit_mb;
	uint32_t list_limit;
	uint64_t features; /* UDMABUF_FEATURE_*, of the driver that is ours */
	uint32_t account; /* UDMABUF_ACCOUNT_*, the same */
	bool no_thp; /* collapsing fails */
	bool no_hugetlb; /* no free page in any pool */
	const char *exporter; /* what new dma-bufs are said to be */
};

extern struct fake_machine fake;

/* A new machine. Nothing of the library is open. */
void fake_begin(void);

/* fake_fail(FAKE_IOCTL, 2, EINTR): the second ioctl from now on, once. */
void fake_fail(enum fake_call call, unsigned int nth, int error);

/* The nth of all calls from now on fails, with an error that suits it; 0: none. */
void fake_fail_any(unsigned int nth);

/* Calls since fake_begin() or fake_fail_any(), of one kind or all. */
unsigned int fake_calls(enum fake_call call);
unsigned int fake_calls_all(void);
const char *fake_call_name(enum fake_call call);

/* Which call fake_fail_any() hit; FAKE_NR_CALLS when it was none. */
enum fake_call fake_failed(void);

/* What is held: open files, bytes in mappings, pieces of memory. */
struct fake_held {
	int files;
	long mapped;
	long pieces;
};

struct fake_held fake_held(void);

/* Fails the test when more or less is held than before. */
#define EXPECT_HELD(before) do {					\
		struct fake_held now_ = fake_held();			\
									\
		EXPECT_EQ((before).files, now_.files);			\
		EXPECT_EQ((before).mapped, now_.mapped);		\
		EXPECT_EQ((before).pieces, now_.pieces);		\
	} while (0)

/* A fence on a dma-buf, until it is taken away. */
void fake_busy(int fd, bool busy);

/* SYNC on a dma-buf: how often begun minus ended, and the flags of the last. */
int fake_sync_depth(int fd);
uint64_t fake_sync_flags(int fd);

/* Whether a dma-buf was made to be read only. */
bool fake_is_read_only(int fd);

/* Files that look like another's: a dma-buf, a device node. */
int fake_dmabuf(size_t size, const char *exporter);
int fake_device(void);

/* The ranges of the last UDMABUF_CREATE or _LIST, and how many. */
struct fake_range {
	int memfd;
	uint64_t offset;
	uint64_t size;
};

unsigned int fake_ranges(const struct fake_range **ranges);

#endif /* FAKE_H */
