// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: import by vgem; attach and map by the test device, whose driver keeps the
 * mapping (behind an IOMMU and behind bounce buffers in those machines); SYNC with
 * one and with eight mapped attachments; the kernel's mapping. The limit of the first
 * two and of the last is what the same costs with a buffer of one page.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "udmabuf_edu.h"
#include "udmabuf_peek.h"

#define ATTACH_MANY	8

static int attach_vgem(const struct bench *b, enum bench_driver driver, int fd)
{
	uint64_t t0, t1;
	int handle;

	t0 = bench_now(b);
	handle = bench_import(b, fd);
	t1 = bench_now(b);
	if (handle < 0 || bench_import_close(b, handle))
		return -1;
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), "attach-vgem");
	return 0;
}

/* "attach", or with the name of a machine that has something in between. */
static const char *attach_operation(const struct bench *b)
{
	switch (*b->machine) {
	case 'i':
		return "attach-iommu";
	case 's':
		return "attach-swiotlb";
	default:
		return "attach";
	}
}

static int attach_edu(const struct bench *b, enum bench_driver driver, int fd)
{
	struct edu_attach how = { .fd = fd };
	int edu = open(EDU_DEVICE, O_RDWR | O_CLOEXEC);
	uint64_t t0, t1;
	int bad;

	if (edu < 0)
		return bench_errno(EDU_DEVICE);
	t0 = bench_now(b);
	bad = ioctl(edu, EDU_ATTACH, &how);
	t1 = bench_now(b);
	close(edu);
	/* Bounce buffers may be too small for it, whoever cut the pieces. */
	if (!bad)
		bench_add(driver, BENCH_TIME, (double)(t1 - t0),
			  attach_operation(b));
	return 0;
}

static int attach_round(const struct bench *b, const struct bench_memory *m,
			enum bench_driver driver)
{
	int fd = driver == BENCH_LIMIT ? bench_buffer_small(b) :
					 bench_buffer(b, m, driver);
	int ret = fd < 0 ? -1 : 0;

	if (!ret && b->vgem >= 0)
		ret = attach_vgem(b, driver, fd);
	if (!ret)
		ret = attach_edu(b, driver, fd);
	if (fd >= 0)
		close(fd);
	return ret;
}

int bench_attach(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, attach_round,
			    BENCH_ALL_DRIVERS | BENCH_ONLY_LIMIT);
}

/* An importer that maps the buffer until it is closed. */
static int attach_peek(int fd, enum peek_view view)
{
	struct peek_attach how = { .fd = fd, .view = view };
	int peek = open(PEEK_DEVICE, O_RDWR | O_CLOEXEC);

	if (peek < 0)
		return bench_errno(PEEK_DEVICE);
	if (!ioctl(peek, PEEK_ATTACH, &how))
		return peek;
	bench_errno("PEEK_ATTACH");
	close(peek);
	return -1;
}

/* The second START: the first may have things to make. */
static int synced_measure(const struct bench *b, enum bench_driver driver,
			  int fd, const char *operation)
{
	uint64_t t0, t1;
	int ret;

	ret = bench_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	if (!ret)
		ret = bench_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	if (ret)
		return ret;
	t0 = bench_now(b);
	ret = bench_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	t1 = bench_now(b);
	bench_add(driver, BENCH_TIME, (double)(t1 - t0), operation);
	t0 = bench_now(b);
	ioctl(fd, BENCH_NO_IOCTL);
	t1 = bench_now(b);
	bench_add(BENCH_LIMIT, BENCH_TIME, (double)(t1 - t0), operation);
	if (!ret)
		ret = bench_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	return ret;
}

static int synced_with(const struct bench *b, enum bench_driver driver, int fd,
		       int attachments)
{
	char operation[16];
	int peek[ATTACH_MANY], nr, ret;

	snprintf(operation, sizeof(operation), "sync-%d", attachments);
	for (nr = 0; nr < attachments; nr++) {
		peek[nr] = attach_peek(fd, PEEK_SG);
		if (peek[nr] < 0)
			break;
	}
	ret = nr < attachments ? -1 : synced_measure(b, driver, fd, operation);
	while (nr > 0)
		close(peek[--nr]);
	return ret;
}

static int synced_round(const struct bench *b, const struct bench_memory *m,
			enum bench_driver driver)
{
	int fd = bench_buffer(b, m, driver);
	int ret;

	if (fd < 0)
		return -1;
	ret = synced_with(b, driver, fd, 1);
	if (!ret)
		ret = synced_with(b, driver, fd, ATTACH_MANY);
	close(fd);
	return ret;
}

int bench_synced(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, synced_round, BENCH_ALL_DRIVERS);
}

static int vmap_round(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver)
{
	struct peek_attach how = { .view = PEEK_VMAP };
	int peek = open(PEEK_DEVICE, O_RDWR | O_CLOEXEC);
	uint64_t t0, t1;
	int bad = -1;

	if (peek < 0)
		return bench_errno(PEEK_DEVICE);
	how.fd = driver == BENCH_LIMIT ? bench_buffer_small(b) :
					 bench_buffer(b, m, driver);
	t0 = bench_now(b);
	if (how.fd >= 0 && ioctl(peek, PEEK_ATTACH, &how))
		bench_errno("PEEK_ATTACH, vmap");
	else if (how.fd >= 0)
		bad = 0;
	t1 = bench_now(b);
	if (!bad)
		bench_add(driver, BENCH_TIME, (double)(t1 - t0), "vmap");
	close(peek);
	if (how.fd >= 0)
		close(how.fd);
	return bad;
}

int bench_vmap(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, vmap_round,
			    BENCH_ALL_DRIVERS | BENCH_ONLY_LIMIT);
}
