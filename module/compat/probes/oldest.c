// SPDX-License-Identifier: GPL-2.0-only
/* What Linux 6.1 has and 6.0 has not: only the words of a message depend on it. */
#include <linux/memory-tiers.h>
