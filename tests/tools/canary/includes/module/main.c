// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#if LINUX_VERSION_CODE < 70000
int udmabuf_old;
#endif
