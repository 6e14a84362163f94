/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for the kernel's header of this name, so that module/runs.c builds
 * as an ordinary program.
 */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned long pgoff_t;

#endif /* SHIM_LINUX_TYPES_H */
