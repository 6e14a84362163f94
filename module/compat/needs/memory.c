// SPDX-License-Identifier: GPL-2.0-only
/* memory: kvmalloc_array(), vmemdup_array_user(), copy_struct_from_user() and others */
#include <linux/mm.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

int udmabuf_need_memory(const void __user *user);

int udmabuf_need_memory(const void __user *user)
{
	u64 *copy = vmemdup_array_user(user, 1, sizeof(*copy)), other;

	if (!IS_ERR(copy))
		kvfree(copy);
	kfree(kzalloc_obj(*copy, GFP_KERNEL_ACCOUNT));
	kvfree(kvmalloc_array(1, sizeof(*copy), GFP_KERNEL_ACCOUNT));
	return copy_struct_from_user(&other, sizeof(other), user,
				     sizeof(other));
}
