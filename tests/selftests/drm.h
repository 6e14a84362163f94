/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgem, a DRM device without hardware: its nodes, and handles of buffers. Functions
 * give -1 with errno set on failure, unless they say otherwise.
 */
#ifndef SELFTESTS_DRM_H
#define SELFTESTS_DRM_H

#include <stdint.h>

/* Opens the node "renderD" or "card" of vgem, which is loaded if it is not there. */
int drm_open_vgem(const char *node);

/* The handle of a buffer that is imported; 0 on failure, with errno set. */
uint32_t drm_import(int drm, int buf);

/* A dma-buf of a handle. */
int drm_export(int drm, uint32_t handle);

/* A new dma-buf of vgem's own; @drm is a node "card". */
int drm_create(int drm);

#endif /* SELFTESTS_DRM_H */
