// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real importer that everybody can look at: a display. A buffer is drawn by
 * the processor, imported, made a frame, shown, and the screen is compared with
 * what was drawn, pixel by pixel, as the emulator sees it from outside. The
 * drivers of QEMU's displays copy a frame to the screen through dma_buf_vmap().
 *
 * The machine has one of two displays: cirrus-vga, whose driver imports in all
 * kernels, or bochs-display, whose driver kept frames in the memory of the
 * device up to 6.12 and imports nothing there; in 7.3 it does.
 *
 * Guards against: what suite vivid does for vmap, seen from outside; and memory
 * of a frame that goes away while it is shown.
 */
#include <stdlib.h>
#include <stdio.h>

#include "camera.h"
#include "display.h"
#include "screen.h"
#include "settled.h"

/* The largest frame that fits into a huge page, nearly. */
#define WIDTH	800
#define HEIGHT	600
#define SIZE	UDB_HUGE

/* Room for two of them. */
#define NR_FRAMES	2
#define MEMORY		(NR_FRAMES * SIZE)

static const struct display_frame whole = {
	.format = DISPLAY_XRGB8888,
	.width = WIDTH,
	.height = HEIGHT,
	.pitch = 4 * WIDTH,
};

FIXTURE(scanout) {
	long users;
	int dev;
	int memfd;
	int buf;
	unsigned char *mem;
	unsigned char *map;
	uint32_t handle;
	struct display d;
};

UDB_BACKING_VARIANTS(scanout);

#define IMPORTS_OR_SKIP()						\
	do {								\
		if (display_has_only_its_own_memory(&self->d))		\
			SKIP(return, "%s is above drm_vram_helper, which "\
			     "imports nothing", self->d.module);	\
	} while (0)

FIXTURE_SETUP(scanout)
{
	self->users = kmodule_users_of_driver();
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, MEMORY);
	ASSERT_EQ(0, display_open(&self->d))
	TH_LOG("needs CONFIG_DRM_CIRRUS_QEMU or _BOCHS, and its device");
	self->mem = udb_map(self->memfd, MEMORY, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem);
	self->buf = udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	self->map = udb_map(self->buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->map);
	ASSERT_EQ(0, display_mode(&self->d, WIDTH, HEIGHT));
	self->handle = display_import(&self->d, self->buf);
	if (!display_has_only_its_own_memory(&self->d))
		ASSERT_NE(0, self->handle);
}

FIXTURE_TEARDOWN(scanout)
{
	EXPECT_EQ(0, display_close(&self->d));
	munmap(self->map, SIZE);
	munmap(self->mem, MEMORY);
	close(self->buf);
	EXPECT_EQ(0, camera_seal(self->memfd));
	close(self->memfd);
	close(self->dev);
	EXPECT_EQ(self->users, kmodule_users_of_driver());
}

/* Draws through the buffer, as a program does. */
static void draw(int buf, unsigned char *map, size_t bytes, uint32_t seed)
{
	udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	noise_fill(map, bytes, seed);
	udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

/* The screen shows all pixels of @frame at @memory but @count of them. */
#define EXPECT_WRONG(count, frame, memory)				\
	do {								\
		struct screen_wrong wrong_;				\
									\
		wrong_ = screen_compare(frame, memory, __func__, count); \
		EXPECT_EQ((long)(count), wrong_.pixels)			\
			TH_LOG("the first at %u,%u", wrong_.x, wrong_.y); \
	} while (0)

#define EXPECT_SCREEN(frame, memory) EXPECT_WRONG(0, frame, memory)

TEST_F(scanout, every_pixel)
{
	uint32_t frame;

	IMPORTS_OR_SKIP();
	draw(self->buf, self->map, SIZE, 1);
	frame = display_frame_add(&self->d, self->handle, &whole);
	ASSERT_NE(0, frame);
	ASSERT_EQ(0, display_show(&self->d, frame));
	EXPECT_SCREEN(&whole, self->map);
	EXPECT_SCREEN(&whole, self->mem);
}

/* The comparison is worth something: one pixel is one pixel. */
TEST_F(scanout, one_pixel)
{
	static const unsigned int places[][2] = {
		{ 0, 0 },	   { WIDTH - 1, 0 },	      { 333, 444 },
		{ 0, HEIGHT - 1 }, { WIDTH - 1, HEIGHT - 1 },
	};
	static unsigned char was[SIZE];
	unsigned char *pixel;
	struct screen_wrong wrong;
	uint32_t frame;
	size_t i;

	IMPORTS_OR_SKIP();
	draw(self->buf, self->map, SIZE, 2);
	frame = display_frame_add(&self->d, self->handle, &whole);
	ASSERT_NE(0, frame);
	ASSERT_EQ(0, display_show(&self->d, frame));
	memcpy(was, self->map, SIZE);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		pixel = self->map + places[i][1] * whole.pitch +
			places[i][0] * 4;
		*pixel ^= 1;
		ASSERT_EQ(0, display_dirty(&self->d, frame, NULL));
		wrong = screen_compare(&whole, was, __func__, 1);
		EXPECT_EQ(1, wrong.pixels);
		EXPECT_EQ(places[i][0], wrong.x);
		EXPECT_EQ(places[i][1], wrong.y);
		*pixel ^= 1;
	}
}

/* What was drawn anew, and nothing else, where only that is copied. */
TEST_F(scanout, part_of_the_screen)
{
	const struct drm_clip_rect part = {
		.x1 = 100,
		.y1 = 50,
		.x2 = 356,
		.y2 = 250,
	};
	static unsigned char shown[SIZE];
	unsigned int y;
	uint32_t frame;

	IMPORTS_OR_SKIP();
	draw(self->buf, self->map, SIZE, 3);
	frame = display_frame_add(&self->d, self->handle, &whole);
	ASSERT_NE(0, frame);
	ASSERT_EQ(0, display_show(&self->d, frame));
	memcpy(shown, self->map, SIZE);
	draw(self->buf, self->map, SIZE, 4);
	ASSERT_EQ(0, display_dirty(&self->d, frame, &part));
	for (y = part.y1; y < part.y2; y++)
		memcpy(shown + y * whole.pitch + part.x1 * 4,
		       self->map + y * whole.pitch + part.x1 * 4,
		       (part.x2 - part.x1) * 4);
	EXPECT_SCREEN(&whole, shown);
	ASSERT_EQ(0, display_dirty(&self->d, frame, NULL));
	EXPECT_SCREEN(&whole, self->map);
}

TEST_F(scanout, page_flips)
{
	unsigned char *maps[NR_FRAMES] = { self->map };
	uint32_t frames[NR_FRAMES], handle;
	int buf, i;

	IMPORTS_OR_SKIP();
	buf = udb_create(self->dev, self->memfd, SIZE, SIZE);
	ASSERT_GE(buf, 0);
	maps[1] = udb_map(buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, maps[1]);
	handle = display_import(&self->d, buf);
	ASSERT_NE(0, handle);
	frames[0] = display_frame_add(&self->d, self->handle, &whole);
	frames[1] = display_frame_add(&self->d, handle, &whole);
	ASSERT_NE(0, frames[0]);
	ASSERT_NE(0, frames[1]);
	draw(self->buf, maps[0], SIZE, 5);
	ASSERT_EQ(0, display_show(&self->d, frames[0]));
	for (i = 1; i < 4; i++) {
		draw(i & 1 ? buf : self->buf, maps[i & 1], SIZE, 5 + i);
		ASSERT_EQ(0, display_flip(&self->d, frames[i & 1]));
		EXPECT_SCREEN(&whole, maps[i & 1]);
	}
	munmap(maps[1], SIZE);
	close(buf);
}

/* A frame that begins in the middle of a page, of a buffer that is larger. */
TEST_F(scanout, frame_at_an_offset)
{
	struct display_frame frame = whole;
	uint32_t id;

	IMPORTS_OR_SKIP();
	frame.offset = 29 * UDB_PAGE + 640;
	draw(self->buf, self->map, SIZE, 10);
	id = display_frame_add(&self->d, self->handle, &frame);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, display_show(&self->d, id));
	EXPECT_SCREEN(&frame, self->map);
}

#define RANGE_PAGES	4
#define NR_RANGES	(SIZE / UDB_PAGE / RANGE_PAGES)

/* Many runs in an order of their own. */
TEST_F(scanout, buffer_of_ranges_in_reverse)
{
	struct udmabuf_create_item items[NR_RANGES];
	unsigned char *map;
	uint32_t handle, frame;
	size_t i;
	int buf;

	IMPORTS_OR_SKIP();
	for (i = 0; i < NR_RANGES; i++)
		items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = (NR_RANGES - 1 - i) * RANGE_PAGES * UDB_PAGE,
			.size = RANGE_PAGES * UDB_PAGE,
		};
	buf = udb_create_list(self->dev, items, NR_RANGES);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	draw(buf, map, SIZE, 11);
	handle = display_import(&self->d, buf);
	ASSERT_NE(0, handle);
	frame = display_frame_add(&self->d, handle, &whole);
	ASSERT_NE(0, frame);
	ASSERT_EQ(0, display_show(&self->d, frame));
	EXPECT_SCREEN(&whole, map);
	munmap(map, SIZE);
	close(buf);
}

#define EXPECT_FORMAT(code, bytes, w, h)				\
	do {								\
		const struct display_frame frame_ = {			\
			.format = code,					\
			.width = w,					\
			.height = h,					\
			.pitch = (bytes) * (w),				\
		};							\
		uint32_t id_;						\
									\
		draw(self->buf, self->map, SIZE, code);			\
		ASSERT_EQ(0, display_mode(&self->d, w, h));		\
		id_ = display_frame_add(&self->d, self->handle, &frame_); \
		ASSERT_NE(0, id_);					\
		ASSERT_EQ(0, display_show(&self->d, id_));		\
		EXPECT_SCREEN(&frame_, self->map);			\
	} while (0)

TEST_F(scanout, frames_of_other_sizes)
{
	IMPORTS_OR_SKIP();
	EXPECT_FORMAT(DISPLAY_XRGB8888, 4, 640, 480);
	EXPECT_FORMAT(DISPLAY_XRGB8888, 4, WIDTH, HEIGHT);
}

TEST_F(scanout, frames_of_other_formats)
{
	IMPORTS_OR_SKIP();
	if (!strcmp(self->d.module, "bochs"))
		SKIP(return, "bochs shows 32 bits a pixel and nothing else");
	EXPECT_FORMAT(DISPLAY_RGB565, 2, WIDTH, HEIGHT);
	EXPECT_FORMAT(DISPLAY_RGB888, 3, WIDTH, HEIGHT);
}

/* The display is the last to have the memory, and still can show it. */
TEST_F(scanout, display_is_the_last_user)
{
	uint32_t frame;

	IMPORTS_OR_SKIP();
	frame = display_frame_add(&self->d, self->handle, &whole);
	ASSERT_NE(0, frame);
	ASSERT_EQ(0, display_show(&self->d, frame));
	EXPECT_EQ(0, display_drop(&self->d, self->handle));
	munmap(self->map, SIZE);
	close(self->buf);
	close(self->dev);
	noise_fill(self->mem, SIZE, 12);
	ASSERT_EQ(0, display_dirty(&self->d, frame, NULL));
	EXPECT_SCREEN(&whole, self->mem);
	munmap(self->mem, MEMORY);
	EXPECT_EQ(EBUSY, camera_seal(self->memfd));
	EXPECT_EQ(0, display_frame_remove(&self->d, frame));
	EXPECT_EQ(0, camera_seal(self->memfd));
}

TEST_F(scanout, buffer_too_small_is_refused)
{
	struct display_frame frame = whole;
	uint32_t handle;
	int buf;

	IMPORTS_OR_SKIP();
	buf = udb_create(self->dev, self->memfd, 0,
			 whole.pitch * HEIGHT / UDB_PAGE * UDB_PAGE);
	ASSERT_GE(buf, 0);
	handle = display_import(&self->d, buf);
	ASSERT_NE(0, handle);
	errno = 0;
	EXPECT_EQ(0, display_frame_add(&self->d, handle, &frame));
	EXPECT_EQ(EINVAL, errno);
	frame.height--;
	EXPECT_NE(0, display_frame_add(&self->d, handle, &frame));
	close(buf);
}

/*
 * From camera to screen without a copy by the processor: one buffer, two
 * importers at the same time.
 */
TEST_F_TIMEOUT(scanout, camera_to_screen, 60)
{
	const struct display_frame frame = {
		.format = DISPLAY_XRGB8888,
		.width = 640,
		.height = 480,
		.pitch = 4 * 640,
	};
	static unsigned char want[SIZE];
	unsigned char *const frames[] = { want };
	struct video v;
	uint32_t id;

	IMPORTS_OR_SKIP();
	ASSERT_EQ(0, camera_load());
	ASSERT_EQ(0, camera_open(&v, CAMERA_VMAP));
	ASSERT_EQ(0, video_format(&v, V4L2_PIX_FMT_XBGR32, 640, 480));
	ASSERT_EQ(0, video_reference(&v, frames));
	ASSERT_EQ(0, display_mode(&self->d, 640, 480));
	id = display_frame_add(&self->d, self->handle, &frame);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, display_show(&self->d, id));
	ASSERT_EQ(0, video_capture(&v, &self->buf));
	ASSERT_EQ(0, display_dirty(&self->d, id, NULL));
	EXPECT_SCREEN(&frame, want);
	video_close(&v);
	EXPECT_EQ(0, camera_unload());
}

static bool import_many_times(const void *arg)
{
	FIXTURE_DATA(scanout) self = *(FIXTURE_DATA(scanout) const *)arg;
	const struct display_frame small = {
		.format = DISPLAY_XRGB8888,
		.width = 64,
		.height = 64,
		.pitch = 256,
	};
	uint32_t handle, frame;
	int round, buf;

	for (round = 0; round < SETTLED_ROUNDS; round++) {
		buf = udb_create(self.dev, self.memfd, round % 64 * UDB_PAGE,
				 small.height * small.pitch);
		if (buf < 0)
			return false;
		handle = display_import(&self.d, buf);
		close(buf);
		frame = display_frame_add(&self.d, handle, &small);
		if (!frame || display_drop(&self.d, handle) ||
		    display_frame_remove(&self.d, frame))
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(scanout, importing_costs_nothing_for_good, 300)
{
	IMPORTS_OR_SKIP();
	EXPECT_NO_GROWTH(import_many_times, self);
}

/* Said clearly, in 6.1 by another number than later; nothing is left behind. */
TEST_F(scanout, refused_by_who_cannot)
{
	if (!display_has_only_its_own_memory(&self->d))
		SKIP(return, "%s imports", self->d.module);
	EXPECT_EQ(0, self->handle);
	errno = 0;
	EXPECT_EQ(0, display_import(&self->d, self->buf));
	EXPECT_NE(0, errno);
}

TEST_HARNESS_MAIN
