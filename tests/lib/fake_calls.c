// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that the library makes, each under the name that the linker gives it
 * (--wrap=CALL): counted, made to fail when a test wants that, and handed on to
 * fake.c or to the C library.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fake_state.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Names of calls, and an error that each can have. */
static const struct {
	const char *name;
	int error;
} fake_table[FAKE_NR_CALLS] = {
	[FAKE_ACCESS] = { "access", EACCES },
	[FAKE_CALLOC] = { "calloc", ENOMEM },
	[FAKE_EVENTFD] = { "eventfd", EMFILE },
	[FAKE_FCNTL] = { "fcntl", EMFILE },
	[FAKE_FSTAT] = { "fstat", EIO },
	[FAKE_FTRUNCATE] = { "ftruncate", EFBIG },
	[FAKE_IOCTL] = { "ioctl", EIO },
	[FAKE_LSEEK] = { "lseek", ESPIPE },
	[FAKE_MADVISE] = { "madvise", ENOMEM },
	[FAKE_MALLOC] = { "malloc", ENOMEM },
	[FAKE_MEMFD] = { "memfd_create", EMFILE },
	[FAKE_MMAP] = { "mmap", ENOMEM },
	[FAKE_OPEN] = { "open", EMFILE },
	[FAKE_POLL] = { "poll", ENOMEM },
	[FAKE_READ] = { "read", EIO },
	[FAKE_READLINK] = { "readlink", EACCES },
	[FAKE_RECVMSG] = { "recvmsg", ENOMEM },
	[FAKE_SENDMSG] = { "sendmsg", ENOBUFS },
	[FAKE_STAT] = { "stat", EACCES },
	[FAKE_THREAD] = { "pthread_create", EAGAIN },
};

static atomic_uint fake_count_of[FAKE_NR_CALLS];
static atomic_uint fake_count_all;
static atomic_uint fake_nth_of[FAKE_NR_CALLS];
static atomic_int fake_error_of[FAKE_NR_CALLS];
static atomic_uint fake_nth_any;
static atomic_int fake_hit = FAKE_NR_CALLS;
static atomic_long fake_mapped;
static atomic_long fake_pieces;

const char *fake_call_name(enum fake_call call)
{
	return call < FAKE_NR_CALLS ? fake_table[call].name : "none";
}

void fake_fails_reset(void)
{
	for (int i = 0; i < FAKE_NR_CALLS; i++) {
		fake_count_of[i] = 0;
		fake_nth_of[i] = 0;
	}
	fake_fail_any(0);
}

void fake_fail(enum fake_call call, unsigned int nth, int error)
{
	fake_error_of[call] = error;
	fake_nth_of[call] = fake_count_of[call] + nth;
}

void fake_fail_any(unsigned int nth)
{
	fake_count_all = 0;
	fake_hit = FAKE_NR_CALLS;
	fake_nth_any = nth;
}

unsigned int fake_calls(enum fake_call call)
{
	return fake_count_of[call];
}

unsigned int fake_calls_all(void)
{
	return fake_count_all;
}

enum fake_call fake_failed(void)
{
	return (enum fake_call)(int)fake_hit;
}

bool fake_fails(enum fake_call call)
{
	unsigned int of = ++fake_count_of[call];
	unsigned int any = ++fake_count_all;

	if (of == fake_nth_of[call]) {
		errno = fake_error_of[call];
		return true;
	}
	if (any == fake_nth_any) {
		fake_hit = call;
		errno = fake_table[call].error;
		return true;
	}
	return false;
}

/* It cannot be smaller than what this machine has. */
size_t fake_page(void)
{
	const char *wanted = getenv("FAKE_PAGE_SIZE");
	size_t real = (size_t)__real_sysconf(_SC_PAGESIZE);
	size_t page = wanted ? strtoul(wanted, NULL, 10) : 0;

	return page > real ? page : real;
}

/* An entry of the table has 8 bytes, on all machines that have such pages. */
size_t fake_thp(void)
{
	return fake_page() / 8 * fake_page();
}

long __wrap_sysconf(int name)
{
	return name == _SC_PAGESIZE ? (long)fake_page() : __real_sysconf(name);
}

static size_t fake_whole_pages(size_t size)
{
	return (size + fake_page() - 1) & ~(fake_page() - 1);
}

static bool fake_is_at_page(const void *addr)
{
	errno = EINVAL;
	return !((uintptr_t)addr & (fake_page() - 1));
}

static int fake_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	if (!dir)
		abort();
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

struct fake_held fake_held(void)
{
	return (struct fake_held){
		.files = fake_open_files(),
		.mapped = fake_mapped,
		.pieces = fake_pieces,
	};
}

int __wrap_access(const char *path, int mode)
{
	if (fake_fails(FAKE_ACCESS))
		return -1;
	if (strncmp(path, "/dev/", 5) && strncmp(path, "/sys/", 5))
		return __real_access(path, mode);
	errno = ENOENT;
	return fake_exists(path) ? 0 : -1;
}

void *__wrap_malloc(size_t size)
{
	void *piece = fake_fails(FAKE_MALLOC) ? NULL : __real_malloc(size);

	fake_pieces += !!piece;
	return piece;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	void *piece = fake_fails(FAKE_CALLOC) ? NULL : __real_calloc(nr, size);

	fake_pieces += !!piece;
	return piece;
}

void __wrap_free(void *piece)
{
	fake_pieces -= !!piece;
	__real_free(piece);
}

int __wrap_eventfd(unsigned int count, int flags)
{
	return fake_fails(FAKE_EVENTFD) ? -1 : __real_eventfd(count, flags);
}

int __wrap_fcntl64(int fd, int command, ...)
{
	va_list list;
	long arg;

	va_start(list, command);
	arg = va_arg(list, long);
	va_end(list);
	return fake_fails(FAKE_FCNTL) ? -1 : __real_fcntl64(fd, command, arg);
}

int __wrap_fstat64(int fd, struct stat *st)
{
	struct fake_file file = fake_lookup(fd);

	if (fake_fails(FAKE_FSTAT) || __real_fstat64(fd, st))
		return -1;
	if (file.type == FAKE_DEVICE) {
		st->st_mode = S_IFCHR | 0660;
		st->st_rdev =
			makedev(10, strcmp(file.name, "udmabuf") ? 121 : 120);
	}
	return 0;
}

int __wrap_stat64(const char *path, struct stat *st)
{
	if (fake_fails(FAKE_STAT))
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR | 0660;
	errno = ENOENT;
	return fake_exists(path) ? 0 : -1;
}

int __wrap_ftruncate64(int fd, off_t size)
{
	return fake_fails(FAKE_FTRUNCATE) ? -1 : __real_ftruncate64(fd, size);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *arg;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	(void)__real_ioctl;
	return fake_fails(FAKE_IOCTL) ? -1 : fake_ioctl(fd, request, arg);
}

off_t __wrap_lseek64(int fd, off_t offset, int whence)
{
	return fake_fails(FAKE_LSEEK) ? -1 : __real_lseek64(fd, offset, whence);
}

/* The host may lack huge pages of either kind, so they are made up. */
int __wrap_madvise(void *addr, size_t size, int advice)
{
	if (fake_fails(FAKE_MADVISE) || !fake_is_at_page(addr))
		return -1;
	if (advice == MADV_COLLAPSE) {
		errno = EINVAL;
		return fake.no_thp || size != fake_thp() ||
				       (uintptr_t)addr & (fake_thp() - 1) ?
			       -1 :
			       0;
	}
	/* What the machine would make of it is none of this kernel's doing. */
	if (advice == MADV_HUGEPAGE)
		return 0;
	return __real_madvise(addr, fake_whole_pages(size), advice);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	const unsigned int huge = MFD_HUGETLB | (0x3fU << MFD_HUGE_SHIFT);

	if (fake_fails(FAKE_MEMFD))
		return -1;
	if (flags & MFD_HUGETLB && fake.no_hugetlb) {
		errno = ENODEV;
		return -1;
	}
	return __real_memfd_create(name, flags & ~huge);
}

/* Where pages are larger than here, a mapping begins at such a page, too. */
static void *fake_map_aligned(size_t size, int prot, int flags, int fd,
			      off_t offset)
{
	const size_t page = fake_page();
	char *room, *place, *end;

	room = __real_mmap64(NULL, size + page, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
	if (room == MAP_FAILED)
		return room;
	place = room + (-(uintptr_t)room & (page - 1));
	end = room + size + page;
	if (__real_mmap64(place, size, prot, flags | MAP_FIXED, fd, offset) ==
	    MAP_FAILED) {
		int error = errno;

		__real_munmap(room, size + page);
		errno = error;
		return MAP_FAILED;
	}
	if (place > room)
		__real_munmap(room, (size_t)(place - room));
	if (place + size < end)
		__real_munmap(place + size, (size_t)(end - place) - size);
	return place;
}

/* What is put over a mapping is counted with that. */
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset)
{
	const size_t whole = fake_whole_pages(size);
	void *map;

	if (fake_fails(FAKE_MMAP) || !fake_is_at_page(addr) ||
	    !fake_is_at_page((void *)(uintptr_t)offset))
		return MAP_FAILED;
	if (prot & PROT_WRITE && fd >= 0 && fake_lookup(fd).read_only) {
		errno = EACCES;
		return MAP_FAILED;
	}
	if (flags & MAP_FIXED || whole < size)
		return __real_mmap64(addr, size, prot, flags, fd, offset);
	map = fake_map_aligned(whole, prot, flags, fd, offset);
	if (map != MAP_FAILED)
		fake_mapped += (long)whole;
	return map;
}

int __wrap_munmap(void *addr, size_t size)
{
	const size_t whole = fake_whole_pages(size);
	int ret = -1;

	if (fake_is_at_page(addr))
		ret = __real_munmap(addr, whole);
	if (!ret)
		fake_mapped -= (long)whole;
	return ret;
}

int __wrap_open64(const char *path, int flags, ...)
{
	if (fake_fails(FAKE_OPEN))
		return -1;
	if (!(flags & O_CLOEXEC)) {
		errno = ENOTSUP;
		return -1;
	}
	if (flags & O_CREAT)
		return __real_open64(path, flags, 0600);
	return fake_open(path);
}

/* A busy dma-buf is not ready; all other files are asked. */
static int fake_poll_once(struct pollfd *fds, nfds_t nr)
{
	struct fake_file file;
	int ready = 0;

	for (nfds_t i = 0; i < nr; i++) {
		file = fake_lookup(fds[i].fd);
		if (file.busy && file.type != FAKE_NOTHING)
			fds[i].revents = 0;
		else
			__real_poll(&fds[i], 1, 0);
		ready += !!fds[i].revents;
	}
	return ready;
}

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	int ready;

	if (fake_fails(FAKE_POLL))
		return -1;
	while (!(ready = fake_poll_once(fds, nr)) && timeout) {
		usleep(1000);
		timeout -= timeout > 0;
	}
	return ready;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*start)(void *), void *arg)
{
	if (fake_fails(FAKE_THREAD))
		return errno;
	return __real_pthread_create(thread, attr, start, arg);
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	return fake_fails(FAKE_READ) ? -1 : __real_read(fd, bytes, size);
}

ssize_t __wrap_readlink(const char *path, char *text, size_t size)
{
	unsigned int minor;

	(void)__real_readlink;
	if (fake_fails(FAKE_READLINK))
		return -1;
	if (fake.no_sysfs || sscanf(path, "/sys/dev/char/10:%u", &minor) != 1) {
		errno = ENOENT;
		return -1;
	}
	/* like the real one, without an end */
	return snprintf(text, size, "../../devices/virtual/misc/%s",
			fake_misc_of(minor));
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return fake_fails(FAKE_RECVMSG) ? -1 : __real_recvmsg(fd, msg, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return fake_fails(FAKE_SENDMSG) ? -1 : __real_sendmsg(fd, msg, flags);
}
