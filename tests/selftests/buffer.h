/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture that most tests of a live buffer start from: a memfd of every
 * backing, each page with its stamp of generation 1, mapped at self->mem, and
 * a dma-buf over the whole of it, self->buf.
 */
#ifndef UDB_SELFTESTS_BUFFER_H
#define UDB_SELFTESTS_BUFFER_H

#include "common.h"

#define UDB_BUFFER_FIXTURE(fixture, bytes)				\
	UDB_BUFFER_FIXTURE_OF(fixture, bytes, UDB_BACKING_VARIANTS)

/* The same for the backings that @variants adds. */
#define UDB_BUFFER_FIXTURE_OF(fixture, bytes, variants)		\
	FIXTURE(fixture) {						\
		int dev;						\
		int memfd;						\
		int buf;						\
		size_t size;						\
		char *mem;						\
	};								\
	variants(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		self->size = bytes;					\
		UDB_MEMORY_OR_SKIP(variant->backing, self->size);	\
		self->buf = udb_create(self->dev, self->memfd, 0,	\
				       self->size);			\
		ASSERT_GE(self->buf, 0);				\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		munmap(self->mem, self->size);				\
		close(self->buf);					\
		close(self->memfd);					\
		close(self->dev);					\
	}								\
	struct udb_buffer_fixture_needs_semicolon

#endif /* UDB_SELFTESTS_BUFFER_H */
