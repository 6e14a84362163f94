// SPDX-License-Identifier: GPL-2.0-only
/* struct vm_operations_struct: fault(), huge_fault() */
#include <linux/mm.h>

vm_fault_t udmabuf_need_order(struct vm_fault *vmf, unsigned int order);
vm_fault_t udmabuf_need_small(struct vm_fault *vmf);

const struct vm_operations_struct udmabuf_need_vm_ops = {
	.fault = udmabuf_need_small,
	.huge_fault = udmabuf_need_order,
};
