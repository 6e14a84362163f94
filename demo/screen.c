// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture: drawn into a dma-buf of our driver, imported into the display,
 * put on the screen, and compared pixel by pixel with what the emulator says
 * its screen shows.
 *
 * The display is QEMU's cirrus. At 800x600 with 32 bits a pixel a line takes
 * 3200 of the 4088 bytes that it can do and the frame fits into its 4 MiB, so
 * its driver copies the pixels as they are: not one may differ. That copy is
 * made through the kernel mapping (vmap) of the dma-buf.
 */
#include "demo.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>
#include <drm_fourcc.h>

#define DEMO_SCREEN_DRIVER	"cirrus"
#define DEMO_SCREEN_DUMP	"frame.png"

struct demo_scanout {
	int fd;
	uint32_t handle;
	uint32_t fb;
	uint32_t crtc;
	uint32_t connector;
	drmModeModeInfo mode;
};

static bool demo_mode_find(const drmModeConnector *c, drmModeModeInfo *mode)
{
	for (int i = 0; i < c->count_modes; i++) {
		if (c->modes[i].hdisplay != DEMO_FRAME_WIDTH ||
		    c->modes[i].vdisplay != DEMO_FRAME_HEIGHT)
			continue;
		*mode = c->modes[i];
		return true;
	}
	return false;
}

static bool demo_connector_find(struct demo_scanout *s, const drmModeRes *res)
{
	for (int i = 0; i < res->count_connectors; i++) {
		drmModeConnector *c;
		bool found;

		c = drmModeGetConnector(s->fd, res->connectors[i]);
		if (!c)
			continue;
		found = demo_mode_find(c, &s->mode);
		s->connector = c->connector_id;
		drmModeFreeConnector(c);
		if (found)
			return true;
	}
	return false;
}

static int demo_scanout_find(struct demo_scanout *s)
{
	drmModeRes *res = drmModeGetResources(s->fd);
	bool found = false;

	if (res && res->count_crtcs) {
		s->crtc = res->crtcs[0];
		found = demo_connector_find(s, res);
	}
	drmModeFreeResources(res);
	if (found)
		return 0;
	demo_error("the display has no mode of %ux%u", DEMO_FRAME_WIDTH,
		   DEMO_FRAME_HEIGHT);
	return -1;
}

static int demo_scanout_import(struct demo_scanout *s, int dmabuf)
{
	const uint32_t pitches[4] = { DEMO_FRAME_PITCH };
	const uint32_t offsets[4] = { 0 };
	uint32_t handles[4] = { 0 };

	if (drmPrimeFDToHandle(s->fd, dmabuf, &s->handle)) {
		demo_error("the display does not import the dma-buf: %s",
			   strerror(errno));
		return -1;
	}
	handles[0] = s->handle;
	if (!drmModeAddFB2(s->fd, DEMO_FRAME_WIDTH, DEMO_FRAME_HEIGHT,
			   DRM_FORMAT_XRGB8888, handles, pitches, offsets,
			   &s->fb, 0))
		return 0;
	demo_error("the display makes no frame of the dma-buf: %s",
		   strerror(errno));
	return -1;
}

static int demo_scanout_show(struct demo_scanout *s)
{
	if (drmModeSetCrtc(s->fd, s->crtc, s->fb, 0, 0, &s->connector, 1,
			   &s->mode)) {
		demo_error("the display does not show the frame: %s",
			   strerror(errno));
		return -1;
	}
	if (drmModeDirtyFB(s->fd, s->fb, NULL, 0)) {
		demo_error("DIRTYFB: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void demo_scanout_close(struct demo_scanout *s)
{
	if (s->fb)
		drmModeRmFB(s->fd, s->fb);
	if (s->handle)
		drmCloseBufferHandle(s->fd, s->handle);
	close(s->fd);
}

/* Have the emulator write down its screen; lands in the results folder. */
static int demo_screendump(void)
{
	char prog[] = "vm-screendump", name[] = DEMO_SCREEN_DUMP;
	char *const argv[] = { prog, name, NULL };
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, prog, NULL, NULL, argv, environ);
	if (err) {
		demo_error("%s: %s", prog, strerror(err));
		return -1;
	}
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    !WEXITSTATUS(status))
		return 0;
	demo_error("%s failed: no picture of the screen", prog);
	return -1;
}

static int demo_screen_verify(struct demo *d, const unsigned char *drawn)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/drawn.png", d->opt.results);
	if (demo_frame_save(drawn, path))
		return -1;
	snprintf(path, sizeof(path), "%s/" DEMO_SCREEN_DUMP, d->opt.results);
	if (demo_frame_compare(drawn, path, &d->picture.wrong))
		return -1;
	d->picture.checked = true;
	if (!d->picture.wrong)
		return 0;
	demo_error("the screen shows %lu pixels that were not drawn that way",
		   d->picture.wrong);
	d->proven = false;
	return 0;
}

/* On the screen from here on, so the picture is taken in between. */
static int demo_screen_show(struct demo *d, int dmabuf,
			    const unsigned char *drawn)
{
	struct demo_scanout s = { .fd = demo_drm_open(DEMO_SCREEN_DRIVER) };
	int ret = -1;

	if (s.fd < 0)
		return -1;
	snprintf(d->picture.driver, sizeof(d->picture.driver), "%s",
		 DEMO_SCREEN_DRIVER);
	if (!demo_scanout_find(&s) && !demo_scanout_import(&s, dmabuf) &&
	    !demo_scanout_show(&s) && !demo_screendump())
		ret = demo_screen_verify(d, drawn);
	demo_scanout_close(&s);
	return ret;
}

/* Draw into the mapping of the dma-buf; @drawn gets a copy of the pixels. */
static int demo_screen_draw(struct demo *d, struct demo_buffer *b,
			    unsigned char *drawn)
{
	if (demo_buffer_map(b) ||
	    demo_buffer_sync(b, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
	    demo_frame_draw(d, b->map))
		return -1;
	memcpy(drawn, b->map, DEMO_FRAME_BYTES);
	if (d->opt.spoil_frame)
		b->map[DEMO_FRAME_BYTES / 2] ^= 0xff;
	return demo_buffer_sync(b, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
}

static int demo_screen_buffer(struct demo *d, const struct demo_memory *m,
			      unsigned char *drawn)
{
	struct demo_buffer b;
	int ret;

	if (demo_buffer_open(&b, d->dev[DEMO_OURS], m))
		return -1;
	ret = demo_screen_draw(d, &b, drawn);
	if (!ret)
		ret = demo_screen_show(d, b.fd, drawn);
	demo_buffer_close(&b);
	return ret;
}

/* Sets d->proven to false when the picture is wrong. */
int demo_screen(struct demo *d)
{
	size_t size = demo_round_up(DEMO_FRAME_BYTES, DEMO_PAGE);
	unsigned char *drawn = malloc(DEMO_FRAME_BYTES);
	struct demo_memory m;
	int ret = -1;

	demo_progress(2, "draw a frame into a dma-buf and show it");
	d->picture.width = DEMO_FRAME_WIDTH;
	d->picture.height = DEMO_FRAME_HEIGHT;
	if (drawn && !demo_memory_open(&m, DEMO_SHMEM, size)) {
		ret = demo_screen_buffer(d, &m, drawn);
		demo_memory_close(&m);
	}
	free(drawn);
	return ret;
}
