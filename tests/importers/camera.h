/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vivid, a camera without hardware, as the suites want it: three devices, a
 * still picture without running text, and a fixture around them.
 */
#ifndef IMPORTERS_CAMERA_H
#define IMPORTERS_CAMERA_H

#include "common.h"
#include "kmodule.h"
#include "noise.h"
#include "video.h"

/* Maps buffers into the kernel (vb2_vmalloc); has an output, too. */
#define CAMERA_VMAP	"platform:vivid-000"
/* Maps buffers for DMA, in one piece (vb2_dma_contig), below 4 GiB. */
#define CAMERA_CONTIG	"platform:vivid-001"
/* As CAMERA_VMAP, for frames whose planes lie in several buffers. */
#define CAMERA_PLANES	"platform:vivid-002"

/* Inputs of all of them. */
#define CAMERA_LENS	0
#define CAMERA_SVIDEO	1

/* What the memory holds before a frame comes. */
#define CAMERA_BLANK	0xa5

/* Loads vivid; -ENOENT without it. */
int camera_load(void);

/* -EBUSY: something still uses it. */
int camera_unload(void);

/* Opens the capture node of @bus and makes the picture stand still. */
int camera_open(struct video *v, const char *bus);

/* Frees the memfd for sealing once nothing pins it: 0, else errno. */
int camera_seal(int memfd);

/*
 * The fixture: a memfd of @bytes, blank, mapped at self->mem; a dma-buf over all
 * of it; the node of @bus; room for what frames should be. After each test nothing
 * pins the memfd, vivid can be unloaded, and the driver has as many users as
 * before.
 */
#define CAMERA_FIXTURE(fixture, bus, bytes, variants)			\
	FIXTURE(fixture) {						\
		long users;						\
		int dev;						\
		int memfd;						\
		int buf;						\
		size_t size;						\
		unsigned char *mem;					\
		unsigned char *want[VIDEO_PLANES];			\
		struct video v;						\
	};								\
	variants(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		int plane_;						\
									\
		self->size = bytes;					\
		self->users = kmodule_users_of_driver();		\
		UDB_DEV_OPEN(self->dev);				\
		UDB_MEMFD_OR_SKIP(self->memfd, variant->backing,	\
				  self->size);				\
		ASSERT_EQ(0, camera_load())				\
			TH_LOG("needs vivid, CONFIG_VIDEO_VIVID");	\
		ASSERT_EQ(0, camera_open(&self->v, bus));		\
		self->mem = udb_map(self->memfd, self->size,		\
				    PROT_READ | PROT_WRITE);		\
		ASSERT_NE(NULL, self->mem);				\
		memset(self->mem, CAMERA_BLANK, self->size);		\
		for (plane_ = 0; plane_ < VIDEO_PLANES; plane_++) {	\
			self->want[plane_] = malloc(self->size);	\
			ASSERT_NE(NULL, self->want[plane_]);		\
		}							\
		self->buf = udb_create(self->dev, self->memfd, 0,	\
				       self->size);			\
		ASSERT_GE(self->buf, 0);				\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		int plane_;						\
									\
		video_close(&self->v);					\
		close(self->buf);					\
		munmap(self->mem, self->size);				\
		EXPECT_EQ(0, camera_seal(self->memfd));			\
		close(self->memfd);					\
		close(self->dev);					\
		EXPECT_EQ(0, camera_unload());				\
		EXPECT_EQ(self->users, kmodule_users_of_driver());	\
		for (plane_ = 0; plane_ < VIDEO_PLANES; plane_++)	\
			free(self->want[plane_]);			\
	}								\
	struct camera_fixture_needs_semicolon

#endif /* IMPORTERS_CAMERA_H */
