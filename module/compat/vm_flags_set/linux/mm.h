/* SPDX-License-Identifier: GPL-2.0-only */
/* Changing flags of a mapping whose mmap lock is held for writing. */
#ifndef UDMABUF_COMPAT_VM_FLAGS_SET_H
#define UDMABUF_COMPAT_VM_FLAGS_SET_H

#include_next <linux/mm.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags &= ~flags;
}

#endif /* UDMABUF_COMPAT_VM_FLAGS_SET_H */
