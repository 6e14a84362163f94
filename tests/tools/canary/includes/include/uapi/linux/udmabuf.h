/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#include <linux/types.h>
#include <stdint.h>
