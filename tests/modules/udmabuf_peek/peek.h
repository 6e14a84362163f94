/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two files of the test importer share. */
#ifndef UDMABUF_PEEK_PEEK_H
#define UDMABUF_PEEK_PEEK_H

#include <linux/dma-buf.h>
#include <linux/iosys-map.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>

#include "udmabuf_peek.h"

/* A part of the buffer that can be read in one go. */
struct peek_piece {
	u64 start; /* in the buffer */
	u64 length;
	void *address;
};

struct peek {
	struct mutex lock; /* one attach at a time */
	bool ready;
	struct peek_attach how;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct iosys_map map;
	struct peek_piece *pieces;
	size_t nr_pieces;
	size_t max_pieces;
	u64 bytes; /* covered by all pieces */
};

/* CONFIG_DMABUF_DEBUG hides the pages of a table from importers. */
static inline bool peek_is_hidden(struct scatterlist *sg)
{
	return !sg_page(sg);
}

static inline phys_addr_t peek_phys(struct scatterlist *sg)
{
	return peek_is_hidden(sg) ? sg_dma_address(sg) : sg_phys(sg);
}

static inline unsigned int peek_length(struct scatterlist *sg)
{
	return peek_is_hidden(sg) ? sg_dma_len(sg) : sg->length;
}

int peek_build_view(struct peek *peek);
ssize_t peek_copy(const struct peek *peek, void __user *to,
		  const void __user *from, size_t count, loff_t *ppos);

#endif /* UDMABUF_PEEK_PEEK_H */
