/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenGL ES without a display, on Mesa's software renderer: what a test draws, and
 * textures that are dma-bufs. A function that returns bool tells whether it worked.
 */
#ifndef CLIENTS_GLES_H
#define CLIENTS_GLES_H

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <stdbool.h>
#include <stdint.h>

#include "../share.h"

/**
 * struct gles - a context that is current
 * @display: EGL's display, without a surface
 * @context: its context
 * @export_query: EGL_MESA_image_dma_buf_export
 * @export: the same
 * @create_image: EGL_KHR_image_base
 * @target_texture: GL_OES_EGL_image
 */
struct gles {
	EGLDisplay display;
	EGLContext context;
	PFNEGLEXPORTDMABUFIMAGEQUERYMESAPROC export_query;
	PFNEGLEXPORTDMABUFIMAGEMESAPROC export;
	PFNEGLCREATEIMAGEKHRPROC create_image;
	PFNGLEGLIMAGETARGETTEXTURE2DOESPROC target_texture;
};

/* Makes it the context of this thread. */
bool gles_begin(struct gles *gles);
void gles_end(struct gles *gles);

/* An empty texture that can be drawn into; 0 on failure. */
GLuint gles_texture(uint32_t width, uint32_t height);

/* The texture as a dma-buf, which the caller owns. */
bool gles_export(struct gles *gles, GLuint texture, int *fd,
		 struct share_layout *layout);

/* A texture that is the dma-buf; 0 on failure. */
GLuint gles_import(struct gles *gles, int fd,
		   const struct share_layout *layout);

/*
 * Draws: with @from 0 a pattern that depends on the place and on @number, else that
 * texture, turned upside down; into @into.
 */
bool gles_draw(GLuint into, GLuint from, uint32_t width, uint32_t height,
	       uint32_t number);

/* What the pattern has at a place: red, green, blue, alpha, a byte each. */
void gles_pattern(uint32_t x, uint32_t y, uint32_t number, uint8_t pixel[4]);

#endif /* CLIENTS_GLES_H */
