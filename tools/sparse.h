/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the headers of Linux 7.3 use and sparse 0.6.4 does not know: read by it
 * before all else (tools/check.d/31-sparse), never by a compiler.
 */
#define __typeof_unqual__ __typeof__

/* MODULE_INFO() has an assertion that a string holds no NUL before its end. */
#define __builtin_strlen(string) (sizeof(string) - 1)
