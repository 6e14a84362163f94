// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture that goes on the screen: what was measured, as bars. Drawn by
 * cairo straight into memory that somebody else owns, here a dma-buf.
 *
 * The bars are logarithmic, since a step and the same step done a thousand
 * times faster have to fit into one row.
 */
#include "demo.h"

#include <cairo/cairo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define DEMO_FONT		"DejaVu Sans"

/* Where things are, in pixels. */
#define DEMO_MARGIN		32.0
#define DEMO_CARD_TOP		112.0
#define DEMO_CARD_HEIGHT	206.0
#define DEMO_CARD_STEP		216.0
#define DEMO_ROW_TOP		44.0
#define DEMO_ROW_STEP		26.0
#define DEMO_LABEL_RIGHT	190.0
#define DEMO_BAR_LEFT		204.0
#define DEMO_BAR_WIDTH		372.0
#define DEMO_BAR_HEIGHT		9.0
#define DEMO_RATIO_RIGHT	(DEMO_FRAME_WIDTH - DEMO_MARGIN - 18.0)

/* The shortest time and the smallest size that still get a bar. */
#define DEMO_LEAST_MS		0.01
#define DEMO_LEAST_KIB		1.0

struct demo_colour {
	double r, g, b, a;
};

static const struct demo_colour demo_white = { 0.95, 0.97, 1.00, 1.00 };
static const struct demo_colour demo_dim = { 0.66, 0.73, 0.86, 1.00 };
static const struct demo_colour demo_card = { 1.00, 1.00, 1.00, 0.06 };
static const struct demo_colour demo_bar[DEMO_NR_DRIVERS] = {
	[DEMO_STOCK] = { 0.98, 0.62, 0.27, 1.00 },
	[DEMO_OURS] = { 0.22, 0.84, 0.72, 1.00 },
};

static const char demo_footer_views[] =
	"memfd, dma-buf, vgem, and the addresses that a device gets";
static const char demo_footer_pixels[] =
	"You see the pixels of a dma-buf of udmabuf-ng. Times are from software emulation.";

/* The steps worth a row; the rest is in the table. */
static const enum demo_step demo_rows[] = {
	DEMO_CREATE, DEMO_TOUCH, DEMO_SYNC_START,
	DEMO_IMPORT, DEMO_CLOSE, DEMO_KEPT,
};

static void demo_set(cairo_t *cr, const struct demo_colour *c)
{
	cairo_set_source_rgba(cr, c->r, c->g, c->b, c->a);
}

/* @align: how much of the text is left of @x, 0 to 1. */
static void demo_text(cairo_t *cr, double x, double y, double align,
		      const char *text)
{
	cairo_text_extents_t e;

	cairo_text_extents(cr, text, &e);
	cairo_move_to(cr, x - align * e.x_advance, y);
	cairo_show_text(cr, text);
}

static void demo_font(cairo_t *cr, double size, bool bold)
{
	cairo_select_font_face(cr, DEMO_FONT, CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD :
				      CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, size);
}

static void demo_box(cairo_t *cr, double x, double y, double w, double h,
		     double radius)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x + w - radius, y + radius, radius, -M_PI / 2, 0);
	cairo_arc(cr, x + w - radius, y + h - radius, radius, 0, M_PI / 2);
	cairo_arc(cr, x + radius, y + h - radius, radius, M_PI / 2, M_PI);
	cairo_arc(cr, x + radius, y + radius, radius, M_PI, 3 * M_PI / 2);
	cairo_close_path(cr);
	cairo_fill(cr);
}

static void demo_paint(cairo_t *cr, cairo_pattern_t *p)
{
	cairo_set_source(cr, p);
	cairo_paint(cr);
	cairo_pattern_destroy(p);
}

static void demo_background(cairo_t *cr)
{
	cairo_pattern_t *p;

	p = cairo_pattern_create_linear(0, 0, DEMO_FRAME_WIDTH,
					DEMO_FRAME_HEIGHT);
	cairo_pattern_add_color_stop_rgb(p, 0.0, 0.05, 0.07, 0.18);
	cairo_pattern_add_color_stop_rgb(p, 0.6, 0.10, 0.14, 0.34);
	cairo_pattern_add_color_stop_rgb(p, 1.0, 0.21, 0.11, 0.33);
	demo_paint(cr, p);

	p = cairo_pattern_create_radial(660, 30, 10, 660, 30, 420);
	cairo_pattern_add_color_stop_rgba(p, 0.0, 0.22, 0.84, 0.72, 0.30);
	cairo_pattern_add_color_stop_rgba(p, 1.0, 0.22, 0.84, 0.72, 0.0);
	demo_paint(cr, p);
}

static void demo_legend(cairo_t *cr, double x, double y, int driver)
{
	demo_set(cr, &demo_bar[driver]);
	demo_box(cr, x, y - 10, 22, 11, 4);
	demo_font(cr, 14, false);
	demo_set(cr, &demo_white);
	demo_text(cr, x + 30, y, 0, demo_driver_name[driver]);
}

static void demo_heading(cairo_t *cr)
{
	struct utsname u = { 0 };
	char line[160];

	uname(&u);
	demo_font(cr, 42, true);
	demo_set(cr, &demo_white);
	demo_text(cr, DEMO_MARGIN, 60, 0, "udmabuf-ng");
	demo_font(cr, 14, false);
	demo_set(cr, &demo_dim);
	snprintf(line, sizeof(line),
		 "What a dma-buf made of a memfd costs on Linux %s", u.release);
	demo_text(cr, DEMO_MARGIN + 2, 90, 0, line);
	demo_legend(cr, 610, 56, DEMO_STOCK);
	demo_legend(cr, 700, 56, DEMO_OURS);
}

/* Length of a bar as a part of the longest of its card. */
static double demo_bar_part(const struct demo *d, enum demo_kind k, double v,
			    enum demo_step step)
{
	double least = DEMO_LEAST_KIB, most = 10 * DEMO_LEAST_KIB;

	if (demo_step_is_time(step))
		least = DEMO_LEAST_MS, most = 10 * DEMO_LEAST_MS;
	for (size_t i = 0; i < DEMO_COUNT(demo_rows); i++) {
		enum demo_step s = demo_rows[i];

		if (demo_step_is_time(s) != demo_step_is_time(step))
			continue;
		for (int n = 0; n < DEMO_NR_DRIVERS; n++)
			most = fmax(most,
				    demo_samples_median(&d->samples[k][n][s]));
	}
	return fmax(0.012, log10(fmax(v, least) / least) / log10(most / least));
}

static void demo_row_bar(cairo_t *cr, const struct demo *d, enum demo_kind k,
			 enum demo_step step, int driver, double y)
{
	double v = demo_samples_median(&d->samples[k][driver][step]);
	double w = DEMO_BAR_WIDTH * demo_bar_part(d, k, v, step);
	char text[32];

	if (!demo_step_is_time(step))
		snprintf(text, sizeof(text), "%.0f KiB", fmax(v, 0));
	else
		snprintf(text, sizeof(text), v < 10 ? "%.2f ms" : "%.0f ms", v);
	demo_set(cr, &demo_bar[driver]);
	demo_box(cr, DEMO_BAR_LEFT, y, w, DEMO_BAR_HEIGHT, fmin(4, w / 2));
	demo_font(cr, 10.5, false);
	demo_set(cr, &demo_dim);
	demo_text(cr, DEMO_BAR_LEFT + w + 8, y + 8.5, 0, text);
}

static void demo_row(cairo_t *cr, const struct demo *d, enum demo_kind k,
		     enum demo_step step, double y)
{
	double ratio = demo_ratio(d, k, step);
	char text[32];

	demo_font(cr, 13.5, false);
	demo_set(cr, &demo_white);
	demo_text(cr, DEMO_LABEL_RIGHT, y + 14, 1, demo_step_name[step]);
	demo_row_bar(cr, d, k, step, DEMO_STOCK, y);
	demo_row_bar(cr, d, k, step, DEMO_OURS, y + DEMO_BAR_HEIGHT + 1);
	snprintf(text, sizeof(text), "%s%.*f×",
		 demo_ratio_is_bound(d, k, step) ? ">" : "", ratio < 10, ratio);
	demo_font(cr, 17, true);
	demo_set(cr, ratio >= 1 ? &demo_bar[DEMO_OURS] : &demo_bar[DEMO_STOCK]);
	demo_text(cr, DEMO_RATIO_RIGHT, y + 15, 1, text);
}

static void demo_card_draw(cairo_t *cr, const struct demo *d, enum demo_kind k)
{
	double top = DEMO_CARD_TOP + DEMO_CARD_STEP * (double)k;
	char text[96];

	demo_set(cr, &demo_card);
	demo_box(cr, DEMO_MARGIN, top, DEMO_FRAME_WIDTH - 2 * DEMO_MARGIN,
		 DEMO_CARD_HEIGHT, 12);
	snprintf(text, sizeof(text), "%s, %zu MiB", demo_kind_name[k],
		 d->opt.size >> 20);
	demo_font(cr, 15, true);
	demo_set(cr, &demo_white);
	demo_text(cr, DEMO_MARGIN + 18, top + 27, 0, text);
	demo_font(cr, 11, false);
	demo_set(cr, &demo_dim);
	demo_text(cr, DEMO_RATIO_RIGHT, top + 26, 1,
		  "logarithmic; right: how many times better");
	for (size_t i = 0; i < DEMO_COUNT(demo_rows); i++)
		demo_row(cr, d, k, demo_rows[i],
			 top + DEMO_ROW_TOP + DEMO_ROW_STEP * (double)i);
}

static void demo_footer(cairo_t *cr, const struct demo *d)
{
	char text[160];

	demo_font(cr, 12, false);
	demo_set(cr, d->proven ? &demo_white : &demo_bar[DEMO_STOCK]);
	snprintf(text, sizeof(text), "%.80s, %.1f MiB", d->opt.name,
		 (double)d->file_size / (1 << 20));
	demo_text(cr, DEMO_MARGIN + 2, 553, 0, text);
	snprintf(text, sizeof(text), "SHA-256 %s, with both drivers: %s",
		 d->proven ? "equal" : "NOT EQUAL", demo_footer_views);
	demo_text(cr, DEMO_MARGIN + 2, 571, 0, text);
	demo_set(cr, &demo_dim);
	demo_text(cr, DEMO_MARGIN + 2, 589, 0, demo_footer_pixels);
}

static int demo_frame_paint(const struct demo *d, cairo_surface_t *surface)
{
	cairo_t *cr = cairo_create(surface);
	int ret;

	demo_background(cr);
	demo_heading(cr);
	for (enum demo_kind k = 0; k < DEMO_NR_KINDS; k++)
		demo_card_draw(cr, d, k);
	demo_footer(cr, d);
	cairo_surface_flush(surface);
	ret = cairo_status(cr) == CAIRO_STATUS_SUCCESS ? 0 : -1;
	if (ret)
		demo_error("cairo: %s",
			   cairo_status_to_string(cairo_status(cr)));
	cairo_destroy(cr);
	return ret;
}

static cairo_surface_t *demo_frame_surface(const unsigned char *pixels)
{
	unsigned char *p = (unsigned char *)pixels;

	return cairo_image_surface_create_for_data(p, CAIRO_FORMAT_RGB24,
						   DEMO_FRAME_WIDTH,
						   DEMO_FRAME_HEIGHT,
						   DEMO_FRAME_PITCH);
}

/* XRGB8888 of DRM is RGB24 of cairo, on a little-endian machine. */
int demo_frame_draw(const struct demo *d, unsigned char *pixels)
{
	cairo_surface_t *surface = demo_frame_surface(pixels);
	int ret = demo_frame_paint(d, surface);

	cairo_surface_destroy(surface);
	return ret;
}

int demo_frame_save(const unsigned char *pixels, const char *path)
{
	cairo_surface_t *surface = demo_frame_surface(pixels);
	cairo_status_t status = cairo_surface_write_to_png(surface, path);

	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	demo_error("%s: %s", path, cairo_status_to_string(status));
	return -1;
}

/* The byte that no colour is in does not count. */
static unsigned long demo_count_wrong(const unsigned char *pixels,
				      cairo_surface_t *shot)
{
	const unsigned char *data = cairo_image_surface_get_data(shot);
	size_t stride = (size_t)cairo_image_surface_get_stride(shot);
	unsigned long wrong = 0;

	for (size_t y = 0; y < DEMO_FRAME_HEIGHT; y++)
		for (size_t x = 0; x < DEMO_FRAME_WIDTH; x++)
			wrong += memcmp(pixels + y * DEMO_FRAME_PITCH + x * 4,
					data + y * stride + x * 4, 3) != 0;
	return wrong;
}

/* Compare with the PNG at @path; a picture of another size is all wrong. */
int demo_frame_compare(const unsigned char *pixels, const char *path,
		       unsigned long *wrong)
{
	cairo_surface_t *shot = cairo_image_surface_create_from_png(path);
	cairo_status_t status = cairo_surface_status(shot);
	int ret = -1;

	if (status != CAIRO_STATUS_SUCCESS) {
		demo_error("%s: %s", path, cairo_status_to_string(status));
	} else if (cairo_image_surface_get_width(shot) != DEMO_FRAME_WIDTH ||
		   cairo_image_surface_get_height(shot) != DEMO_FRAME_HEIGHT) {
		demo_error("%s: %dx%d, not the size of the frame", path,
			   cairo_image_surface_get_width(shot),
			   cairo_image_surface_get_height(shot));
		*wrong = DEMO_FRAME_WIDTH * DEMO_FRAME_HEIGHT;
		ret = 0;
	} else {
		*wrong = demo_count_wrong(pixels, shot);
		ret = 0;
	}
	cairo_surface_destroy(shot);
	return ret;
}
