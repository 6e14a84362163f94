// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs in the guest of the guest: shows a picture on the display that it has, from
 * a frame of the display's driver. That makes a blob resource of the frame, because the
 * device has such. Prints "painted" when the picture is there, and never ends.
 */
#include <libdrm/drm.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../importers/display.h"
#include "painter.h"
#include "picture.h"

static int painter_draw(struct display *d,
			const struct drm_mode_create_dumb *dumb)
{
	struct drm_mode_map_dumb place = { .handle = dumb->handle };
	uint32_t x, y;
	uint8_t *map;

	if (ioctl(d->fd, DRM_IOCTL_MODE_MAP_DUMB, &place))
		return -1;
	map = mmap(NULL, dumb->size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd,
		   (off_t)place.offset);
	if (map == MAP_FAILED)
		return -1;
	for (y = 0; y < PAINTER_HEIGHT; y++)
		for (x = 0; x < PAINTER_WIDTH; x++)
			((uint32_t *)(map + (size_t)y * dumb->pitch))[x] =
				picture_pixel(PAINTER_PICTURE, x, y);
	return munmap(map, dumb->size);
}

static int painter_paint(struct display *d)
{
	struct drm_mode_create_dumb dumb = { .width = PAINTER_WIDTH,
					     .height = PAINTER_HEIGHT,
					     .bpp = 32 };
	struct display_frame frame = { .format = DISPLAY_XRGB8888,
				       .width = PAINTER_WIDTH,
				       .height = PAINTER_HEIGHT };
	uint32_t id;

	if (ioctl(d->fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb) ||
	    painter_draw(d, &dumb))
		return -1;
	frame.pitch = dumb.pitch;
	id = display_frame_add(d, dumb.handle, &frame);
	if (!id || display_show(d, id))
		return -1;
	return display_dirty(d, id, NULL);
}

int main(void)
{
	struct display d;

	if (display_open(&d))
		perror("painter: no display");
	else if (display_mode(&d, PAINTER_WIDTH, PAINTER_HEIGHT))
		perror("painter: no mode of that size");
	else if (painter_paint(&d))
		perror("painter: no picture");
	else
		puts("painted");
	fflush(stdout);
	for (;;)
		pause();
}
