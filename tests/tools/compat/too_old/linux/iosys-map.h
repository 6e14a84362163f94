/* SPDX-License-Identifier: GPL-2.0-only */
/* Came with 5.18. */
#error "this kernel does not have it"
