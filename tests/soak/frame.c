// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that draws frames: memory, buffer, mapping, a picture; a DRM device and
 * an importer get it, the importer has to see the picture; and all of it goes.
 */
#include <errno.h>
#include <libdrm/drm.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "common.h"
#include "drm.h"
#include "peek.h"
#include "soak.h"

static const struct {
	const char *name;
	enum udb_backing backing;
	size_t bytes;
} sizes[SOAK_SIZES] = {
	{ "256 KiB", UDB_SHMEM_4K, 256 * UDB_KIB },
	{ "1 MiB", UDB_SHMEM_4K, UDB_MIB },
	{ "2 MiB, hugetlb", UDB_HUGETLB_2M, UDB_HUGE },
	{ "8 MiB", UDB_SHMEM_4K, 8 * UDB_MIB },
};

const char *soak_size_name(uint32_t size)
{
	return sizes[size].name;
}

static int failed(struct soak *soak, const char *what)
{
	if (!atomic_exchange(&soak->failed, true))
		snprintf(soak->why, sizeof(soak->why), "%s: %s", what,
			 strerror(errno));
	return 1;
}

/* The device has it and lets go; the importer looks at the first and last page. */
static const char *show(int drm, int buf, size_t bytes, uint64_t frame)
{
	struct drm_gem_close gem = { .handle = drm_import(drm, buf) };
	const char *why = NULL;
	char page[UDB_PAGE];
	int peek;

	if (!gem.handle)
		return "vgem does not take the frame";
	peek = peek_attach(buf, PEEK_VMAP, PEEK_BIDIRECTIONAL);
	if (peek < 0)
		why = "the importer does not take the frame";
	else if (!peek_read(peek, page, UDB_PAGE, (off_t)(bytes - UDB_PAGE)))
		why = "the importer cannot read the frame";
	else if (!udb_page_has(page, UDB_STAMP(frame, bytes / UDB_PAGE - 1)))
		why = "the importer sees another picture";
	if (peek >= 0)
		close(peek);
	if (ioctl(drm, DRM_IOCTL_GEM_CLOSE, &gem))
		return "vgem does not let go";
	return why;
}

static const char *draw(int drm, int buf, size_t bytes, uint64_t frame)
{
	char *map = udb_map(buf, bytes, PROT_READ | PROT_WRITE);
	const char *why = NULL;

	if (!map)
		return "mmap";
	if (udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE))
		why = "SYNC";
	udb_stamp(map, bytes, frame, 0);
	if (udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE))
		why = "SYNC";
	why = why ? why : show(drm, buf, bytes, frame);
	munmap(map, bytes);
	return why;
}

static const char *run_frame(int dev, int drm, uint32_t size, uint64_t frame)
{
	int memfd = udb_memfd_empty(sizes[size].backing, sizes[size].bytes),
	    buf;
	const char *why;

	if (memfd < 0)
		return "memfd_create";
	buf = udb_create(dev, memfd, 0, sizes[size].bytes);
	close(memfd);
	if (buf < 0)
		return "create";
	why = draw(drm, buf, sizes[size].bytes, frame & 0xffff);
	close(buf);
	return why;
}

/* Between two frames nobody has anything, and it can be counted. */
static void wait_for_count(struct soak *soak)
{
	if (!atomic_load(&soak->pause))
		return;
	atomic_fetch_add(&soak->nr_waiting, 1);
	while (atomic_load(&soak->pause))
		usleep(2000);
	atomic_fetch_sub(&soak->nr_waiting, 1);
}

int soak_work(struct soak *soak, uint32_t number)
{
	int dev = open(soak->device, O_RDWR | O_CLOEXEC),
	    drm = drm_open_vgem("renderD");
	const char *why;
	uint64_t frame;
	uint32_t size;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dev < 0 || drm < 0)
		return failed(soak, "the driver or vgem");
	for (frame = number; !atomic_load(&soak->stop); frame++) {
		size = (uint32_t)(frame % SOAK_SIZES);
		why = run_frame(dev, drm, size, frame);
		if (why)
			return failed(soak, why);
		atomic_fetch_add(&soak->nr_frames[size], 1);
		wait_for_count(soak);
	}
	return 0;
}
