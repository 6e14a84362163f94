// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vulkan on Mesa's software renderer: see vk.h.
 */
#include "vk.h"

#include <stdio.h>
#include <string.h>

static bool vk_instance(struct vk *vk)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_1,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	VkPhysicalDeviceProperties properties;
	uint32_t count = 1;

	if (vkCreateInstance(&info, NULL, &vk->instance))
		return false;
	if (vkEnumeratePhysicalDevices(vk->instance, &count, &vk->physical) <
		    0 ||
	    !count)
		return false;
	vkGetPhysicalDeviceProperties(vk->physical, &properties);
	snprintf(vk->name, sizeof(vk->name), "%s", properties.deviceName);
	return true;
}

static bool vk_device(struct vk *vk)
{
	static const char *const extensions[] = {
		VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
		VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
	};
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = 2,
		.ppEnabledExtensionNames = extensions,
	};

	if (vkCreateDevice(vk->physical, &info, NULL, &vk->device))
		return false;
	vkGetDeviceQueue(vk->device, 0, 0, &vk->queue);
	vk->get_fd = (PFN_vkGetMemoryFdKHR)vkGetDeviceProcAddr(
		vk->device, "vkGetMemoryFdKHR");
	return vk->get_fd;
}

bool vk_begin(struct vk *vk)
{
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	};

	memset(vk, 0, sizeof(*vk));
	return vk_instance(vk) && vk_device(vk) &&
	       !vkCreateCommandPool(vk->device, &pool, NULL, &vk->pool);
}

void vk_end(struct vk *vk)
{
	vkDestroyCommandPool(vk->device, vk->pool, NULL);
	vkDestroyDevice(vk->device, NULL);
	vkDestroyInstance(vk->instance, NULL);
}

static bool vk_new_buffer(struct vk *vk, bool shared, struct vk_buffer *buffer)
{
	const VkExternalMemoryBufferCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
		.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.pNext = shared ? &external : NULL,
		.size = buffer->size,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};

	return !vkCreateBuffer(vk->device, &info, NULL, &buffer->buffer);
}

/* lavapipe has one kind of memory. */
static bool vk_allocate(struct vk *vk, const void *how,
			struct vk_buffer *buffer)
{
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = how,
		.allocationSize = buffer->size,
	};

	return !vkAllocateMemory(vk->device, &info, NULL, &buffer->memory) &&
	       !vkBindBufferMemory(vk->device, buffer->buffer, buffer->memory,
				   0);
}

bool vk_create(struct vk *vk, VkDeviceSize size, bool shared,
	       struct vk_buffer *buffer)
{
	const VkExportMemoryAllocateInfo how = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
		.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};

	*buffer = (struct vk_buffer){ .size = size };
	return vk_new_buffer(vk, shared, buffer) &&
	       vk_allocate(vk, shared ? &how : NULL, buffer);
}

bool vk_import(struct vk *vk, VkDeviceSize size, int fd,
	       struct vk_buffer *buffer)
{
	const VkImportMemoryFdInfoKHR how = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
		.fd = fd,
	};

	*buffer = (struct vk_buffer){ .size = size };
	return vk_new_buffer(vk, true, buffer) && vk_allocate(vk, &how, buffer);
}

bool vk_export(struct vk *vk, const struct vk_buffer *buffer, int *fd)
{
	const VkMemoryGetFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
		.memory = buffer->memory,
		.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};

	return !vk->get_fd(vk->device, &info, fd);
}

void vk_destroy(struct vk *vk, struct vk_buffer *buffer)
{
	vkDestroyBuffer(vk->device, buffer->buffer, NULL);
	vkFreeMemory(vk->device, buffer->memory, NULL);
}

static VkCommandBuffer vk_record(struct vk *vk)
{
	const VkCommandBufferAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = vk->pool,
		.commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	VkCommandBuffer commands;

	if (vkAllocateCommandBuffers(vk->device, &info, &commands) ||
	    vkBeginCommandBuffer(commands, &begin))
		return NULL;
	return commands;
}

static bool vk_play(struct vk *vk, VkCommandBuffer commands)
{
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
	};

	return !vkEndCommandBuffer(commands) &&
	       !vkQueueSubmit(vk->queue, 1, &info, VK_NULL_HANDLE) &&
	       !vkQueueWaitIdle(vk->queue);
}

bool vk_fill(struct vk *vk, const struct vk_buffer *buffer, uint32_t first,
	     uint32_t nr, uint32_t value)
{
	VkCommandBuffer commands = vk_record(vk);

	if (!commands)
		return false;
	vkCmdFillBuffer(commands, buffer->buffer, (VkDeviceSize)first * 4,
			(VkDeviceSize)nr * 4, value);
	return vk_play(vk, commands);
}

bool vk_copy(struct vk *vk, const struct vk_buffer *from,
	     const struct vk_buffer *to)
{
	const VkBufferCopy all = { .size = from->size };
	VkCommandBuffer commands = vk_record(vk);

	if (!commands)
		return false;
	vkCmdCopyBuffer(commands, from->buffer, to->buffer, 1, &all);
	return vk_play(vk, commands);
}
