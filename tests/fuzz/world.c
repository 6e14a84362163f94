// SPDX-License-Identifier: GPL-2.0-only
/* The world of a program, and how a program runs in it: see world.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"
#include "peek.h"

#define SEAL_TRIES	50
#define ARENA_SIZE	((FUZZ_MAPS + FUZZ_THREADS) * FUZZ_SLOT)

/*
 * Far below all else. What others map (the C library, a driver for a moment) comes
 * to the highest place that is free; a part of the arena that was unmapped must not
 * be one, for threads that come late still write there. But not so far that the
 * address sanitizer has its shadow there.
 */
#define ARENA_HINT	((void *)0x200000000000)

void fuzz_found(struct fuzz_world *world, const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&world->found, true))
		return;
	va_start(args, format);
	vsnprintf(world->what, sizeof(world->what), format, args);
	va_end(args);
}

struct fuzz_memfd *fuzz_pick_memfd(struct fuzz_world *world, uint32_t number)
{
	uint32_t nr = atomic_load(&world->nr_memfds);
	struct fuzz_memfd *memfd;

	if (!nr)
		return NULL;
	memfd = &world->memfd[number % nr];
	return atomic_load(&memfd->ready) ? memfd : NULL;
}

struct fuzz_buf *fuzz_pick_buf(struct fuzz_world *world, uint32_t number)
{
	uint32_t nr = atomic_load(&world->nr_bufs);
	struct fuzz_buf *buf;

	if (!nr)
		return NULL;
	buf = &world->buf[number % nr];
	return atomic_load(&buf->ready) ? buf : NULL;
}

struct fuzz_map *fuzz_pick_map(struct fuzz_world *world, uint32_t number)
{
	uint32_t nr = atomic_load(&world->nr_maps);
	struct fuzz_map *map;

	if (!nr)
		return NULL;
	map = &world->map[number % nr];
	return atomic_load(&map->ready) ? map : NULL;
}

/* The number of the next entry, or @limit: none left. */
static uint32_t take(atomic_uint *nr, uint32_t limit)
{
	uint32_t old = atomic_load(nr);

	do {
		if (old == limit)
			return limit;
	} while (!atomic_compare_exchange_weak(nr, &old, old + 1));
	return old;
}

struct fuzz_memfd *fuzz_new_memfd(struct fuzz_world *world)
{
	uint32_t i = take(&world->nr_memfds, FUZZ_MEMFDS);

	if (i == FUZZ_MEMFDS)
		return NULL;
	world->memfd[i].uid = i + 1;
	return &world->memfd[i];
}

struct fuzz_buf *fuzz_new_buf(struct fuzz_world *world)
{
	uint32_t i = take(&world->nr_bufs, FUZZ_BUFS), j;

	if (i == FUZZ_BUFS)
		return NULL;
	for (j = 0; j < FUZZ_FDS; j++)
		atomic_store(&world->buf[i].fd[j], -1);
	return &world->buf[i];
}

struct fuzz_map *fuzz_new_map(struct fuzz_world *world)
{
	uint32_t i = take(&world->nr_maps, FUZZ_MAPS);

	if (i == FUZZ_MAPS)
		return NULL;
	world->map[i].addr = world->arena + i * FUZZ_SLOT;
	return &world->map[i];
}

char *fuzz_scratch(const struct fuzz_thread *thread)
{
	return thread->world->arena + (FUZZ_MAPS + thread->number) * FUZZ_SLOT;
}

static int own_fd(atomic_int *next, int end, int fd)
{
	int want = atomic_fetch_add(next, 1), own;

	own = want < end ? fcntl(fd, F_DUPFD_CLOEXEC, want) : -1;
	close(fd);
	return own;
}

int fuzz_own_fd(struct fuzz_world *world, int fd)
{
	return own_fd(&world->next_fd, FUZZ_FD_MEMFD, fd);
}

int fuzz_own_memfd(struct fuzz_world *world, int fd)
{
	return own_fd(&world->next_memfd, FUZZ_FD_END, fd);
}

int fuzz_buf_fd(const struct fuzz_buf *buf)
{
	uint32_t i;
	int fd;

	for (i = 0; i < FUZZ_FDS; i++) {
		fd = atomic_load(&buf->fd[i]);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

void fuzz_buf_add_fd(struct fuzz_world *world, struct fuzz_buf *buf, int fd)
{
	uint32_t i;
	int none;

	fd = fuzz_own_fd(world, fd);
	if (fd < 0)
		return;
	for (i = 0; i < FUZZ_FDS; i++) {
		none = -1;
		if (atomic_compare_exchange_strong(&buf->fd[i], &none, fd))
			return;
	}
	close(fd);
}

/* Nothing is mapped, nothing is open, nothing is known. */
static bool world_clear(struct fuzz_world *world)
{
	if (mmap(world->arena, ARENA_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		return false;
	close_range(FUZZ_FD_FIRST, FUZZ_FD_MEMFD - 1, 0);
	return true;
}

static void world_forget(struct fuzz_world *world, uint64_t seed)
{
	memset(world->memfd, 0,
	       atomic_load(&world->nr_memfds) * sizeof(world->memfd[0]));
	memset(world->buf, 0,
	       atomic_load(&world->nr_bufs) * sizeof(world->buf[0]));
	memset(world->map, 0,
	       atomic_load(&world->nr_maps) * sizeof(world->map[0]));
	memset(world->pool, 0, (world->nr_pool + 1) * sizeof(world->pool[0]));
	world->pool[FUZZ_POOL - 1].unknown = false;
	world->nr_pool = 0;
	atomic_store(&world->nr_memfds, 0);
	atomic_store(&world->nr_bufs, 0);
	atomic_store(&world->nr_maps, 0);
	atomic_store(&world->generation, 0);
	atomic_store(&world->next_fd, FUZZ_FD_FIRST);
	atomic_store(&world->next_memfd, FUZZ_FD_MEMFD);
	world->tag = (fuzz_mix(seed, 1, 1) & 0xffff) | 1;
}

/* The kernel itself has a page for a moment, when it moves it. */
static bool stays_busy(int memfd)
{
	int tries;

	for (tries = 0; tries < SEAL_TRIES; tries++) {
		if (!fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) || errno != EBUSY)
			return false;
		usleep(20000);
	}
	return true;
}

/*
 * With the last user of a buffer its memory is let go: a memfd can be sealed,
 * which the kernel refuses as long as anybody has its pages.
 */
static void world_check_pins(struct fuzz_world *world)
{
	uint32_t i, nr = atomic_load(&world->nr_memfds);

	for (i = 0; i < nr; i++) {
		const struct fuzz_memfd *memfd = &world->memfd[i];

		if (!atomic_load(&memfd->ready))
			continue;
		if (stays_busy(memfd->fd))
			fuzz_found(
				world,
				"memfd %u: its memory stays pinned when all buffers are gone",
				i);
	}
}

static void world_end(struct fuzz_world *world)
{
	uint32_t i, j, nr = atomic_load(&world->nr_bufs);

	for (i = 0; i < nr; i++)
		for (j = 0; j < FUZZ_THREADS; j++)
			fuzz_import_close(world, &world->buf[i], j);
	if (!world_clear(world))
		fuzz_found(world, "the address space cannot be cleared: %s",
			   strerror(errno));
	world_check_pins(world);
	close_range(FUZZ_FD_MEMFD, FUZZ_FD_END - 1, 0);
}

struct part {
	struct fuzz_thread thread;
	const struct fuzz_program *program;
};

static void *run_part(void *arg)
{
	struct part *part = arg;
	struct fuzz_world *world = part->thread.world;
	uint32_t i, nr_threads = part->program->nr_threads;

	for (i = 0; i < part->program->nr_ops; i++) {
		const struct fuzz_op *op = &part->program->op[i];

		if (op->thread % nr_threads != part->thread.number)
			continue;
		if (atomic_load(&world->found))
			break;
		if (fuzz_kinds[op->kind].run(&part->thread, op))
			atomic_fetch_add(&world->counts[op->kind], 1);
	}
	return NULL;
}

static void run_parts(struct fuzz_world *world,
		      const struct fuzz_program *program)
{
	struct part part[FUZZ_THREADS];
	pthread_t thread[FUZZ_THREADS];
	uint32_t i, nr = 0;

	for (i = 0; i < program->nr_threads; i++) {
		part[i].thread.world = world;
		part[i].thread.number = i;
		part[i].program = program;
	}
	for (i = 1; i < program->nr_threads; i++, nr++)
		if (pthread_create(&thread[i], NULL, run_part, &part[i]))
			break;
	run_part(&part[0]);
	for (i = 1; i <= nr; i++)
		pthread_join(thread[i], NULL);
}

bool fuzz_world_run(struct fuzz_world *world,
		    const struct fuzz_program *program)
{
	world_forget(world, program->seed);
	world->exact = program->nr_threads == 1;
	atomic_store(&world->found, false);
	fuzz_peer_start(world);
	run_parts(world, program);
	if (world->exact && !atomic_load(&world->found))
		fuzz_check_all(world);
	world_end(world);
	return !atomic_load(&world->found);
}

static bool answers_query(int dev)
{
	struct udmabuf_query query = { .size = sizeof(query) };

	return !ioctl(dev, UDMABUF_QUERY, &query);
}

/* Room for all files, and a table of the process that never has to grow. */
static bool open_fds(void)
{
	struct rlimit limit = { FUZZ_FD_END + 64, FUZZ_FD_END + 64 };
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		return false;
	fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FUZZ_FD_END);
	return fd >= 0 && !close(fd);
}

bool fuzz_world_open(struct fuzz_world *world, const char *device)
{
	char *area;
	uint32_t i;

	area = mmap(ARENA_HINT, ARENA_SIZE + FUZZ_HUGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED || !open_fds() || !fuzz_catch_signals())
		return false;
	world->arena =
		(char *)(((uintptr_t)area + FUZZ_HUGE - 1) & ~(FUZZ_HUGE - 1));
	world->dev = open(device, O_RDWR | O_CLOEXEC);
	if (world->dev < 0)
		return false;
	for (i = 0; i < FUZZ_THREADS; i++)
		world->drm[i] = fuzz_import_open();
	world->has_newer = answers_query(world->dev);
	world->has_peek = !access(PEEK_DEVICE, R_OK | W_OK);
	return true;
}
