// SPDX-License-Identifier: GPL-2.0-only
/*
 * client-pixels FILE.png RRGGBB: how many pixels of a picture have a colour. Prints
 * "WIDTH HEIGHT COUNT". Exit status: 0, 1 no such picture, 2 usage.
 */
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long pixels_count(const uint8_t *pixel, size_t nr,
				  uint32_t colour)
{
	unsigned long count = 0;

	for (; nr; nr--, pixel += 3)
		count += ((uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 |
			  pixel[2]) == colour;
	return count;
}

static int pixels_tell(png_image *image, uint32_t colour)
{
	uint8_t *pixel;

	image->format = PNG_FORMAT_RGB;
	pixel = malloc(PNG_IMAGE_SIZE(*image));
	if (!pixel || !png_image_finish_read(image, NULL, pixel, 0, NULL)) {
		fprintf(stderr, "client-pixels: %s\n", image->message);
		free(pixel);
		return 1;
	}
	printf("%u %u %lu\n", image->width, image->height,
	       pixels_count(pixel, (size_t)image->width * image->height,
			    colour));
	free(pixel);
	return 0;
}

int main(int argc, char **argv)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	int ret;

	if (argc != 3 || strlen(argv[2]) != 6) {
		fprintf(stderr, "usage: client-pixels FILE.png RRGGBB\n");
		return 2;
	}
	if (!png_image_begin_read_from_file(&image, argv[1])) {
		fprintf(stderr, "client-pixels: %s: %s\n", argv[1],
			image.message);
		return 1;
	}
	ret = pixels_tell(&image, (uint32_t)strtoul(argv[2], NULL, 16));
	png_image_free(&image);
	return ret;
}
