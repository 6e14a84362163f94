// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds, mappings, the device, and page stamps for the selftests. See
 * common.h; the kernel's counters are in counters.c.
 */
#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

int udb_memfd_bare(enum udb_backing backing)
{
	unsigned int flags = MFD_ALLOW_SEALING | MFD_CLOEXEC;
	int fd;

	if (backing == UDB_HUGETLB_2M)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	fd = memfd_create("udmabuf-selftest", flags);
	return fd < 0 ? -errno : fd;
}

int udb_memfd_sealed(enum udb_backing backing, size_t size, int seals)
{
	int fd = udb_memfd_bare(backing);
	int ret;

	if (fd < 0)
		return fd;
	if (ftruncate(fd, size) || (seals && fcntl(fd, F_ADD_SEALS, seals))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int udb_memfd_empty(enum udb_backing backing, size_t size)
{
	return udb_memfd_sealed(backing, size, UDB_SEALS_DEFAULT);
}

/*
 * Touches every 4 KiB page (every 2 MiB for hugetlb). Populating by madvise
 * turns a lack of memory into an error instead of SIGBUS.
 */
static int udb_populate_map(enum udb_backing backing, void *map, size_t size)
{
	bool thp = backing == UDB_SHMEM_THP;

	if (thp && madvise(map, size, MADV_HUGEPAGE))
		return -EOPNOTSUPP;
	if (madvise(map, size, MADV_POPULATE_WRITE))
		return errno == EFAULT ? -ENOMEM : -errno;
	if (!thp ||
	    udb_smaps_kb(map, "ShmemPmdMapped") == (long)(size / UDB_KIB))
		return 0;
	if (madvise(map, size, MADV_COLLAPSE))
		return -EOPNOTSUPP;
	/* what was collapsed is mapped huge only after it is touched again */
	madvise(map, size, MADV_POPULATE_WRITE);
	if (udb_smaps_kb(map, "ShmemPmdMapped") != (long)(size / UDB_KIB))
		return -EOPNOTSUPP;
	return 0;
}

/* An address that is a multiple of 2 MiB lets a huge entry map the folio. */
static void *udb_map_aligned(int fd, size_t size)
{
	size_t room = size + UDB_HUGE;
	uintptr_t start, aligned;
	void *hole, *map;

	hole = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (hole == MAP_FAILED)
		return NULL;
	start = (uintptr_t)hole;
	aligned = (start + UDB_HUGE - 1) & ~(UDB_HUGE - 1);
	munmap(hole, room);
	map = mmap((void *)aligned, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

int udb_memfd_populate(enum udb_backing backing, int memfd, size_t size)
{
	void *map;
	int ret;

	if (backing == UDB_SHMEM_THP && size % UDB_HUGE)
		return -EINVAL;
	map = udb_map_aligned(memfd, size);
	if (!map)
		return -errno;
	ret = udb_populate_map(backing, map, size);
	munmap(map, size);
	return ret;
}

int udb_memfd(enum udb_backing backing, size_t size)
{
	int fd = udb_memfd_empty(backing, size);
	int ret;

	if (fd < 0)
		return fd;
	ret = udb_memfd_populate(backing, fd, size);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

void *udb_map_at(int fd, off_t offset, size_t size, int prot)
{
	void *map = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	return map == MAP_FAILED ? NULL : map;
}

void *udb_map(int fd, size_t size, int prot)
{
	return udb_map_at(fd, 0, size, prot);
}

const char *udb_dev_path(void)
{
	return getenv("UDMABUF_DEVICE") ?: "";
}

int udb_dev_open(void)
{
	int fd = open(udb_dev_path(), O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int udb_create(int dev, int memfd, uint64_t offset, uint64_t size)
{
	struct udmabuf_create arg = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = offset,
		.size = size,
	};

	return ioctl(dev, UDMABUF_CREATE, &arg);
}

int udb_create_list_flags(int dev, const struct udmabuf_create_item *items,
			  uint32_t count, uint32_t flags)
{
	size_t list_size = count * sizeof(*items);
	struct udmabuf_create_list *arg;
	int saved_errno, fd;

	arg = malloc(sizeof(*arg) + list_size);
	if (!arg)
		return -1;
	arg->flags = flags;
	arg->count = count;
	memcpy(arg->list, items, list_size);
	fd = ioctl(dev, UDMABUF_CREATE_LIST, arg);
	saved_errno = errno;
	free(arg);
	errno = saved_errno;
	return fd;
}

int udb_create_list(int dev, const struct udmabuf_create_item *items,
		    uint32_t count)
{
	return udb_create_list_flags(dev, items, count, UDMABUF_FLAGS_CLOEXEC);
}

int udb_sync(int buf, uint64_t flags)
{
	struct dma_buf_sync arg = { .flags = flags };

	return ioctl(buf, DMA_BUF_IOCTL_SYNC, &arg);
}

/* Word numbers of a page that hold its stamp: both ends and odd places. */
static const unsigned int udb_stamp_words[] = { 0, 1, 67, 255, 256, 389, 511 };

#define UDB_NR_STAMP_WORDS \
	(sizeof(udb_stamp_words) / sizeof(udb_stamp_words[0]))

/* The top byte of a stamp is free (see UDB_STAMP): the place goes there. */
static uint64_t udb_stamp_word(uint64_t stamp, unsigned int place)
{
	return stamp ^ ((uint64_t)(place + 1) << 56);
}

void udb_page_stamp(void *page, uint64_t stamp)
{
	volatile uint64_t *words = page;
	unsigned int i;

	for (i = 0; i < UDB_NR_STAMP_WORDS; i++)
		words[udb_stamp_words[i]] = udb_stamp_word(stamp, i);
}

bool udb_page_has(const void *page, uint64_t stamp)
{
	const volatile uint64_t *words = page;
	unsigned int i;

	for (i = 0; i < UDB_NR_STAMP_WORDS; i++)
		if (words[udb_stamp_words[i]] != udb_stamp_word(stamp, i))
			return false;
	return true;
}

bool udb_page_is_zero(const void *page)
{
	const volatile uint64_t *words = page;
	unsigned int i;

	for (i = 0; i < UDB_PAGE / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

void udb_stamp(void *base, size_t size, uint64_t generation, uint64_t first)
{
	size_t i;

	for (i = 0; i < size / UDB_PAGE; i++)
		udb_page_stamp((char *)base + i * UDB_PAGE,
			       UDB_STAMP(generation, first + i));
}

long udb_stamp_wrong(const void *base, size_t size, uint64_t generation,
		     uint64_t first)
{
	size_t i;

	for (i = 0; i < size / UDB_PAGE; i++)
		if (!udb_page_has((const char *)base + i * UDB_PAGE,
				  UDB_STAMP(generation, first + i)))
			return i;
	return -1;
}

long udb_zero_wrong(const void *base, size_t size)
{
	size_t i;

	for (i = 0; i < size / UDB_PAGE; i++)
		if (!udb_page_is_zero((const char *)base + i * UDB_PAGE))
			return i;
	return -1;
}
