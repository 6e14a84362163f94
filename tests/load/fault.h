/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The linker lets the library call __wrap_X() in place of X(), which has become
 * __real_X().
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct udb_load_job;
struct udb_load_block;

bool __real_udb_load_finish(struct udb_load_job *job,
			    struct udb_load_block *block, int64_t res);
bool __wrap_udb_load_finish(struct udb_load_job *job,
			    struct udb_load_block *block, int64_t res);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

#endif /* FAULT_H */
