// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timed rounds: one memfd of each kind, and again and again a dma-buf
 * made from it, by both drivers in turn.
 *
 * The drivers alternate, and who goes first alternates too, so that a machine
 * that gets slower or faster meanwhile does so to both. All rounds of one
 * kind use the same memory, already there, so that nothing but the driver
 * differs.
 */
#include "demo.h"

#include <linux/dma-buf.h>
#include <math.h>

/* A round takes about as long as hashing so many units. */
#define DEMO_ROUND_UNITS	8

struct demo_round {
	struct demo *d;
	struct demo_peer *peer;
	struct demo_memory *memory;
	struct demo_samples *samples; /* by step */
	unsigned long sum; /* what the first touch has to see */
	struct demo_buffer buffer;
	int dev;
};

unsigned int demo_measure_units(const struct demo *d)
{
	return DEMO_NR_KINDS * d->opt.rounds * DEMO_ROUND_UNITS;
}

static int demo_round_create(struct demo_round *r)
{
	struct demo_kept before, after;
	double t0, t1, runs;

	if (demo_kept_read(&before))
		return -1;
	t0 = demo_now_ms();
	if (demo_buffer_open(&r->buffer, r->dev, r->memory))
		return -1;
	t1 = demo_now_ms();
	if (demo_kept_read(&after) || demo_kept_runs(&r->buffer, &runs))
		return -1;
	demo_samples_add(&r->samples[DEMO_CREATE], t1 - t0);
	demo_samples_add(&r->samples[DEMO_KEPT],
			 fmax(after.book - before.book, runs));
	return 0;
}

static int demo_round_touch(struct demo_round *r)
{
	double t0 = demo_now_ms();
	unsigned long sum;

	if (demo_buffer_map(&r->buffer))
		return -1;
	sum = demo_buffer_touch(&r->buffer);
	demo_samples_add(&r->samples[DEMO_TOUCH], demo_now_ms() - t0);
	if (sum == r->sum)
		return 0;
	demo_error("the dma-buf does not show the bytes of the memfd");
	return -1;
}

static int demo_round_sync(struct demo_round *r)
{
	struct demo_kept before, after;
	double t0, t1;

	if (demo_kept_read(&before))
		return -1;
	t0 = demo_now_ms();
	if (demo_buffer_sync(&r->buffer, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW))
		return -1;
	t1 = demo_now_ms();
	if (demo_kept_read(&after))
		return -1;
	demo_samples_add(&r->samples[DEMO_SYNC_START], t1 - t0);
	demo_samples_add(&r->samples[DEMO_KEPT_SYNC], before.free - after.free);

	t0 = demo_now_ms();
	if (demo_buffer_sync(&r->buffer, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))
		return -1;
	demo_samples_add(&r->samples[DEMO_SYNC_END], demo_now_ms() - t0);
	return 0;
}

static int demo_round_import(struct demo_round *r)
{
	struct demo_reply reply;

	if (demo_peer_hand(r->peer, &r->buffer, 0) ||
	    demo_peer_answer(r->peer, &reply))
		return -1;
	demo_samples_add(&r->samples[DEMO_IMPORT], reply.import);
	return 0;
}

/* The second process has let go, so this close is the last and releases. */
static void demo_round_close(struct demo_round *r)
{
	double t0 = demo_now_ms(), t1;

	demo_buffer_unmap(&r->buffer);
	t1 = demo_now_ms();
	demo_buffer_close(&r->buffer);
	demo_samples_add(&r->samples[DEMO_CLOSE], demo_now_ms() - t1);
	demo_samples_add(&r->samples[DEMO_UNMAP], t1 - t0);
}

static int demo_round_driver(struct demo_round *r, enum demo_driver driver)
{
	enum demo_kind kind = r->memory->kind;

	r->dev = r->d->dev[driver];
	r->samples = r->d->samples[kind][driver];
	r->buffer = (struct demo_buffer){ .fd = -1 };
	if (demo_round_create(r))
		return -1;
	if (demo_round_touch(r) || demo_round_sync(r) || demo_round_import(r)) {
		demo_buffer_close(&r->buffer);
		return -1;
	}
	demo_round_close(r);
	return 0;
}

static int demo_rounds(struct demo_round *r)
{
	for (unsigned int i = 0; i < r->d->opt.rounds; i++) {
		demo_progress(DEMO_ROUND_UNITS, "measure %s: round %u of %u",
			      demo_kind_name[r->memory->kind], i + 1,
			      r->d->opt.rounds);
		if (demo_round_driver(r, i % 2 ? DEMO_OURS : DEMO_STOCK) ||
		    demo_round_driver(r, i % 2 ? DEMO_STOCK : DEMO_OURS))
			return -1;
	}
	return 0;
}

static int demo_measure_kind(struct demo *d, struct demo_peer *p,
			     enum demo_kind kind)
{
	struct demo_memory memory;
	struct demo_round r = { .d = d, .peer = p, .memory = &memory };
	int ret;

	if (kind == DEMO_HUGETLB && demo_memory_pool(d->opt.size))
		return -1;
	if (demo_memory_open(&memory, kind, d->opt.size))
		return -1;
	r.sum = demo_memory_fill(&memory);
	ret = demo_rounds(&r);
	demo_memory_close(&memory);
	if (kind == DEMO_HUGETLB && demo_memory_pool(0))
		return -1;
	return ret;
}

int demo_measure(struct demo *d, struct demo_peer *p)
{
	for (enum demo_kind kind = 0; kind < DEMO_NR_KINDS; kind++)
		if (demo_measure_kind(d, p, kind))
			return -1;
	return 0;
}
