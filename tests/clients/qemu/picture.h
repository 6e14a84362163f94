/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pictures: what is drawn, and whether it is what a screen shows.
 */
#ifndef CLIENTS_PICTURE_H
#define CLIENTS_PICTURE_H

#include <stdint.h>

/* The pixel (0xRRGGBB) at a place of frame @number: each place and each frame differ. */
uint32_t picture_pixel(uint32_t number, uint32_t x, uint32_t y);

/**
 * picture_compare() - whether a file is frame @number
 * @path: a PPM (P6) file
 * @number: of the frame
 * @width: pixels that a row must have
 * @height: rows that there must be
 * @why: what is wrong, when something is
 *
 * Return: how many pixels differ; -1 for a file that is no such picture.
 */
long picture_compare(const char *path, uint32_t number, uint32_t width,
		     uint32_t height, char why[128]);

#endif /* CLIENTS_PICTURE_H */
