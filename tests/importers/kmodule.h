/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Modules of the kernel: a test loads the driver of its importer and unloads it
 * at the end. That an importer's driver can be unloaded, and that the users of
 * the driver under test are as many as before, tells that no reference leaked.
 * The functions that return an int give -errno on failure.
 */
#ifndef IMPORTERS_KMODULE_H
#define IMPORTERS_KMODULE_H

#include <stdbool.h>

/* Runs the program and waits: its exit status, or -errno when there is none. */
int kmodule_run(char *const argv[]);

/*
 * Loads a module with what it needs; @argv as for modprobe, without the name of
 * the program, ending with NULL. -ENOENT: modprobe failed, and said why.
 */
int kmodule_load(const char *const argv[]);

/* -EBUSY: somebody still uses it, or it is not there. */
int kmodule_unload(const char *name);

bool kmodule_is_loaded(const char *name);

/* True when module @user needs module @name (/sys/module/NAME/holders). */
bool kmodule_is_held_by(const char *name, const char *user);

/* Users of the driver under test; 0 when it is built into the kernel. */
long kmodule_users_of_driver(void);

#endif /* IMPORTERS_KMODULE_H */
