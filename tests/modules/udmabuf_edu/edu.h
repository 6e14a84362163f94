/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this test module share. */
#ifndef UDMABUF_EDU_EDU_H
#define UDMABUF_EDU_EDU_H

#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "udmabuf_edu.h"

struct dma_buf;
struct dma_buf_attachment;
struct sg_table;

/*
 * The devices on one PCI bus. To an IOMMU all devices behind one bridge are the
 * same, and without an IOMMU each address means the same to all of them: what
 * is mapped for the first can be used by each.
 */
struct edu_board {
	struct list_head node;
	struct mutex lock; /* one transfer at a time; the limits of the device */
	const void *bus;
	struct device
		*dev; /* that of the first engine: buffers are mapped for it */
	struct list_head engines;
	unsigned int nr_engines;
};

/* A part of the buffer that is contiguous for the device. */
struct edu_piece {
	u64 start; /* in the buffer */
	u64 length;
	dma_addr_t address;
};

/* A mapped buffer. */
struct edu_mapping {
	struct edu_board *board;
	enum dma_data_direction direction;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct edu_piece *pieces;
	size_t nr_pieces;
	u64 bytes; /* covered by all pieces */
};

/* A transfer, with its data in the kernel's memory. */
struct edu_job {
	const struct edu_mapping *mapping;
	struct edu_transfer what;
	bool write; /* into the buffer */
	u8 *data;
	bool stop; /* a signal came */
	bool failed;
};

/* board.c */
int edu_boards_init(void);
void edu_boards_exit(void);
struct edu_board *edu_board_find(unsigned int number);
int edu_board_run(struct edu_board *board, struct edu_job *job);

/* mapping.c */
struct edu_mapping *edu_mapping_create(const struct edu_attach *how);
void edu_mapping_destroy(struct edu_mapping *mapping);
const struct edu_piece *edu_mapping_find(const struct edu_mapping *mapping,
					 u64 pos);

#endif /* UDMABUF_EDU_EDU_H */
