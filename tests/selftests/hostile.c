// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second process that wants to change a byte of a read-only buffer whose memory
 * is sealed. It is root, it gets the buffer over a socket, knows where the first
 * process has mapped it, and tries everything that Linux has for writing to
 * somebody's memory. After each attack all bytes are read through the memfd.
 */
#include <libdrm/drm.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "drm.h"
#include "mapping.h"
#include "newer.h"

#define SIZE	UDB_HUGE

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

/* What the attacker knows. */
struct target {
	int buf; /* his own file descriptor of it */
	pid_t victim;
	int victim_buf; /* the victim's file descriptors, by number */
	int victim_memfd;
	char *victim_map;
	const char *device;
};

/* An attack gives the number of the line where something went his way, or 0. */
typedef int (*attack_fn)(const struct target *target);

#define MUST(claim)					\
	do {						\
		if (!(claim))				\
			return __LINE__;		\
	} while (0)

/* A call that fails with the error. */
#define MUST_FAIL(error, call)	MUST((call) == -1 && errno == (error))

FIXTURE(hostile) {
	int dev;
	int memfd;
	int buf;
	char *map;
};

UDB_BACKING_VARIANTS(hostile);

FIXTURE_SETUP(hostile)
{
	UDB_DEV_OPEN(self->dev);
	NEWER_OR_SKIP(self->dev);
	NEWER_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE, F_SEAL_WRITE);
	self->buf = newer_read_only(self->dev, self->memfd, SIZE);
	ASSERT_GE(self->buf, 0);
	self->map = mapping_at(self->buf, SIZE, 0, 0, PROT_READ);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, mapping_touch(self->map, false));
}

FIXTURE_TEARDOWN(hostile)
{
	munmap(self->map, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
}

static bool fd_send(int socket, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1;
}

static int fd_receive(int socket)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 &&
	    control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* What read() says of the memfd: the memory itself, without any mapping. */
static long memory_wrong(int memfd)
{
	static char copy[SIZE];

	if (pread(memfd, copy, SIZE, 0) != (ssize_t)SIZE)
		return SIZE;
	return udb_stamp_wrong(copy, SIZE, 1, 0);
}

/* In the second process: nothing of the first one's is left but what came. */
static int attacker(FIXTURE_DATA(hostile) *self, int socket, pid_t victim,
		    attack_fn attack)
{
	struct target target = {
		.victim = victim,
		.victim_buf = self->buf,
		.victim_memfd = self->memfd,
		.victim_map = self->map,
		.device = udb_dev_path(),
	};

	munmap(self->map, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
	target.buf = fd_receive(socket);
	return target.buf < 0 ? __LINE__ : attack(&target);
}

static void run_attack(struct udb_test *_metadata, FIXTURE_DATA(hostile) *self,
		       attack_fn attack)
{
	const pid_t victim = getpid();
	int pair[2], told[2], status, line = -1;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, pipe(told));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(pair[0]);
		line = attacker(self, pair[1], victim, attack);
		_exit(write(told[1], &line, sizeof(line)) != sizeof(line));
	}
	EXPECT_TRUE(fd_send(pair[0], self->buf));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	EXPECT_EQ(0, status);
	close(told[1]);
	EXPECT_EQ((ssize_t)sizeof(line), read(told[0], &line, sizeof(line)));
	EXPECT_EQ(0, line)
	TH_LOG("see line %d of this file", line);
	EXPECT_EQ(-1, memory_wrong(self->memfd));
	EXPECT_EQ(-1, udb_stamp_wrong(self->map, SIZE, 1, 0));
	close(told[0]);
	close(pair[0]);
	close(pair[1]);
}

static char *map_for_reading(int buf)
{
	char *map = mapping_at(buf, SIZE, 0, 0, PROT_READ);

	return map == MAP_FAILED || mapping_touch(map, false) ? NULL : map;
}

static bool mmap_fails(int fd, int prot, int flags)
{
	return mmap(NULL, SIZE, prot, flags, fd, 0) == MAP_FAILED;
}

static int attack_by_mapping(const struct target *t)
{
	char *map = map_for_reading(t->buf), *moved;

	MUST(map);
	MUST(mmap_fails(t->buf, PROT_WRITE, MAP_SHARED));
	MUST(mmap_fails(t->buf, MAPPING_RW, MAP_SHARED | MAP_POPULATE));
	MUST(mmap_fails(t->buf, MAPPING_RW, MAP_SHARED_VALIDATE));
	MUST(mmap_fails(t->buf, MAPPING_RW, MAP_PRIVATE));
	MUST_FAIL(EACCES, mprotect(map, SIZE, MAPPING_RW));
	MUST(mapping_touch(map, true) == SIGSEGV);
	MUST(mremap(map, SIZE, 2 * SIZE, MREMAP_MAYMOVE) == MAP_FAILED);
	moved = mremap(map, UDB_PAGE, UDB_PAGE, MREMAP_MAYMOVE);
	MUST(moved != MAP_FAILED);
	MUST_FAIL(EACCES, mprotect(moved, UDB_PAGE, MAPPING_RW));
	MUST(mapping_touch(moved, true) == SIGSEGV);
	return 0;
}

TEST_F(hostile, maps_it)
{
	run_attack(_metadata, self, attack_by_mapping);
}

static int attack_by_fork(const struct target *t)
{
	char *map = map_for_reading(t->buf);
	int status;
	pid_t pid;

	MUST(map);
	pid = fork();
	if (!pid)
		_exit(!mprotect(map, SIZE, MAPPING_RW) ||
		      mapping_touch(map, true) != SIGSEGV);
	MUST(waitpid(pid, &status, 0) == pid);
	MUST(!status);
	return 0;
}

TEST_F(hostile, forks)
{
	run_attack(_metadata, self, attack_by_fork);
}

static int open_of(pid_t pid, const char *what, int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s/%d", pid, what, number);
	return open(path, flags | O_CLOEXEC);
}

static int attack_by_opening(const struct target *t)
{
	char path[96];

	MUST(open_of(getpid(), "fd", t->buf, O_RDWR) == -1);
	MUST(open_of(getpid(), "fd", t->buf, O_WRONLY) == -1);
	MUST(open_of(t->victim, "fd", t->victim_buf, O_RDWR) == -1);
	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", t->victim,
		 (unsigned long)t->victim_map,
		 (unsigned long)t->victim_map + SIZE);
	MUST(!access(path, F_OK));
	MUST(open(path, O_RDWR) == -1);
	MUST(!fcntl(t->buf, F_SETFL, O_RDWR));
	MUST((fcntl(t->buf, F_GETFL) & O_ACCMODE) == O_RDONLY);
	return 0;
}

TEST_F(hostile, opens_it_again)
{
	run_attack(_metadata, self, attack_by_opening);
}

static int attack_by_passing(const struct target *t)
{
	int pair[2], fd;

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	MUST(fd_send(pair[0], t->buf));
	fd = fd_receive(pair[1]);
	MUST(fd >= 0);
	MUST(mmap_fails(fd, MAPPING_RW, MAP_SHARED));
	fd = (int)syscall(SYS_pidfd_open, t->victim, 0);
	MUST(fd >= 0);
	fd = (int)syscall(SYS_pidfd_getfd, fd, t->victim_buf, 0);
	MUST(fd >= 0);
	MUST(mmap_fails(fd, MAPPING_RW, MAP_SHARED));
	return 0;
}

TEST_F(hostile, passes_it_on)
{
	run_attack(_metadata, self, attack_by_passing);
}

static int attack_by_writing(const struct target *t)
{
	int pipes[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	MUST(!pipe(pipes));
	MUST(write(pipes[1], &byte, 1) == 1);
	MUST(write(t->buf, &byte, 1) == -1);
	MUST(pwrite(t->buf, &byte, 1, 0) == -1);
	MUST(writev(t->buf, &iov, 1) == -1);
	MUST(splice(pipes[0], NULL, t->buf, NULL, 1, 0) == -1);
	MUST(sendfile(t->buf, zero, NULL, 1) == -1);
	MUST(copy_file_range(zero, NULL, t->buf, NULL, 1, 0) == -1);
	MUST(ftruncate(t->buf, 0) == -1);
	MUST(fallocate(t->buf, 0, 0, UDB_PAGE) == -1);
	MUST(fallocate(t->buf, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		       UDB_PAGE) == -1);
	return 0;
}

TEST_F(hostile, writes_to_the_file)
{
	run_attack(_metadata, self, attack_by_writing);
}

static int attack_by_memory_files(const struct target *t)
{
	char *map = map_for_reading(t->buf), byte = 'x', path[32];
	int mem;

	MUST(map);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	MUST(mem >= 0);
	MUST(pwrite(mem, &byte, 1, (off_t)(uintptr_t)map) == -1);
	snprintf(path, sizeof(path), "/proc/%d/mem", t->victim);
	mem = open(path, O_RDWR | O_CLOEXEC);
	MUST(mem >= 0);
	MUST(pwrite(mem, &byte, 1, (off_t)(uintptr_t)t->victim_map) == -1);
	return 0;
}

TEST_F(hostile, writes_to_proc_mem)
{
	run_attack(_metadata, self, attack_by_memory_files);
}

static int attack_by_vm_writev(const struct target *t)
{
	char *map = map_for_reading(t->buf), byte = 'x';
	struct iovec from = { .iov_base = &byte, .iov_len = 1 };
	struct iovec own = { .iov_base = map, .iov_len = 1 };
	struct iovec his = { .iov_base = t->victim_map, .iov_len = 1 };

	MUST(map);
	MUST(process_vm_writev(getpid(), &from, 1, &own, 1, 0) == -1);
	MUST(process_vm_writev(t->victim, &from, 1, &his, 1, 0) == -1);
	return 0;
}

TEST_F(hostile, writes_to_the_other_process)
{
	run_attack(_metadata, self, attack_by_vm_writev);
}

static int attack_by_ptrace(const struct target *t)
{
	int status;

	MUST(!ptrace(PTRACE_ATTACH, t->victim, NULL, NULL));
	MUST(waitpid(t->victim, &status, __WALL) == t->victim);
	MUST(ptrace(PTRACE_POKEDATA, t->victim, t->victim_map, 1L) == -1);
	MUST(!ptrace(PTRACE_DETACH, t->victim, NULL, NULL));
	return 0;
}

TEST_F(hostile, traces_the_other_process)
{
	run_attack(_metadata, self, attack_by_ptrace);
}

/* The kernel is to write where the mapping is. */
static int attack_by_reading_into_it(const struct target *t)
{
	char *map = map_for_reading(t->buf), byte = 'x';
	struct iovec iov = { .iov_base = map, .iov_len = 1 };
	int pipes[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	MUST(map);
	MUST(!pipe(pipes));
	MUST(write(pipes[1], &byte, 1) == 1);
	MUST_FAIL(EFAULT, read(pipes[0], map, 1));
	MUST_FAIL(EFAULT, readv(zero, &iov, 1));
	MUST_FAIL(EFAULT, pread(zero, map + SIZE - 1, 1, 0));
	MUST(syscall(SYS_getrandom, map, 1, 0) == -1);
	MUST(vmsplice(pipes[1], &iov, 1, SPLICE_F_GIFT) == -1);
	return 0;
}

TEST_F(hostile, reads_into_the_mapping)
{
	run_attack(_metadata, self, attack_by_reading_into_it);
}

static int attack_by_advice(const struct target *t)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE,	    MADV_REMOVE,
		MADV_PAGEOUT,  MADV_POPULATE_WRITE, MADV_WIPEONFORK,
		MADV_HWPOISON, MADV_SOFT_OFFLINE,
	};
	char *map = map_for_reading(t->buf);
	size_t i;

	MUST(map);
	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		MUST(madvise(map, UDB_PAGE, advices[i]) == -1);
	MUST(udb_stamp_wrong(map, SIZE, 1, 0) == -1);
	return 0;
}

TEST_F(hostile, gives_bad_advice)
{
	run_attack(_metadata, self, attack_by_advice);
}

static int attack_by_userfaultfd(const struct target *t)
{
	struct uffdio_register arg = {
		.range.len = SIZE,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	char *map = mapping_at(t->buf, SIZE, 0, 0, PROT_READ);
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	MUST(map != MAP_FAILED && uffd >= 0);
	MUST(!ioctl(uffd, UFFDIO_API, &api));
	arg.range.start = (uintptr_t)map;
	MUST(ioctl(uffd, UFFDIO_REGISTER, &arg) == -1);
	arg.mode = UFFDIO_REGISTER_MODE_WP;
	MUST(ioctl(uffd, UFFDIO_REGISTER, &arg) == -1);
	return 0;
}

TEST_F(hostile, answers_page_faults)
{
	run_attack(_metadata, self, attack_by_userfaultfd);
}

static int attack_by_sync(const struct target *t)
{
	MUST_FAIL(EACCES,
		  udb_sync(t->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	MUST_FAIL(EACCES, udb_sync(t->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	return 0;
}

TEST_F(hostile, syncs_what_it_wrote)
{
	run_attack(_metadata, self, attack_by_sync);
}

/* The memfd itself, by way of the victim's files: the seal is what helps here. */
static int attack_by_memfd(const struct target *t)
{
	int fd = open_of(t->victim, "fd", t->victim_memfd, O_RDWR);
	int dev = open(t->device, O_RDWR | O_CLOEXEC);
	char byte = 'x';

	MUST(fd >= 0 && dev >= 0);
	MUST(pwrite(fd, &byte, 1, 0) == -1);
	MUST(mmap_fails(fd, MAPPING_RW, MAP_SHARED));
	MUST_FAIL(EPERM, ftruncate(fd, 0));
	MUST_FAIL(EPERM,
		  fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			    UDB_HUGE));
	MUST_FAIL(EINVAL, udb_create(dev, fd, 0, SIZE));
	MUST_FAIL(EBADFD, udb_create(dev, t->buf, 0, SIZE));
	MUST_FAIL(EBADFD, newer_read_only(dev, t->buf, SIZE));
	return 0;
}

TEST_F(hostile, takes_the_memfd)
{
	run_attack(_metadata, self, attack_by_memfd);
}

/*
 * io_uring, with a ring of one entry
 */
struct ring {
	int fd;
	struct io_uring_params params;
	char *sq;
	char *cq;
	struct io_uring_sqe *sqes;
};

static bool ring_make(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		return false;
	ring->sq = mmap(NULL, UDB_PAGE, MAPPING_RW, MAP_SHARED | MAP_POPULATE,
			ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, UDB_PAGE, MAPPING_RW, MAP_SHARED | MAP_POPULATE,
			ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, UDB_PAGE, MAPPING_RW, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	return ring->sq != MAP_FAILED && ring->cq != MAP_FAILED &&
	       (char *)ring->sqes != MAP_FAILED;
}

/* The result of one request. */
static int ring_do(struct ring *ring, int opcode, int fd, void *address)
{
	uint32_t *tail = (uint32_t *)(ring->sq + ring->params.sq_off.tail);
	uint32_t *array = (uint32_t *)(ring->sq + ring->params.sq_off.array);
	uint32_t *head = (uint32_t *)(ring->cq + ring->params.cq_off.head);
	uint32_t mask = *(uint32_t *)(ring->cq + ring->params.cq_off.ring_mask);
	struct io_uring_cqe *cqes =
		(struct io_uring_cqe *)(ring->cq + ring->params.cq_off.cqes);
	int result;

	ring->sqes[0] = (struct io_uring_sqe){
		.opcode = opcode,
		.fd = fd,
		.addr = (uintptr_t)address,
		.len = 1,
	};
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		return 0;
	result = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static int attack_by_io_uring(const struct target *t)
{
	char *map = map_for_reading(t->buf), byte = 'x';
	struct iovec iov = { .iov_base = map, .iov_len = UDB_PAGE };
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct ring ring;

	MUST(map && zero >= 0);
	MUST(ring_make(&ring));
	MUST(ring_do(&ring, IORING_OP_READ, zero, &byte) == 1);
	MUST(ring_do(&ring, IORING_OP_READ, zero, map) == -EFAULT);
	MUST(ring_do(&ring, IORING_OP_WRITE, t->buf, &byte) < 0);
	MUST(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS,
		     &iov, 1) == -1);
	return 0;
}

TEST_F(hostile, uses_io_uring)
{
	run_attack(_metadata, self, attack_by_io_uring);
}

/*
 * A DRM device: some take a buffer only to read and write it, which is refused;
 * one that takes it for later gives out nothing that can be written.
 */
static int attack_by_drm(const struct target *t)
{
	int drm = drm_open_vgem("card"), fd;
	struct drm_mode_map_dumb dumb = { .handle = drm_import(drm, t->buf) };

	MUST(drm >= 0);
	if (!dumb.handle) {
		MUST(errno == EACCES);
		return 0;
	}
	if (!ioctl(drm, DRM_IOCTL_MODE_MAP_DUMB, &dumb))
		MUST(mmap(NULL, SIZE, MAPPING_RW, MAP_SHARED, drm,
			  (off_t)dumb.offset) == MAP_FAILED);
	fd = drm_export(drm, dumb.handle);
	MUST(fd >= 0);
	MUST(mmap_fails(fd, MAPPING_RW, MAP_SHARED));
	return 0;
}

TEST_F(hostile, imports_it)
{
	run_attack(_metadata, self, attack_by_drm);
}

TEST_HARNESS_MAIN
