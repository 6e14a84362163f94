/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program works with: memfds, buffers and mappings, and the model of
 * what each page of them must show.
 *
 * A page carries a stamp: which memfd of which program it was written to, as
 * which page, and a number that counts writes. With one thread the model knows
 * the stamp of each page, also after a hole was punched and buffer and memfd are
 * different memory. With several threads it knows which memfd and page it has to
 * be of, whoever wrote last.
 *
 * Nothing is used twice within a program, neither an entry here, nor the number
 * of a file, nor a place in the address space. So a thread that comes late finds
 * nothing, and never something else: no locks are needed, and calls really meet
 * in the kernel.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

#include "program.h"
#include "touch.h"

#define FUZZ_HUGE	(512 * FUZZ_PAGE)
#define FUZZ_HUGE_PAGES	512U

#define FUZZ_MEMFDS	16U
#define FUZZ_BUFS	64U
#define FUZZ_MAPS	64U
#define FUZZ_FDS	4U /* of one buffer */
#define FUZZ_MEMFD_PAGES	1024U
#define FUZZ_BUF_PAGES	2048U
#define FUZZ_POOL	24576U /* pages that the model can tell apart */

/* Numbers of files: a program's buffers, and its memfds, which go last. */
#define FUZZ_FD_FIRST	64
#define FUZZ_FD_MEMFD	2048
#define FUZZ_FD_END	4096

enum fuzz_memory {
	FUZZ_SHMEM,
	FUZZ_THP,
	FUZZ_HUGETLB,
};

/*
 * Physical memory, as far as the model tells it apart: @stamp is what is
 * written there. Number 0 is what a hole shows.
 */
struct fuzz_page {
	uint64_t stamp;
	bool unknown; /* the kernel may have done this or that: not looked at */
};

struct fuzz_memfd {
	atomic_bool ready;
	int fd;
	enum fuzz_memory memory;
	bool large; /* may have huge pages */
	uint32_t uid;
	uint32_t nr_pages;
	int seals;
	uint32_t page[FUZZ_MEMFD_PAGES];
};

struct fuzz_buf {
	atomic_bool ready;
	atomic_int fd[FUZZ_FDS];
	atomic_uint handle[FUZZ_THREADS]; /* of the thread's DRM device */
	ino_t ino;
	bool read_only;
	bool sealed; /* read-only, and nobody can write the memfds either */
	uint64_t huge_entries; /* when somebody asked last */
	uint32_t nr_pages;
	uint32_t origin[FUZZ_BUF_PAGES]; /* uid << 16 | page of the memfd */
	uint32_t page[FUZZ_BUF_PAGES];
};

/* What may be done to a page of a mapping. */
#define FUZZ_MAPPED	1
#define FUZZ_READ	2
#define FUZZ_WRITE	4

struct fuzz_map {
	atomic_bool ready;
	struct fuzz_memfd *memfd; /* or */
	struct fuzz_buf *buf;
	uint32_t first; /* page of memfd or buffer */
	uint32_t nr_pages;
	char *addr;
	uint8_t state[FUZZ_MEMFD_PAGES]; /* FUZZ_MAPPED and so on */
};

struct fuzz_world {
	bool exact; /* one thread: every stamp is known */
	uint64_t tag; /* of this program, 16 bits, not 0 */
	atomic_uint generation;
	atomic_uint nr_memfds, nr_bufs,
		nr_maps; /* taken, not all of them ready */
	atomic_int next_fd, next_memfd;
	struct fuzz_memfd memfd[FUZZ_MEMFDS];
	struct fuzz_buf buf[FUZZ_BUFS];
	struct fuzz_map map[FUZZ_MAPS];
	uint32_t nr_pool;
	struct fuzz_page pool[FUZZ_POOL];
	atomic_bool found;
	char what[512];

	/* For the life of the process. */
	char *arena;
	int dev;
	int drm[FUZZ_THREADS];
	bool has_peek;
	bool has_newer; /* the requests that the kernel's own driver lacks */
	atomic_ulong *counts; /* one for each kind of operation */
};

struct fuzz_thread {
	struct fuzz_world *world;
	uint32_t number;
};

/* Opens what there is; false: no device, or no memory. */
bool fuzz_world_open(struct fuzz_world *world, const char *device);

/* Runs @program from an empty world to an empty world; true: nothing found. */
bool fuzz_world_run(struct fuzz_world *world,
		    const struct fuzz_program *program);

/* Tells what is wrong, in the words of printf(); only the first time counts. */
__attribute__((format(printf, 2, 3))) void fuzz_found(struct fuzz_world *world,
						      const char *format, ...);

/* One of what there is, as @number says; NULL when there is none. */
struct fuzz_memfd *fuzz_pick_memfd(struct fuzz_world *world, uint32_t number);
struct fuzz_buf *fuzz_pick_buf(struct fuzz_world *world, uint32_t number);
struct fuzz_map *fuzz_pick_map(struct fuzz_world *world, uint32_t number);

/* One of the open files of @buf, or -1. */
int fuzz_buf_fd(const struct fuzz_buf *buf);

/* A new entry, not ready yet; NULL when all are used. */
struct fuzz_memfd *fuzz_new_memfd(struct fuzz_world *world);
struct fuzz_buf *fuzz_new_buf(struct fuzz_world *world);
struct fuzz_map *fuzz_new_map(struct fuzz_world *world);

/* The same open file under a number that nobody else has; -1, and closed. */
int fuzz_own_fd(struct fuzz_world *world, int fd);
int fuzz_own_memfd(struct fuzz_world *world, int fd);

/* Another file of @buf; closed when it has enough. */
void fuzz_buf_add_fd(struct fuzz_world *world, struct fuzz_buf *buf, int fd);

#endif /* FUZZ_WORLD_H */
