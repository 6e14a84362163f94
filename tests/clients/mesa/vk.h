/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vulkan on Mesa's software renderer (lavapipe): buffers whose memory is a dma-buf, and
 * the two commands that a test needs. A function that returns bool tells whether it
 * worked.
 */
#ifndef CLIENTS_VK_H
#define CLIENTS_VK_H

#include <stdbool.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

struct vk {
	VkInstance instance;
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkCommandPool pool;
	PFN_vkGetMemoryFdKHR get_fd;
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
};

/* A buffer and its memory. */
struct vk_buffer {
	VkBuffer buffer;
	VkDeviceMemory memory;
	VkDeviceSize size;
};

bool vk_begin(struct vk *vk);
void vk_end(struct vk *vk);

/* Memory of its own; @shared: it can become a dma-buf. */
bool vk_create(struct vk *vk, VkDeviceSize size, bool shared,
	       struct vk_buffer *buffer);

/* The memory is the dma-buf, which is Vulkan's from then on. */
bool vk_import(struct vk *vk, VkDeviceSize size, int fd,
	       struct vk_buffer *buffer);
bool vk_export(struct vk *vk, const struct vk_buffer *buffer, int *fd);
void vk_destroy(struct vk *vk, struct vk_buffer *buffer);

/*
 * Work of the device, done when they return: @nr words from word @first on become
 * @value; all of @from goes to @to.
 */
bool vk_fill(struct vk *vk, const struct vk_buffer *buffer, uint32_t first,
	     uint32_t nr, uint32_t value);
bool vk_copy(struct vk *vk, const struct vk_buffer *from,
	     const struct vk_buffer *to);

#endif /* CLIENTS_VK_H */
