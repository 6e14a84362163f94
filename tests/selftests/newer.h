/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests that the kernel's own driver does not have (from 0x60 on), by raw
 * ioctl: what several suites need of them. Functions return what the ioctl does,
 * -1 with errno set on failure.
 */
#ifndef SELFTESTS_NEWER_H
#define SELFTESTS_NEWER_H

#include "common.h"

/* Ends the test, unless the driver behind @dev has these requests. */
#define NEWER_OR_SKIP(dev)						\
	do {								\
		struct udmabuf_query query_;				\
									\
		if (newer_query(dev, &query_) && errno == ENOTTY)	\
			SKIP(return, "the driver has no UDMABUF_QUERY"); \
	} while (0)

int newer_query(int dev, struct udmabuf_query *query);

/* UDMABUF_CREATE_RANGES. */
int newer_create(int dev, const struct udmabuf_create_item *items,
		 uint32_t count, uint32_t flags);

/* A read-only buffer of the first @size bytes of @memfd, close-on-exec. */
int newer_read_only(int dev, int memfd, size_t size);

/*
 * A memfd with stamps of generation 1 in each page, and what a memfd that
 * nobody writes any more has: the seals @seals beside F_SEAL_SHRINK. As
 * udb_memfd(): -errno on failure.
 */
int newer_stamped_memfd(enum udb_backing backing, size_t size, int seals);

/* The same as UDB_MEMFD_OR_SKIP(). */
#define NEWER_MEMFD_OR_SKIP(fd, backing, size, seals)			\
	do {								\
		(fd) = newer_stamped_memfd(backing, size, seals);	\
		if ((fd) == -EOPNOTSUPP)				\
			SKIP(return, "the kernel gives no huge shmem folio");\
		ASSERT_GE(fd, 0);					\
	} while (0)

/*
 * A copy of a file descriptor of process @pid: the one with the number @nth of those
 * whose file's name has @word in it, in the order of their numbers.
 */
int newer_take_fd(pid_t pid, const char *word, int nth);

/* The file behind @fd opened once more, with other @flags of open(). */
int newer_reopen(int fd, int flags);

#endif /* SELFTESTS_NEWER_H */
