// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct udmabuf: create, destroy, and the memory of its runs.
 *
 * All of this is done by the one thread that creates or releases the buffer,
 * so nothing here takes a lock. What outlives the call is charged to the
 * creator's memory cgroup.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "udmabuf.h"

/* Enough for most buffers of large folios. */
#define UDMABUF_RUNS_MIN	16

/**
 * udmabuf_create() - a buffer of no memory
 * @read_only: whether nobody may write through it
 *
 * Return: the buffer, for udmabuf_pin() to fill, or NULL without memory.
 */
struct udmabuf *udmabuf_create(bool read_only)
{
	struct udmabuf *ubuf = kzalloc_obj(*ubuf, GFP_KERNEL_ACCOUNT);

	if (!ubuf)
		return NULL;
	mutex_init(&ubuf->lock);
	INIT_LIST_HEAD(&ubuf->attachments);
	INIT_LIST_HEAD(&ubuf->node);
	ubuf->read_only = read_only;
	ubuf->sealed = read_only;
	ubuf->pid = task_tgid_nr(current);
	get_task_comm(ubuf->comm, current);
	return ubuf;
}

/**
 * udmabuf_destroy() - give back a buffer's memory and the buffer
 * @ubuf: a buffer without attachments and mappings; it may be half filled
 */
void udmabuf_destroy(struct udmabuf *ubuf)
{
	udmabuf_unpin(ubuf);
	udmabuf_uncharge(ubuf);
	kvfree(ubuf->runs.run);
	mutex_destroy(&ubuf->lock);
	kfree(ubuf);
}

/*
 * kmalloc() gives powers of two. Where that wastes more than an eighth, and whole
 * pages do not, it is better to map single pages.
 */
static struct udmabuf_run *udmabuf_alloc_runs(size_t capacity)
{
	/* Above 2 GiB the kernel would warn of what a user asked for. */
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	size_t size = array_size(capacity, sizeof(struct udmabuf_run));
	size_t waste = (PAGE_SIZE << get_order(size)) - PAGE_ALIGN(size);

	return waste > size / 8 ? __vmalloc(size, gfp) : kvmalloc(size, gfp);
}

static int udmabuf_resize_runs(struct udmabuf_runs *runs, size_t capacity)
{
	struct udmabuf_run *run = udmabuf_alloc_runs(capacity);

	if (!run)
		return -ENOMEM;
	if (runs->nr)
		memcpy(run, runs->run, array_size(runs->nr, sizeof(*run)));
	kvfree(runs->run);
	runs->run = run;
	runs->capacity = capacity;
	return 0;
}

/* So many runs as @more pages make, if they lie as those that are there. */
static size_t udmabuf_expected_runs(const struct udmabuf_runs *runs,
				    pgoff_t more)
{
	return runs->nr + div64_u64((u64)more * runs->nr + runs->nr_pages - 1,
				    runs->nr_pages);
}

/**
 * udmabuf_grow() - make room for more runs
 * @ubuf: a buffer that is being filled
 * @more: how many pages are still to come, at the most
 *
 * At least doubles the room, so that filling costs O(runs) in all; makes more where
 * what is there suggests it, but never so much more that a guess could hurt.
 *
 * Return: 0 or %-ENOMEM.
 */
int udmabuf_grow(struct udmabuf *ubuf, pgoff_t more)
{
	struct udmabuf_runs *runs = &ubuf->runs;
	size_t least = max(2 * runs->capacity, UDMABUF_RUNS_MIN);
	size_t room = least;

	if (runs->nr)
		room = clamp(udmabuf_expected_runs(runs, more), least,
			     8 * least);
	if (room > least && !udmabuf_resize_runs(runs, room))
		return 0;
	return udmabuf_resize_runs(runs, least);
}

/**
 * udmabuf_trim() - give back the room that the runs do not need
 * @ubuf: a buffer that has all its memory
 *
 * An eighth may stay, and what every buffer gets: it is not worth copying the
 * rest. Failing to get the smaller array does no harm: the larger one stays.
 */
void udmabuf_trim(struct udmabuf *ubuf)
{
	size_t room = ubuf->runs.capacity - ubuf->runs.nr;

	if (ubuf->runs.capacity > UDMABUF_RUNS_MIN && room > ubuf->runs.nr / 8)
		udmabuf_resize_runs(&ubuf->runs, ubuf->runs.nr);
}
