// SPDX-License-Identifier: MIT
/*
 * New memory for a buffer: a sealed memfd of the best pages that can be had.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "private.h"

/* The driver wants the first one; nobody has a use for a longer file. */
#define UDB_MEMORY_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW)

/**
 * udb_memory_thp_size() - how large a transparent huge page is
 *
 * Return: bytes; 0 when the kernel has none.
 */
size_t udb_memory_thp_size(void)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size";
	uint64_t size;

	if (udb_file_read_number(path, &size))
		return 0;
	if (size & (size - 1) || size > UDB_GIB || size < udb_page_size())
		return 0;
	return size;
}

/* Flags for memfd_create(), and the size that goes with them. */
static unsigned int udb_memory_flags(enum udb_backing backing, size_t *page)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

	switch (backing) {
	case UDB_BACKING_HUGETLB_1G:
		*page = UDB_GIB;
		return flags | MFD_HUGETLB | MFD_HUGE_1GB;
	case UDB_BACKING_HUGETLB_2M:
		*page = 2 * UDB_MIB;
		return flags | MFD_HUGETLB | MFD_HUGE_2MB;
	default:
		*page = udb_page_size();
		return flags;
	}
}

/**
 * udb_memory_create() - a memfd of the right size and seals, still without any page
 * @size: bytes.
 * @name: of the memfd.
 * @memory: says which backing; receives the memfd and its size.
 *
 * Return: 0 or a negative error number.
 */
int udb_memory_create(size_t size, const char *name, struct udb_memory *memory)
{
	unsigned int flags;
	size_t page;
	uint64_t whole;
	int fd, ret;

	flags = udb_memory_flags(memory->backing, &page);
	if (!udb_round_up(size, page, &whole) || whole > INT64_MAX)
		return -EOVERFLOW;
	fd = memfd_create(name, flags);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, whole) || fcntl(fd, F_ADD_SEALS, UDB_MEMORY_SEALS)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	memory->fd = fd;
	memory->size = whole;
	return 0;
}

/* The reach of transparent huge pages in so many bytes. */
static size_t udb_memory_thp_part(size_t size, size_t thp)
{
	return thp ? size / thp * thp : 0;
}

/*
 * Pages for shmem. What did become huge is good for a buffer of small pages, too, so
 * the same memfd is kept when not all of it did.
 */
static int udb_memory_fill_shmem(struct udb_memory *memory, size_t thp,
				 const struct udb_alloc_opts *opts)
{
	uint32_t threads = opts->flags & UDB_ALLOC_POPULATE ? opts->threads : 1;
	size_t huge_end = 0;
	int ret = -EOPNOTSUPP;

	if (memory->backing == UDB_BACKING_THP)
		huge_end = udb_memory_thp_part(memory->size, thp);
	if (huge_end)
		ret = udb_populate_huge(memory->fd, huge_end, thp, threads);
	if (ret == -EOPNOTSUPP) {
		memory->backing = UDB_BACKING_SMALL;
		huge_end = 0;
	} else if (ret) {
		return ret;
	}
	if (!(opts->flags & UDB_ALLOC_POPULATE))
		return 0;
	return udb_populate(memory->fd, huge_end, memory->size, threads);
}

/*
 * Pages of the pool are taken here and not by the driver: only so is it known
 * that there are enough, and old drivers upset the pool's counters.
 */
static int udb_memory_fill(struct udb_memory *memory, size_t thp,
			   const struct udb_alloc_opts *opts)
{
	uint32_t threads = opts->flags & UDB_ALLOC_POPULATE ? opts->threads : 1;

	if (memory->backing >= UDB_BACKING_HUGETLB_2M)
		return udb_populate(memory->fd, 0, memory->size, threads);
	return udb_memory_fill_shmem(memory, thp, opts);
}

static int udb_memory_try(size_t size, size_t thp,
			  const struct udb_alloc_opts *opts,
			  enum udb_backing backing, struct udb_memory *memory)
{
	struct udb_memory try = { .backing = backing };
	int ret = udb_memory_create(size, opts->name, &try);

	if (ret)
		return ret;
	ret = udb_memory_fill(&try, thp, opts);
	if (!ret && opts->flags & UDB_ALLOC_EXACT && try.backing != backing)
		ret = -EOPNOTSUPP;
	if (ret) {
		close(try.fd);
		return ret;
	}
	*memory = try;
	return 0;
}

/* Such errors say that there are no such pages, not that nothing works. */
static bool udb_memory_is_lack(int error)
{
	return error == -ENOMEM || error == -ENODEV || error == -EINVAL ||
	       error == -EOPNOTSUPP || error == -ENOENT || error == -ENOSPC ||
	       error == -EOVERFLOW;
}

/**
 * udb_memory_new() - make a memfd of the best pages that can be had
 * @size: bytes.
 * @thp: what udb_memory_thp_size() said.
 * @opts: checked options, with a name.
 * @memory: receives the memfd.
 *
 * Goes from the backing that was asked for down to small pages, which are behind
 * transparent ones already.
 *
 * Return: 0; -EOPNOTSUPP: an exact wish that cannot be had; or another negative
 * error number.
 */
int udb_memory_new(size_t size, size_t thp, const struct udb_alloc_opts *opts,
		   struct udb_memory *memory)
{
	uint32_t backing = opts->backing;
	int ret;

	if (backing == UDB_BACKING_AUTO)
		backing = UDB_BACKING_THP;
	if (opts->flags & UDB_ALLOC_EXACT) {
		ret = udb_memory_try(size, thp, opts, backing, memory);
		if (backing >= UDB_BACKING_HUGETLB_2M &&
		    udb_memory_is_lack(ret))
			return -EOPNOTSUPP;
		return ret;
	}
	for (; backing >= UDB_BACKING_HUGETLB_2M; backing--) {
		ret = udb_memory_try(size, thp, opts, backing, memory);
		if (!udb_memory_is_lack(ret))
			return ret;
	}
	return udb_memory_try(size, thp, opts, backing, memory);
}
