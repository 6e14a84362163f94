/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QEMU whose processor never starts: its devices are driven from outside, by qtest
 * (ports and device memory) and by its monitor (QMP), and its memory is mapped here.
 * So the device's own code runs, and no processor is emulated inside of an emulated one.
 *
 * Functions that return an int give 0 or a negative error number unless they say
 * otherwise; a QEMU that does not answer is -ETIMEDOUT, one that has ended -EPIPE.
 */
#ifndef CLIENTS_VMM_H
#define CLIENTS_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct vmm - a running QEMU
 * @pid: its process
 * @qtest: socket to its qtest
 * @qmp: socket to its monitor
 * @ram: its memory, mapped here; the offset is the physical address of the machine
 * @ram_size: bytes of it
 * @log: what it said on standard error, a file
 */
struct vmm {
	pid_t pid;
	int qtest;
	int qmp;
	uint8_t *ram;
	size_t ram_size;
	char log[64];
};

/**
 * struct vmm_setup - what a machine is to be
 * @ram_size: bytes of memory
 * @hugetlb: memory of huge pages (2 MiB), else of shmem
 * @kernel: with one, its processor does start: the path of a kernel, and
 * @initramfs: of what that begins with; what it says goes to vmm.log, too
 */
struct vmm_setup {
	size_t ram_size;
	bool hugetlb;
	const char *kernel;
	const char *initramfs;
};

/**
 * vmm_start() - a machine (q35) with a virtio-gpu that has blob resources
 * @vmm: result
 * @setup: what it is to be
 *
 * Return: 0 or a negative error number; @vmm is then stopped.
 */
int vmm_start(struct vmm *vmm, const struct vmm_setup *setup);
void vmm_stop(struct vmm *vmm);

/* Ports, and physical addresses that are no memory. */
int vmm_out(struct vmm *vmm, uint16_t port, uint32_t value);
int vmm_in(struct vmm *vmm, uint16_t port, uint32_t *value);
int vmm_write(struct vmm *vmm, char width, uint64_t address, uint64_t value);
int vmm_read(struct vmm *vmm, char width, uint64_t address, uint64_t *value);

/**
 * vmm_screendump() - what the screen shows, as a file
 * @vmm: the machine
 * @path: of the file, which is made anew
 * @format: "ppm" or "png"
 *
 * Return: 0 or a negative error number.
 */
int vmm_screendump(struct vmm *vmm, const char *path, const char *format);

/* File descriptors that it has open: all, or those that are dma-bufs of udmabuf. */
int vmm_count_fds(const struct vmm *vmm);
int vmm_count_buffers(const struct vmm *vmm);

#endif /* CLIENTS_VMM_H */
