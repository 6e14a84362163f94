/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What painter.c shows.
 */
#ifndef CLIENTS_PAINTER_H
#define CLIENTS_PAINTER_H

#define PAINTER_WIDTH	1024
#define PAINTER_HEIGHT	768
#define PAINTER_PICTURE	7

#endif /* CLIENTS_PAINTER_H */
