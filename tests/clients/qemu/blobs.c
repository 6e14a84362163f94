// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's virtio-gpu with blob resources, the main use of the driver: a guest's frame
 * lies scattered in its memory, QEMU makes a dma-buf of the pieces, maps it and shows
 * it. Here the guest is this program (gpu.c); the screen is compared pixel by pixel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "gpu.h"
#include "picture.h"

#define BLOBS_RAM		(128UL << 20)
#define BLOBS_SCREEN		"/tmp/screen.ppm"
#define BLOBS_FRAMES		1000
#define BLOBS_LOOK_EACH		20
#define BLOBS_SLAB_KIB		1024 /* 1 KiB a frame */

/*
 * No two pages in a row are neighbours: coprime to each number of pages used here, and
 * neither one more nor one less than a multiple of it.
 */
#define BLOBS_STRIDE		7919

#define BLOBS_LIMIT		300 /* seconds, for an emulated machine that is idle */

/* Pages of a frame, one address each, all over the memory. */
struct blobs_pages {
	struct gpu_frame frame;
	uint64_t *address;
	uint64_t base;
};

static int blobs_scatter(struct blobs_pages *pages, uint32_t width,
			 uint32_t height)
{
	uint32_t nr = width * height * 4 / GPU_PAGE, i;

	pages->address = calloc(nr, sizeof(*pages->address));
	if (!pages->address)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		pages->address[i] = pages->base +
				    (uint64_t)i * BLOBS_STRIDE % nr * GPU_PAGE;
	pages->frame = (struct gpu_frame){ .width = width,
					   .height = height,
					   .nr_entries = nr,
					   .entry_size = GPU_PAGE,
					   .address = pages->address };
	return 0;
}

/* What a guest's renderer would do. */
static void blobs_draw(struct vmm *vmm, const struct gpu_frame *frame,
		       uint32_t number)
{
	uint32_t per_entry = frame->entry_size / 4, i, j;

	for (i = 0; i < frame->nr_entries; i++) {
		uint32_t *pixel = (uint32_t *)(vmm->ram + frame->address[i]);

		for (j = 0; j < per_entry; j++) {
			uint32_t at = i * per_entry + j;

			pixel[j] = picture_pixel(number, at % frame->width,
						 at / frame->width);
		}
	}
}

/* The picture for a person; what the test thinks of it does not matter here. */
static void blobs_keep(struct vmm *vmm, const char *name)
{
	const char *folder = getenv("UDMABUF_RESULTS");
	char path[256];

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/qemu-%s.png", folder, name);
	vmm_screendump(vmm, path, "png");
}

static long blobs_wrong_pixels(struct vmm *vmm, const struct gpu_frame *frame,
			       uint32_t number, char why[128])
{
	if (vmm_screendump(vmm, BLOBS_SCREEN, "ppm")) {
		snprintf(why, 128, "QEMU makes no screendump");
		return -1;
	}
	return picture_compare(BLOBS_SCREEN, number, frame->width,
			       frame->height, why);
}

FIXTURE(blob) {
	struct vmm vmm;
	struct gpu gpu;
	struct blobs_pages pages;
	char why[128];
};

FIXTURE_VARIANT(blob) {
	const char *name;
	bool hugetlb;
};

FIXTURE_VARIANT_ADD(blob, shmem) {
	.name = "shmem",
};

FIXTURE_VARIANT_ADD(blob, hugetlb) {
	.name = "hugetlb",
	.hugetlb = true,
};

FIXTURE_SETUP(blob)
{
	const struct vmm_setup setup = { .ram_size = BLOBS_RAM,
					 .hugetlb = variant->hugetlb };

	self->pages.base = GPU_FRAMES;
	ASSERT_EQ(0, vmm_start(&self->vmm, &setup))
	TH_LOG("QEMU does not start, see %s", self->vmm.log);
	ASSERT_EQ(0, gpu_open(&self->gpu, &self->vmm));
}

FIXTURE_TEARDOWN(blob)
{
	vmm_stop(&self->vmm);
	free(self->pages.address);
}

/* Makes resource @id of the frame and shows it. */
#define BLOBS_SHOW(id, frame)							\
	do {									\
		ASSERT_EQ(0, gpu_create_blob(&self->gpu, id, frame));		\
		ASSERT_EQ(0, gpu_set_scanout(&self->gpu, id, frame))		\
			TH_LOG("the device answers 0x%x",			\
			       gpu_answer(&self->gpu));				\
		ASSERT_EQ(0, gpu_flush(&self->gpu, id, frame));			\
	} while (0)

#define BLOBS_EXPECT_SCREEN(frame, number)					\
	EXPECT_EQ(0, blobs_wrong_pixels(&self->vmm, frame, number, self->why))	\
		TH_LOG("frame %u: %s", (unsigned int)(number), self->why)

TEST_F_TIMEOUT(blob, one_entry, BLOBS_LIMIT)
{
	const uint64_t address = GPU_FRAMES;
	const struct gpu_frame frame = { .width = 1024,
					 .height = 768,
					 .nr_entries = 1,
					 .address = &address,
					 .entry_size = 1024 * 768 * 4 };

	blobs_draw(&self->vmm, &frame, 1);
	BLOBS_SHOW(1, &frame);
	EXPECT_EQ(1, vmm_count_buffers(&self->vmm));
	BLOBS_EXPECT_SCREEN(&frame, 1);
	blobs_draw(&self->vmm, &frame, 2);
	ASSERT_EQ(0, gpu_flush(&self->gpu, 1, &frame));
	BLOBS_EXPECT_SCREEN(&frame, 2);
	blobs_keep(&self->vmm, variant->name);
}

/* A frame of 3840 x 2160 has 8100 pages of 4 KiB, and so many ranges. */
TEST_F_TIMEOUT(blob, scattered_4k_frame, BLOBS_LIMIT)
{
	const struct gpu_frame *frame = &self->pages.frame;

	ASSERT_EQ(0, blobs_scatter(&self->pages, 3840, 2160));
	ASSERT_EQ(8100, frame->nr_entries);
	blobs_draw(&self->vmm, frame, 3);
	BLOBS_SHOW(1, frame);
	EXPECT_EQ(1, vmm_count_buffers(&self->vmm));
	BLOBS_EXPECT_SCREEN(frame, 3);
}

/* One resource on the screen, the next in the making, as a guest that draws. */
TEST_F_TIMEOUT(blob, thousand_frames_leave_nothing, BLOBS_LIMIT)
{
	const struct gpu_frame *frame = &self->pages.frame;
	long live = udb_live_dma_bufs(), slab = -1;
	uint32_t number;
	int fds = -1;

	ASSERT_EQ(0, blobs_scatter(&self->pages, 320, 240));
	ASSERT_GE(live, 0) TH_LOG("no table of dma-bufs in debugfs");
	for (number = 1; number <= BLOBS_FRAMES; number++) {
		blobs_draw(&self->vmm, frame, number);
		BLOBS_SHOW(number, frame);
		if (number > 1)
			ASSERT_EQ(0, gpu_unref(&self->gpu, number - 1));
		if (number % BLOBS_LOOK_EACH)
			continue;
		ASSERT_EQ(1, vmm_count_buffers(&self->vmm));
		ASSERT_EQ(live + 1, udb_live_dma_bufs());
		BLOBS_EXPECT_SCREEN(frame, number);
		if (number == BLOBS_LOOK_EACH) {
			slab = udb_meminfo("SUnreclaim");
			fds = vmm_count_fds(&self->vmm);
		}
	}
	EXPECT_LT(udb_meminfo("SUnreclaim") - slab, BLOBS_SLAB_KIB);
	EXPECT_EQ(fds, vmm_count_fds(&self->vmm));
	ASSERT_EQ(0, gpu_unref(&self->gpu, BLOBS_FRAMES));
	EXPECT_EQ(0, vmm_count_buffers(&self->vmm));
	EXPECT_EQ(live, udb_live_dma_bufs());
}

TEST_HARNESS_MAIN
