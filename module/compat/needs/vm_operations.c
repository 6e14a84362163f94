// SPDX-License-Identifier: GPL-2.0-only
/* struct vm_operations_struct: fault(), huge_fault() */
#include <linux/mm.h>

bool udmabuf_need_vm_ops(const struct vm_operations_struct *ops);

bool udmabuf_need_vm_ops(const struct vm_operations_struct *ops)
{
	vm_fault_t (*fault)(struct vm_fault *vmf) = ops->fault;
	vm_fault_t (*huge_fault)(struct vm_fault *vmf, unsigned int order) =
		ops->huge_fault;

	return fault && huge_fault;
}
