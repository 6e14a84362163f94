/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's numbers are the kernel's. */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

#include <errno.h>

#endif /* SHIM_LINUX_ERRNO_H */
