// SPDX-License-Identifier: GPL-2.0-only
/* memory: kvmalloc_array(), vmemdup_array_user() and others */
#include <linux/mm.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>

size_t udmabuf_need_memory(const void __user *user, struct list_head *list);

size_t udmabuf_need_memory(const void __user *user, struct list_head *list)
{
	u64 *copy = vmemdup_array_user(user, 1, sizeof(*copy));

	if (!IS_ERR(copy))
		kvfree(copy);
	kfree(kzalloc_obj(*copy, GFP_KERNEL_ACCOUNT));
	kvfree(kvmalloc_array(1, sizeof(*copy), GFP_KERNEL_ACCOUNT));
	return list_count_nodes(list);
}
