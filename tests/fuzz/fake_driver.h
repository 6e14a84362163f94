/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The linker's names for the calls that fake_driver.c takes the place of: what the
 * program calls, and what the C library has. Files have 64-bit offsets, as meson has
 * it, and mmap() is called mmap64 there.
 */
#ifndef FUZZ_FAKE_DRIVER_H
#define FUZZ_FAKE_DRIVER_H

#include <stddef.h>
#include <sys/types.h>

int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);
void *__real_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);

int __wrap_memfd_create(const char *name, unsigned int flags);
int __real_memfd_create(const char *name, unsigned int flags);

#endif /* FUZZ_FAKE_DRIVER_H */
