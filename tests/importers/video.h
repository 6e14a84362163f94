/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of one V4L2 node: a queue of buffers, in the memory of the device
 * (MMAP) or in dma-bufs. Frames have one plane, or several where the node has
 * the multi-planar interface.
 *
 * Functions that return an int give 0, or -1 and errno, unless they say more.
 */
#ifndef IMPORTERS_VIDEO_H
#define IMPORTERS_VIDEO_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIDEO_PLANES	3

struct video {
	int fd;
	bool output;
	bool mplane;
	unsigned int type; /* enum v4l2_buf_type */
	unsigned int memory; /* enum v4l2_memory, since the last request */
	unsigned int nr_planes;
	size_t size[VIDEO_PLANES]; /* bytes that a frame takes */
};

/*
 * Opens the capture or the output node of the device that V4L2 calls @bus
 * ("platform:vivid-000"). ENODEV: there is none.
 */
int video_open(struct video *v, const char *bus, bool output);
void video_close(struct video *v);

/* Selects the input (of an output node: the output). */
int video_select(struct video *v, int number);

/* EINVAL: the device would take another format or size. */
int video_format(struct video *v, uint32_t fourcc, unsigned int width,
		 unsigned int height);

/* Controls, known by their names. ENOENT: there is none; the value, or -1. */
int video_control(struct video *v, const char *name, int value);
int video_control_value(struct video *v, const char *name);

/* @nr buffers, 0 to give all back; the device may make it more. */
int video_request(struct video *v, unsigned int memory, unsigned int nr);

/*
 * Queues buffer @index. With dma-bufs, plane i lies in fds[i], which is said to
 * have lengths[i] bytes (0: what it has); @lengths may be NULL for all 0. @fds is
 * NULL for buffers in the device's own memory.
 */
int video_queue(struct video *v, unsigned int index, const int *fds,
		const size_t *lengths);

int video_start(struct video *v);
int video_stop(struct video *v);

/* Waits for a buffer: its index, or -1. ETIME: none comes; EIO: it is bad. */
int video_dequeue(struct video *v);

/* Buffer 0 queued, filled by the device, and back. Streaming goes on. */
int video_frame(struct video *v, const int *fds);

/* All of that, from request to giving back. */
int video_capture(struct video *v, const int *fds);

/*
 * What the device writes into its own memory: frames[i] of size[i] bytes. Two
 * frames are looked at: EILSEQ when they differ, and cannot be a reference.
 */
int video_reference(struct video *v, unsigned char *const frames[]);

#endif /* IMPORTERS_VIDEO_H */
