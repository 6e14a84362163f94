// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long things live: a buffer lives as long as any descriptor or mapping of
 * it, needs nothing else for that, and leaves nothing pinned behind. A memfd
 * refuses F_SEAL_WRITE while a page of it is pinned: that is how the tests see
 * pins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "buffer.h"
#include "mapping.h"

#define SIZE	(2 * UDB_HUGE)

UDB_BUFFER_FIXTURE(lifetime, SIZE);

/* 0 when nothing pins the memfd, else the errno of sealing. */
static int seal_write(int memfd)
{
	return fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) ? errno : 0;
}

/* Our own mapping would keep the seal away as well. */
static void drop_memfd_mapping(FIXTURE_DATA(lifetime) *self)
{
	munmap(self->mem, SIZE);
	self->mem = NULL;
}

/* All orders of closing three descriptors, the mapping last. */
TEST_F(lifetime, closing_in_any_order)
{
	static const int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	int order, step, fds[3];
	char *map;

	for (order = 0; order < 6; order++) {
		fds[0] = dup(self->memfd);
		fds[1] = udb_dev_open();
		ASSERT_GE(fds[1], 0);
		fds[2] = udb_create(fds[1], fds[0], 0, SIZE);
		ASSERT_GE(fds[2], 0);
		map = mapping_at(fds[2], SIZE, 0, 0, MAPPING_RW);
		ASSERT_NE(MAP_FAILED, map);
		for (step = 0; step < 3; step++) {
			EXPECT_EQ(0, close(fds[orders[order][step]]));
			EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
		}
		EXPECT_EQ(0, munmap(map, SIZE));
	}
}

TEST_F(lifetime, buffer_alone_can_be_mapped)
{
	char *map;

	close(self->memfd);
	close(self->dev);
	drop_memfd_mapping(self);
	map = udb_map(self->buf, SIZE, MAPPING_RW);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	munmap(map, SIZE);
}

TEST_F(lifetime, duplicate_descriptor)
{
	int copy = dup(self->buf);
	char *map;

	ASSERT_GE(copy, 0);
	close(self->buf);
	map = udb_map(copy, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	drop_memfd_mapping(self);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	close(copy);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	munmap(map, SIZE);
	EXPECT_EQ(0, seal_write(self->memfd));
}

TEST_F(lifetime, last_close_unpins)
{
	drop_memfd_mapping(self);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	close(self->buf);
	EXPECT_EQ(0, seal_write(self->memfd));
}

TEST_F(lifetime, last_unmap_unpins)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	udb_stamp(map, SIZE, 2, 0);
	drop_memfd_mapping(self);
	close(self->buf);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	EXPECT_EQ(0, munmap(map, SIZE / 2));
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	EXPECT_EQ(0, munmap(map + SIZE / 2, SIZE / 2));
	EXPECT_EQ(0, seal_write(self->memfd));
}

/* A range inside of large folios pins them whole, and lets go of them whole. */
TEST_F(lifetime, unpins_partly_used_folios)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd,
		  .offset = 64 * UDB_PAGE,
		  .size = 64 * UDB_PAGE },
		{ .memfd = self->memfd,
		  .offset = 256 * UDB_PAGE,
		  .size = 512 * UDB_PAGE },
		{ .memfd = self->memfd,
		  .offset = 100 * UDB_PAGE,
		  .size = UDB_PAGE },
	};
	int buf = udb_create_list(self->dev, items, 3);

	ASSERT_GE(buf, 0);
	drop_memfd_mapping(self);
	close(self->buf);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	close(buf);
	EXPECT_EQ(0, seal_write(self->memfd));
}

TEST_F(lifetime, many_buffers_of_one_memfd)
{
	int bufs[64], i;
	char *map;

	for (i = 0; i < 64; i++) {
		bufs[i] = udb_create(self->dev, self->memfd, i * UDB_PAGE,
				     SIZE - i * UDB_PAGE);
		ASSERT_GE(bufs[i], 0);
	}
	drop_memfd_mapping(self);
	close(self->buf);
	/* 0, 37, 10, 47 and so on: neither the order of making nor its reverse. */
	for (i = 0; i < 63; i++)
		close(bufs[i * 37 % 64]);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	map = udb_map(bufs[63 * 37 % 64], UDB_HUGE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, UDB_HUGE, 1, 63 * 37 % 64));
	munmap(map, UDB_HUGE);
	close(bufs[63 * 37 % 64]);
	EXPECT_EQ(0, seal_write(self->memfd));
}

TEST_F(lifetime, child_that_exits)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);
	int status;
	pid_t pid;

	ASSERT_NE(NULL, map);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		udb_stamp(map, SIZE, 3, 0);
		close(self->buf);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 3, 0));
	drop_memfd_mapping(self);
	munmap(map, SIZE);
	close(self->buf);
	EXPECT_EQ(0, seal_write(self->memfd));
}

/* The parent lets go of everything; the child has the only mapping. */
TEST_F(lifetime, child_that_stays)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW), byte;
	int pipes[2];
	pid_t pid;

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, pipe(pipes));
	drop_memfd_mapping(self);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(pipes[1]);
		close(self->buf);
		if (read(pipes[0], &byte, 1) < 0)
			_exit(1);
		_exit(udb_stamp_wrong(map, SIZE, 1, 0) != -1);
	}
	munmap(map, SIZE);
	close(self->buf);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	close(pipes[1]);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, seal_write(self->memfd));
}

union fd_message {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void fd_message_init(struct msghdr *msg, struct iovec *iov, char *byte,
			    union fd_message *control)
{
	memset(control, 0, sizeof(*control));
	memset(msg, 0, sizeof(*msg));
	iov->iov_base = byte;
	iov->iov_len = 1;
	msg->msg_iov = iov;
	msg->msg_iovlen = 1;
	msg->msg_control = control;
	msg->msg_controllen = sizeof(*control);
}

static int fd_send(int sock, int fd)
{
	union fd_message control;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	char byte = 0;

	fd_message_init(&msg, &iov, &byte, &control);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -1;
}

static int fd_receive(int sock)
{
	union fd_message control;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	int fd = -1;
	char byte;

	fd_message_init(&msg, &iov, &byte, &control);
	if (recvmsg(sock, &msg, 0) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Makes a buffer of a memfd of its own, sends it off and dies. */
static int sender(int dev, int sock, enum udb_backing backing)
{
	int memfd = udb_memfd(backing, SIZE), buf;
	char *mem;

	if (memfd < 0)
		return 1;
	mem = udb_map(memfd, SIZE, MAPPING_RW);
	if (!mem)
		return 2;
	udb_stamp(mem, SIZE, 7, 0);
	buf = udb_create(dev, memfd, 0, SIZE);
	if (buf < 0)
		return 3;
	return fd_send(sock, buf) ? 4 : 0;
}

TEST_F(lifetime, sent_by_a_process_that_died)
{
	int socks[2], status, buf;
	char *map;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(sender(self->dev, socks[1], variant->backing));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);

	buf = fd_receive(socks[0]);
	ASSERT_GE(buf, 0);
	map = mapping_at(buf, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 7, 0));
	udb_stamp(map, SIZE, 8, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 8, 0));
	munmap(map, SIZE);
	close(buf);
}

/* In flight and never received: closing the socket is the last close. */
TEST_F(lifetime, lost_in_a_socket)
{
	int socks[2];

	drop_memfd_mapping(self);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_EQ(0, fd_send(socks[0], self->buf));
	close(self->buf);
	EXPECT_EQ(EBUSY, seal_write(self->memfd));
	close(socks[0]);
	close(socks[1]);
	EXPECT_EQ(0, seal_write(self->memfd));
}

/* The last step of creating is a descriptor; without one all is undone. */
TEST_F(lifetime, no_descriptor_left)
{
	struct rlimit old, none;

	drop_memfd_mapping(self);
	close(self->buf);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = dup(self->dev);
	close(none.rlim_cur);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_ERRNO(EMFILE, udb_create(self->dev, self->memfd, 0, SIZE));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(0, seal_write(self->memfd));
}

/* The last of three ranges is bad: the pins of the first two must go. */
TEST_F(lifetime, failing_list_unpins)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .offset = 0, .size = UDB_HUGE },
		{ .memfd = self->memfd, .offset = UDB_PAGE, .size = UDB_PAGE },
		{ .memfd = self->dev, .offset = 0, .size = UDB_PAGE },
	};

	drop_memfd_mapping(self);
	close(self->buf);
	EXPECT_ERRNO(EBADFD, udb_create_list(self->dev, items, 3));
	EXPECT_EQ(0, seal_write(self->memfd));
}

TEST_F(lifetime, other_seals_do_not_matter)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_SEAL));
	udb_stamp(map, SIZE, 2, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	munmap(map, SIZE);
}

/* A hole under a buffer that nobody touched: no SIGBUS at the first touch. */
TEST_F(lifetime, hole_before_the_first_touch)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);
	size_t at;

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, fallocate(self->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       SIZE));
	for (at = 0; at < SIZE; at += UDB_PAGE)
		ASSERT_EQ(0, mapping_touch(map + at, true));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(lifetime, data_stays_in_the_memfd)
{
	char *map = udb_map(self->buf, SIZE, MAPPING_RW);

	ASSERT_NE(NULL, map);
	udb_stamp(map, SIZE, 9, 0);
	munmap(map, SIZE);
	close(self->buf);
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 9, 0));
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	map = udb_map(self->buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 9, 0));
	munmap(map, SIZE);
}

/* The name of the driver's module, from that of its device. */
static const char *driver_module(void)
{
	static char name[64];
	const char *device = strrchr(udb_dev_path(), '/');
	char *c;

	snprintf(name, sizeof(name), "%s", device ? device + 1 : "");
	for (c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

/* A driver that is part of the kernel has no use count to get wrong. */
static bool driver_is_built_in(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", driver_module());
	return access(path, F_OK) != 0;
}

static int remove_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

static int insert_module(void)
{
	const char *path = getenv("UDMABUF_KO");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1, ret;

	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return ret;
}

TEST_F(lifetime, module_stays_while_it_is_used)
{
	const char *module = driver_module();
	char *map;

	if (driver_is_built_in()) {
		EXPECT_ERRNO(ENOENT, remove_module(module));
		return;
	}
	EXPECT_ERRNO(EAGAIN, remove_module(module));
	close(self->dev);
	EXPECT_ERRNO(EAGAIN, remove_module(module));
	map = udb_map(self->buf, SIZE, PROT_READ);
	ASSERT_NE(NULL, map);
	close(self->buf);
	EXPECT_ERRNO(EAGAIN, remove_module(module));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(lifetime, module_goes_when_it_is_unused)
{
	const char *module = driver_module();

	if (driver_is_built_in()) {
		EXPECT_ERRNO(ENOENT, remove_module(module));
		return;
	}
	close(self->buf);
	close(self->dev);
	ASSERT_EQ(0, remove_module(module));
	EXPECT_LT(udb_dev_open(), 0);
	ASSERT_EQ(0, insert_module())
	TH_LOG("UDMABUF_KO is \"%s\"", getenv("UDMABUF_KO") ?: "");
	self->dev = udb_dev_open();
	ASSERT_GE(self->dev, 0);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	EXPECT_GE(self->buf, 0);
}

TEST_HARNESS_MAIN
