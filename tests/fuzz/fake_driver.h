/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two files of the fake share, and the linker's names for the calls that it takes
 * the place of: what the program calls, and what the C library has. Files have 64-bit
 * offsets, as meson has it, and mmap() is called mmap64 there.
 */
#ifndef FUZZ_FAKE_DRIVER_H
#define FUZZ_FAKE_DRIVER_H

#include <linux/udmabuf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_ITEMS	64

struct fake_buf {
	ino_t ino;
	bool read_only;
	bool sealed;
	uint32_t nr;
	struct udmabuf_create_item item[FAKE_ITEMS];
};

/* fake_driver.c */
bool fake_has_bug(const char *name);
const struct fake_buf *fake_find(int fd);
uint64_t fake_total(const struct udmabuf_create_item *item, uint32_t nr);
int fake_create(const struct udmabuf_create_item *item, uint32_t nr,
		uint32_t flags);

/* fake_newer.c */
int fake_newer(unsigned long request, void *arg);

int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);
void *__real_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);

int __wrap_memfd_create(const char *name, unsigned int flags);
int __real_memfd_create(const char *name, unsigned int flags);

#endif /* FUZZ_FAKE_DRIVER_H */
