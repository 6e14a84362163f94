// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on memfds, which make work for the driver: new ones, data, holes,
 * other sizes, seals. What the kernel answers here is no claim of ours; the model
 * follows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"

#define IO_PAGES	4

/* Mostly small: what is large takes an emulated processor long to clear. */
static uint32_t draw_pages(enum fuzz_memory memory, const struct fuzz_op *op)
{
	if (memory != FUZZ_SHMEM)
		return FUZZ_HUGE_PAGES * (1 + op->arg[2] % 2);
	switch (op->arg[2] % 48) {
	case 0:
		return FUZZ_HUGE_PAGES + op->arg[3] % FUZZ_HUGE_PAGES + 1;
	case 1 ... 9:
		return 16 + op->arg[3] % 48;
	default:
		return 1 + op->arg[3] % 16;
	}
}

static enum fuzz_memory draw_memory(uint32_t number)
{
	switch (number % 48) {
	case 0:
		return FUZZ_THP;
	case 1:
		return FUZZ_HUGETLB;
	default:
		return FUZZ_SHMEM;
	}
}

/* Most can become a buffer. */
static int draw_seals(uint32_t number)
{
	static const int seals[] = {
		0,
		F_SEAL_SHRINK | F_SEAL_GROW,
		F_SEAL_SHRINK | F_SEAL_SEAL,
		F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE,
		F_SEAL_WRITE | F_SEAL_SHRINK,
	};

	if (number % 32 < sizeof(seals) / sizeof(seals[0]))
		return seals[number % 32];
	return F_SEAL_SHRINK;
}

/* Huge pages are asked for where the kernel gives them on request. */
static void make_huge(struct fuzz_thread *thread, struct fuzz_memfd *memfd)
{
	char *map = fuzz_scratch(thread);
	size_t size = memfd->nr_pages * FUZZ_PAGE, at;
	struct fuzz_words words;

	if (mmap(map, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 memfd->fd, 0) == MAP_FAILED)
		return;
	madvise(map, size, MADV_HUGEPAGE);
	for (at = 0; at < size; at += FUZZ_HUGE)
		fuzz_read_words(map + at, &words);
	munmap(map, size);
}

bool fuzz_do_memfd(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	enum fuzz_memory memory = draw_memory(op->arg[0]);
	unsigned int flags = MFD_ALLOW_SEALING | MFD_CLOEXEC;
	struct fuzz_memfd *memfd = fuzz_new_memfd(thread->world);
	int fd;

	if (!memfd)
		return false;
	if (memory == FUZZ_HUGETLB)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	fd = memfd_create("fuzz", flags);
	memfd->fd = fd < 0 ? -1 : fuzz_own_memfd(thread->world, fd);
	if (memfd->fd < 0)
		return true;
	memfd->memory = memory;
	memfd->large = memory == FUZZ_THP;
	memfd->nr_pages = draw_pages(memory, op);
	if (ftruncate(memfd->fd, memfd->nr_pages * FUZZ_PAGE))
		memfd->nr_pages = 0;
	if (memory == FUZZ_THP)
		make_huge(thread, memfd);
	memfd->seals = draw_seals(op->arg[1]);
	if (fcntl(memfd->fd, F_ADD_SEALS, memfd->seals))
		memfd->seals = 0;
	atomic_store(&memfd->ready, memfd->nr_pages > 0);
	return true;
}

/* A range of pages in what is @nr_pages long. */
static void draw_range(const struct fuzz_op *op, uint32_t nr_pages,
		       uint32_t *first, uint32_t *nr)
{
	*first = op->arg[1] % nr_pages;
	*nr = 1 + op->arg[2] % (nr_pages - *first);
}

bool fuzz_do_populate(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	uint32_t first, nr;

	if (!memfd)
		return false;
	draw_range(op, memfd->nr_pages, &first, &nr);
	fallocate(memfd->fd, FALLOC_FL_KEEP_SIZE, first * FUZZ_PAGE,
		  nr * FUZZ_PAGE);
	return true;
}

static void page_fill(char *page, uint64_t stamp)
{
	struct fuzz_words words;

	fuzz_stamp_words(stamp, &words);
	memset(page, 0, FUZZ_PAGE);
	fuzz_write_words(page, &words);
}

/* hugetlbfs has no write(). */
bool fuzz_do_pwrite(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	struct fuzz_world *world = thread->world;
	char page[FUZZ_PAGE];
	uint64_t stamp;
	uint32_t index;

	if (!memfd || memfd->memory == FUZZ_HUGETLB)
		return false;
	index = op->arg[1] % memfd->nr_pages;
	stamp = fuzz_stamp(world, FUZZ_ORIGIN(memfd, index));
	page_fill(page, stamp);
	if (pwrite(memfd->fd, page, FUZZ_PAGE, index * FUZZ_PAGE) == FUZZ_PAGE)
		fuzz_page_set(world, fuzz_memfd_page(world, memfd, index),
			      stamp);
	return true;
}

bool fuzz_do_pread(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	char pages[IO_PAGES * FUZZ_PAGE];
	struct fuzz_words words;
	uint32_t i, first, nr;
	ssize_t got;

	if (!memfd)
		return false;
	draw_range(op, memfd->nr_pages, &first, &nr);
	got = pread(memfd->fd, pages,
		    (nr < IO_PAGES ? nr : IO_PAGES) * FUZZ_PAGE,
		    first * FUZZ_PAGE);
	for (i = 0; got >= (ssize_t)((i + 1) * FUZZ_PAGE); i++) {
		fuzz_read_words(pages + i * FUZZ_PAGE, &words);
		fuzz_check_words(thread->world, &words,
				 FUZZ_ORIGIN(memfd, first + i),
				 memfd->page[first + i], "read of a memfd",
				 first + i);
	}
	return true;
}

/* Whole huge pages more often than chance would have it. */
bool fuzz_do_punch(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	uint32_t first, nr;

	if (!memfd)
		return false;
	draw_range(op, memfd->nr_pages, &first, &nr);
	if (memfd->nr_pages >= FUZZ_HUGE_PAGES && op->arg[3] % 2) {
		first = first / FUZZ_HUGE_PAGES * FUZZ_HUGE_PAGES;
		nr = memfd->nr_pages - first;
	}
	if (!fallocate(memfd->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       first * FUZZ_PAGE, nr * FUZZ_PAGE))
		fuzz_memfd_punched(thread->world, memfd, first, nr);
	return true;
}

/* Another size; the kernel takes a smaller one of those without the seal. */
bool fuzz_do_resize(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	uint32_t nr_pages, i;

	if (!memfd)
		return false;
	nr_pages = 1 + (memfd->nr_pages + op->arg[1] % 16) % FUZZ_MEMFD_PAGES;
	if (memfd->memory == FUZZ_HUGETLB)
		nr_pages = FUZZ_MEMFD_PAGES;
	if (op->arg[2] % 8 == 0 && memfd->memory == FUZZ_SHMEM)
		nr_pages = 1 + op->arg[1] % memfd->nr_pages;
	if (ftruncate(memfd->fd, nr_pages * FUZZ_PAGE))
		return true;
	for (i = nr_pages; i < memfd->nr_pages; i++)
		memfd->page[i] = 0;
	memfd->nr_pages = nr_pages;
	return true;
}

/* Whether a buffer that is open has memory that the memfd still has. */
static bool is_shared(struct fuzz_world *world, const struct fuzz_memfd *memfd)
{
	uint32_t i, j, nr = atomic_load(&world->nr_bufs);

	for (i = 0; i < nr; i++) {
		const struct fuzz_buf *buf = &world->buf[i];

		if (!atomic_load(&buf->ready) || fuzz_buf_fd(buf) < 0)
			continue;
		for (j = 0; j < buf->nr_pages; j++)
			if (buf->origin[j] >> 16 == memfd->uid &&
			    buf->page[j] ==
				    memfd->page[buf->origin[j] & 0xffff])
				return true;
	}
	return false;
}

/*
 * Nobody may write to a memfd with this seal, so no buffer may have its memory; but a
 * read-only one of a memfd that had the seal before.
 */
bool fuzz_do_seal(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	static const int choice[] = {
		F_SEAL_SHRINK, F_SEAL_SHRINK,	    F_SEAL_GROW,
		F_SEAL_WRITE,  F_SEAL_FUTURE_WRITE, F_SEAL_SEAL,
	};
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	int seals = choice[op->arg[1] % (sizeof(choice) / sizeof(choice[0]))];

	if (!memfd)
		return false;
	if (fcntl(memfd->fd, F_ADD_SEALS, seals))
		return true;
	if (thread->world->exact && seals == F_SEAL_WRITE &&
	    !(memfd->seals & F_SEAL_WRITE) && is_shared(thread->world, memfd))
		fuzz_found(
			thread->world,
			"memfd %u took F_SEAL_WRITE while a buffer has its memory",
			memfd->uid - 1);
	memfd->seals |= seals;
	return true;
}
