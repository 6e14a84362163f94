// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mesa's llvmpipe: one process draws into a texture and exports it as a dma-buf, which
 * is of udmabuf; another one imports it, draws with it, and into it. What is compared is
 * each pixel, as the second process has drawn it and as it lies in the dma-buf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gles.h"
#include "udb_harness.h"

#define EGL_WIDTH_OF_IT		200U /* no power of two: rows have an end that is unused */
#define EGL_HEIGHT_OF_IT	120U
#define EGL_LIMIT		120

/* Why the other process gives up. */
enum egl_trouble {
	EGL_FINE,
	EGL_NO_CONTEXT_THERE = 10,
	EGL_NOTHING_CAME,
	EGL_NOT_OF_UDMABUF,
	EGL_NO_IMPORT,
	EGL_NO_DRAWING,
	EGL_WRONG_PIXELS,
	EGL_WRONG_BYTES,
};

/* Pixels that differ from the pattern, the first row of @pixel being the last. */
static long egl_wrong(const uint8_t *pixel, uint32_t stride, uint32_t number,
		      bool turned)
{
	uint32_t x, y;
	long wrong = 0;

	for (y = 0; y < EGL_HEIGHT_OF_IT; y++) {
		uint32_t row = turned ? EGL_HEIGHT_OF_IT - 1 - y : y;

		for (x = 0; x < EGL_WIDTH_OF_IT; x++) {
			uint8_t want[4];

			gles_pattern(x, row, number, want);
			wrong += !!memcmp(pixel + (size_t)y * stride + x * 4,
					  want, 4);
		}
	}
	return wrong;
}

/* As a PAM file, for a person. */
static void egl_keep(const uint8_t *pixel)
{
	const char *folder = getenv("UDMABUF_RESULTS");
	char path[256];
	FILE *file;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/mesa-egl.pam", folder);
	file = fopen(path, "we");
	if (!file)
		return;
	fprintf(file,
		"P7\nWIDTH %u\nHEIGHT %u\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
		EGL_WIDTH_OF_IT, EGL_HEIGHT_OF_IT);
	fwrite(pixel, 4, (size_t)EGL_WIDTH_OF_IT * EGL_HEIGHT_OF_IT, file);
	fclose(file);
}

/* What lies in the dma-buf, without any GL. */
static int egl_look_at_bytes(int fd, const struct share_layout *layout,
			     uint32_t number)
{
	size_t size;
	uint8_t *map = share_map(fd, &size);
	long wrong = -1;

	if (map &&
	    size >= layout->offset + (size_t)layout->stride * layout->height)
		wrong = egl_wrong(map + layout->offset, layout->stride, number,
				  false);
	if (map)
		munmap(map, size);
	return wrong ? EGL_WRONG_BYTES : EGL_FINE;
}

/* Draws with the other's picture into one of its own, and reads that back. */
static int egl_look_by_drawing(GLuint theirs, uint32_t number)
{
	static uint8_t pixel[EGL_WIDTH_OF_IT * EGL_HEIGHT_OF_IT * 4];
	GLuint mine = gles_texture(EGL_WIDTH_OF_IT, EGL_HEIGHT_OF_IT);

	if (!mine ||
	    !gles_draw(mine, theirs, EGL_WIDTH_OF_IT, EGL_HEIGHT_OF_IT, 0))
		return EGL_NO_DRAWING;
	glReadPixels(0, 0, EGL_WIDTH_OF_IT, EGL_HEIGHT_OF_IT, GL_RGBA,
		     GL_UNSIGNED_BYTE, pixel);
	egl_keep(pixel);
	return egl_wrong(pixel, EGL_WIDTH_OF_IT * 4, number, true) ?
		       EGL_WRONG_PIXELS :
		       EGL_FINE;
}

/* The second process: looks at picture 1, draws picture 2 over it. */
static int egl_importer(int socket)
{
	struct share_layout layout = {};
	struct gles gles;
	GLuint theirs;
	int fd, ret;

	if (!gles_begin(&gles))
		return EGL_NO_CONTEXT_THERE;
	if (share_receive(socket, &fd, &layout))
		return EGL_NOTHING_CAME;
	if (!share_is_udmabuf(fd))
		return EGL_NOT_OF_UDMABUF;
	theirs = gles_import(&gles, fd, &layout);
	if (!theirs)
		return EGL_NO_IMPORT;
	ret = egl_look_at_bytes(fd, &layout, 1);
	if (!ret)
		ret = egl_look_by_drawing(theirs, 1);
	if (!ret && !gles_draw(theirs, 0, layout.width, layout.height, 2))
		ret = EGL_NO_DRAWING;
	gles_end(&gles);
	return ret;
}

FIXTURE(egl) {
	struct gles gles;
	struct share_layout layout;
	GLuint texture;
	pid_t other;
	int socket;
	int fd;
};

FIXTURE_SETUP(egl)
{
	self->layout = (struct share_layout){ .width = EGL_WIDTH_OF_IT,
					      .height = EGL_HEIGHT_OF_IT };
	self->other = share_start(egl_importer, &self->socket);
	ASSERT_GT(self->other, 0);
	ASSERT_TRUE(gles_begin(&self->gles));
	self->texture = gles_texture(EGL_WIDTH_OF_IT, EGL_HEIGHT_OF_IT);
	ASSERT_NE(0, self->texture);
	ASSERT_TRUE(gles_export(&self->gles, self->texture, &self->fd,
				&self->layout))
	TH_LOG("no dma-buf: EGL error 0x%x", eglGetError());
}

FIXTURE_TEARDOWN(egl)
{
	close(self->socket);
	close(self->fd);
	gles_end(&self->gles);
}

TEST_F_TIMEOUT(egl, exported_texture_is_a_udmabuf, EGL_LIMIT)
{
	const char *renderer = (const char *)glGetString(GL_RENDERER);

	EXPECT_TRUE(strstr(renderer, "llvmpipe"))
	TH_LOG("the renderer is %s", renderer);
	EXPECT_TRUE(share_is_udmabuf(self->fd));
}

TEST_F_TIMEOUT(egl, second_process_draws_with_it_and_into_it, EGL_LIMIT)
{
	int status;

	ASSERT_TRUE(gles_draw(self->texture, 0, EGL_WIDTH_OF_IT,
			      EGL_HEIGHT_OF_IT, 1));
	ASSERT_EQ(0, share_send(self->socket, self->fd, &self->layout));
	status = share_end(self->other);
	ASSERT_EQ(EGL_FINE, status)
	TH_LOG("the second process gave up: see enum egl_trouble");
	EXPECT_EQ(EGL_FINE, egl_look_at_bytes(self->fd, &self->layout, 2));
	EXPECT_EQ(EGL_FINE, egl_look_by_drawing(self->texture, 2));
}

TEST_HARNESS_MAIN
