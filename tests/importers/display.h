/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The display of the virtual machine, driven by raw DRM ioctls: a mode, frames
 * made of imported dma-bufs, and which of them is shown.
 *
 * Functions that return an int give 0, or -1 and errno, unless they say more.
 */
#ifndef IMPORTERS_DISPLAY_H
#define IMPORTERS_DISPLAY_H

#include <libdrm/drm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats, by the codes of drm_fourcc.h. */
#define DISPLAY_CODE(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)
#define DISPLAY_XRGB8888	DISPLAY_CODE('X', 'R', '2', '4')
#define DISPLAY_RGB888		DISPLAY_CODE('R', 'G', '2', '4')
#define DISPLAY_RGB565		DISPLAY_CODE('R', 'G', '1', '6')

struct display {
	int fd;
	const char *module; /* its driver, as lsmod has it */
	uint32_t crtc;
	uint32_t connector;
	struct drm_mode_modeinfo mode;
};

/* Pixels within a dma-buf. */
struct display_frame {
	uint32_t format;
	unsigned int width;
	unsigned int height;
	size_t offset;
	size_t pitch;
};

/*
 * Loads the driver of the display that the machine has, and opens it. ENODEV:
 * it has none; ENOENT: the kernel has no driver for it.
 */
int display_open(struct display *d);

/* Closes it and unloads the driver; -EBUSY: something still uses it. */
int display_close(struct display *d);

/* True when frames lie in the memory of the device, and nothing is imported. */
bool display_has_only_its_own_memory(const struct display *d);

/* Picks the mode for display_show(). ENOENT: there is none of that size. */
int display_mode(struct display *d, unsigned int width, unsigned int height);

/* The handle, or 0. */
uint32_t display_import(struct display *d, int buf);
int display_drop(struct display *d, uint32_t handle);

/* The id of the frame, or 0. */
uint32_t display_frame_add(struct display *d, uint32_t handle,
			   const struct display_frame *f);
int display_frame_remove(struct display *d, uint32_t frame);

/* Sets the mode; the frame has to have its size. */
int display_show(struct display *d, uint32_t frame);

/* Shows another frame, and waits until that has happened. ETIME: it does not. */
int display_flip(struct display *d, uint32_t frame);

/* Says that a part of the frame has changed; NULL: all of it. */
int display_dirty(struct display *d, uint32_t frame,
		  const struct drm_clip_rect *part);

#endif /* IMPORTERS_DISPLAY_H */
