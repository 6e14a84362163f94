// SPDX-License-Identifier: GPL-2.0-only
/* vgem: see drm.h. */
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drm.h"

/* Numbers of nodes that are looked at, from 0 and from 128 on. */
#define MAX_NODES	16

static bool drm_is_vgem(int drm)
{
	char name[16] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};

	return !ioctl(drm, DRM_IOCTL_VERSION, &version) &&
	       !strcmp(name, "vgem");
}

static int drm_find_vgem(const char *node)
{
	int drm, i, first = strcmp(node, "card") ? 128 : 0;
	char path[64];

	for (i = 0; i < MAX_NODES; i++) {
		snprintf(path, sizeof(path), "/dev/dri/%s%d", node, first + i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		if (drm_is_vgem(drm))
			return drm;
		close(drm);
	}
	errno = ENODEV;
	return -1;
}

int drm_open_vgem(const char *node)
{
	int drm = drm_find_vgem(node);

	if (drm >= 0 || system("modprobe vgem"))
		return drm;
	return drm_find_vgem(node);
}

uint32_t drm_import(int drm, int buf)
{
	struct drm_prime_handle prime = { .fd = buf };

	return ioctl(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) ? 0 :
								  prime.handle;
}

int drm_export(int drm, uint32_t handle)
{
	struct drm_prime_handle prime = {
		.handle = handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
		.fd = -1,
	};

	return ioctl(drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) ? -1 : prime.fd;
}

int drm_create(int drm)
{
	struct drm_mode_create_dumb dumb = {
		.width = 32,
		.height = 32,
		.bpp = 32,
	};

	if (ioctl(drm, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return -1;
	return drm_export(drm, dumb.handle);
}
