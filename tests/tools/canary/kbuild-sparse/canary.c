// SPDX-License-Identifier: GPL-2.0-only
#include <linux/init.h>
#include <linux/module.h>

static int *udmabuf_canary_number;

static int __init udmabuf_canary_init(void)
{
	int __user *pointer = udmabuf_canary_number;

	return pointer ? 0 : -EINVAL;
}
module_init(udmabuf_canary_init);

MODULE_DESCRIPTION("mixes pointers of the kernel and of a user");
MODULE_LICENSE("GPL");
