// SPDX-License-Identifier: GPL-2.0-only
/* a kernel built with CONFIG_MMU, SHMEM, HUGETLBFS and DMA_SHARED_BUFFER */
#include <linux/kconfig.h>

#if !IS_ENABLED(CONFIG_MMU) || !IS_ENABLED(CONFIG_SHMEM) || \
	!IS_ENABLED(CONFIG_HUGETLBFS) || !IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
#error "not this kernel"
#endif
