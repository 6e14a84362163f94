/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files to load, and looks at what came of them. The files are in a folder of their
 * own below $UDB_LOAD_FOLDER, or below the current folder; the bytes of a file are
 * made of their offset, so that each byte is known, and wrong places are seen.
 */
#ifndef FILES_H
#define FILES_H

#include <libudmabuf-load.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "udb_harness.h"

#define KIB	1024UL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)

/* A new folder for this test, and its end with all that is in it. */
const char *files_begin(void);
void files_end(void);

/* The path of a name in the folder; eight of them are kept. */
const char *files_path(const char *name);

/* A file of this size, on the disk and not in the page cache. */
const char *files_make(const char *name, uint64_t size);

/* The same, and nothing can compress the first @random bytes of it. */
const char *files_make_mixed(const char *name, uint64_t random, uint64_t size);

/* Writes the bytes that belong there. */
void files_write(const char *path, uint64_t offset, uint64_t size);

/* Takes a file out of the page cache; the bytes that are left in it. */
void files_evict(const char *path);

uint8_t files_byte(uint64_t offset);

/* The kind of file system, where the script filesystems says so. */
bool files_kind_is(const char *kind);

/* A device that makes memfds only. */
struct udb_device *files_device(void);

/* What is held: open files and mappings of memfds. */
struct files_held {
	int files;
	int mappings;
};

struct files_held files_held(void);

#define EXPECT_NOTHING_LEFT(before) do {				\
		struct files_held now_ = files_held();			\
									\
		EXPECT_EQ((before).files, now_.files);			\
		EXPECT_EQ((before).mappings, now_.mappings);		\
	} while (0)

/* All of the memory of a load; NULL when it cannot be mapped. */
const uint8_t *files_map(const struct udb_load *load);

/* The first byte that is not that of the file; @size when there is none. */
uint64_t files_wrong(const uint8_t *bytes, uint64_t offset, uint64_t size);

/* The first byte that is not 0; @size when there is none. */
uint64_t files_not_zero(const uint8_t *bytes, uint64_t size);

#endif /* FILES_H */
