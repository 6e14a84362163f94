// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that look at memory and write to it, and the one that does so in a
 * child.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"

#define TOUCH_PAGES	12U /* of one operation, at most */
#define CHECK_PAGES	48U /* of each buffer, when a program ends */

static uint32_t origin_of(const struct fuzz_map *map, uint32_t index)
{
	return map->buf ? map->buf->origin[map->first + index] :
			  FUZZ_ORIGIN(map->memfd, map->first + index);
}

static uint32_t page_of(const struct fuzz_map *map, uint32_t index)
{
	return map->buf ? map->buf->page[map->first + index] :
			  map->memfd->page[map->first + index];
}

/*
 * An access of a buffer's page works if, and only if, it is mapped for that. A
 * memfd can also be out of huge pages.
 */
static void judge_signal(struct fuzz_world *world, const struct fuzz_map *map,
			 uint32_t index, uint8_t need, int sig)
{
	bool may = map->state[index] & need;

	if (!world->exact || (map->memfd && sig == SIGBUS))
		return;
	if (may == !sig)
		return;
	fuzz_found(world, "%s %s, page %u, of a page that is %s: %s",
		   map->buf ? "buffer" : "memfd",
		   need == FUZZ_WRITE ? "write" : "read", map->first + index,
		   may ? "mapped for it" : "not mapped for it",
		   sig ? strsignal(sig) : "it works");
}

static bool check_page(struct fuzz_world *world, const struct fuzz_map *map,
		       uint32_t index)
{
	struct fuzz_words words;
	int sig = fuzz_read_words(map->addr + index * FUZZ_PAGE, &words);

	judge_signal(world, map, index, FUZZ_READ, sig);
	return sig || fuzz_check_words(world, &words, origin_of(map, index),
				       page_of(map, index),
				       map->buf ? "mapping of a buffer" :
						  "mapping of a memfd",
				       map->first + index);
}

static bool write_page(struct fuzz_world *world, const struct fuzz_map *map,
		       uint32_t index)
{
	uint64_t stamp = fuzz_stamp(world, origin_of(map, index));
	struct fuzz_words words;
	uint32_t id;
	int sig;

	fuzz_stamp_words(stamp, &words);
	sig = fuzz_write_words(map->addr + index * FUZZ_PAGE, &words);
	judge_signal(world, map, index, FUZZ_WRITE, sig);
	if (sig)
		return true;
	id = map->buf ? map->buf->page[map->first + index] :
			fuzz_memfd_page(world, map->memfd, map->first + index);
	fuzz_page_set(world, id, stamp);
	return true;
}

/* What is done to a page; false: enough. */
typedef bool (*page_fn)(struct fuzz_world *world, const struct fuzz_map *map,
			uint32_t index);

/* Some pages of a mapping, in steps of one or of any size. */
static bool touch_pages(struct fuzz_thread *thread, const struct fuzz_op *op,
			page_fn touch)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	uint32_t step = op->arg[3] % 2 ? 1 : 1 + op->arg[3] / 2 % 97;
	uint32_t i, nr = 1 + op->arg[2] % TOUCH_PAGES, index;

	if (!map)
		return false;
	index = op->arg[1] % map->nr_pages;
	for (i = 0; i < nr && index < map->nr_pages; i++, index += step)
		if (!touch(thread->world, map, index))
			break;
	return true;
}

bool fuzz_do_check(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	return touch_pages(thread, op, check_page);
}

bool fuzz_do_write(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	return touch_pages(thread, op, write_page);
}

/*
 * The kernel itself reaches into the mapping, as ptrace() does: there are no
 * pages behind page frames for that.
 */
bool fuzz_do_gup(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_map *map = fuzz_pick_map(thread->world, op->arg[0]);
	uint64_t word = 0;
	struct iovec here = { &word, sizeof(word) }, there = here;
	uint32_t index;

	if (!map || !map->buf)
		return false;
	index = op->arg[1] % map->nr_pages;
	there.iov_base = map->addr + index * FUZZ_PAGE;
	if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) > 0)
		fuzz_found(
			thread->world,
			"process_vm_readv() takes a page of a buffer's mapping");
	return true;
}

/* A child has what its parent had mapped, and sees the same. */
static int child_run(struct fuzz_world *world, const struct fuzz_op *op)
{
	uint32_t i, nr = atomic_load(&world->nr_maps);

	for (i = 0; i < nr; i++) {
		struct fuzz_map *map = &world->map[i];

		if (!atomic_load(&map->ready))
			continue;
		if (!check_page(world, map, op->arg[1] % map->nr_pages))
			break;
	}
	if (op->arg[2] % 4 == 0)
		kill(getpid(), SIGKILL);
	return atomic_load(&world->found);
}

bool fuzz_do_fork(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(child_run(thread->world, op));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status))
		fuzz_found(thread->world,
			   "a child sees something else in its mappings");
	return true;
}

static void check_buf(struct fuzz_world *world, struct fuzz_buf *buf,
		      struct fuzz_thread *thread)
{
	struct fuzz_map map = { .buf = buf, .addr = fuzz_scratch(thread) };
	uint32_t i, step;

	map.nr_pages = buf->nr_pages < FUZZ_MEMFD_PAGES ? buf->nr_pages :
							  FUZZ_MEMFD_PAGES;
	memset(map.state, FUZZ_MAPPED | FUZZ_READ, map.nr_pages);
	if (mmap(map.addr, map.nr_pages * FUZZ_PAGE, PROT_READ,
		 MAP_SHARED | MAP_FIXED, fuzz_buf_fd(buf), 0) == MAP_FAILED) {
		fuzz_found(world, "mmap of a buffer at the end: %s",
			   strerror(errno));
		return;
	}
	step = 1 + map.nr_pages / CHECK_PAGES;
	for (i = 0; i < map.nr_pages; i += step)
		if (!check_page(world, &map, i))
			break;
	munmap(map.addr, map.nr_pages * FUZZ_PAGE);
}

/* What is still there when a program ends: does it show what it should? */
void fuzz_check_all(struct fuzz_world *world)
{
	struct fuzz_thread thread = { .world = world };
	uint32_t i, nr = atomic_load(&world->nr_bufs);

	for (i = 0; i < nr; i++)
		if (atomic_load(&world->buf[i].ready) &&
		    fuzz_buf_fd(&world->buf[i]) >= 0)
			check_buf(world, &world->buf[i], &thread);
}
