/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fake.c (files, ioctls) and fake_calls.c (the calls as such, and their
 * failures) share.
 */
#ifndef FAKE_STATE_H
#define FAKE_STATE_H

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "fake.h"

/* What a file is, known by its inode so that it is known under all its numbers. */
enum fake_type {
	FAKE_NOTHING,
	FAKE_DEVICE,
	FAKE_HEAP,
	FAKE_DMABUF,
	FAKE_SYNC_FILE,
};

struct fake_file {
	ino_t inode;
	enum fake_type type;
	char name[64];
	char exporter[32];
	size_t size;
	bool read_only;
	bool busy;
	int depth;
	uint64_t flags;
};

/* A copy; FAKE_NOTHING for files that are real. */
struct fake_file fake_lookup(int fd);

/* Whether this call fails; then errno is set. */
bool fake_fails(enum fake_call call);
void fake_fails_reset(void);

int fake_open(const char *path);
int fake_ioctl(int fd, unsigned long request, void *arg);
bool fake_exists(const char *path);
const char *fake_misc_of(unsigned int minor);

/*
 * The linker lets the library call __wrap_X() in place of X(), which has become
 * __real_X().
 */
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void __real_free(void *piece);
void __wrap_free(void *piece);
int __real_eventfd(unsigned int count, int flags);
int __wrap_eventfd(unsigned int count, int flags);
int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);
int __real_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);
int __real_stat64(const char *path, struct stat *st);
int __wrap_stat64(const char *path, struct stat *st);
int __real_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
off_t __real_lseek64(int fd, off_t offset, int whence);
off_t __wrap_lseek64(int fd, off_t offset, int whence);
int __real_madvise(void *addr, size_t size, int advice);
int __wrap_madvise(void *addr, size_t size, int advice);
int __real_memfd_create(const char *name, unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags);
void *__real_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset);
int __real_munmap(void *addr, size_t size);
int __wrap_munmap(void *addr, size_t size);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*start)(void *), void *arg);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_readlink(const char *path, char *text, size_t size);
ssize_t __wrap_readlink(const char *path, char *text, size_t size);
ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

long __real_sysconf(int name);
long __wrap_sysconf(int name);

#endif /* FAKE_STATE_H */
