// SPDX-License-Identifier: GPL-2.0-only
/* The display vkms, by the ioctls of DRM: see vkms_display.h. */
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/drm_fourcc.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vkms_display.h"

#define MAX_CARDS	16
#define MAX_OBJECTS	16
#define MAX_PROPS	64

#define PLANE_IS_PRIMARY	1
#define CONNECTOR_IS_WRITEBACK	18

static uint64_t user_ptr(const void *ptr)
{
	return (uintptr_t)ptr;
}

static int vkms_ioctl(int drm, unsigned long request, void *arg)
{
	return ioctl(drm, request, arg) ? -errno : 0;
}

/*
 * Finding the display
 */

static bool vkms_is(int drm)
{
	char name[16] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};

	return !vkms_ioctl(drm, DRM_IOCTL_VERSION, &version) &&
	       !strcmp(name, "vkms");
}

static int vkms_open_card(void)
{
	char path[64];
	int drm, i;

	for (i = 0; i < MAX_CARDS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		if (vkms_is(drm))
			return drm;
		close(drm);
	}
	return -ENODEV;
}

static int vkms_set_caps(int drm)
{
	const uint64_t caps[] = {
		DRM_CLIENT_CAP_ATOMIC,
		DRM_CLIENT_CAP_WRITEBACK_CONNECTORS,
	};
	struct drm_set_client_cap cap = { .value = 1 };
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		cap.capability = caps[i];
		err = vkms_ioctl(drm, DRM_IOCTL_SET_CLIENT_CAP, &cap);
		if (err)
			return err;
	}
	return 0;
}

/* The id of a property of an object, 0 when there is none; and its value. */
static uint32_t vkms_property(int drm, uint32_t object, const char *name,
			      uint64_t *value)
{
	struct drm_mode_get_property property;
	uint32_t ids[MAX_PROPS] = { 0 };
	uint64_t values[MAX_PROPS] = { 0 };
	struct drm_mode_obj_get_properties get = {
		.props_ptr = user_ptr(ids),
		.prop_values_ptr = user_ptr(values),
		.count_props = MAX_PROPS,
		.obj_id = object,
	};
	uint32_t i;

	if (vkms_ioctl(drm, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get))
		return 0;
	for (i = 0; i < get.count_props && i < MAX_PROPS; i++) {
		memset(&property, 0, sizeof(property));
		property.prop_id = ids[i];
		if (vkms_ioctl(drm, DRM_IOCTL_MODE_GETPROPERTY, &property) ||
		    strcmp(property.name, name))
			continue;
		*value = values[i];
		return ids[i];
	}
	return 0;
}

static uint32_t vkms_find_plane(int drm)
{
	uint32_t planes[MAX_OBJECTS] = { 0 };
	struct drm_mode_get_plane_res res = {
		.plane_id_ptr = user_ptr(planes),
		.count_planes = MAX_OBJECTS,
	};
	uint64_t type;
	uint32_t i;

	if (vkms_ioctl(drm, DRM_IOCTL_MODE_GETPLANERESOURCES, &res))
		return 0;
	for (i = 0; i < res.count_planes && i < MAX_OBJECTS; i++)
		if (vkms_property(drm, planes[i], "type", &type) &&
		    type == PLANE_IS_PRIMARY)
			return planes[i];
	return 0;
}

static bool vkms_is_writeback(int drm, uint32_t connector)
{
	struct drm_mode_get_connector get = { .connector_id = connector };

	return !vkms_ioctl(drm, DRM_IOCTL_MODE_GETCONNECTOR, &get) &&
	       get.connector_type == CONNECTOR_IS_WRITEBACK;
}

static int vkms_find_objects(struct vkms_display *display)
{
	uint32_t crtcs[MAX_OBJECTS] = { 0 };
	uint32_t connectors[MAX_OBJECTS] = { 0 };
	struct drm_mode_card_res res = {
		.crtc_id_ptr = user_ptr(crtcs),
		.connector_id_ptr = user_ptr(connectors),
		.count_crtcs = MAX_OBJECTS,
		.count_connectors = MAX_OBJECTS,
	};
	uint32_t i;
	int err;

	err = vkms_ioctl(display->drm, DRM_IOCTL_MODE_GETRESOURCES, &res);
	if (err)
		return err;
	for (i = 0; i < res.count_connectors && i < MAX_OBJECTS; i++)
		if (vkms_is_writeback(display->drm, connectors[i]))
			display->writeback = connectors[i];
	display->crtc = res.count_crtcs ? crtcs[0] : 0;
	display->plane = vkms_find_plane(display->drm);
	return display->crtc && display->plane && display->writeback ? 0 :
								       -ENOENT;
}

/* Ten pictures a second: it is a timer that shows them. */
static int vkms_create_mode(struct vkms_display *display)
{
	struct drm_mode_modeinfo mode = {
		.clock = 839,
		.hdisplay = VKMS_WIDTH,
		.hsync_start = VKMS_WIDTH + 16,
		.hsync_end = VKMS_WIDTH + 48,
		.htotal = VKMS_WIDTH + 64,
		.vdisplay = VKMS_HEIGHT,
		.vsync_start = VKMS_HEIGHT + 3,
		.vsync_end = VKMS_HEIGHT + 6,
		.vtotal = VKMS_HEIGHT + 22,
		.vrefresh = 10,
		.name = "test",
	};
	struct drm_mode_create_blob blob = {
		.data = user_ptr(&mode),
		.length = sizeof(mode),
	};
	int err;

	err = vkms_ioctl(display->drm, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob);
	display->mode = blob.blob_id;
	return err;
}

int vkms_display_open(struct vkms_display *display)
{
	int err;

	memset(display, 0, sizeof(*display));
	if (system("modprobe vkms"))
		return -ENOENT;
	display->drm = vkms_open_card();
	if (display->drm < 0)
		return display->drm;
	err = vkms_set_caps(display->drm);
	if (!err)
		err = vkms_find_objects(display);
	if (!err)
		err = vkms_create_mode(display);
	if (err)
		close(display->drm);
	return err;
}

void vkms_display_close(struct vkms_display *display)
{
	close(display->drm);
}

/*
 * What it shows: a request names properties of objects, one object after the
 * other. A name that an object does not know fails the whole.
 */

struct vkms_request {
	int drm;
	int err;
	uint32_t nr_objects;
	uint32_t nr_props;
	uint32_t objects[MAX_OBJECTS];
	uint32_t counts[MAX_OBJECTS];
	uint32_t props[MAX_PROPS];
	uint64_t values[MAX_PROPS];
};

static void request_object(struct vkms_request *request, uint32_t object)
{
	request->objects[request->nr_objects++] = object;
}

static void request_set(struct vkms_request *request, const char *name,
			uint64_t value)
{
	uint32_t last = request->nr_objects - 1, prop;
	uint64_t old;

	prop = vkms_property(request->drm, request->objects[last], name, &old);
	if (!prop)
		request->err = -ENOENT;
	request->props[request->nr_props] = prop;
	request->values[request->nr_props++] = value;
	request->counts[last]++;
}

static int request_commit(const struct vkms_request *request)
{
	struct drm_mode_atomic atomic = {
		.flags = DRM_MODE_ATOMIC_ALLOW_MODESET,
		.count_objs = request->nr_objects,
		.objs_ptr = user_ptr(request->objects),
		.count_props_ptr = user_ptr(request->counts),
		.props_ptr = user_ptr(request->props),
		.prop_values_ptr = user_ptr(request->values),
	};

	return request->err ?:
		       vkms_ioctl(request->drm, DRM_IOCTL_MODE_ATOMIC, &atomic);
}

static void request_plane(struct vkms_request *request,
			  const struct vkms_display *display, uint32_t fb)
{
	request_object(request, display->plane);
	request_set(request, "FB_ID", fb);
	request_set(request, "CRTC_ID", fb ? display->crtc : 0);
	if (!fb)
		return;
	request_set(request, "SRC_X", 0);
	request_set(request, "SRC_Y", 0);
	request_set(request, "SRC_W", (uint64_t)VKMS_WIDTH << 16);
	request_set(request, "SRC_H", (uint64_t)VKMS_HEIGHT << 16);
	request_set(request, "CRTC_X", 0);
	request_set(request, "CRTC_Y", 0);
	request_set(request, "CRTC_W", VKMS_WIDTH);
	request_set(request, "CRTC_H", VKMS_HEIGHT);
}

static int vkms_wait_fence(int fence)
{
	struct pollfd wait = { .fd = fence, .events = POLLIN };
	int err = 0;

	if (poll(&wait, 1, -1) != 1 || !(wait.revents & POLLIN))
		err = -EIO;
	close(fence);
	return err;
}

int vkms_display_show(const struct vkms_display *display,
		      const struct vkms_frame *from,
		      const struct vkms_frame *to)
{
	struct vkms_request request = { .drm = display->drm };
	int32_t fence = -1;
	int err;

	request_object(&request, display->crtc);
	request_set(&request, "ACTIVE", 1);
	request_set(&request, "MODE_ID", display->mode);
	request_plane(&request, display, from->fb);
	request_object(&request, display->writeback);
	request_set(&request, "CRTC_ID", display->crtc);
	request_set(&request, "WRITEBACK_FB_ID", to->fb);
	request_set(&request, "WRITEBACK_OUT_FENCE_PTR", user_ptr(&fence));
	err = request_commit(&request);
	return err ?: vkms_wait_fence(fence);
}

int vkms_display_off(const struct vkms_display *display)
{
	struct vkms_request request = { .drm = display->drm };

	request_object(&request, display->crtc);
	request_set(&request, "ACTIVE", 0);
	request_set(&request, "MODE_ID", 0);
	request_plane(&request, display, 0);
	request_object(&request, display->writeback);
	request_set(&request, "CRTC_ID", 0);
	return request_commit(&request);
}

/*
 * Frames
 */

static int vkms_frame_add(const struct vkms_display *display, uint32_t pitch,
			  struct vkms_frame *frame)
{
	struct drm_mode_fb_cmd2 add = {
		.width = VKMS_WIDTH,
		.height = VKMS_HEIGHT,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.handles = { frame->handle },
		.pitches = { pitch },
	};
	int err;

	err = vkms_ioctl(display->drm, DRM_IOCTL_MODE_ADDFB2, &add);
	frame->fb = add.fb_id;
	return err;
}

int vkms_frame_import(const struct vkms_display *display, int buf,
		      uint32_t pitch, struct vkms_frame *frame)
{
	struct drm_prime_handle prime = { .fd = buf };
	int err;

	err = vkms_ioctl(display->drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (err)
		return err;
	frame->handle = prime.handle;
	return vkms_frame_add(display, pitch, frame);
}

int vkms_frame_own(const struct vkms_display *display, uint32_t **mem,
		   struct vkms_frame *frame)
{
	struct drm_mode_create_dumb create = {
		.width = VKMS_WIDTH,
		.height = VKMS_HEIGHT,
		.bpp = 32,
	};
	struct drm_mode_map_dumb map = { 0 };
	int err;

	err = vkms_ioctl(display->drm, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	if (err)
		return err;
	map.handle = create.handle;
	err = vkms_ioctl(display->drm, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (err)
		return err;
	*mem = mmap(NULL, VKMS_FRAME_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		    display->drm, (off_t)map.offset);
	if (*mem == MAP_FAILED)
		return -errno;
	frame->handle = create.handle;
	return vkms_frame_add(display, create.pitch, frame);
}

int vkms_frame_release(const struct vkms_display *display,
		       const struct vkms_frame *frame)
{
	struct drm_gem_close gem = { .handle = frame->handle };
	uint32_t fb = frame->fb;

	return vkms_ioctl(display->drm, DRM_IOCTL_MODE_RMFB, &fb) ?:
		       vkms_ioctl(display->drm, DRM_IOCTL_GEM_CLOSE, &gem);
}
