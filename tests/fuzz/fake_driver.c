// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that is none, for a test of the fuzzer itself, without a kernel that has
 * one: the linker's --wrap puts it under the program. A buffer is an empty memfd that
 * only has the right size; where it is mapped, the ranges of its list are, one beside
 * the other. So it shows what the memfds show, and that is all it can: what else a
 * buffer is asked for has to be left out (--without).
 *
 * FAKE_BUG in the environment gives it a mistake:
 *   page  the second range of a list begins a page too late
 *   seal  a memfd needs no seal
 *   pin   the memory of a buffer is never let go
 *   write a read-only buffer can be mapped for writing
 *   runs  a buffer has a run more than it has
 * and this, which is none: a driver may map memory into its caller for a moment.
 *   map   each create does
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_driver.h"
#include "kinds.h"

#define FAKE_BUFS	1024
#define GAP_PAGES	2048

/* Of the program that runs now; the number of a memfd stays as long as that. */
static struct fake_buf fake_bufs[FAKE_BUFS];
static uint32_t nr_fake_bufs;

bool fake_has_bug(const char *name)
{
	const char *bug = getenv("FAKE_BUG");

	return bug && !strcmp(bug, name);
}

const struct fake_buf *fake_find(int fd)
{
	struct stat stat;
	uint32_t i;

	if (fd < 0 || fstat(fd, &stat))
		return NULL;
	for (i = 0; i < nr_fake_bufs && i < FAKE_BUFS; i++)
		if (fake_bufs[i].ino == stat.st_ino)
			return &fake_bufs[i];
	return NULL;
}

static int check_item(const struct udmabuf_create_item *item, bool read_only)
{
	int seals = fcntl((int)item->memfd, F_GET_SEALS);
	int denied = read_only ? 0 : F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	struct stat stat;

	if (seals < 0 || fake_find((int)item->memfd) ||
	    fstat((int)item->memfd, &stat))
		return -EBADFD;
	if (fake_has_bug("seal"))
		seals |= F_SEAL_SHRINK;
	if (!read_only &&
	    (fcntl((int)item->memfd, F_GETFL) & O_ACCMODE) != O_RDWR)
		return -EACCES;
	if (!(seals & F_SEAL_SHRINK) || seals & denied ||
	    item->offset + item->size > (uint64_t)stat.st_size)
		return -EINVAL;
	return 0;
}

static int check_numbers(const struct udmabuf_create_item *item, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (item[i].offset % FUZZ_PAGE || item[i].size % FUZZ_PAGE ||
		    !item[i].size || item[i].size > 1ULL << 50)
			return -EINVAL;
	return 0;
}

uint64_t fake_total(const struct udmabuf_create_item *item, uint32_t nr)
{
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i < nr; i++)
		total += item[i].size;
	return total;
}

/* The second range: a page later, when the memfd has one there. */
static void move_item(struct udmabuf_create_item *item)
{
	struct stat stat;

	if (!fstat((int)item->memfd, &stat) &&
	    item->offset + item->size < (uint64_t)stat.st_size)
		item->offset += FUZZ_PAGE;
}

static bool is_sealed(const struct udmabuf_create_item *item, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (!(fcntl((int)item[i].memfd, F_GET_SEALS) & F_SEAL_WRITE))
			return false;
	return true;
}

/* The files of a list may be closed soon; those of the program stay. */
static int number_that_stays(int memfd)
{
	struct stat stat, other;
	int fd;

	if (memfd >= FUZZ_FD_FIRST || fstat(memfd, &stat))
		return memfd;
	for (fd = FUZZ_FD_MEMFD; fd < FUZZ_FD_END; fd++)
		if (!fstat(fd, &other) && other.st_ino == stat.st_ino)
			return fd;
	return memfd;
}

static void fake_remember(int fd, const struct udmabuf_create_item *item,
			  uint32_t nr, bool read_only)
{
	struct fake_buf *buf = &fake_bufs[nr_fake_bufs++ % FAKE_BUFS];
	struct stat stat;
	uint32_t i;

	if (fstat(fd, &stat))
		return;
	buf->ino = stat.st_ino;
	buf->nr = nr;
	buf->read_only = read_only;
	buf->sealed = read_only && is_sealed(item, nr);
	memcpy(buf->item, item, nr * sizeof(*item));
	for (i = 0; i < nr; i++)
		buf->item[i].memfd =
			(uint32_t)number_that_stays((int)item[i].memfd);
	if (fake_has_bug("page") && nr > 1)
		move_item(&buf->item[1]);
	if (fake_has_bug("pin"))
		__real_mmap64(NULL, FUZZ_PAGE, PROT_READ | PROT_WRITE,
			      MAP_SHARED, (int)item->memfd, 0);
}

/* Takes what is free at the top of the address space, which comes first otherwise. */
static void fill_gaps(void)
{
	static bool filled;
	uint32_t i;

	for (i = 0; !filled && i < GAP_PAGES; i++)
		__real_mmap64(NULL, FUZZ_PAGE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	filled = true;
}

/* Long enough that other threads come across it. */
static void map_for_a_moment(const struct udmabuf_create_item *item)
{
	char *map = __real_mmap64(NULL, item->size, PROT_READ | PROT_WRITE,
				  MAP_SHARED, (int)item->memfd,
				  (off_t)item->offset);

	if (map == MAP_FAILED)
		return;
	usleep(3000);
	munmap(map, item->size);
}

/* The file that a buffer is. */
static int fake_file(uint64_t size, uint32_t flags)
{
	unsigned int cloexec = flags & UDMABUF_FLAGS_CLOEXEC ? MFD_CLOEXEC : 0;
	int fd = memfd_create("fake", cloexec), file;
	char path[32];

	if (fd < 0 || ftruncate(fd, (off_t)size))
		return -1;
	if (!(flags & UDMABUF_FLAGS_READ_ONLY))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | (cloexec ? O_CLOEXEC : 0));
	close(fd);
	return file;
}

int fake_create(const struct udmabuf_create_item *item, uint32_t nr,
		uint32_t flags)
{
	bool read_only = flags & UDMABUF_FLAGS_READ_ONLY;
	int fd, ret = check_numbers(item, nr);
	uint32_t i;

	for (i = 0; !ret && i < nr; i++)
		ret = check_item(&item[i], read_only);
	if (ret) {
		errno = -ret;
		return -1;
	}
	if (fake_has_bug("map"))
		fill_gaps();
	for (i = 0; fake_has_bug("map") && i < nr; i++)
		map_for_a_moment(&item[i]);
	fd = fake_file(fake_total(item, nr), flags);
	if (fd >= 0)
		fake_remember(fd, item, nr, read_only);
	return fd;
}

static int fake_sync(int fd, const struct dma_buf_sync *sync)
{
	const struct fake_buf *buf = fake_find(fd);

	errno = EINVAL;
	if (!(sync->flags & DMA_BUF_SYNC_RW) ||
	    sync->flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK)
		return -1;
	errno = EACCES;
	return buf && buf->read_only && sync->flags & DMA_BUF_SYNC_WRITE ? -1 :
									   0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct udmabuf_create_list *list;
	const struct udmabuf_create *create;
	struct udmabuf_create_item item;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case UDMABUF_CREATE:
		create = arg;
		item = (struct udmabuf_create_item){
			.memfd = create->memfd,
			.offset = create->offset,
			.size = create->size,
		};
		return fake_create(&item, 1,
				   create->flags & UDMABUF_FLAGS_CLOEXEC);
	case UDMABUF_CREATE_LIST:
		list = arg;
		return fake_create(list->list, list->count,
				   list->flags & UDMABUF_FLAGS_CLOEXEC);
	case UDMABUF_QUERY:
	case UDMABUF_CREATE_RANGES:
	case UDMABUF_INFO:
		return fake_newer(request, arg);
	case DMA_BUF_IOCTL_SYNC:
		return fake_sync(fd, arg);
	default:
		return __real_ioctl(fd, request, arg);
	}
}

/* Through a file that is open for reading only it stays so. */
static void *map_range(const struct fake_buf *buf, char *addr, uint64_t size,
		       int prot, const struct udmabuf_create_item *item,
		       uint64_t offset)
{
	bool reopen = buf->read_only && !fake_has_bug("write");
	int fd = (int)item->memfd;
	char path[32];
	void *map;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (reopen)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	map = __real_mmap64(addr, size, prot, MAP_SHARED | MAP_FIXED, fd,
			    (off_t)offset);
	if (reopen)
		close(fd);
	return map;
}

/* [@offset, @offset + @size) of the buffer, range by range. */
static void *map_ranges(const struct fake_buf *buf, char *addr, uint64_t size,
			int prot, uint64_t offset)
{
	uint64_t at = 0, low, high;
	uint32_t i;

	for (i = 0; i < buf->nr; at += buf->item[i].size, i++) {
		low = at > offset ? at : offset;
		high = at + buf->item[i].size;
		if (high > offset + size)
			high = offset + size;
		if (low < high &&
		    map_range(buf, addr + (low - offset), high - low, prot,
			      &buf->item[i],
			      buf->item[i].offset + (low - at)) == MAP_FAILED)
			return MAP_FAILED;
	}
	return addr;
}

void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd,
		    off_t offset)
{
	const struct fake_buf *buf = fake_find(fd);

	if (buf)
		return map_ranges(buf, addr, size, prot, (uint64_t)offset);
	return __real_mmap64(addr, size, prot, flags, fd, offset);
}

/* This machine may have no huge pages to give. */
int __wrap_memfd_create(const char *name, unsigned int flags)
{
	return __real_memfd_create(name,
				   flags & (MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

/* In place of on_import.c: there are no devices. */
int fuzz_import_open(void)
{
	return -1;
}

void fuzz_import_close(struct fuzz_world *world, struct fuzz_buf *buf,
		       uint32_t device)
{
	(void)world;
	atomic_store(&buf->handle[device], 0);
}

#define NO_DEVICE(name)							\
	FUZZ_KIND(name)							\
	{								\
		(void)thread;						\
		(void)op;						\
		return false;						\
	}

NO_DEVICE(import)
NO_DEVICE(reexport)
NO_DEVICE(import_close)
NO_DEVICE(import_storm)
NO_DEVICE(peek)
