// SPDX-License-Identifier: GPL-2.0-only
/* Drives a display: see display.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "display.h"
#include "kmodule.h"

#define MAX_CARDS	16
#define MAX_MODES	128
#define FLIP_TIMEOUT_MS	20000

/*
 * Displays of QEMU by their numbers on the PCI bus, with the names that their
 * drivers have had; cirrus-qemu is the newer one.
 */
static const struct display_driver {
	unsigned int vendor;
	unsigned int device;
	const char *module;
	const char *name; /* in the answer to DRM_IOCTL_VERSION */
} display_drivers[] = {
	{ 0x1013, 0x00b8, "cirrus_qemu", "cirrus-qemu" },
	{ 0x1013, 0x00b8, "cirrus", "cirrus" },
	{ 0x1234, 0x1111, "bochs", "bochs-drm" },
	{ 0x1af4, 0x1050, "virtio_gpu", "virtio_gpu" },
};

#define NR_DRIVERS	(sizeof(display_drivers) / sizeof(display_drivers[0]))
#define PCI_DEVICES	"/sys/bus/pci/devices"

static unsigned int pci_number(const char *device, const char *what)
{
	char path[512], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", device, what);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	return (unsigned int)strtoul(text, NULL, 16);
}

static bool pci_has(unsigned int vendor, unsigned int device)
{
	DIR *dir = opendir(PCI_DEVICES);
	struct dirent *entry;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = pci_number(entry->d_name, "vendor") == vendor &&
			pci_number(entry->d_name, "device") == device;
	closedir(dir);
	return found;
}

static bool card_is(int fd, const char *wanted)
{
	char name[32] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, wanted);
}

static int card_open(const char *name)
{
	char path[64];
	int fd, i;

	for (i = 0; i < MAX_CARDS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (card_is(fd, name))
			return fd;
		close(fd);
	}
	return -1;
}

/* The first screen is the only one. */
static int display_find(struct display *d)
{
	uint32_t crtcs[4] = { 0 }, connectors[4] = { 0 };
	struct drm_mode_card_res res = {
		.crtc_id_ptr = (uintptr_t)crtcs,
		.connector_id_ptr = (uintptr_t)connectors,
		.count_crtcs = 4,
		.count_connectors = 4,
	};

	if (ioctl(d->fd, DRM_IOCTL_MODE_GETRESOURCES, &res))
		return -1;
	d->crtc = crtcs[0];
	d->connector = connectors[0];
	errno = ENODEV;
	return d->crtc && d->connector ? 0 : -1;
}

static int display_try(struct display *d, const struct display_driver *driver)
{
	const char *const argv[] = { "-q", driver->module, NULL };

	errno = ENOENT;
	if (kmodule_load(argv))
		return -1;
	d->module = driver->module;
	d->fd = card_open(driver->name);
	if (d->fd < 0)
		return -1;
	return display_find(d);
}

int display_open(struct display *d)
{
	int err = ENODEV;
	size_t i;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	for (i = 0; i < NR_DRIVERS; i++) {
		if (!pci_has(display_drivers[i].vendor,
			     display_drivers[i].device))
			continue;
		if (!display_try(d, &display_drivers[i]))
			return 0;
		err = errno;
	}
	errno = err;
	return -1;
}

int display_close(struct display *d)
{
	close(d->fd);
	d->fd = -1;
	return kmodule_unload(d->module);
}

bool display_has_only_its_own_memory(const struct display *d)
{
	return kmodule_is_held_by("drm_vram_helper", d->module);
}

int display_mode(struct display *d, unsigned int width, unsigned int height)
{
	static struct drm_mode_modeinfo modes[MAX_MODES];
	struct drm_mode_get_connector connector = {
		.connector_id = d->connector,
	};
	unsigned int i;

	/* The first call looks which modes there are, the second has room. */
	if (ioctl(d->fd, DRM_IOCTL_MODE_GETCONNECTOR, &connector))
		return -1;
	memset(&connector, 0, sizeof(connector));
	connector.connector_id = d->connector;
	connector.modes_ptr = (uintptr_t)modes;
	connector.count_modes = MAX_MODES;
	if (ioctl(d->fd, DRM_IOCTL_MODE_GETCONNECTOR, &connector))
		return -1;
	for (i = 0; i < connector.count_modes && i < MAX_MODES; i++) {
		if (modes[i].hdisplay != width || modes[i].vdisplay != height)
			continue;
		d->mode = modes[i];
		return 0;
	}
	errno = ENOENT;
	return -1;
}

uint32_t display_import(struct display *d, int buf)
{
	struct drm_prime_handle prime = { .fd = buf };

	if (ioctl(d->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return 0;
	return prime.handle;
}

int display_drop(struct display *d, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	return ioctl(d->fd, DRM_IOCTL_GEM_CLOSE, &arg);
}

uint32_t display_frame_add(struct display *d, uint32_t handle,
			   const struct display_frame *f)
{
	struct drm_mode_fb_cmd2 arg = {
		.width = f->width,
		.height = f->height,
		.pixel_format = f->format,
		.handles = { handle },
		.pitches = { (uint32_t)f->pitch },
		.offsets = { (uint32_t)f->offset },
	};

	return ioctl(d->fd, DRM_IOCTL_MODE_ADDFB2, &arg) ? 0 : arg.fb_id;
}

int display_frame_remove(struct display *d, uint32_t frame)
{
	return ioctl(d->fd, DRM_IOCTL_MODE_RMFB, &frame);
}

int display_show(struct display *d, uint32_t frame)
{
	struct drm_mode_crtc arg = {
		.crtc_id = d->crtc,
		.fb_id = frame,
		.set_connectors_ptr = (uintptr_t)&d->connector,
		.count_connectors = 1,
		.mode = d->mode,
		.mode_valid = 1,
	};

	return ioctl(d->fd, DRM_IOCTL_MODE_SETCRTC, &arg);
}

/* The first event is that of the flip: nobody asked for another one. */
static int display_wait_flip(struct display *d)
{
	struct pollfd poll_fd = { .fd = d->fd, .events = POLLIN };
	struct drm_event_vblank event;

	errno = ETIME;
	if (poll(&poll_fd, 1, FLIP_TIMEOUT_MS) != 1)
		return -1;
	if (read(d->fd, &event, sizeof(event)) != sizeof(event))
		return -1;
	errno = EPROTO;
	return event.base.type == DRM_EVENT_FLIP_COMPLETE ? 0 : -1;
}

int display_flip(struct display *d, uint32_t frame)
{
	struct drm_mode_crtc_page_flip arg = {
		.crtc_id = d->crtc,
		.fb_id = frame,
		.flags = DRM_MODE_PAGE_FLIP_EVENT,
	};

	if (ioctl(d->fd, DRM_IOCTL_MODE_PAGE_FLIP, &arg))
		return -1;
	return display_wait_flip(d);
}

int display_dirty(struct display *d, uint32_t frame,
		  const struct drm_clip_rect *part)
{
	struct drm_mode_fb_dirty_cmd arg = {
		.fb_id = frame,
		.num_clips = part ? 1 : 0,
		.clips_ptr = (uintptr_t)part,
	};

	return ioctl(d->fd, DRM_IOCTL_MODE_DIRTYFB, &arg);
}
