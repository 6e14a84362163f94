// SPDX-License-Identifier: GPL-2.0-only
/* The probe that must build: without it no answer of the others counts. */
#include <linux/module.h>

MODULE_LICENSE("GPL");
