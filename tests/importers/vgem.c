// SPDX-License-Identifier: GPL-2.0-only
/*
 * What suite importer_vgem has not: several importers of one buffer at a time,
 * and fences. vgem hangs a fence on a buffer whenever it is asked to, as a GPU
 * does for work under way; the buffer is the driver's, so it is there that
 * poll(), SYNC and exported sync files have to meet it. What vgem does not do is
 * to map what it imported: the buffer has a mapping of its own.
 *
 * Guards against: CPU access that does not wait for a device that writes,
 * importers that disturb each other when one of them lets go, and a release that
 * comes before the last of them.
 */
#include <libdrm/drm.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "camera.h"
#include "peek.h"

#define SIZE		(2 * UDB_HUGE)
#define MAX_NODES	16
#define NR_VGEM		3

/*
 * The two ioctls that are vgem's own, for which not all of the systems that
 * this is built in have a header.
 */
struct fence_attach_arg {
	uint32_t handle;
	uint32_t flags;
	uint32_t fence; /* answer */
	uint32_t pad;
};

struct fence_signal_arg {
	uint32_t fence;
	uint32_t flags;
};

#define FENCE_ATTACH \
	DRM_IOWR(DRM_COMMAND_BASE + 1, struct fence_attach_arg)
#define FENCE_SIGNAL \
	DRM_IOW(DRM_COMMAND_BASE + 2, struct fence_signal_arg)

/* The device is going to write; without it, to read. */
#define FENCE_WRITE	1

FIXTURE(vgem) {
	long users;
	int dev;
	int memfd;
	int buf;
	int drm;
	unsigned char *mem;
	uint32_t handle;
};

UDB_BACKING_VARIANTS(vgem);

static bool drm_is_vgem(int drm)
{
	char name[16] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};

	return !ioctl(drm, DRM_IOCTL_VERSION, &version) &&
	       !strcmp(name, "vgem");
}

/* An open file of its own each time, and so an importer of its own. */
static int vgem_open(void)
{
	char path[64];
	int drm, i;

	for (i = 0; i < MAX_NODES; i++) {
		snprintf(path, sizeof(path), "/dev/dri/renderD%d", 128 + i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		if (drm_is_vgem(drm))
			return drm;
		close(drm);
	}
	return -1;
}

/* The handle, 0 on failure. */
static uint32_t import(int drm, int buf)
{
	struct drm_prime_handle prime = { .fd = buf };

	return ioctl(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) ? 0 :
								  prime.handle;
}

static int let_go(int drm, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	return ioctl(drm, DRM_IOCTL_GEM_CLOSE, &arg);
}

FIXTURE_SETUP(vgem)
{
	static const char *const argv[] = { "vgem", NULL };

	self->users = kmodule_users_of_driver();
	ASSERT_EQ(0, kmodule_load(argv))
	TH_LOG("needs vgem, CONFIG_DRM_VGEM");
	self->drm = vgem_open();
	ASSERT_GE(self->drm, 0);
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	self->mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem);
	noise_fill(self->mem, SIZE, 1);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->handle = import(self->drm, self->buf);
	ASSERT_NE(0, self->handle);
}

/* Whatever a test left open; then vgem can go. */
FIXTURE_TEARDOWN(vgem)
{
	close(self->drm);
	munmap(self->mem, SIZE);
	close(self->buf);
	EXPECT_EQ(0, camera_seal(self->memfd));
	close(self->memfd);
	close(self->dev);
	EXPECT_EQ(0, kmodule_unload("vgem"));
	EXPECT_EQ(self->users, kmodule_users_of_driver());
}

/* The number of a new fence of vgem on its @handle, 0 on failure. */
static uint32_t fence_attach(int drm, uint32_t handle, uint32_t flags)
{
	struct fence_attach_arg arg = { .handle = handle, .flags = flags };

	return ioctl(drm, FENCE_ATTACH, &arg) ? 0 : arg.fence;
}

static int fence_signal(int drm, uint32_t fence)
{
	struct fence_signal_arg arg = { .fence = fence };

	return ioctl(drm, FENCE_SIGNAL, &arg);
}

/* Which of @events are true of @fd now. */
static int poll_now(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

/* A device that writes keeps readers and writers away. */
TEST_F(vgem, poll_meets_a_writing_device)
{
	uint32_t fence;

	EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->buf, POLLIN | POLLOUT));
	fence = fence_attach(self->drm, self->handle, FENCE_WRITE);
	ASSERT_NE(0, fence);
	EXPECT_EQ(0, poll_now(self->buf, POLLIN));
	EXPECT_EQ(0, poll_now(self->buf, POLLOUT));
	EXPECT_EQ(0, fence_signal(self->drm, fence));
	EXPECT_EQ(POLLIN, poll_now(self->buf, POLLIN));
	EXPECT_EQ(POLLOUT, poll_now(self->buf, POLLOUT));
}

/* One that reads keeps writers away, and nobody else. */
TEST_F(vgem, poll_meets_a_reading_device)
{
	uint32_t fence = fence_attach(self->drm, self->handle, 0);

	ASSERT_NE(0, fence);
	EXPECT_EQ(POLLIN, poll_now(self->buf, POLLIN));
	EXPECT_EQ(0, poll_now(self->buf, POLLOUT));
	EXPECT_EQ(0, fence_signal(self->drm, fence));
	EXPECT_EQ(POLLOUT, poll_now(self->buf, POLLOUT));
}

struct waiter {
	int buf;
	int result;
	atomic_bool done;
};

static void *wait_by_sync(void *arg)
{
	struct waiter *w = arg;

	w->result = udb_sync(w->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	atomic_store(&w->done, true);
	return NULL;
}

/* SYNC START is for good only when the device has ended its work. */
TEST_F(vgem, sync_waits_for_the_device)
{
	struct waiter w = { .buf = self->buf };
	pthread_t thread;
	uint32_t fence;

	fence = fence_attach(self->drm, self->handle, FENCE_WRITE);
	ASSERT_NE(0, fence);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_by_sync, &w));
	usleep(300000);
	EXPECT_FALSE(atomic_load(&w.done));
	EXPECT_EQ(0, fence_signal(self->drm, fence));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, w.result);
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
}

TEST_F(vgem, sync_file_tells_of_the_device)
{
	struct dma_buf_export_sync_file arg = {
		.flags = DMA_BUF_SYNC_RW,
		.fd = -1,
	};
	uint32_t fence;

	fence = fence_attach(self->drm, self->handle, FENCE_WRITE);
	ASSERT_NE(0, fence);
	ASSERT_EQ(0, ioctl(self->buf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &arg));
	EXPECT_EQ(0, poll_now(arg.fd, POLLIN));
	EXPECT_EQ(0, fence_signal(self->drm, fence));
	EXPECT_EQ(POLLIN, poll_now(arg.fd, POLLIN));
	close(arg.fd);
}

/* The device goes away in the midst of its work. */
TEST_F(vgem, device_closed_with_work_under_way)
{
	ASSERT_NE(0, fence_attach(self->drm, self->handle, FENCE_WRITE));
	EXPECT_EQ(0, poll_now(self->buf, POLLIN));
	close(self->drm);
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(POLLIN, poll_now(self->buf, POLLIN));
}

/* The bytes as an importer reads them, in pieces. */
static long peek_wrong(int peek, const unsigned char *want)
{
	static unsigned char piece[UDB_MIB];
	size_t at;
	long wrong;

	for (at = 0; at < SIZE; at += sizeof(piece)) {
		if (!peek_read(peek, piece, sizeof(piece), at))
			return (long)at;
		wrong = noise_wrong(want + at, piece, sizeof(piece));
		if (wrong >= 0)
			return (long)at + wrong;
	}
	return -1;
}

/*
 * Three files of vgem, and importers that read segments, pages, the kernel's
 * mapping and what a device would: seven at once, and each goes while the others
 * are there.
 */
TEST_F(vgem, seven_importers_of_one_buffer)
{
	static const enum peek_view views[] = {
		PEEK_SG,
		PEEK_PAGES,
		PEEK_VMAP,
		PEEK_DMA,
	};
	enum { NR_PEEKS = sizeof(views) / sizeof(views[0]) };
	int peeks[NR_PEEKS], others[NR_VGEM - 1], i, left;

	ASSERT_EQ(0, peek_load());
	for (i = 0; i < NR_VGEM - 1; i++) {
		others[i] = vgem_open();
		ASSERT_GE(others[i], 0);
		ASSERT_NE(0, import(others[i], self->buf));
	}
	for (i = 0; i < NR_PEEKS; i++) {
		peeks[i] = peek_attach(self->buf, views[i], PEEK_BIDIRECTIONAL);
		ASSERT_GE(peeks[i], 0);
	}
	close(self->buf);
	for (left = NR_PEEKS; left; left--) {
		noise_fill(self->mem, SIZE, 10 + left);
		for (i = 0; i < left; i++)
			EXPECT_EQ(-1, peek_wrong(peeks[i], self->mem));
		close(peeks[left - 1]);
		if (left > NR_VGEM)
			EXPECT_EQ(0, let_go(self->drm, self->handle));
	}
	munmap(self->mem, SIZE);
	self->mem = NULL;
	close(others[0]);
	EXPECT_EQ(EBUSY, camera_seal(self->memfd));
	close(others[1]);
	EXPECT_EQ(0, camera_seal(self->memfd));
}

#define NR_BUFFERS	256

/* As many at once as a compositor has, of one memfd. */
TEST_F(vgem, many_buffers_at_once)
{
	static uint32_t handles[NR_BUFFERS];
	int i, buf;

	for (i = 0; i < NR_BUFFERS; i++) {
		buf = udb_create(self->dev, self->memfd, i * UDB_PAGE,
				 SIZE - NR_BUFFERS * UDB_PAGE);
		ASSERT_GE(buf, 0);
		handles[i] = import(self->drm, buf);
		ASSERT_NE(0, handles[i]);
		close(buf);
	}
	close(self->buf);
	munmap(self->mem, SIZE);
	self->mem = NULL;
	EXPECT_EQ(0, let_go(self->drm, self->handle));
	EXPECT_EQ(EBUSY, camera_seal(self->memfd));
	for (i = 0; i < NR_BUFFERS; i++)
		EXPECT_EQ(0, let_go(self->drm, handles[i]));
	EXPECT_EQ(0, camera_seal(self->memfd));
}

TEST_HARNESS_MAIN
