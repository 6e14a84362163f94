// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel keeps for a buffer beside the memory that it is made of: after
 * create, and after the first SYNC. The limit is what the runs of the memory take.
 *
 * Told by the kernel's own books, which count pages: so there are many buffers.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define KEPT_BUFFERS	16
#define KEPT_FEW	4
#define KEPT_MANY_MIB	256

/* Each processor has a part of the books; this adds them up. */
static int kept_refresh(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	ssize_t put = -1;

	if (fd >= 0) {
		put = write(fd, "1", 1);
		close(fd);
	}
	return put == 1 ? 0 : bench_errno("/proc/sys/vm/stat_refresh");
}

/* KiB of all that the kernel has allocated for itself and cannot drop. */
static int kept_read(double *kib)
{
	static const char *const keys[] = { "SUnreclaim:", "VmallocUsed:" };
	char line[128];
	double value;
	FILE *f;

	*kib = 0;
	if (kept_refresh())
		return -1;
	f = fopen("/proc/meminfo", "re");
	if (!f)
		return bench_errno("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		for (int i = 0; i < 2; i++)
			if (!strncmp(line, keys[i], strlen(keys[i])) &&
			    sscanf(line + strlen(keys[i]), "%lf", &value) == 1)
				*kib += value;
	fclose(f);
	return 0;
}

static int kept_sync_all(const int *fd, int nr)
{
	for (int i = 0; i < nr; i++)
		if (bench_sync(fd[i], DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
		    bench_sync(fd[i], DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))
			return -1;
	return 0;
}

static int kept_measure(enum bench_driver driver, const int *fd, int nr,
			double before)
{
	double after, synced;

	if (kept_read(&after) || kept_sync_all(fd, nr) || kept_read(&synced))
		return -1;
	bench_add(driver, BENCH_KIB, (after - before) / nr, "memory");
	bench_add(driver, BENCH_KIB, (synced - before) / nr, "memory-synced");
	return 0;
}

static int kept_round(const struct bench *b, const struct bench_memory *m,
		      enum bench_driver driver)
{
	int wanted = m->size / BENCH_MIB < KEPT_MANY_MIB ? KEPT_BUFFERS :
							   KEPT_FEW;
	int fd[KEPT_BUFFERS], nr, ret;
	double before;

	ret = kept_read(&before);
	for (nr = 0; !ret && nr < wanted; nr++) {
		fd[nr] = bench_buffer(b, m, driver);
		if (fd[nr] < 0)
			break;
	}
	if (!ret)
		ret = nr < wanted ? -1 : kept_measure(driver, fd, nr, before);
	while (nr > 0)
		close(fd[--nr]);
	bench_add(BENCH_LIMIT, BENCH_KIB, (double)(m->runs * BENCH_RUN) / 1024,
		  "memory");
	return ret;
}

int bench_kept(const struct bench *b, const struct bench_memory *m)
{
	return bench_rounds(b, m, kept_round, BENCH_UDMABUF);
}
