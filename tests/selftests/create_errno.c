// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every errno that both ioctls can give, each provoked alone: all else about
 * the call is right, which the control test shows. Programs tell "not memfd
 * memory" from "wrong call" by these numbers. After each of them nothing may
 * be left behind: no descriptor, and no pin on the memfd, or it could not be
 * write-sealed in the teardown.
 *
 * The variants are the two ioctls; a list has one item here.
 */
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "common.h"

#define NR_PAGES	4
#define SIZE		(NR_PAGES * UDB_PAGE)

FIXTURE(err) {
	int dev;
	int memfd;
	int buf;
};

FIXTURE_VARIANT(err) {
	int (*create)(int dev, int memfd, uint64_t offset, uint64_t size);
};

static int create_list_of_one(int dev, int memfd, uint64_t offset,
			      uint64_t size)
{
	struct udmabuf_create_item item = {
		.memfd = memfd,
		.offset = offset,
		.size = size,
	};

	return udb_create_list(dev, &item, 1);
}

FIXTURE_VARIANT_ADD(err, create) {
	.create = udb_create,
};

FIXTURE_VARIANT_ADD(err, list) {
	.create = create_list_of_one,
};

FIXTURE_SETUP(err)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd(UDB_SHMEM_4K, SIZE);
	ASSERT_GE(self->memfd, 0);
	self->buf = -1;
}

FIXTURE_TEARDOWN(err)
{
	if (self->buf >= 0)
		close(self->buf);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE))
	{
		TH_LOG("the call left the memfd's pages pinned");
	}
	close(self->memfd);
	close(self->dev);
}

/* The one wrong thing is the descriptor @fd, which is closed here. */
static void expect_fd_refused(struct udb_test *_metadata,
			      FIXTURE_DATA(err) *self,
			      const FIXTURE_VARIANT(err) *variant, int fd, int error)
{
	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(error, variant->create(self->dev, fd, 0, UDB_PAGE));
	close(fd);
}

#define EXPECT_FD_REFUSED(fd, error) \
	expect_fd_refused(_metadata, self, variant, fd, error)

/* What makes a failure of the others mean something. */
TEST_F(err, control)
{
	self->buf = variant->create(self->dev, self->memfd, 0, SIZE);
	EXPECT_GE(self->buf, 0);
}

TEST_F(err, fd_minus_one)
{
	EXPECT_ERRNO(EBADFD, variant->create(self->dev, -1, 0, SIZE));
}

TEST_F(err, fd_closed)
{
	int fd = dup(self->memfd);

	ASSERT_GE(fd, 0);
	close(fd);
	EXPECT_ERRNO(EBADFD, variant->create(self->dev, fd, 0, SIZE));
}

TEST_F(err, fd_beyond_the_table)
{
	EXPECT_ERRNO(EBADFD, variant->create(self->dev, INT32_MAX, 0, SIZE));
}

TEST_F(err, fd_of_ordinary_file)
{
	EXPECT_FD_REFUSED(open("/proc/self/exe", O_RDONLY), EBADFD);
}

TEST_F(err, fd_of_proc_file)
{
	EXPECT_FD_REFUSED(open("/proc/self/maps", O_RDONLY), EBADFD);
}

TEST_F(err, fd_of_directory)
{
	EXPECT_FD_REFUSED(open("/tmp", O_RDONLY | O_DIRECTORY), EBADFD);
}

TEST_F(err, fd_of_pipe)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	EXPECT_FD_REFUSED(ends[0], EBADFD);
	EXPECT_FD_REFUSED(ends[1], EBADFD);
}

TEST_F(err, fd_of_socket)
{
	EXPECT_FD_REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EBADFD);
}

/* Shared mappings of it are shmem, but the file is not. */
TEST_F(err, fd_of_dev_zero)
{
	EXPECT_FD_REFUSED(open("/dev/zero", O_RDWR), EBADFD);
}

TEST_F(err, fd_of_the_device)
{
	EXPECT_FD_REFUSED(dup(self->dev), EBADFD);
}

/* A buffer is not a memfd: buffers do not nest. */
TEST_F(err, fd_of_dma_buf)
{
	self->buf = variant->create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	EXPECT_FD_REFUSED(dup(self->buf), EBADFD);
}

/* O_PATH gives no right to the contents. */
TEST_F(err, fd_opened_o_path)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	EXPECT_FD_REFUSED(open(path, O_PATH), EBADFD);
}

/* A tmpfs file is shmem, but can carry no seal: EINVAL, as of old. */
TEST_F(err, fd_of_tmpfs_file)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct statfs fs;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fstatfs(fd, &fs));
	ASSERT_EQ(TMPFS_MAGIC, fs.f_type);
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	EXPECT_FD_REFUSED(fd, EINVAL);
}

/* The same for hugetlb. */
TEST_F(err, fd_of_hugetlbfs_file)
{
	static const char dir[] = "/tmp/udmabuf-hugetlbfs";
	int fd;

	ASSERT_EQ(0, mkdir(dir, 0700));
	ASSERT_EQ(0, mount("none", dir, "hugetlbfs", 0, "pagesize=2M"));
	fd = open(dir, O_TMPFILE | O_RDWR, 0600);
	EXPECT_EQ(0, ftruncate(fd, UDB_HUGE));
	EXPECT_FD_REFUSED(fd, EINVAL);
	EXPECT_EQ(0, umount(dir));
	rmdir(dir);
}

TEST_F(err, offset_unaligned)
{
	static const uint64_t offsets[] = { 1, 2048, UDB_PAGE - 1,
					    UDB_PAGE + 1 };
	size_t i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd,
						     offsets[i], UDB_PAGE))
		{
			TH_LOG("offset %lu", offsets[i]);
		}
}

TEST_F(err, size_unaligned)
{
	static const uint64_t sizes[] = { 1, 2048, UDB_PAGE - 1, UDB_PAGE + 1,
					  SIZE - 1 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, 0,
						     sizes[i]))
		{
			TH_LOG("size %lu", sizes[i]);
		}
}

TEST_F(err, size_zero)
{
	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, 0, 0));
}

TEST_F(err, size_one_page_too_large)
{
	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, 0,
					     SIZE + UDB_PAGE));
	EXPECT_ERRNO(EINVAL,
		     variant->create(self->dev, self->memfd, UDB_PAGE, SIZE));
}

TEST_F(err, offset_at_the_end)
{
	EXPECT_ERRNO(EINVAL,
		     variant->create(self->dev, self->memfd, SIZE, UDB_PAGE));
}

TEST_F(err, offset_beyond_the_end)
{
	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, 64 * SIZE,
					     UDB_PAGE));
}

/* The last page that a loff_t reaches, and the first that it does not. */
TEST_F(err, offset_at_the_edge_of_loff_t)
{
	uint64_t edge = (uint64_t)1 << 63;

	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd,
					     edge - UDB_PAGE, UDB_PAGE));
	EXPECT_ERRNO(EINVAL,
		     variant->create(self->dev, self->memfd, edge, UDB_PAGE));
}

/* offset + size is a small number again, inside of the memfd. */
TEST_F(err, end_wraps)
{
	EXPECT_ERRNO(EINVAL,
		     variant->create(self->dev, self->memfd,
				     -(uint64_t)UDB_PAGE, 2 * UDB_PAGE));
	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, UDB_PAGE,
					     -(uint64_t)UDB_PAGE));
}

TEST_F(err, memfd_of_size_zero)
{
	int fd = udb_memfd_empty(UDB_SHMEM_4K, 0);

	EXPECT_FD_REFUSED(fd, EINVAL);
}

/* A memfd ends inside its last page: that page belongs to nobody. */
TEST_F(err, memfd_of_half_a_page)
{
	int fd = udb_memfd_sealed(UDB_SHMEM_4K, UDB_PAGE / 2, F_SEAL_SHRINK);

	EXPECT_FD_REFUSED(fd, EINVAL);
}

/* Takes every free descriptor number away; @saved is the limit before. */
static void exhaust_fds(struct udb_test *_metadata, struct rlimit *saved)
{
	struct rlimit none = { 0, 0 };
	int lowest;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, saved));
	lowest = dup(STDOUT_FILENO);
	ASSERT_GE(lowest, 0);
	close(lowest);
	none.rlim_max = saved->rlim_max;
	none.rlim_cur = lowest;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
}

/*
 * The descriptor is the last thing a create needs. Drivers have leaked the
 * whole buffer when there was none; the teardown sees that by its pins.
 */
TEST_F(err, no_free_descriptor)
{
	struct rlimit saved = { 0, 0 };

	exhaust_fds(_metadata, &saved);
	EXPECT_ERRNO(EMFILE, variant->create(self->dev, self->memfd, 0, SIZE));
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &saved));
}

/* An error does not spoil the next call. */
TEST_F(err, works_after_failures)
{
	EXPECT_ERRNO(EBADFD, variant->create(self->dev, -1, 0, SIZE));
	EXPECT_ERRNO(EINVAL, variant->create(self->dev, self->memfd, 1, SIZE));
	self->buf = variant->create(self->dev, self->memfd, 0, SIZE);
	EXPECT_GE(self->buf, 0);
}

/*
 * Errors of the ioctl's own argument and number
 */
FIXTURE(call) {
	int dev;
	char *hole;
};

/* Two pages, of which the second cannot be read. */
FIXTURE_SETUP(call)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->hole = mmap(NULL, 2 * UDB_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->hole);
	self->hole += UDB_PAGE;
	ASSERT_EQ(0, mprotect(self->hole, UDB_PAGE, PROT_NONE));
}

FIXTURE_TEARDOWN(call)
{
	close(self->dev);
}

TEST_F(call, create_argument_null)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE, NULL));
}

TEST_F(call, create_argument_unreadable)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE, self->hole));
}

/* All but the last byte of the struct is there. */
TEST_F(call, create_argument_cut_short)
{
	void *arg = self->hole - sizeof(struct udmabuf_create) + 1;

	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE, arg));
}

TEST_F(call, list_argument_null)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_LIST, NULL));
}

TEST_F(call, list_head_unreadable)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_LIST, self->hole));
}

TEST_F(call, list_head_cut_short)
{
	void *arg = self->hole - sizeof(struct udmabuf_create_list) + 1;

	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_LIST, arg));
}

TEST_F(call, list_items_unreadable)
{
	struct udmabuf_create_list *arg;

	arg = (void *)(self->hole - sizeof(*arg));
	arg->flags = 0;
	arg->count = 1;
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_LIST, arg));
}

/* Sixteen items, the last of which lacks its last byte. */
TEST_F(call, list_tail_unreadable)
{
	enum {
		size = sizeof(struct udmabuf_create_list) +
		       16 * sizeof(struct udmabuf_create_item)
	};
	int memfd = udb_memfd(UDB_SHMEM_4K, SIZE);
	struct udmabuf_create_list *arg;
	char copy[size] __attribute__((aligned(8)));
	int i;

	ASSERT_GE(memfd, 0);
	arg = (void *)copy;
	arg->flags = 0;
	arg->count = 16;
	for (i = 0; i < 16; i++)
		arg->list[i] = (struct udmabuf_create_item){
			.memfd = memfd,
			.size = UDB_PAGE,
		};
	memcpy(self->hole - size + 1, copy, size - 1);
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, UDMABUF_CREATE_LIST,
				   self->hole - size + 1));
	EXPECT_EQ(0, fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(memfd);
}

TEST_F(call, unknown_numbers)
{
	static const unsigned long unknown[] = {
		_IO('u', 0x41),
		_IO('u', 0x44),
		_IO('u', 0xff),
		_IOW('u', 0x44, struct udmabuf_create),
		_IOW('v', 0x42, struct udmabuf_create),
		0,
		~0U,
	};
	struct udmabuf_create arg = { 0 };
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		EXPECT_ERRNO(ENOTTY, ioctl(self->dev, unknown[i], &arg))
		{
			TH_LOG("ioctl 0x%lx", unknown[i]);
		}
}

/* The number without the struct's size, or with the wrong direction. */
TEST_F(call, numbers_of_another_shape)
{
	struct udmabuf_create arg = { 0 };

	EXPECT_ERRNO(ENOTTY, ioctl(self->dev, _IO('u', 0x42), &arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->dev, _IOW('u', 0x42, int), &arg));
	EXPECT_ERRNO(ENOTTY,
		     ioctl(self->dev, _IOR('u', 0x42, struct udmabuf_create),
			   &arg));
}

TEST_HARNESS_MAIN
