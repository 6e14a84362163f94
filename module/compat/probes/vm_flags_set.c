// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping have functions: 6.3. */
#include <linux/mm.h>

void udmabuf_set(struct vm_area_struct *vma);

void udmabuf_set(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP);
}
