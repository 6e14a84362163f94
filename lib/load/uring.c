// SPDX-License-Identifier: MIT
/*
 * The engine io_uring: one thread, many reads under way. Buffers are not registered:
 * each page is pinned once in any case, and a limit of locked memory does not count.
 *
 * Whether io_uring works is found out by using it: containers refuse it although the
 * kernel has it, with any error they like.
 */
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

#define UDB_LOAD_WAIT_NS	(20 * 1000000LL)

/*
 * A block and whether it is under way. @next is for what waits for a page: the queue
 * goes on with it.
 */
struct udb_load_ring {
	struct io_uring ring;
	struct udb_load_job *job;
	struct udb_load_block *slots;
	uint32_t *idle;
	uint32_t nr_idle;
	uint32_t depth;
	uint32_t queued;
	bool has_next;
	bool taken;
	struct udb_load_block next;
};

static int udb_load_ring_new(struct udb_load_job *job,
			     struct udb_load_ring *ring)
{
	uint32_t depth = job->opts.depth;
	int ret;

	memset(ring, 0, sizeof(*ring));
	ring->job = job;
	ring->depth = depth;
	ring->slots = calloc(depth, sizeof(*ring->slots));
	ring->idle = calloc(depth, sizeof(*ring->idle));
	ret = -ENOMEM;
	if (ring->slots && ring->idle)
		ret = io_uring_queue_init(depth, &ring->ring, 0);
	if (ret) {
		free(ring->slots);
		free(ring->idle);
		return ret;
	}
	for (uint32_t i = 0; i < depth; i++)
		ring->idle[ring->nr_idle++] = i;
	return 0;
}

static void udb_load_ring_free(struct udb_load_ring *ring)
{
	io_uring_queue_exit(&ring->ring);
	free(ring->slots);
	free(ring->idle);
}

/* There is an entry for each slot, so this cannot fail. */
static void udb_load_ring_queue(struct udb_load_ring *ring, uint32_t slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);
	struct udb_load_block *block = &ring->slots[slot];
	char *addr = ring->job->memory.addr + block->at + block->done;
	int fd, flags;

	udb_load_direct_request(block, &fd, &flags);
	io_uring_prep_read(sqe, fd, addr,
			   (unsigned int)(block->ask - block->done),
			   block->offset + block->done);
	sqe->rw_flags = flags;
	io_uring_sqe_set_data64(sqe, slot);
	ring->queued++;
}

static bool udb_load_ring_busy(const struct udb_load_ring *ring)
{
	return ring->nr_idle < ring->depth;
}

/* Pages are waited for only while there is nothing else to wait for. */
static void udb_load_ring_fill(struct udb_load_ring *ring)
{
	struct udb_load_job *job = ring->job;
	uint32_t slot;

	while (ring->nr_idle) {
		if (!ring->has_next)
			ring->has_next = udb_load_take(job, &ring->next);
		if (!ring->has_next ||
		    !udb_load_memory_ready(job, &ring->next,
					   !udb_load_ring_busy(ring)))
			return;
		slot = ring->idle[--ring->nr_idle];
		ring->slots[slot] = ring->next;
		ring->has_next = false;
		udb_load_ring_queue(ring, slot);
	}
}

static void udb_load_ring_reap(struct udb_load_ring *ring)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring->ring, &cqe)) {
		uint32_t slot = (uint32_t)io_uring_cqe_get_data64(cqe);
		int res = cqe->res;

		io_uring_cqe_seen(&ring->ring, cqe);
		if (udb_load_finish(ring->job, &ring->slots[slot], res))
			udb_load_ring_queue(ring, slot);
		else
			ring->idle[ring->nr_idle++] = slot;
	}
}

/* -EAGAIN and -EBUSY: the kernel wants to be rid of something first. */
static int udb_load_ring_submit(struct udb_load_ring *ring)
{
	int ret;

	while (ring->queued) {
		ret = io_uring_submit(&ring->ring);
		if (ret == -EAGAIN || ret == -EBUSY || ret == -EINTR)
			return 0;
		if (ret < 0)
			return ret;
		if (!ret)
			return 0;
		ring->queued -= ret;
		ring->taken = true;
	}
	return 0;
}

static void udb_load_ring_wait(struct udb_load_ring *ring)
{
	struct __kernel_timespec time = { .tv_nsec = UDB_LOAD_WAIT_NS };
	struct io_uring_cqe *cqe;

	io_uring_wait_cqe_timeout(&ring->ring, &cqe, &time);
	udb_load_ring_reap(ring);
}

/*
 * A ring that has never taken anything has nothing of ours: then the other engine
 * begins anew. Later it is an error of the load, and what was taken has to come back.
 */
static int udb_load_ring_refused(struct udb_load_ring *ring, int error)
{
	struct udb_load_job *job = ring->job;

	if (!ring->taken) {
		job->next = 0;
		job->next_piece = 0;
		return error;
	}
	udb_load_fail(job, 0, 0, 0, error, UDB_LOAD_FAULT_ENGINE, NULL,
		      "io_uring failed: %s", strerrordesc_np(-error));
	while (ring->depth - ring->nr_idle > ring->queued)
		udb_load_ring_wait(ring);
	return 0;
}

/*
 * To the end, also after a failure: what the disk still writes must not go into
 * memory that is somebody else's by then.
 */
static int udb_load_ring_run(struct udb_load_ring *ring)
{
	int ret;

	for (;;) {
		udb_load_ring_fill(ring);
		ret = udb_load_ring_submit(ring);
		if (ret)
			return udb_load_ring_refused(ring, ret);
		if (!udb_load_ring_busy(ring))
			return 0;
		udb_load_ring_wait(ring);
		udb_load_tick(ring->job, false);
	}
}

static int udb_load_uring_run(struct udb_load_job *job)
{
	struct udb_load_ring ring;
	int ret = udb_load_ring_new(job, &ring);

	if (ret)
		return ret;
	ret = udb_load_ring_run(&ring);
	udb_load_ring_free(&ring);
	return ret;
}

const struct udb_load_reader udb_load_uring = {
	.id = UDB_LOAD_ENGINE_URING,
	.run = udb_load_uring_run,
};
