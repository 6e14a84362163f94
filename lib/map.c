// SPDX-License-Identifier: MIT
/*
 * Mappings, at addresses that let one entry of the page table map a huge page:
 * address and offset in the file have to agree modulo the size of that page.
 */
#include <sys/mman.h>

#include "private.h"

/*
 * The largest page that can be behind a mapping of @size bytes. What a table of pages
 * maps is computed, as nearly all processors have it: where that is too much, it costs
 * some room for addresses, and to ask the kernel would be four calls a mapping.
 */
static size_t udb_map_alignment(size_t size)
{
	size_t table = udb_page_size() / sizeof(uint64_t) * udb_page_size();

	if (size >= UDB_GIB)
		return UDB_GIB;
	if (size >= table)
		return table;
	return size >= 2 * UDB_MIB ? 2 * UDB_MIB : udb_page_size();
}

/* The first address in the room that fits to the offset. */
static char *udb_map_place(char *room, uint64_t offset, size_t align)
{
	size_t want = offset & (align - 1);
	size_t have = (uintptr_t)room & (align - 1);

	return room + ((want - have) & (align - 1));
}

/*
 * The kernel's own choice need not fit, so a larger room is reserved first, the
 * mapping is put over the part of it that fits, and the rest is given back.
 */
static int udb_map_within(char *room, size_t room_size, size_t align, int fd,
			  uint64_t offset, size_t size, int prot, int flags,
			  void **ret_addr)
{
	char *place = udb_map_place(room, offset, align);
	char *place_end = place + size;
	char *room_end = room + room_size;
	int ret;

	if (mmap(place, size, prot, flags | MAP_FIXED, fd, offset) ==
	    MAP_FAILED) {
		ret = -errno;
		munmap(room, room_size);
		return ret;
	}
	if (place > room)
		munmap(room, place - room);
	if (room_end > place_end)
		munmap(place_end, room_end - place_end);
	*ret_addr = place;
	return 0;
}

static int udb_map_anywhere(int fd, uint64_t offset, size_t size, int prot,
			    int flags, void **ret_addr)
{
	void *addr = mmap(NULL, size, prot, flags, fd, offset);

	if (addr == MAP_FAILED)
		return -errno;
	*ret_addr = addr;
	return 0;
}

/**
 * udb_map_huge() - map a file such that huge pages can be mapped
 * @fd: any file.
 * @offset: in the file.
 * @size: bytes.
 * @prot: for mmap().
 * @flags: for mmap().
 * @ret_addr: receives the address.
 *
 * Without room for the alignment (a limit of address space) it goes without.
 *
 * Return: 0 or a negative error number.
 */
int udb_map_huge(int fd, uint64_t offset, size_t size, int prot, int flags,
		 void **ret_addr)
{
	size_t align = udb_map_alignment(size), room_size;
	uint64_t whole;
	char *room;

	if (offset > INT64_MAX ||
	    !udb_round_up(size, udb_page_size(), &whole) ||
	    __builtin_add_overflow(whole, align, &room_size))
		return -EOVERFLOW;
	if (align == udb_page_size())
		return udb_map_anywhere(fd, offset, size, prot, flags,
					ret_addr);
	room = mmap(NULL, room_size, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return udb_map_anywhere(fd, offset, size, prot, flags,
					ret_addr);
	return udb_map_within(room, room_size, align, fd, offset, whole, prot,
			      flags, ret_addr);
}

static int udb_map_take(struct udb_map_opts *known,
			const struct udb_map_opts *opts)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), opts);

	if (ret)
		return ret;
	if (known->access & ~(UDB_READ | UDB_WRITE) ||
	    known->flags & ~(UDB_MAP_MEMFD | UDB_MAP_POPULATE))
		return -EINVAL;
	if (!known->access)
		known->access = UDB_READ | UDB_WRITE;
	return 0;
}

static int udb_map_known(int fd, uint64_t offset, size_t size,
			 const struct udb_map_opts *known, void **ret_addr)
{
	int prot = (known->access & UDB_READ ? PROT_READ : 0) |
		   (known->access & UDB_WRITE ? PROT_WRITE : 0);
	int flags = MAP_SHARED |
		    (known->flags & UDB_MAP_POPULATE ? MAP_POPULATE : 0);

	return udb_map_huge(fd, offset, size, prot, flags, ret_addr);
}

int udb_map(int fd, uint64_t offset, size_t size,
	    const struct udb_map_opts *opts, void **ret_addr)
{
	struct udb_map_opts known;
	int ret = udb_map_take(&known, opts);

	if (ret)
		return ret;
	if (!size || known.flags & UDB_MAP_MEMFD)
		return -EINVAL;
	return udb_map_known(fd, offset, size, &known, ret_addr);
}

int udb_buffer_map(const struct udb_buffer *buf,
		   const struct udb_map_opts *opts, void **ret_addr)
{
	struct udb_map_opts known;
	int ret = udb_map_take(&known, opts);

	if (ret)
		return ret;
	if (buf->fd >= 0 && !(known.flags & UDB_MAP_MEMFD))
		return udb_map_known(buf->fd, 0, buf->size, &known, ret_addr);
	if (buf->memfd < 0)
		return -EOPNOTSUPP;
	return udb_map_known(buf->memfd, buf->memfd_offset, buf->size, &known,
			     ret_addr);
}

int udb_unmap(void *addr, size_t size)
{
	if (!addr)
		return 0;
	return munmap(addr, size) ? -errno : 0;
}
