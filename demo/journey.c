// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journey of the user's file: from the file into a memfd, into a dma-buf,
 * into a second process, into an importer; with its SHA-256 taken at every
 * place where the bytes can be seen. Once per kind of memory and driver.
 */
#include "demo.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <unistd.h>

/* The first process hashes twice; the second one does so meanwhile. */
static unsigned int demo_leg_units(const struct demo *d)
{
	return 2 * demo_hash_units(d->file_size);
}

unsigned int demo_journey_units(const struct demo *d)
{
	return demo_hash_units(d->file_size) +
	       DEMO_NR_KINDS * DEMO_NR_DRIVERS * demo_leg_units(d);
}

static int demo_hash_view(struct demo_journey *j, enum demo_view view,
			  const void *data, size_t len)
{
	double t0 = demo_now_ms();

	if (demo_hash_memory(data, len, j->sha[view]))
		return -1;
	j->ms[DEMO_LEG_HASH + view] = demo_now_ms() - t0;
	return 0;
}

/* The mapping is new: the faults of the first touch are part of the time. */
static int demo_journey_hash(struct demo *d, struct demo_journey *j,
			     struct demo_memory *m, struct demo_buffer *b)
{
	if (demo_hash_view(j, DEMO_VIEW_MEMFD, m->map, d->file_size))
		return -1;
	if (d->opt.spoil_hash)
		demo_memory_flip(m, d->file_size / 2);
	if (demo_buffer_map(b) ||
	    demo_buffer_sync(b, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ) ||
	    demo_hash_view(j, DEMO_VIEW_DMABUF, b->map, d->file_size))
		return -1;
	return demo_buffer_sync(b, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

/* @sent: when the buffer was handed over. */
static int demo_journey_answer(struct demo_journey *j, struct demo_peer *p,
			       double sent)
{
	struct demo_reply reply;

	if (demo_peer_answer(p, &reply))
		return -1;
	j->ms[DEMO_LEG_HANDOVER] = reply.received - sent;
	j->ms[DEMO_LEG_IMPORT] = reply.import;
	for (int v = DEMO_VIEW_VGEM; v < DEMO_NR_VIEWS; v++) {
		j->ms[DEMO_LEG_HASH + v] = reply.hash[v];
		memcpy(j->sha[v], reply.sha[v], DEMO_SHA_LEN);
	}
	memcpy(j->how, reply.how, sizeof(j->how));
	return 0;
}

/* Both processes hash at the same time, each what it can see. */
static int demo_journey_look(struct demo *d, struct demo_journey *j,
			     struct demo_peer *p, struct demo_memory *m,
			     struct demo_buffer *b)
{
	double sent = demo_now_ms();

	if (demo_peer_hand(p, b, d->file_size) || demo_journey_hash(d, j, m, b))
		return -1;
	return demo_journey_answer(j, p, sent);
}

static void demo_journey_judge(struct demo *d, struct demo_journey *j,
			       enum demo_kind kind, enum demo_driver driver)
{
	j->equal = true;
	for (int v = 0; v < DEMO_NR_VIEWS; v++) {
		if (!strcmp(j->sha[v], d->opt.sha256))
			continue;
		j->equal = false;
		demo_error("%s, %s: seen through %s the SHA-256 is %s",
			   demo_kind_name[kind], demo_driver_name[driver],
			   demo_view_id[v], j->sha[v]);
	}
}

static int demo_journey_buffer(struct demo *d, struct demo_journey *j,
			       struct demo_peer *p, struct demo_memory *m,
			       int dev)
{
	struct demo_buffer b;
	double t0 = demo_now_ms();
	int ret;

	if (demo_buffer_open(&b, dev, m))
		return -1;
	j->ms[DEMO_LEG_CREATE] = demo_now_ms() - t0;
	ret = demo_journey_look(d, j, p, m, &b);
	t0 = demo_now_ms();
	demo_buffer_close(&b);
	j->ms[DEMO_LEG_CLOSE] = demo_now_ms() - t0;
	return ret;
}

static int demo_journey_one(struct demo *d, struct demo_peer *p,
			    enum demo_kind kind, enum demo_driver driver)
{
	struct demo_journey *j = &d->journey[kind][driver];
	size_t size = demo_round_up(d->file_size, DEMO_HUGE);
	struct demo_memory m;
	double t0;
	int ret;

	demo_progress(demo_leg_units(d),
		      "%s, %s: from the file to the importer",
		      demo_kind_name[kind], demo_driver_name[driver]);
	if (demo_memory_open(&m, kind, size))
		return -1;
	t0 = demo_now_ms();
	ret = demo_memory_read(&m, d->opt.file, d->file_size);
	j->ms[DEMO_LEG_READ] = demo_now_ms() - t0;
	if (!ret)
		ret = demo_journey_buffer(d, j, p, &m, d->dev[driver]);
	if (!ret)
		demo_journey_judge(d, j, kind, driver);
	demo_memory_close(&m);
	return ret;
}

static int demo_journey_kind(struct demo *d, struct demo_peer *p,
			     enum demo_kind kind)
{
	int ret = 0;

	if (kind == DEMO_HUGETLB && demo_memory_pool(d->file_size))
		return -1;
	for (enum demo_driver v = 0; !ret && v < DEMO_NR_DRIVERS; v++)
		ret = demo_journey_one(d, p, kind, v);
	if (kind == DEMO_HUGETLB && demo_memory_pool(0))
		return -1;
	return ret;
}

/* Read the file once, so that no driver gets it from the disk. */
static int demo_journey_warm(const struct demo *d)
{
	char sha[DEMO_SHA_LEN];
	int fd = open(d->opt.file, O_RDONLY | O_CLOEXEC);
	int ret = -1;

	demo_progress(demo_hash_units(d->file_size), "read the file");
	if (fd >= 0) {
		ret = demo_hash_fd(fd, d->file_size, sha);
		close(fd);
	}
	if (!ret && !strcmp(sha, d->opt.sha256))
		return 0;
	demo_error("%s is not the file that was hashed outside", d->opt.file);
	return -1;
}

/* Sets d->proven to false when a hash differs. */
int demo_journey(struct demo *d, struct demo_peer *p)
{
	if (demo_journey_warm(d))
		return -1;
	for (enum demo_kind kind = 0; kind < DEMO_NR_KINDS; kind++) {
		if (demo_journey_kind(d, p, kind))
			return -1;
		for (int v = 0; v < DEMO_NR_DRIVERS; v++)
			d->proven &= d->journey[kind][v].equal;
	}
	return 0;
}
