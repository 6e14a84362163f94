/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for the virtio-gpu of a struct vmm: finds it on the PCI bus, sets its control
 * queue up, and sends the commands that blob resources need, one at a time.
 *
 * What lies where in the machine's memory is fixed: GPU_QUEUE and GPU_COMMAND are the
 * driver's, from GPU_FRAMES on it is the caller's.
 */
#ifndef CLIENTS_GPU_H
#define CLIENTS_GPU_H

#include <stdint.h>

#include "vmm.h"

#define GPU_PAGE	4096U
#define GPU_QUEUE	0x200000U
#define GPU_COMMAND	0x300000U
#define GPU_ANSWER	0x3ff000U
#define GPU_FRAMES	0x400000U

/* Its queue. */
#define GPU_QUEUE_SIZE	16

/**
 * struct gpu - a virtio-gpu that is set up
 * @vmm: the machine
 * @bus_address: of the device, as configuration cycles want it
 * @common: physical address of the common configuration
 * @notify: physical address that wakes up the control queue
 * @sent: commands sent so far
 */
struct gpu {
	struct vmm *vmm;
	uint32_t bus_address;
	uint64_t common;
	uint64_t notify;
	uint16_t sent;
};

/* Where a frame lies in the machine's memory, page by page, and what it is. */
struct gpu_frame {
	uint32_t width;
	uint32_t height;
	uint32_t nr_entries;
	const uint64_t *address;
	uint32_t entry_size;
};

int gpu_open(struct gpu *gpu, struct vmm *vmm);

/*
 * Each gives 0, or -EPROTO when the device refused the command, with its answer in
 * gpu_answer().
 */
int gpu_create_blob(struct gpu *gpu, uint32_t id,
		    const struct gpu_frame *frame);
int gpu_set_scanout(struct gpu *gpu, uint32_t id,
		    const struct gpu_frame *frame);
int gpu_flush(struct gpu *gpu, uint32_t id, const struct gpu_frame *frame);
int gpu_unref(struct gpu *gpu, uint32_t id);
uint32_t gpu_answer(const struct gpu *gpu);

#endif /* CLIENTS_GPU_H */
