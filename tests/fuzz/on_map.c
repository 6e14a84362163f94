// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on the address space. Of a mapping the model knows what may be done
 * to each of its pages; of a buffer's own mapping it also knows what the kernel
 * has to answer.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kinds.h"
#include "model.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static uint8_t state_of(int prot)
{
	uint8_t state = FUZZ_MAPPED;

	if (prot & (PROT_READ | PROT_WRITE))
		state |= FUZZ_READ;
	if (prot & PROT_WRITE)
		state |= FUZZ_WRITE;
	return state;
}

static int draw_prot(uint32_t number)
{
	switch (number % 8) {
	case 0:
		return PROT_READ;
	case 1:
		return number / 8 % 4 ? PROT_READ : PROT_NONE;
	case 2:
		return PROT_WRITE;
	default:
		return PROT_READ | PROT_WRITE;
	}
}

/* So that huge entries fit, or by chance. */
static uint32_t draw_shift(uint32_t number, uint32_t first)
{
	return number % 4 ? first % FUZZ_HUGE_PAGES : number % FUZZ_HUGE_PAGES;
}

static void map_ready(struct fuzz_map *map, int prot)
{
	memset(map->state, state_of(prot), map->nr_pages);
	atomic_store(&map->ready, true);
}

/*
 * Whether a call that gives @buf's memory the protection @prot has to fail, which
 * @error, 0 or an error number, says it did.
 */
static bool is_denied(struct fuzz_world *world, const struct fuzz_buf *buf,
		      int prot, int error, const char *call)
{
	if (!buf->read_only || !(prot & PROT_WRITE))
		return false;
	if (!error)
		fuzz_found(world, "%s lets a read-only buffer be written",
			   call);
	else if (world->exact && error != EACCES)
		fuzz_found(world, "%s for writing a read-only buffer: %s", call,
			   strerror(error));
	return true;
}

static void map_buf(struct fuzz_world *world, struct fuzz_buf *buf,
		    const struct fuzz_op *op)
{
	uint32_t most, first = op->arg[1] % 3 ? 0 : op->arg[1] % buf->nr_pages;
	struct fuzz_map *map = fuzz_new_map(world);
	int prot = draw_prot(op->arg[2]), fd = fuzz_buf_fd(buf), error = 0;

	if (!map)
		return;
	most = buf->nr_pages - first;
	if (most > FUZZ_MEMFD_PAGES)
		most = FUZZ_MEMFD_PAGES;
	map->buf = buf;
	map->first = first;
	map->nr_pages = op->arg[2] % 5 ? most : 1 + op->arg[2] % most;
	map->addr += draw_shift(op->arg[3], first) * FUZZ_PAGE;
	if (mmap(map->addr, map->nr_pages * FUZZ_PAGE, prot,
		 MAP_SHARED | MAP_FIXED, fd, first * FUZZ_PAGE) == MAP_FAILED)
		error = errno;
	if (is_denied(world, buf, prot, error, "mmap"))
		return;
	if (!error)
		map_ready(map, prot);
	else if (world->exact)
		fuzz_found(world, "mmap of pages %u to %u of %u: %s", first,
			   first + map->nr_pages - 1, buf->nr_pages,
			   strerror(error));
}

static void map_memfd(struct fuzz_world *world, struct fuzz_memfd *memfd,
		      const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_new_map(world);
	int prot = draw_prot(op->arg[2]);

	if (!map)
		return;
	map->memfd = memfd;
	map->nr_pages = memfd->nr_pages;
	if (memfd->memory == FUZZ_SHMEM) {
		map->first = op->arg[1] % map->nr_pages;
		map->nr_pages -= map->first;
		map->addr += draw_shift(op->arg[3], map->first) * FUZZ_PAGE;
	}
	if (mmap(map->addr, map->nr_pages * FUZZ_PAGE, prot,
		 MAP_SHARED | MAP_FIXED, memfd->fd,
		 map->first * FUZZ_PAGE) != MAP_FAILED)
		map_ready(map, prot);
}

bool fuzz_do_mmap(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0] / 4);

	if (op->arg[0] % 4 && buf && fuzz_buf_fd(buf) >= 0)
		map_buf(thread->world, buf, op);
	else if (memfd)
		map_memfd(thread->world, memfd, op);
	else
		return false;
	return true;
}

/* Beyond the end, or private: no buffer gives that. */
bool fuzz_do_mmap_bad(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int fd = buf ? fuzz_buf_fd(buf) : -1;
	size_t size, first = 0;
	char *map;

	if (fd < 0)
		return false;
	size = buf->nr_pages * FUZZ_PAGE;
	if (op->arg[1] % 3 == 0)
		first = op->arg[2] % 2 ? size : ~FUZZ_PAGE + 1;
	else if (op->arg[1] % 3 == 1)
		size += FUZZ_PAGE;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   op->arg[1] % 3 == 2 ? MAP_PRIVATE : MAP_SHARED, fd,
		   (off_t)first);
	if (map != MAP_FAILED) {
		munmap(map, size);
		if (thread->world->exact)
			fuzz_found(
				thread->world,
				"mmap takes %zu bytes at %zx (%s) of a buffer of %u pages",
				size, first,
				op->arg[1] % 3 == 2 ? "private" : "shared",
				buf->nr_pages);
	}
	return true;
}

/* A part of a mapping, all of it in one case of three. */
static void draw_part(const struct fuzz_map *map, const struct fuzz_op *op,
		      uint32_t *first, uint32_t *nr)
{
	*first = op->arg[1] % 3 ? op->arg[1] / 3 % map->nr_pages : 0;
	*nr = map->nr_pages - *first;
	if (op->arg[1] % 3)
		*nr = 1 + op->arg[2] % *nr;
}

/* Is all of it mapped, and, if @alike, for the same use? */
static bool part_is_mapped(const struct fuzz_map *map, uint32_t first,
			   uint32_t nr, bool alike)
{
	uint32_t i;

	for (i = first; i < first + nr; i++) {
		if (!(map->state[i] & FUZZ_MAPPED))
			return false;
		if (alike && map->state[i] != map->state[first])
			return false;
	}
	return true;
}

bool fuzz_do_munmap(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	uint32_t first, nr;

	if (!map)
		return false;
	draw_part(map, op, &first, &nr);
	if (!munmap(map->addr + first * FUZZ_PAGE, nr * FUZZ_PAGE))
		memset(map->state + first, 0, nr);
	else if (map->buf)
		fuzz_found(thread->world, "munmap of pages %u to %u: %s", first,
			   first + nr - 1, strerror(errno));
	return true;
}

static bool is_hugetlb(const struct fuzz_map *map)
{
	return map->memfd && map->memfd->memory == FUZZ_HUGETLB;
}

/*
 * To a new place, shorter now and then. Neighbours that were changed once are
 * several mappings for the kernel, and no claim is made: with such, or when it
 * fails, nothing is known of the old place any more.
 */
bool fuzz_do_mremap(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]), *to;
	uint32_t first, nr, left;
	char *from;

	if (!map || is_hugetlb(map))
		return false;
	draw_part(map, op, &first, &nr);
	if (thread->world->exact && !part_is_mapped(map, first, nr, true))
		return false;
	to = fuzz_new_map(thread->world);
	if (!to)
		return false;
	left = op->arg[3] % 4 ? nr : 1 + op->arg[3] / 4 % nr;
	to->memfd = map->memfd;
	to->buf = map->buf;
	to->first = map->first + first;
	to->nr_pages = left;
	to->addr += draw_shift(op->arg[3] / 8, to->first) * FUZZ_PAGE;
	from = map->addr + first * FUZZ_PAGE;
	memcpy(to->state, map->state + first, left);
	if (mremap(from, nr * FUZZ_PAGE, left * FUZZ_PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to->addr) != to->addr) {
		munmap(to->addr, left * FUZZ_PAGE);
		munmap(from, nr * FUZZ_PAGE);
	} else {
		atomic_store(&to->ready, true);
	}
	memset(map->state + first, 0, nr);
	return true;
}

/* A mapping of a buffer cannot become longer than it was made. */
bool fuzz_do_mremap_grow(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	char *scratch = fuzz_scratch(thread), *got;
	size_t old = op->arg[1] % 4 ? FUZZ_PAGE : 0;

	if (!map || !map->buf)
		return false;
	if (thread->world->exact && !(map->state[0] & FUZZ_MAPPED))
		return false;
	got = mremap(map->addr, old, 2 * FUZZ_PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, scratch);
	if (got != MAP_FAILED) {
		munmap(scratch, 2 * FUZZ_PAGE);
		fuzz_found(
			thread->world,
			"mremap makes %zu bytes of a buffer's mapping longer",
			old);
	}
	return true;
}

bool fuzz_do_mprotect(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	int prot = draw_prot(op->arg[3]), error = 0;
	uint32_t first, nr;

	if (!map)
		return false;
	draw_part(map, op, &first, &nr);
	if (thread->world->exact && !part_is_mapped(map, first, nr, false))
		return false;
	if (mprotect(map->addr + first * FUZZ_PAGE, nr * FUZZ_PAGE, prot))
		error = errno;
	if (map->buf &&
	    is_denied(thread->world, map->buf, prot, error, "mprotect"))
		return true;
	if (!error)
		memset(map->state + first, state_of(prot), nr);
	else if (map->buf && thread->world->exact)
		fuzz_found(thread->world, "mprotect of pages %u to %u: %s",
			   first, first + nr - 1, strerror(error));
	return true;
}

/* None of these may change what a page shows. */
bool fuzz_do_madvise(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	static const int advice[] = {
		MADV_DONTNEED,	 MADV_WILLNEED,	     MADV_RANDOM,
		MADV_SEQUENTIAL, MADV_NORMAL,	     MADV_COLD,
		MADV_PAGEOUT,	 MADV_POPULATE_READ, MADV_POPULATE_WRITE,
		MADV_MERGEABLE,	 MADV_FREE,	     MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_COLLAPSE,	     MADV_DONTDUMP,
		MADV_DODUMP,
	};
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	int what = advice[op->arg[3] % (sizeof(advice) / sizeof(advice[0]))];
	uint32_t first, nr;

	if (!map)
		return false;
	draw_part(map, op, &first, &nr);
	if (map->memfd && (what == MADV_HUGEPAGE || what == MADV_COLLAPSE))
		map->memfd->large = true;
	madvise(map->addr + first * FUZZ_PAGE, nr * FUZZ_PAGE, what);
	return true;
}
