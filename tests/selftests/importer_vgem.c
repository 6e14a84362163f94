// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real importer: vgem, a DRM device without hardware. It attaches and maps
 * when a buffer becomes a handle, and lets go with the last handle.
 */
#include <libdrm/drm.h>
#include <sys/stat.h>

#include "common.h"
#include "drm.h"

#define SIZE		(4 * UDB_HUGE)

FIXTURE(vgem) {
	int drm;
	int dev;
	int memfd;
	int buf;
	char *mem;
};

UDB_BACKING_VARIANTS(vgem);

FIXTURE_SETUP(vgem)
{
	self->drm = drm_open_vgem("renderD");
	ASSERT_GE(self->drm, 0)
	TH_LOG("no render node of vgem below /dev/dri");
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	self->mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem);
	udb_stamp(self->mem, SIZE, 1, 0);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
}

FIXTURE_TEARDOWN(vgem)
{
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
	close(self->drm);
}

static int gem_close(int drm, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	return ioctl(drm, DRM_IOCTL_GEM_CLOSE, &arg);
}

static bool is_same_buffer(int one, int other)
{
	struct stat a, b;

	return !fstat(one, &a) && !fstat(other, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

TEST_F(vgem, import_and_close)
{
	uint32_t handle = drm_import(self->drm, self->buf);

	ASSERT_NE(0, handle);
	EXPECT_EQ(handle, drm_import(self->drm, self->buf));
	EXPECT_EQ(0, gem_close(self->drm, handle));
	EXPECT_ERRNO(EINVAL, gem_close(self->drm, handle));
}

TEST_F(vgem, export_gives_the_same_buffer)
{
	uint32_t handle = drm_import(self->drm, self->buf);
	char *map;
	int out;

	ASSERT_NE(0, handle);
	out = drm_export(self->drm, handle);
	ASSERT_GE(out, 0);
	EXPECT_TRUE(is_same_buffer(self->buf, out));
	EXPECT_EQ((off_t)SIZE, lseek(out, 0, SEEK_END));
	map = udb_map(out, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
	close(out);
	EXPECT_EQ(0, gem_close(self->drm, handle));
}

/* The device keeps the memory when nobody else does, and gives it back. */
TEST_F(vgem, device_is_the_last_user)
{
	uint32_t handle = drm_import(self->drm, self->buf);
	char *map;
	int out;

	ASSERT_NE(0, handle);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->dev);
	EXPECT_ERRNO(EBUSY, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	out = drm_export(self->drm, handle);
	ASSERT_GE(out, 0);
	map = udb_map(out, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
	close(out);
	EXPECT_EQ(0, gem_close(self->drm, handle));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST_F(vgem, closing_the_device_lets_go)
{
	ASSERT_NE(0, drm_import(self->drm, self->buf));
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->drm);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST_F(vgem, two_open_files)
{
	int other = drm_open_vgem("renderD");
	uint32_t here = drm_import(self->drm, self->buf), there;

	ASSERT_GE(other, 0);
	ASSERT_NE(0, here);
	there = drm_import(other, self->buf);
	ASSERT_NE(0, there);
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, gem_close(self->drm, here));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, gem_close(other, there));
	close(other);
}

TEST_F(vgem, over_and_over)
{
	uint32_t handle;
	int round, buf;

	for (round = 0; round < 100; round++) {
		buf = udb_create(self->dev, self->memfd, round * UDB_PAGE,
				 SIZE - 2 * round * UDB_PAGE);
		ASSERT_GE(buf, 0);
		handle = drm_import(self->drm, buf);
		ASSERT_NE(0, handle);
		close(buf);
		EXPECT_EQ(0, gem_close(self->drm, handle));
	}
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
}

TEST_HARNESS_MAIN
