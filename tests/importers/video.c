// SPDX-License-Identifier: GPL-2.0-only
/* Speaks V4L2: see video.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "video.h"

#define MAX_NODES	64
/* An emulated machine that does other work besides needs a while for a frame. */
#define FRAME_TIMEOUT_MS 20000

/* A buffer with room for its planes. */
struct video_buffer {
	struct v4l2_buffer b;
	struct v4l2_plane planes[VIDEO_PLANES];
};

static unsigned int video_type(bool output, bool mplane)
{
	if (mplane)
		return output ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE :
				V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
	return output ? V4L2_BUF_TYPE_VIDEO_OUTPUT :
			V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

static bool video_is(struct video *v, const char *bus, bool output)
{
	uint32_t single = output ? V4L2_CAP_VIDEO_OUTPUT :
				   V4L2_CAP_VIDEO_CAPTURE;
	uint32_t multi = output ? V4L2_CAP_VIDEO_OUTPUT_MPLANE :
				  V4L2_CAP_VIDEO_CAPTURE_MPLANE;
	struct v4l2_capability cap;

	if (ioctl(v->fd, VIDIOC_QUERYCAP, &cap) ||
	    strcmp((const char *)cap.bus_info, bus) ||
	    !(cap.device_caps & (single | multi)))
		return false;
	v->output = output;
	v->mplane = cap.device_caps & multi;
	v->type = video_type(output, v->mplane);
	return true;
}

int video_open(struct video *v, const char *bus, bool output)
{
	char path[64];
	int i;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < MAX_NODES; i++) {
		snprintf(path, sizeof(path), "/dev/video%d", i);
		v->fd = open(path, O_RDWR | O_CLOEXEC);
		if (v->fd < 0)
			continue;
		if (video_is(v, bus, output))
			return 0;
		close(v->fd);
	}
	v->fd = -1;
	errno = ENODEV;
	return -1;
}

void video_close(struct video *v)
{
	close(v->fd);
	v->fd = -1;
}

int video_select(struct video *v, int number)
{
	return ioctl(v->fd, v->output ? VIDIOC_S_OUTPUT : VIDIOC_S_INPUT,
		     &number);
}

static bool video_take_single(struct video *v, const struct v4l2_pix_format *p,
			      uint32_t fourcc, unsigned int width,
			      unsigned int height)
{
	v->nr_planes = 1;
	v->size[0] = p->sizeimage;
	return p->pixelformat == fourcc && p->width == width &&
	       p->height == height;
}

static bool video_take_multi(struct video *v,
			     const struct v4l2_pix_format_mplane *p,
			     uint32_t fourcc, unsigned int width,
			     unsigned int height)
{
	unsigned int i;

	if (!p->num_planes || p->num_planes > VIDEO_PLANES)
		return false;
	v->nr_planes = p->num_planes;
	for (i = 0; i < v->nr_planes; i++)
		v->size[i] = p->plane_fmt[i].sizeimage;
	return p->pixelformat == fourcc && p->width == width &&
	       p->height == height;
}

int video_format(struct video *v, uint32_t fourcc, unsigned int width,
		 unsigned int height)
{
	struct v4l2_format f = { .type = v->type };
	bool good;

	/* Leaves what is not named here, the field order above all, as it is. */
	if (ioctl(v->fd, VIDIOC_G_FMT, &f))
		return -1;
	if (v->mplane) {
		struct v4l2_pix_format_mplane *p = &f.fmt.pix_mp;

		memset(p->plane_fmt, 0, sizeof(p->plane_fmt));
		p->pixelformat = fourcc;
		p->width = width;
		p->height = height;
	} else {
		f.fmt.pix.pixelformat = fourcc;
		f.fmt.pix.width = width;
		f.fmt.pix.height = height;
		f.fmt.pix.bytesperline = 0;
	}
	if (ioctl(v->fd, VIDIOC_S_FMT, &f))
		return -1;
	good = v->mplane ?
		       video_take_multi(v, &f.fmt.pix_mp, fourcc, width,
					height) :
		       video_take_single(v, &f.fmt.pix, fourcc, width, height);
	errno = EINVAL;
	return good ? 0 : -1;
}

/* The number of a control, 0 when there is none of that name. */
static uint32_t video_control_id(struct video *v, const char *name)
{
	struct v4l2_queryctrl query = { .id = V4L2_CTRL_FLAG_NEXT_CTRL };

	while (!ioctl(v->fd, VIDIOC_QUERYCTRL, &query)) {
		if (!strcmp((const char *)query.name, name))
			return query.id;
		query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
	}
	errno = ENOENT;
	return 0;
}

int video_control(struct video *v, const char *name, int value)
{
	struct v4l2_control control = {
		.id = video_control_id(v, name),
		.value = value,
	};

	return control.id ? ioctl(v->fd, VIDIOC_S_CTRL, &control) : -1;
}

int video_control_value(struct video *v, const char *name)
{
	struct v4l2_control control = { .id = video_control_id(v, name) };

	if (!control.id || ioctl(v->fd, VIDIOC_G_CTRL, &control))
		return -1;
	return control.value;
}

int video_request(struct video *v, unsigned int memory, unsigned int nr)
{
	struct v4l2_requestbuffers request = {
		.count = nr,
		.type = v->type,
		.memory = memory,
	};

	if (ioctl(v->fd, VIDIOC_REQBUFS, &request))
		return -1;
	v->memory = memory;
	return 0;
}

static void video_buffer_init(const struct video *v, struct video_buffer *vb,
			      unsigned int index)
{
	memset(vb, 0, sizeof(*vb));
	vb->b.type = v->type;
	vb->b.memory = v->memory;
	vb->b.index = index;
	/* What a frame of an output says; of no meaning in other cases. */
	vb->b.bytesused = v->size[0];
	vb->b.field = V4L2_FIELD_ANY;
	if (v->mplane) {
		vb->b.m.planes = vb->planes;
		vb->b.length = v->nr_planes;
	}
}

int video_queue(struct video *v, unsigned int index, const int *fds,
		const size_t *lengths)
{
	struct video_buffer vb;
	unsigned int i;

	video_buffer_init(v, &vb, index);
	if (fds && !v->mplane) {
		vb.b.m.fd = fds[0];
		vb.b.length = lengths ? lengths[0] : 0;
	}
	for (i = 0; v->mplane && i < v->nr_planes; i++) {
		vb.planes[i].bytesused = v->size[i];
		if (!fds)
			continue;
		vb.planes[i].m.fd = fds[i];
		vb.planes[i].length = lengths ? lengths[i] : 0;
	}
	return ioctl(v->fd, VIDIOC_QBUF, &vb.b);
}

int video_start(struct video *v)
{
	int type = (int)v->type;

	return ioctl(v->fd, VIDIOC_STREAMON, &type);
}

int video_stop(struct video *v)
{
	int type = (int)v->type;

	return ioctl(v->fd, VIDIOC_STREAMOFF, &type);
}

int video_dequeue(struct video *v)
{
	struct pollfd poll_fd = {
		.fd = v->fd,
		.events = v->output ? POLLOUT : POLLIN,
	};
	struct video_buffer vb;

	if (poll(&poll_fd, 1, FRAME_TIMEOUT_MS) != 1) {
		errno = ETIME;
		return -1;
	}
	video_buffer_init(v, &vb, 0);
	if (ioctl(v->fd, VIDIOC_DQBUF, &vb.b))
		return -1;
	if (vb.b.flags & V4L2_BUF_FLAG_ERROR) {
		errno = EIO;
		return -1;
	}
	return (int)vb.b.index;
}

int video_frame(struct video *v, const int *fds)
{
	if (video_queue(v, 0, fds, NULL))
		return -1;
	return video_dequeue(v) == 0 ? 0 : -1;
}

int video_capture(struct video *v, const int *fds)
{
	if (video_request(v, V4L2_MEMORY_DMABUF, 1) ||
	    video_queue(v, 0, fds, NULL) || video_start(v) ||
	    video_dequeue(v) != 0 || video_stop(v))
		return -1;
	return video_request(v, V4L2_MEMORY_DMABUF, 0);
}

/* Maps the planes of buffer 0, which is in the device's own memory. */
static int video_map(struct video *v, void *maps[], size_t lengths[])
{
	struct video_buffer vb;
	unsigned int i;

	video_buffer_init(v, &vb, 0);
	if (ioctl(v->fd, VIDIOC_QUERYBUF, &vb.b))
		return -1;
	for (i = 0; i < v->nr_planes; i++) {
		off_t offset = v->mplane ? vb.planes[i].m.mem_offset :
					   vb.b.m.offset;

		lengths[i] = v->mplane ? vb.planes[i].length : vb.b.length;
		maps[i] = mmap(NULL, lengths[i], PROT_READ, MAP_SHARED, v->fd,
			       offset);
		if (maps[i] == MAP_FAILED)
			return -1;
	}
	return 0;
}

static int video_two_frames(struct video *v, void *const maps[],
			    unsigned char *const frames[])
{
	unsigned int i;

	if (video_queue(v, 0, NULL, NULL) || video_start(v) ||
	    video_dequeue(v) != 0)
		return -1;
	for (i = 0; i < v->nr_planes; i++)
		memcpy(frames[i], maps[i], v->size[i]);
	if (video_frame(v, NULL) || video_stop(v))
		return -1;
	errno = EILSEQ;
	for (i = 0; i < v->nr_planes; i++)
		if (memcmp(frames[i], maps[i], v->size[i]))
			return -1;
	return 0;
}

int video_reference(struct video *v, unsigned char *const frames[])
{
	void *maps[VIDEO_PLANES];
	size_t lengths[VIDEO_PLANES];
	unsigned int i;

	if (video_request(v, V4L2_MEMORY_MMAP, 1) ||
	    video_map(v, maps, lengths) || video_two_frames(v, maps, frames))
		return -1;
	for (i = 0; i < v->nr_planes; i++)
		munmap(maps[i], lengths[i]);
	return video_request(v, V4L2_MEMORY_MMAP, 0);
}
