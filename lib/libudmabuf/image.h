/* SPDX-License-Identifier: MIT */
/*
 * Part of libudmabuf.h: pictures in linear memory.
 */
#ifndef LIBUDMABUF_IMAGE_H
#define LIBUDMABUF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Four letters of a pixel format, as in drm_fourcc.h. */
#define UDB_FOURCC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)

#define UDB_PLANES_MAX		4

/**
 * struct udb_layout - where the pixels of a picture are
 * @struct_size: sizeof(struct udb_layout), set by the caller.
 * @size: bytes of all planes, with their alignment.
 * @modifier: 0, which is DRM_FORMAT_MOD_LINEAR.
 * @format: fourcc.
 * @width: pixels in a line.
 * @height: lines.
 * @nr_planes: 1 to 4.
 * @offset: of each plane, bytes from the beginning of the buffer.
 * @stride: of each plane, bytes from line to line.
 */
struct udb_layout {
	size_t struct_size;
	uint64_t size;
	uint64_t modifier;
	uint32_t format;
	uint32_t width;
	uint32_t height;
	uint32_t nr_planes;
	uint64_t offset[UDB_PLANES_MAX];
	uint32_t stride[UDB_PLANES_MAX];
};

/**
 * udb_layout_compute() - lay out a picture in linear memory
 * @format: fourcc: RGB of 8 to 64 bits, packed and planar YUV, R and RG.
 * @width: pixels, 1 to 65536.
 * @height: lines, 1 to 65536.
 * @align: each plane and each line begins at a multiple of so many bytes; a power
 *         of two up to 65536, or 0: 256, which all known devices take.
 * @layout: filled in; the caller sets its struct_size.
 *
 * Return: 0; -EPROTONOSUPPORT: unknown format; -EINVAL; -EOVERFLOW.
 */
int udb_layout_compute(uint32_t format, uint32_t width, uint32_t height,
		       uint32_t align, struct udb_layout *layout);

/**
 * udb_layout_check() - whether a layout may be believed
 * @layout: of anybody.
 * @size: bytes of the memory that it describes.
 *
 * Return: 0: all lines of all planes are within @size, and hold a line of pixels;
 * -EPROTONOSUPPORT: unknown format or modifier; -EINVAL: they are not.
 */
int udb_layout_check(const struct udb_layout *layout, uint64_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_IMAGE_H */
