// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for virtio-gpu, as far as blob resources need one: see gpu.h. Written after
 * the VIRTIO specification 1.2, sections 2.7 (split queues), 4.1 (PCI) and 5.7 (GPU).
 */
#include "gpu.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define GPU_ID		0x10501af4U
#define GPU_BAR_BASE	0xe0000000U
#define GPU_BAR_SIZE	0x1000000U
#define GPU_PATIENCE	(120 * 1000) /* ms */
#define GPU_CONFIG(field) offsetof(struct virtio_pci_common_cfg, field)

/*
 * The PCI bus
 */

static int gpu_pci_read(struct gpu *gpu, uint32_t offset, uint32_t *value)
{
	int ret = vmm_out(gpu->vmm, 0xcf8, gpu->bus_address | (offset & ~3U));

	return ret ? ret : vmm_in(gpu->vmm, 0xcfc, value);
}

static int gpu_pci_write(struct gpu *gpu, uint32_t offset, uint32_t value)
{
	int ret = vmm_out(gpu->vmm, 0xcf8, gpu->bus_address | offset);

	return ret ? ret : vmm_out(gpu->vmm, 0xcfc, value);
}

static int gpu_find(struct gpu *gpu)
{
	uint32_t slot, id;
	int ret;

	for (slot = 0; slot < 32; slot++) {
		gpu->bus_address = 0x80000000U | slot << 11;
		ret = gpu_pci_read(gpu, PCI_VENDOR_ID, &id);
		if (ret)
			return ret;
		if (id == GPU_ID)
			return 0;
	}
	return -ENODEV;
}

/* Its regions of device memory get a place each, where the machine has nothing. */
static int gpu_enable(struct gpu *gpu)
{
	uint32_t bar, value;
	int ret = 0;

	for (bar = 0; bar < 6 && !ret; bar++) {
		uint32_t offset = PCI_BASE_ADDRESS_0 + 4 * bar;

		ret = gpu_pci_read(gpu, offset, &value);
		if (ret)
			break;
		ret = gpu_pci_write(gpu, offset,
				    GPU_BAR_BASE + bar * GPU_BAR_SIZE);
		if (!ret && (value & PCI_BASE_ADDRESS_MEM_TYPE_64))
			ret = gpu_pci_write(gpu, PCI_BASE_ADDRESS_0 + 4 * ++bar,
					    0);
	}
	return ret ? ret :
		     gpu_pci_write(gpu, PCI_COMMAND,
				   PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* A capability of virtio: which part lies where in which region. */
static int gpu_capability(struct gpu *gpu, uint32_t at, uint32_t header,
			  uint32_t *multiplier, uint64_t *notify)
{
	uint32_t bar, offset;
	uint64_t place;
	int ret;

	ret = gpu_pci_read(gpu, at + VIRTIO_PCI_CAP_BAR, &bar);
	if (!ret)
		ret = gpu_pci_read(gpu, at + VIRTIO_PCI_CAP_OFFSET, &offset);
	if (ret)
		return ret;
	place = GPU_BAR_BASE + (bar & 0xff) * GPU_BAR_SIZE + offset;
	switch (header >> 24) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		gpu->common = place;
		return 0;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		*notify = place;
		return gpu_pci_read(gpu, at + VIRTIO_PCI_NOTIFY_CAP_MULT,
				    multiplier);
	default:
		return 0;
	}
}

static int gpu_capabilities(struct gpu *gpu, uint32_t *multiplier)
{
	uint32_t at = 0, header = 0;
	uint64_t notify = 0;
	int ret;

	ret = gpu_pci_read(gpu, PCI_CAPABILITY_LIST, &at);
	for (at &= 0xfc; !ret && at; at = (header >> 8) & 0xfc) {
		ret = gpu_pci_read(gpu, at, &header);
		if (!ret && (header & 0xff) == PCI_CAP_ID_VNDR)
			ret = gpu_capability(gpu, at, header, multiplier,
					     &notify);
	}
	gpu->notify = notify;
	return ret ? ret : gpu->common && notify ? 0 : -ENODEV;
}

/*
 * The device and its queue
 */

static int gpu_put(struct gpu *gpu, char width, size_t field, uint64_t value)
{
	return vmm_write(gpu->vmm, width, gpu->common + field, value);
}

/* Half of the features of the driver: @half 0 has the bits from 0, 1 those from 32. */
static int gpu_put_features(struct gpu *gpu, uint32_t half, uint32_t bits)
{
	int ret = gpu_put(gpu, 'l', GPU_CONFIG(guest_feature_select), half);

	return ret ? ret : gpu_put(gpu, 'l', GPU_CONFIG(guest_feature), bits);
}

static int gpu_negotiate(struct gpu *gpu)
{
	const uint32_t begun = VIRTIO_CONFIG_S_ACKNOWLEDGE |
			       VIRTIO_CONFIG_S_DRIVER;
	uint64_t status;
	int ret;

	ret = gpu_put(gpu, 'b', GPU_CONFIG(device_status), 0);
	if (!ret)
		ret = gpu_put(gpu, 'b', GPU_CONFIG(device_status), begun);
	if (!ret)
		ret = gpu_put_features(gpu, 0,
				       1U << VIRTIO_GPU_F_RESOURCE_BLOB);
	if (!ret)
		ret = gpu_put_features(gpu, 1, 1U << (VIRTIO_F_VERSION_1 - 32));
	if (!ret)
		ret = gpu_put(gpu, 'b', GPU_CONFIG(device_status),
			      begun | VIRTIO_CONFIG_S_FEATURES_OK);
	if (!ret)
		ret = vmm_read(gpu->vmm, 'b',
			       gpu->common + GPU_CONFIG(device_status),
			       &status);
	if (ret)
		return ret;
	return status & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -ENOTSUP;
}

static struct vring gpu_vring(const struct gpu *gpu)
{
	struct vring vring;

	vring_init(&vring, GPU_QUEUE_SIZE, gpu->vmm->ram + GPU_QUEUE, GPU_PAGE);
	return vring;
}

/* An address of the machine's memory, in two halves. */
static int gpu_put_address(struct gpu *gpu, size_t field, const void *where)
{
	uint64_t address = (uint64_t)((const uint8_t *)where - gpu->vmm->ram);
	int ret = gpu_put(gpu, 'l', field, address & UINT32_MAX);

	return ret ? ret : gpu_put(gpu, 'l', field + 4, address >> 32);
}

static int gpu_queue(struct gpu *gpu, uint32_t multiplier)
{
	struct vring vring = gpu_vring(gpu);
	uint64_t offset;
	int ret;

	memset(gpu->vmm->ram + GPU_QUEUE, 0,
	       vring_size(GPU_QUEUE_SIZE, GPU_PAGE));
	ret = gpu_put(gpu, 'w', GPU_CONFIG(queue_select), 0);
	if (!ret)
		ret = gpu_put(gpu, 'w', GPU_CONFIG(queue_size), GPU_QUEUE_SIZE);
	if (!ret)
		ret = gpu_put_address(gpu, GPU_CONFIG(queue_desc_lo),
				      vring.desc);
	if (!ret)
		ret = gpu_put_address(gpu, GPU_CONFIG(queue_avail_lo),
				      vring.avail);
	if (!ret)
		ret = gpu_put_address(gpu, GPU_CONFIG(queue_used_lo),
				      vring.used);
	if (!ret)
		ret = vmm_read(gpu->vmm, 'w',
			       gpu->common + GPU_CONFIG(queue_notify_off),
			       &offset);
	if (!ret)
		ret = gpu_put(gpu, 'w', GPU_CONFIG(queue_enable), 1);
	if (ret)
		return ret;
	gpu->notify += offset * multiplier;
	return gpu_put(gpu, 'b', GPU_CONFIG(device_status),
		       VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			       VIRTIO_CONFIG_S_FEATURES_OK |
			       VIRTIO_CONFIG_S_DRIVER_OK);
}

int gpu_open(struct gpu *gpu, struct vmm *vmm)
{
	uint32_t multiplier = 0;
	int ret;

	*gpu = (struct gpu){ .vmm = vmm };
	ret = gpu_find(gpu);
	if (!ret)
		ret = gpu_enable(gpu);
	if (!ret)
		ret = gpu_capabilities(gpu, &multiplier);
	if (!ret)
		ret = gpu_negotiate(gpu);
	return ret ? ret : gpu_queue(gpu, multiplier);
}

/*
 * Commands
 */

/* The device has taken all that was sent. */
static int gpu_wait(const struct gpu *gpu)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 };
	struct vring vring = gpu_vring(gpu);
	int patience = 5 * GPU_PATIENCE;

	while (__atomic_load_n(&vring.used->idx, __ATOMIC_ACQUIRE) !=
	       gpu->sent) {
		if (!patience--)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

uint32_t gpu_answer(const struct gpu *gpu)
{
	const struct virtio_gpu_ctrl_hdr *answer =
		(const void *)(gpu->vmm->ram + GPU_ANSWER);

	return answer->type;
}

/* Sends the command of @size bytes that lies at GPU_COMMAND. */
static int gpu_send(struct gpu *gpu, uint32_t size)
{
	struct vring vring = gpu_vring(gpu);
	int ret;

	memset(gpu->vmm->ram + GPU_ANSWER, 0,
	       sizeof(struct virtio_gpu_ctrl_hdr));
	vring.desc[0] = (struct vring_desc){ .addr = GPU_COMMAND,
					     .len = size,
					     .flags = VRING_DESC_F_NEXT,
					     .next = 1 };
	vring.desc[1] = (struct vring_desc){
		.addr = GPU_ANSWER,
		.len = sizeof(struct virtio_gpu_ctrl_hdr),
		.flags = VRING_DESC_F_WRITE,
	};
	vring.avail->ring[gpu->sent % GPU_QUEUE_SIZE] = 0;
	gpu->sent++;
	__atomic_store_n(&vring.avail->idx, gpu->sent, __ATOMIC_RELEASE);
	ret = vmm_write(gpu->vmm, 'w', gpu->notify, 0);
	if (!ret)
		ret = gpu_wait(gpu);
	if (ret)
		return ret;
	return gpu_answer(gpu) == VIRTIO_GPU_RESP_OK_NODATA ? 0 : -EPROTO;
}

static void *gpu_command(struct gpu *gpu, uint32_t type, size_t size)
{
	struct virtio_gpu_ctrl_hdr *header =
		(void *)(gpu->vmm->ram + GPU_COMMAND);

	memset(header, 0, size);
	header->type = type;
	return header;
}

static struct virtio_gpu_rect gpu_rect(const struct gpu_frame *frame)
{
	return (struct virtio_gpu_rect){ .width = frame->width,
					 .height = frame->height };
}

int gpu_create_blob(struct gpu *gpu, uint32_t id, const struct gpu_frame *frame)
{
	struct virtio_gpu_resource_create_blob *command;
	struct virtio_gpu_mem_entry *entry;
	uint32_t i;

	command = gpu_command(gpu, VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB,
			      sizeof(*command));
	command->resource_id = id;
	command->blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST;
	command->blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE;
	command->nr_entries = frame->nr_entries;
	command->size = (uint64_t)frame->nr_entries * frame->entry_size;
	entry = (void *)(command + 1);
	for (i = 0; i < frame->nr_entries; i++)
		entry[i] = (struct virtio_gpu_mem_entry){
			.addr = frame->address[i],
			.length = frame->entry_size,
		};
	return gpu_send(gpu, (uint32_t)(sizeof(*command) +
					frame->nr_entries * sizeof(*entry)));
}

int gpu_set_scanout(struct gpu *gpu, uint32_t id, const struct gpu_frame *frame)
{
	struct virtio_gpu_set_scanout_blob *command;

	command = gpu_command(gpu, VIRTIO_GPU_CMD_SET_SCANOUT_BLOB,
			      sizeof(*command));
	command->r = gpu_rect(frame);
	command->resource_id = id;
	command->width = frame->width;
	command->height = frame->height;
	command->format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM;
	command->strides[0] = frame->width * 4;
	return gpu_send(gpu, sizeof(*command));
}

int gpu_flush(struct gpu *gpu, uint32_t id, const struct gpu_frame *frame)
{
	struct virtio_gpu_resource_flush *command;

	command = gpu_command(gpu, VIRTIO_GPU_CMD_RESOURCE_FLUSH,
			      sizeof(*command));
	command->r = gpu_rect(frame);
	command->resource_id = id;
	return gpu_send(gpu, sizeof(*command));
}

int gpu_unref(struct gpu *gpu, uint32_t id)
{
	struct virtio_gpu_resource_unref *command;

	command = gpu_command(gpu, VIRTIO_GPU_CMD_RESOURCE_UNREF,
			      sizeof(*command));
	command->resource_id = id;
	return gpu_send(gpu, sizeof(*command));
}
