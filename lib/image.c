// SPDX-License-Identifier: MIT
/*
 * Pictures in linear memory: how many bytes a line of a plane has, and where the
 * planes begin. Formats are those of drm_fourcc.h that need no modifier.
 */
#include <string.h>

#include "private.h"

#define UDB_ALIGN_DEFAULT	256
#define UDB_IMAGE_MAX		65536

/*
 * A plane has a block of @bytes for each @across x @down pixels; @bytes is 0 for
 * a plane that is not there.
 */
struct udb_plane {
	uint8_t bytes;
	uint8_t across;
	uint8_t down;
};

struct udb_format {
	char fourcc[5];
	struct udb_plane planes[3];
};

static const struct udb_format udb_formats[] = {
	/* grey, red */
	{ "R8  ", { { 1, 1, 1 } } },
	{ "C8  ", { { 1, 1, 1 } } },
	/* 16 bits */
	{ "R16 ", { { 2, 1, 1 } } },
	{ "GR88", { { 2, 1, 1 } } },
	{ "RG88", { { 2, 1, 1 } } },
	{ "RG16", { { 2, 1, 1 } } },
	{ "BG16", { { 2, 1, 1 } } },
	{ "XR15", { { 2, 1, 1 } } },
	{ "AR15", { { 2, 1, 1 } } },
	{ "XB15", { { 2, 1, 1 } } },
	{ "AB15", { { 2, 1, 1 } } },
	{ "RX15", { { 2, 1, 1 } } },
	{ "RA15", { { 2, 1, 1 } } },
	{ "BX15", { { 2, 1, 1 } } },
	{ "BA15", { { 2, 1, 1 } } },
	{ "XR12", { { 2, 1, 1 } } },
	{ "AR12", { { 2, 1, 1 } } },
	{ "XB12", { { 2, 1, 1 } } },
	{ "AB12", { { 2, 1, 1 } } },
	{ "RX12", { { 2, 1, 1 } } },
	{ "RA12", { { 2, 1, 1 } } },
	{ "BX12", { { 2, 1, 1 } } },
	{ "BA12", { { 2, 1, 1 } } },
	/* 24 bits */
	{ "RG24", { { 3, 1, 1 } } },
	{ "BG24", { { 3, 1, 1 } } },
	{ "VU24", { { 3, 1, 1 } } },
	/* 32 bits */
	{ "XR24", { { 4, 1, 1 } } },
	{ "AR24", { { 4, 1, 1 } } },
	{ "XB24", { { 4, 1, 1 } } },
	{ "AB24", { { 4, 1, 1 } } },
	{ "RX24", { { 4, 1, 1 } } },
	{ "RA24", { { 4, 1, 1 } } },
	{ "BX24", { { 4, 1, 1 } } },
	{ "BA24", { { 4, 1, 1 } } },
	{ "XR30", { { 4, 1, 1 } } },
	{ "AR30", { { 4, 1, 1 } } },
	{ "XB30", { { 4, 1, 1 } } },
	{ "AB30", { { 4, 1, 1 } } },
	{ "RX30", { { 4, 1, 1 } } },
	{ "RA30", { { 4, 1, 1 } } },
	{ "BX30", { { 4, 1, 1 } } },
	{ "BA30", { { 4, 1, 1 } } },
	{ "GR32", { { 4, 1, 1 } } },
	{ "RG32", { { 4, 1, 1 } } },
	{ "AYUV", { { 4, 1, 1 } } },
	{ "XYUV", { { 4, 1, 1 } } },
	/* 64 bits */
	{ "XR48", { { 8, 1, 1 } } },
	{ "AR48", { { 8, 1, 1 } } },
	{ "XB48", { { 8, 1, 1 } } },
	{ "AB48", { { 8, 1, 1 } } },
	{ "XR4H", { { 8, 1, 1 } } },
	{ "AR4H", { { 8, 1, 1 } } },
	{ "XB4H", { { 8, 1, 1 } } },
	{ "AB4H", { { 8, 1, 1 } } },
	/* YUV, two pixels in a block */
	{ "YUYV", { { 4, 2, 1 } } },
	{ "YVYU", { { 4, 2, 1 } } },
	{ "UYVY", { { 4, 2, 1 } } },
	{ "VYUY", { { 4, 2, 1 } } },
	/* a plane of Y and one of both others */
	{ "NV12", { { 1, 1, 1 }, { 2, 2, 2 } } },
	{ "NV21", { { 1, 1, 1 }, { 2, 2, 2 } } },
	{ "NV16", { { 1, 1, 1 }, { 2, 2, 1 } } },
	{ "NV61", { { 1, 1, 1 }, { 2, 2, 1 } } },
	{ "NV24", { { 1, 1, 1 }, { 2, 1, 1 } } },
	{ "NV42", { { 1, 1, 1 }, { 2, 1, 1 } } },
	{ "P010", { { 2, 1, 1 }, { 4, 2, 2 } } },
	{ "P012", { { 2, 1, 1 }, { 4, 2, 2 } } },
	{ "P016", { { 2, 1, 1 }, { 4, 2, 2 } } },
	{ "P210", { { 2, 1, 1 }, { 4, 2, 1 } } },
	/* three planes */
	{ "YU12", { { 1, 1, 1 }, { 1, 2, 2 }, { 1, 2, 2 } } },
	{ "YV12", { { 1, 1, 1 }, { 1, 2, 2 }, { 1, 2, 2 } } },
	{ "YU16", { { 1, 1, 1 }, { 1, 2, 1 }, { 1, 2, 1 } } },
	{ "YV16", { { 1, 1, 1 }, { 1, 2, 1 }, { 1, 2, 1 } } },
	{ "YU24", { { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 } } },
	{ "YV24", { { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 } } },
};

static const struct udb_format *udb_format_find(uint32_t fourcc)
{
	const size_t nr = sizeof(udb_formats) / sizeof(udb_formats[0]);

	for (size_t i = 0; i < nr; i++) {
		const char *code = udb_formats[i].fourcc;

		if (UDB_FOURCC(code[0], code[1], code[2], code[3]) == fourcc)
			return &udb_formats[i];
	}
	return NULL;
}

static uint32_t udb_format_planes(const struct udb_format *format)
{
	uint32_t nr = 0;

	while (nr < 3 && format->planes[nr].bytes)
		nr++;
	return nr;
}

/* Part blocks count whole. */
static uint64_t udb_plane_line(const struct udb_plane *plane, uint32_t width)
{
	return ((uint64_t)width + plane->across - 1) / plane->across *
	       plane->bytes;
}

static uint64_t udb_plane_lines(const struct udb_plane *plane, uint32_t height)
{
	return ((uint64_t)height + plane->down - 1) / plane->down;
}

static bool udb_layout_is_sane(uint32_t width, uint32_t height)
{
	return width && height && width <= UDB_IMAGE_MAX &&
	       height <= UDB_IMAGE_MAX;
}

/*
 * Cannot overflow: a line has at most 65536 * 8 bytes and a bit, a plane 65536
 * lines, and there are three.
 */
static void udb_layout_fill(const struct udb_format *format, uint32_t align,
			    struct udb_layout *layout)
{
	layout->nr_planes = udb_format_planes(format);
	for (uint32_t i = 0; i < layout->nr_planes; i++) {
		const struct udb_plane *plane = &format->planes[i];
		uint64_t stride;

		udb_round_up(udb_plane_line(plane, layout->width), align,
			     &stride);
		layout->offset[i] = layout->size;
		layout->stride[i] = (uint32_t)stride;
		layout->size += stride * udb_plane_lines(plane, layout->height);
	}
}

int udb_layout_compute(uint32_t format, uint32_t width, uint32_t height,
		       uint32_t align, struct udb_layout *layout)
{
	const struct udb_format *known = udb_format_find(format);
	struct udb_layout made = {
		.struct_size = sizeof(made),
		.format = format,
		.width = width,
		.height = height,
	};

	if (!align)
		align = UDB_ALIGN_DEFAULT;
	if (!udb_layout_is_sane(width, height) || align > UDB_IMAGE_MAX ||
	    align & (align - 1))
		return -EINVAL;
	if (!known)
		return -EPROTONOSUPPORT;
	udb_layout_fill(known, align, &made);
	return udb_struct_give(layout, &made, sizeof(made), sizeof(made));
}

/* The last line may end where its pixels do. */
static bool udb_plane_fits(const struct udb_plane *plane,
			   const struct udb_layout *layout, uint32_t i,
			   uint64_t size)
{
	uint64_t line = udb_plane_line(plane, layout->width);
	uint64_t lines = udb_plane_lines(plane, layout->height);
	uint64_t need = layout->stride[i] * (lines - 1) + line;

	return layout->stride[i] >= line && layout->offset[i] <= size &&
	       need <= size - layout->offset[i];
}

/**
 * udb_layout_take() - take over a layout
 * @known: receives it.
 * @layout: of the caller.
 *
 * Return: 0, -EINVAL, -E2BIG.
 */
int udb_layout_take(struct udb_layout *known, const struct udb_layout *layout)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), layout);

	if (ret)
		return ret;
	known->struct_size = sizeof(*known);
	return 0;
}

int udb_layout_check(const struct udb_layout *layout, uint64_t size)
{
	const struct udb_format *format;
	struct udb_layout known;
	int ret = udb_layout_take(&known, layout);

	if (ret)
		return ret;
	format = udb_format_find(known.format);
	if (!format || known.modifier)
		return -EPROTONOSUPPORT;
	if (!udb_layout_is_sane(known.width, known.height) ||
	    known.nr_planes != udb_format_planes(format) || known.size > size)
		return -EINVAL;
	for (uint32_t i = 0; i < known.nr_planes; i++)
		if (!udb_plane_fits(&format->planes[i], &known, i, known.size))
			return -EINVAL;
	return 0;
}
