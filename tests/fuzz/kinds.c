// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kinds of operations and how often each comes. The first two begin every
 * program. What takes long (a process, a huge page) comes seldom.
 */
#include "kinds.h"

const struct fuzz_kind fuzz_kinds[] = {
	{ "memfd", 24, fuzz_do_memfd },
	{ "create", 60, fuzz_do_create },
	{ "create_list", 70, fuzz_do_create_list },
	{ "create_ranges", 60, fuzz_do_create_ranges },
	{ "create_bad", 60, fuzz_do_create_bad },
	{ "query", 6, fuzz_do_query },
	{ "info", 30, fuzz_do_info },
	{ "ranges_bad", 15, fuzz_do_ranges_bad },
	{ "populate", 12, fuzz_do_populate },
	{ "pwrite", 20, fuzz_do_pwrite },
	{ "pread", 20, fuzz_do_pread },
	{ "punch", 25, fuzz_do_punch },
	{ "resize", 12, fuzz_do_resize },
	{ "seal", 12, fuzz_do_seal },
	{ "junk_ioctl", 25, fuzz_do_junk_ioctl },
	{ "mmap", 90, fuzz_do_mmap },
	{ "mmap_bad", 15, fuzz_do_mmap_bad },
	{ "munmap", 40, fuzz_do_munmap },
	{ "mremap", 25, fuzz_do_mremap },
	{ "mremap_grow", 8, fuzz_do_mremap_grow },
	{ "mprotect", 30, fuzz_do_mprotect },
	{ "madvise", 40, fuzz_do_madvise },
	{ "write", 130, fuzz_do_write },
	{ "check", 170, fuzz_do_check },
	{ "gup", 12, fuzz_do_gup },
	{ "fork", 2, fuzz_do_fork },
	{ "dup", 30, fuzz_do_dup },
	{ "close", 45, fuzz_do_close },
	{ "sync", 90, fuzz_do_sync },
	{ "sync_file", 12, fuzz_do_sync_file },
	{ "look", 20, fuzz_do_look },
	{ "import", 30, fuzz_do_import },
	{ "reexport", 15, fuzz_do_reexport },
	{ "import_close", 25, fuzz_do_import_close },
	{ "import_storm", 6, fuzz_do_import_storm },
	{ "peek", 25, fuzz_do_peek },
	{ "pass", 15, fuzz_do_pass },
	{ "kill_peer", 1, fuzz_do_kill_peer },
};

const uint32_t fuzz_nr_kinds = sizeof(fuzz_kinds) / sizeof(fuzz_kinds[0]);
