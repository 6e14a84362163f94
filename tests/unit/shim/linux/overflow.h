/* SPDX-License-Identifier: GPL-2.0-only */
/* Addition that tells whether it wrapped around, as the kernel has it. */
#ifndef SHIM_LINUX_OVERFLOW_H
#define SHIM_LINUX_OVERFLOW_H

#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)

#endif /* SHIM_LINUX_OVERFLOW_H */
