// SPDX-License-Identifier: GPL-2.0-only
/* Loads and sets up vivid: see camera.h. */
#include "camera.h"

/* A value for each of the three devices. */
static const char *const camera_arguments[] = {
	"vivid",
	"n_devs=3",
	"node_types=0x101,0x1,0x1", /* capture, and one output */
	"multiplanar=1,1,2",
	"allocators=0,1,0", /* vmalloc, dma-contig */
	"num_inputs=2,2,2",
	"input_types=0x8,0x8,0x8", /* a lens, then S-Video */
	"num_outputs=1,1,1",
	"output_types=0x0,0x0,0x0", /* S-Video */
	NULL,
};

/*
 * A picture that differs from line to line as well as from column to column,
 * with marks at its edges, and nothing in it that tells the time.
 */
static const struct {
	const char *name;
	int value;
} camera_controls[] = {
	{ "OSD Text Mode", 2 }, /* none */
	{ "Test Pattern", 4 }, /* squares of many colours */
	{ "Show Border", 1 },
	{ "Show Square", 1 },
};

int camera_load(void)
{
	return kmodule_load(camera_arguments);
}

int camera_unload(void)
{
	return kmodule_unload("vivid");
}

static int camera_set_up(struct video *v)
{
	size_t i;

	if (video_select(v, CAMERA_LENS))
		return -1;
	for (i = 0; i < sizeof(camera_controls) / sizeof(*camera_controls); i++)
		if (video_control(v, camera_controls[i].name,
				  camera_controls[i].value))
			return -1;
	return 0;
}

int camera_open(struct video *v, const char *bus)
{
	if (video_open(v, bus, false))
		return -1;
	if (!camera_set_up(v))
		return 0;
	video_close(v);
	return -1;
}

int camera_seal(int memfd)
{
	return fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) ? errno : 0;
}
