// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs rely on when a create succeeds: the flags, how the device and
 * the memfd may have been opened, and what kind of file the buffer is.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common.h"

#define SIZE	UDB_HUGE

FIXTURE(basic) {
	int dev;
	int memfd;
};

UDB_BACKING_VARIANTS(basic);

FIXTURE_SETUP(basic)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
}

FIXTURE_TEARDOWN(basic)
{
	if (self->memfd >= 0)
		close(self->memfd);
	close(self->dev);
}

static int create_flags(FIXTURE_DATA(basic) *self, uint32_t flags)
{
	struct udmabuf_create arg = {
		.memfd = self->memfd,
		.flags = flags,
		.size = SIZE,
	};

	return ioctl(self->dev, UDMABUF_CREATE, &arg);
}

static int create_list_flags(FIXTURE_DATA(basic) *self, uint32_t flags)
{
	struct udmabuf_create_item item = {
		.memfd = self->memfd,
		.size = SIZE,
	};

	return udb_create_list_flags(self->dev, &item, 1, flags);
}

/* Closes @buf; says whether an exec would have. */
static void expect_cloexec(struct udb_test *_metadata, int buf, bool want)
{
	ASSERT_GE(buf, 0);
	EXPECT_EQ(want ? FD_CLOEXEC : 0, fcntl(buf, F_GETFD) & FD_CLOEXEC);
	close(buf);
}

TEST_F(basic, cloexec_when_asked)
{
	expect_cloexec(_metadata, create_flags(self, UDMABUF_FLAGS_CLOEXEC),
		       true);
	expect_cloexec(_metadata,
		       create_list_flags(self, UDMABUF_FLAGS_CLOEXEC), true);
}

TEST_F(basic, no_cloexec_unasked)
{
	expect_cloexec(_metadata, create_flags(self, 0), false);
	expect_cloexec(_metadata, create_list_flags(self, 0), false);
}

/* There are programs that leave rubbish in the other bits. */
TEST_F(basic, unknown_flags_ignored)
{
	expect_cloexec(_metadata, create_flags(self, ~0U), true);
	expect_cloexec(_metadata,
		       create_flags(self, ~(uint32_t)UDMABUF_FLAGS_CLOEXEC),
		       false);
	expect_cloexec(_metadata, create_list_flags(self, ~0U), true);
	expect_cloexec(_metadata,
		       create_list_flags(self,
					 ~(uint32_t)UDMABUF_FLAGS_CLOEXEC),
		       false);
}

/* At least one program hands over items straight from malloc. */
TEST_F(basic, item_padding_ignored)
{
	struct udmabuf_create_item item = {
		.memfd = self->memfd,
		.__pad = ~0U,
		.size = SIZE,
	};
	int buf = udb_create_list(self->dev, &item, 1);

	EXPECT_GE(buf, 0);
	close(buf);
}

/* The ioctl changes nothing of the device, so reading is enough. */
TEST_F(basic, device_opened_read_only)
{
	int dev = open(udb_dev_path(), O_RDONLY | O_CLOEXEC);
	int buf;

	ASSERT_GE(dev, 0);
	buf = udb_create(dev, self->memfd, 0, SIZE);
	EXPECT_GE(buf, 0);
	close(buf);
	close(dev);
}

TEST_F(basic, buffer_outlives_device)
{
	int dev = open(udb_dev_path(), O_RDONLY | O_CLOEXEC);
	int buf = udb_create(dev, self->memfd, 0, SIZE);
	void *map;

	ASSERT_GE(buf, 0);
	close(dev);
	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, SIZE));
	munmap(map, SIZE);
	close(buf);
}

/* Most programs close the memfd at once. */
TEST_F(basic, buffer_outlives_memfd)
{
	void *mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	void *map;
	int buf;

	ASSERT_NE(NULL, mem);
	udb_stamp(mem, SIZE, 1, 0);
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	munmap(mem, SIZE);
	close(self->memfd);
	self->memfd = -1;

	map = udb_map(buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
	close(buf);
}

/* A compositor makes one per client buffer in the same pool. */
TEST_F(basic, many_buffers_of_one_memfd)
{
	void *map[16];
	int buf[16], i;

	for (i = 0; i < 16; i++) {
		buf[i] = udb_create(self->dev, self->memfd, 0, SIZE);
		ASSERT_GE(buf[i], 0);
		map[i] = udb_map(buf[i], SIZE, PROT_READ | PROT_WRITE);
		ASSERT_NE(NULL, map[i]);
	}
	udb_stamp(map[0], SIZE, 1, 0);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(-1, udb_stamp_wrong(map[i], SIZE, 1, 0))
		{
			TH_LOG("buffer %d", i);
		}
		close(buf[i]);
	}
}

TEST_F(basic, size_by_fstat_and_lseek)
{
	int buf = udb_create(self->dev, self->memfd, UDB_PAGE, 5 * UDB_PAGE);
	struct stat st;

	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, fstat(buf, &st));
	EXPECT_EQ(5 * UDB_PAGE, st.st_size);
	EXPECT_EQ(5 * UDB_PAGE, lseek(buf, 0, SEEK_END));
	EXPECT_EQ(0, lseek(buf, 0, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(buf, 1, SEEK_SET));
	close(buf);
}

TEST_F(basic, buffer_is_read_write)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	EXPECT_EQ(O_RDWR, fcntl(buf, F_GETFL) & O_ACCMODE);
	close(buf);
}

/* Whether a line of fdinfo of @fd matches the shell pattern. */
static bool fdinfo_has(int fd, const char *pattern)
{
	char path[64], line[256];
	bool seen = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		seen = seen || !fnmatch(pattern, line, 0);
	fclose(file);
	return seen;
}

TEST_F(basic, exporter_is_named_udmabuf)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	EXPECT_TRUE(fdinfo_has(buf, "exp_name:[ \t]udmabuf\n"));
	EXPECT_TRUE(fdinfo_has(buf, "size:[ \t]2097152\n"));
	close(buf);
}

TEST_F(basic, name_can_be_set)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	EXPECT_EQ(0, ioctl(buf, DMA_BUF_SET_NAME, "selftest"));
	EXPECT_TRUE(fdinfo_has(buf, "name:[ \t]selftest\n"));
	close(buf);
}

/* Without a fence of a device in it, the sync file is signalled at once. */
TEST_F(basic, sync_file_out_and_in)
{
	struct dma_buf_export_sync_file out = { .flags = DMA_BUF_SYNC_RW };
	struct dma_buf_import_sync_file in = { .flags = DMA_BUF_SYNC_WRITE };
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, ioctl(buf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out));
	in.fd = out.fd;
	EXPECT_EQ(0, ioctl(buf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in));
	close(out.fd);
	close(buf);
}

/* The file position of the memfd belongs to its owner. */
TEST_F(basic, memfd_position_untouched)
{
	int buf;

	ASSERT_EQ(12345, lseek(self->memfd, 12345, SEEK_SET));
	buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(buf, 0);
	EXPECT_EQ(12345, lseek(self->memfd, 0, SEEK_CUR));
	close(buf);
}

TEST_F(basic, memfd_may_grow_afterwards)
{
	int buf = udb_create(self->dev, self->memfd, 0, SIZE);

	ASSERT_GE(buf, 0);
	EXPECT_EQ(0, ftruncate(self->memfd, 4 * SIZE));
	EXPECT_EQ(SIZE, lseek(buf, 0, SEEK_END));
	close(buf);
}

/* A duplicate of the memfd, and one that came by /proc, are as good. */
TEST_F(basic, memfd_by_other_descriptors)
{
	char path[64];
	int fd[2], buf, i;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	fd[0] = dup(self->memfd);
	fd[1] = open(path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < 2; i++) {
		ASSERT_GE(fd[i], 0);
		buf = udb_create(self->dev, fd[i], 0, SIZE);
		EXPECT_GE(buf, 0);
		close(buf);
		close(fd[i]);
	}
}

/*
 * Who was given a memfd for reading must not get to write it by way of a
 * buffer: the F_SEAL_SHRINK of the owner would be all that is needed.
 */
TEST_F(basic, read_only_memfd_refused)
{
	char path[64];
	int fd, buf;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	errno = 0;
	buf = udb_create(self->dev, fd, 0, SIZE);
	EXPECT_EQ(-1, buf);
	EXPECT_EQ(EACCES, errno);
	if (buf >= 0)
		close(buf);
	close(fd);
}

TEST_F(basic, read_only_memfd_refused_in_list)
{
	struct udmabuf_create_item items[2] = {
		{ .memfd = self->memfd, .size = UDB_PAGE },
		{ .size = UDB_PAGE },
	};
	char path[64];
	int fd, buf;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	items[1].memfd = fd;
	errno = 0;
	buf = udb_create_list(self->dev, items, 2);
	EXPECT_EQ(-1, buf);
	EXPECT_EQ(EACCES, errno);
	if (buf >= 0)
		close(buf);
	close(fd);
}

TEST_HARNESS_MAIN
