// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file of hugetlbfs can be told without a symbol that modules cannot have:
 * since 6.12 by a flag of its operations.
 */
#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>

fop_flags_t udmabuf_flag = FOP_HUGE_PAGES;
