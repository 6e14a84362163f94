// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library and fences of a real device: vgem attaches one to a buffer and lets
 * it signal when it is told to.
 */
#include <libdrm/drm.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "real.h"

/* vgem's own ioctls, whose header is in no package. */
struct vgem_attach {
	uint32_t handle;
	uint32_t flags;
	uint32_t out_fence;
	uint32_t pad;
};

struct vgem_signal {
	uint32_t fence;
	uint32_t flags;
};

#define VGEM_FENCE_WRITE	1
#define VGEM_ATTACH	DRM_IOWR(DRM_COMMAND_BASE + 1, struct vgem_attach)
#define VGEM_SIGNAL	DRM_IOW(DRM_COMMAND_BASE + 2, struct vgem_signal)

FIXTURE(fence) {
	struct udb_device *dev;
	struct udb_pool *pool;
	struct udb_buffer *buf;
	int drm;
};

FIXTURE_VARIANT(fence) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(fence, reads) {};

FIXTURE_VARIANT_ADD(fence, writes) {
	.flags = VGEM_FENCE_WRITE,
};

static bool is_vgem(int drm)
{
	char name[16] = "";
	struct drm_version version = { .name = name,
				       .name_len = sizeof(name) - 1 };

	return !ioctl(drm, DRM_IOCTL_VERSION, &version) &&
	       !strcmp(name, "vgem");
}

static int vgem_open(void)
{
	char path[64];
	int drm;

	if (system("modprobe vgem"))
		return -1;
	for (int i = 128; i < 144; i++) {
		snprintf(path, sizeof(path), "/dev/dri/renderD%d", i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm >= 0 && is_vgem(drm))
			return drm;
		if (drm >= 0)
			close(drm);
	}
	return -1;
}

FIXTURE_SETUP(fence)
{
	struct udb_pool_opts opts = { .struct_size = sizeof(opts), .max = 1 };

	self->drm = vgem_open();
	ASSERT_GE(self->drm, 0);
	ASSERT_EQ(0, real_open(&self->dev));
	ASSERT_EQ(0, udb_pool_new(self->dev, 65536, &opts, &self->pool));
	ASSERT_EQ(0, udb_pool_get(self->pool, 0, &self->buf));
}

FIXTURE_TEARDOWN(fence)
{
	udb_pool_free(self->pool);
	udb_device_unref(self->dev);
	close(self->drm);
}

/* The device begins to work; returns the fence. */
static int begin(FIXTURE_DATA(fence) *self, uint32_t flags)
{
	struct drm_prime_handle prime = { .fd = udb_buffer_fd(self->buf) };
	struct vgem_attach attach = { .flags = flags };

	if (ioctl(self->drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return -errno;
	attach.handle = prime.handle;
	if (ioctl(self->drm, VGEM_ATTACH, &attach))
		return -errno;
	return (int)attach.out_fence;
}

static int end(FIXTURE_DATA(fence) *self, int fence)
{
	struct vgem_signal done = { .fence = (uint32_t)fence };

	return ioctl(self->drm, VGEM_SIGNAL, &done) ? -errno : 0;
}

/* Who only reads need not wait for who only reads. */
TEST_F(fence, is_waited_for)
{
	int fd = udb_buffer_fd(self->buf), fence = begin(self, variant->flags);

	ASSERT_GT(fence, 0);
	EXPECT_EQ(variant->flags ? -ETIMEDOUT : 0,
		  udb_sync_wait(fd, UDB_READ, 0));
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(fd, UDB_WRITE, 0));
	ASSERT_EQ(0, end(self, fence));
	EXPECT_EQ(0, udb_sync_wait(fd, UDB_WRITE, 1000));
	EXPECT_EQ(0, udb_pool_put(self->pool, self->buf));
}

/* The fence as a file, put into another buffer, which is busy by that. */
TEST_F(fence, travels_as_a_sync_file)
{
	struct udb_buffer *other;
	int fd = udb_buffer_fd(self->buf), fence = begin(self, variant->flags);
	int file;

	ASSERT_GT(fence, 0);
	file = udb_sync_export(fd, UDB_WRITE);
	ASSERT_GE(file, 0);
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(file, UDB_WRITE, 0));
	ASSERT_EQ(0, udb_buffer_alloc(self->dev, 4096, NULL, &other));
	ASSERT_EQ(0, udb_sync_import(udb_buffer_fd(other), UDB_WRITE, file));
	EXPECT_EQ(-ETIMEDOUT, udb_sync_wait(udb_buffer_fd(other), UDB_READ, 0));
	ASSERT_EQ(0, end(self, fence));
	EXPECT_EQ(0, udb_sync_wait(udb_buffer_fd(other), UDB_READ, 1000));
	close(file);
	udb_buffer_free(other);
	EXPECT_EQ(0, udb_pool_put(self->pool, self->buf));
}

struct device_work {
	FIXTURE_DATA(fence) *self;
	int fence;
	int ret;
};

static void *work_a_while(void *arg)
{
	struct device_work *work = arg;

	usleep(200000);
	work->ret = end(work->self, work->fence);
	return NULL;
}

/* A frame that is still read must not be overwritten by the next one. */
TEST_F(fence, keeps_a_buffer_in_its_pool)
{
	struct device_work work = { .self = self };
	struct udb_buffer *buf;
	pthread_t thread;

	work.fence = begin(self, variant->flags);
	ASSERT_GT(work.fence, 0);
	ASSERT_EQ(0, udb_pool_put(self->pool, self->buf));
	EXPECT_EQ(-ETIMEDOUT, udb_pool_get(self->pool, 50, &buf));
	ASSERT_EQ(0, pthread_create(&thread, NULL, work_a_while, &work));
	ASSERT_EQ(0, udb_pool_get(self->pool, 20000, &buf));
	EXPECT_EQ(self->buf, buf);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, work.ret);
	EXPECT_EQ(0, udb_pool_put(self->pool, buf));
}

TEST_HARNESS_MAIN
