// SPDX-License-Identifier: GPL-2.0-only
/* Takes and compares pictures of the screen: see screen.h. */
#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmodule.h"
#include "screen.h"

/* A pixel as the screen has it. */
struct screen_pixel {
	unsigned char r, g, b;
};

/* A colour of @bits bits, spread over the range of 8: the highest stays it. */
static unsigned char screen_spread(unsigned int colour, unsigned int bits)
{
	return (unsigned char)(colour << (8 - bits) | colour >> (2 * bits - 8));
}

static unsigned int screen_pixel_bytes(uint32_t format)
{
	switch (format) {
	case DISPLAY_RGB565:
		return 2;
	case DISPLAY_RGB888:
		return 3;
	default:
		return 4;
	}
}

static struct screen_pixel screen_pixel_of(uint32_t format,
					   const unsigned char *at)
{
	unsigned int word = at[0] | (unsigned int)at[1] << 8;

	if (format == DISPLAY_RGB565)
		return (struct screen_pixel){
			.r = screen_spread(word >> 11, 5),
			.g = screen_spread(word >> 5 & 0x3f, 6),
			.b = screen_spread(word & 0x1f, 5),
		};
	return (struct screen_pixel){ .r = at[2], .g = at[1], .b = at[0] };
}

/* More than a picture of any mode here takes, even one of noise. */
#define SCREEN_FILE_BYTES	(16 << 20)

/*
 * The file in one go: it is not kept in memory on its way here, so that each
 * small read would be one from the machine outside. Its size, or -1.
 */
static ssize_t screen_read_file(const char *path, unsigned char *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = 0, part;

	if (fd < 0)
		return -1;
	do {
		part = read(fd, to + size, SCREEN_FILE_BYTES - size);
		size += part;
	} while (part > 0);
	close(fd);
	return part ? -1 : size;
}

/* The pixels of the picture, or NULL; the caller frees them. */
static struct screen_pixel *screen_decode(const void *file, size_t size,
					  const struct display_frame *frame)
{
	png_image png = { .version = PNG_IMAGE_VERSION };
	struct screen_pixel *pixels = NULL;

	if (!png_image_begin_read_from_memory(&png, file, size))
		return NULL;
	png.format = PNG_FORMAT_RGB;
	if (png.width == frame->width && png.height == frame->height)
		pixels = malloc(PNG_IMAGE_SIZE(png));
	if (pixels && png_image_finish_read(&png, NULL, pixels, 0, NULL))
		return pixels;
	free(pixels);
	png_image_free(&png);
	return NULL;
}

static struct screen_pixel *screen_load(const char *path,
					const struct display_frame *frame)
{
	unsigned char *file = malloc(SCREEN_FILE_BYTES);
	struct screen_pixel *pixels = NULL;
	ssize_t size;

	if (!file)
		return NULL;
	size = screen_read_file(path, file);
	if (size > 0)
		pixels = screen_decode(file, size, frame);
	free(file);
	return pixels;
}

static void screen_count(const struct display_frame *frame, const void *memory,
			 const struct screen_pixel *seen,
			 struct screen_wrong *wrong)
{
	unsigned int bytes = screen_pixel_bytes(frame->format), x, y;

	for (y = 0; y < frame->height; y++) {
		const unsigned char *line = memory;

		line += frame->offset + y * frame->pitch;
		for (x = 0; x < frame->width; x++, line += bytes, seen++) {
			struct screen_pixel drawn;

			drawn = screen_pixel_of(frame->format, line);
			if (drawn.r == seen->r && drawn.g == seen->g &&
			    drawn.b == seen->b)
				continue;
			if (!wrong->pixels++) {
				wrong->x = x;
				wrong->y = y;
			}
		}
	}
}

struct screen_wrong screen_compare(const struct display_frame *frame,
				   const void *memory, const char *name,
				   long expected)
{
	const char *results = getenv("UDMABUF_RESULTS");
	struct screen_wrong wrong = { .pixels = -1 };
	char path[512], file[64], program[] = "vm-screendump";
	char *const argv[] = { program, file, NULL };
	struct screen_pixel *seen = NULL;

	snprintf(file, sizeof(file), "%s.png", name);
	snprintf(path, sizeof(path), "%s/%s", results ?: "", file);
	if (!kmodule_run(argv))
		seen = screen_load(path, frame);
	if (!seen)
		return wrong;
	wrong.pixels = 0;
	screen_count(frame, memory, seen, &wrong);
	free(seen);
	if (wrong.pixels == expected)
		unlink(path);
	return wrong;
}
