/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test importer from user space: see udmabuf_peek.h for what it does. The
 * module is loaded from UDMABUF_TEST_MODULES when it is not there yet.
 */
#ifndef UDB_SELFTESTS_PEEK_H
#define UDB_SELFTESTS_PEEK_H

#include "udmabuf_peek.h"

/* Makes sure that the device is there; -errno. */
int peek_load(void);

/* A new importer, attached to @buf. The open file, or -1 and errno. */
int peek_attach(int buf, enum peek_view view, enum peek_direction direction);

/* 0, or -1 and errno. */
int peek_info(int peek, struct peek_info *info);
int peek_sync(int peek, unsigned long request, enum peek_direction direction);

/* Sets a parameter of the importer, for later attachments; -errno. */
int peek_set(const char *parameter, unsigned long value);

/*
 * Reads or writes all of [@offset, @offset + @size) through the view; false
 * when it fails or comes up short.
 */
bool peek_read(int peek, void *to, size_t size, off_t offset);
bool peek_write(int peek, const void *from, size_t size, off_t offset);

/* Parameters that change nothing. */
#define PEEK_ANY_SEGMENT	0xfffff000UL
#define PEEK_ANY_ADDRESS	64UL

#endif /* UDB_SELFTESTS_PEEK_H */
