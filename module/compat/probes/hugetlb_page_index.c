// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page cache counts hugetlbfs in pages: 6.7. The function that used to
 * convert went away with that; where it is, this declaration contradicts it.
 */
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/pagemap.h>

extern int hugetlb_basepage_index;
