// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

int udmabuf_canary(void)
{
	return 0;
}

MODULE_DESCRIPTION("lacks a prototype");
MODULE_LICENSE("GPL");
