// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures: see picture.h. A frame is two gradients, which a person can judge, with the
 * place and the number of the frame in the lower bits, so that no page can stand in for
 * another one, nor a frame for its neighbour.
 */
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t picture_pixel(uint32_t number, uint32_t x, uint32_t y)
{
	uint32_t red = (x >> 4) + number, green = (y >> 3) + number, blue;

	blue = (x * 7 + y * 13 + number * 29) ^ (x >> 8) ^ (y >> 8);
	return (red & 0xff) << 16 | (green & 0xff) << 8 | (blue & 0xff);
}

static void picture_row(const uint8_t *row, uint32_t number, uint32_t width,
			uint32_t y, long *wrong, char why[128])
{
	uint32_t x;

	for (x = 0; x < width; x++) {
		uint32_t found = (uint32_t)row[3 * x] << 16 |
				 (uint32_t)row[3 * x + 1] << 8 | row[3 * x + 2];
		uint32_t want = picture_pixel(number, x, y);

		if (found == want)
			continue;
		if (!*wrong)
			snprintf(why, 128, "pixel %u,%u is %06x, not %06x", x,
				 y, found, want);
		(*wrong)++;
	}
}

static long picture_rows(FILE *file, uint32_t number, uint32_t width,
			 uint32_t height, char why[128])
{
	uint8_t *row = malloc(3 * (size_t)width);
	long wrong = 0;
	uint32_t y;

	for (y = 0; row && y < height; y++) {
		if (fread(row, 3, width, file) != width) {
			snprintf(why, 128, "the file ends in row %u", y);
			wrong = -1;
			break;
		}
		picture_row(row, number, width, y, &wrong, why);
	}
	free(row);
	return row ? wrong : -1;
}

long picture_compare(const char *path, uint32_t number, uint32_t width,
		     uint32_t height, char why[128])
{
	unsigned int file_width, file_height;
	FILE *file = fopen(path, "re");
	long wrong = -1;

	if (!file) {
		snprintf(why, 128, "%s cannot be read", path);
		return -1;
	}
	if (fscanf(file, "P6 %u %u 255%*c", &file_width, &file_height) != 2)
		snprintf(why, 128, "%s is no picture", path);
	else if (file_width != width || file_height != height)
		snprintf(why, 128, "it has %u x %u pixels", file_width,
			 file_height);
	else
		wrong = picture_rows(file, number, width, height, why);
	fclose(file);
	return wrong;
}
