/* SPDX-License-Identifier: GPL-2.0-only */
/* Came with 6.1. */
#error "this kernel does not have it"
