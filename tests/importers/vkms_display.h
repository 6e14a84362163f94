/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vkms, a display without hardware: the kernel itself composes what it would
 * show, pixel by pixel, and its writeback connector puts that into a second
 * buffer. It reads and writes by kernel mappings (vmap) of the buffers.
 * Functions give -errno on failure; frames are VKMS_WIDTH x VKMS_HEIGHT, XRGB.
 */
#ifndef IMPORTERS_VKMS_DISPLAY_H
#define IMPORTERS_VKMS_DISPLAY_H

#include <stddef.h>
#include <stdint.h>

/* Small: composing a pixel takes an emulated processor a while. */
#define VKMS_WIDTH	256
#define VKMS_HEIGHT	240

struct vkms_display {
	int drm;
	uint32_t crtc;
	uint32_t plane;
	uint32_t writeback;
	uint32_t mode;
};

struct vkms_frame {
	uint32_t handle;
	uint32_t fb;
};

/* Loads vkms; the display is off. */
int vkms_display_open(struct vkms_display *display);

/* Turns it off, and waits until nothing of any frame is in use. */
int vkms_display_off(const struct vkms_display *display);
void vkms_display_close(struct vkms_display *display);

/*
 * Composes a picture of @from, and returns when it has been written to @to.
 */
int vkms_display_show(const struct vkms_display *display,
		      const struct vkms_frame *from,
		      const struct vkms_frame *to);

/* A frame at the start of the dma-buf @buf, with lines of @pitch bytes. */
int vkms_frame_import(const struct vkms_display *display, int buf,
		      uint32_t pitch, struct vkms_frame *frame);

/*
 * A frame in memory of vkms itself, mapped at @mem, without gaps between its
 * lines: VKMS_FRAME_BYTES.
 */
#define VKMS_FRAME_BYTES	((size_t)VKMS_WIDTH * VKMS_HEIGHT * 4)
int vkms_frame_own(const struct vkms_display *display, uint32_t **mem,
		   struct vkms_frame *frame);

int vkms_frame_release(const struct vkms_display *display,
		       const struct vkms_frame *frame);

#endif /* IMPORTERS_VKMS_DISPLAY_H */
