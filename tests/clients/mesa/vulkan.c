// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mesa's lavapipe: one process has its device fill memory that is a dma-buf, which is of
 * udmabuf; another one imports it, has its own device copy it, and fill it anew.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../share.h"
#include "udb_harness.h"
#include "vk.h"

#define VULKAN_SIZE	(1U << 20)
#define VULKAN_PART	(VULKAN_SIZE / 64) /* filled in one command */
#define VULKAN_LIMIT	120

enum vulkan_trouble {
	VULKAN_FINE,
	VULKAN_NO_DEVICE_THERE = 10,
	VULKAN_NOTHING_CAME,
	VULKAN_NOT_OF_UDMABUF,
	VULKAN_NO_IMPORT,
	VULKAN_NO_WORK,
	VULKAN_WRONG_COPY,
	VULKAN_WRONG_BYTES,
};

static uint32_t vulkan_value(uint32_t part, uint32_t number)
{
	return 0x5a000000 + number * 0x10000 + part;
}

static bool vulkan_fill(struct vk *vk, const struct vk_buffer *buffer,
			uint32_t number)
{
	uint32_t part;

	for (part = 0; part < VULKAN_SIZE / VULKAN_PART; part++)
		if (!vk_fill(vk, buffer, part * VULKAN_PART / 4,
			     VULKAN_PART / 4, vulkan_value(part, number)))
			return false;
	return true;
}

static bool vulkan_right(const void *bytes, uint32_t number)
{
	const uint32_t *word = bytes;
	uint32_t i;

	for (i = 0; i < VULKAN_SIZE / 4; i++)
		if (word[i] != vulkan_value(i * 4 / VULKAN_PART, number))
			return false;
	return true;
}

static int vulkan_look_at_bytes(int fd, uint32_t number)
{
	size_t size;
	uint8_t *map = share_map(fd, &size);
	bool right = map && size >= VULKAN_SIZE && vulkan_right(map, number);

	if (map)
		munmap(map, size);
	return right ? VULKAN_FINE : VULKAN_WRONG_BYTES;
}

/* The device copies it to where only this process can look. */
static int vulkan_look_by_copying(struct vk *vk, const struct vk_buffer *theirs,
				  uint32_t number)
{
	struct vk_buffer mine;
	int ret = VULKAN_NO_WORK;
	void *map;

	if (vk_create(vk, VULKAN_SIZE, false, &mine) &&
	    vk_copy(vk, theirs, &mine) &&
	    !vkMapMemory(vk->device, mine.memory, 0, VULKAN_SIZE, 0, &map))
		ret = vulkan_right(map, number) ? VULKAN_FINE :
						  VULKAN_WRONG_COPY;
	vk_destroy(vk, &mine);
	return ret;
}

static int vulkan_work(struct vk *vk, int fd)
{
	struct vk_buffer theirs;
	int ret = vulkan_look_at_bytes(fd, 1);

	if (ret)
		return ret;
	if (!vk_import(vk, VULKAN_SIZE, dup(fd), &theirs))
		return VULKAN_NO_IMPORT;
	ret = vulkan_look_by_copying(vk, &theirs, 1);
	if (!ret && !vulkan_fill(vk, &theirs, 2))
		ret = VULKAN_NO_WORK;
	vk_destroy(vk, &theirs);
	return ret;
}

static int vulkan_importer(int socket)
{
	struct share_layout layout;
	struct vk vk;
	int fd, ret;

	if (!vk_begin(&vk))
		return VULKAN_NO_DEVICE_THERE;
	if (share_receive(socket, &fd, &layout))
		return VULKAN_NOTHING_CAME;
	if (!share_is_udmabuf(fd))
		return VULKAN_NOT_OF_UDMABUF;
	ret = vulkan_work(&vk, fd);
	vk_end(&vk);
	return ret;
}

FIXTURE(vulkan) {
	struct vk vk;
	struct vk_buffer buffer;
	pid_t other;
	int socket;
	int fd;
};

FIXTURE_SETUP(vulkan)
{
	self->other = share_start(vulkan_importer, &self->socket);
	ASSERT_GT(self->other, 0);
	ASSERT_TRUE(vk_begin(&self->vk));
	ASSERT_TRUE(vk_create(&self->vk, VULKAN_SIZE, true, &self->buffer));
	ASSERT_TRUE(vk_export(&self->vk, &self->buffer, &self->fd));
}

FIXTURE_TEARDOWN(vulkan)
{
	close(self->socket);
	close(self->fd);
	vk_destroy(&self->vk, &self->buffer);
	vk_end(&self->vk);
}

TEST_F_TIMEOUT(vulkan, exported_memory_is_a_udmabuf, VULKAN_LIMIT)
{
	EXPECT_TRUE(strstr(self->vk.name, "llvmpipe"))
	TH_LOG("the device is %s", self->vk.name);
	EXPECT_TRUE(share_is_udmabuf(self->fd));
}

TEST_F_TIMEOUT(vulkan, second_process_reads_it_and_writes_it, VULKAN_LIMIT)
{
	const struct share_layout layout = { .size = VULKAN_SIZE };
	int status;

	ASSERT_TRUE(vulkan_fill(&self->vk, &self->buffer, 1));
	ASSERT_EQ(0, share_send(self->socket, self->fd, &layout));
	status = share_end(self->other);
	ASSERT_EQ(VULKAN_FINE, status)
	TH_LOG("the second process gave up: see enum vulkan_trouble");
	EXPECT_EQ(VULKAN_FINE, vulkan_look_at_bytes(self->fd, 2));
	EXPECT_EQ(VULKAN_FINE,
		  vulkan_look_by_copying(&self->vk, &self->buffer, 2));
}

TEST_HARNESS_MAIN
