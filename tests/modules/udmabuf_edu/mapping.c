// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer, attached and mapped for the first device of a board, and what the
 * device sees of it: a flat array of contiguous pieces, read from the table as
 * drivers do it, by its DMA addresses only.
 *
 * A mapping is constant between create and destroy. edu_board.lock covers the
 * limits of the device while a buffer is attached.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "edu.h"

static unsigned int max_segment = UINT_MAX & PAGE_MASK;
module_param(max_segment, uint, 0644);
MODULE_PARM_DESC(max_segment,
		 "Longest segment of the device, for later attachments");

/* The table comes from a driver under test: an empty segment is an error. */
static int edu_mapping_fill(struct edu_mapping *mapping)
{
	struct edu_piece *piece = mapping->pieces;
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(mapping->table, sg, i) {
		if (!sg_dma_len(sg))
			return -EIO;
		piece->start = mapping->bytes;
		piece->length = sg_dma_len(sg);
		piece->address = sg_dma_address(sg);
		mapping->bytes += piece->length;
		piece++;
	}
	mapping->nr_pieces = piece - mapping->pieces;
	return mapping->nr_pieces ? 0 : -EIO;
}

static int edu_mapping_map_locked(struct edu_mapping *mapping)
{
	struct device *dev = mapping->board->dev;
	unsigned int segment = READ_ONCE(max_segment);
	struct dma_buf_attachment *attachment;
	struct sg_table *table;

	if (segment < PAGE_SIZE)
		return -EINVAL;
	dma_set_max_seg_size(dev, segment);

	attachment = dma_buf_attach(mapping->dmabuf, dev);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);
	mapping->attachment = attachment;

	table = dma_buf_map_attachment_unlocked(attachment, mapping->direction);
	if (IS_ERR(table))
		return PTR_ERR(table);
	mapping->table = table;
	return 0;
}

static int edu_mapping_map(struct edu_mapping *mapping)
{
	int ret;

	ret = mutex_lock_killable(&mapping->board->lock);
	if (ret)
		return ret;
	ret = edu_mapping_map_locked(mapping);
	mutex_unlock(&mapping->board->lock);
	if (ret)
		return ret;

	mapping->pieces = kvcalloc(mapping->table->nents,
				   sizeof(*mapping->pieces),
				   GFP_KERNEL_ACCOUNT);
	return mapping->pieces ? edu_mapping_fill(mapping) : -ENOMEM;
}

struct edu_mapping *edu_mapping_create(const struct edu_attach *how)
{
	struct edu_mapping *mapping;
	int ret;

	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL_ACCOUNT);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	mapping->direction = how->direction;

	mapping->board = edu_board_find(how->board);
	if (!mapping->board) {
		ret = -ENODEV;
		goto out_free;
	}
	mapping->dmabuf = dma_buf_get(how->fd);
	if (IS_ERR(mapping->dmabuf)) {
		ret = PTR_ERR(mapping->dmabuf);
		goto out_free;
	}
	ret = edu_mapping_map(mapping);
	if (ret) {
		edu_mapping_destroy(mapping);
		return ERR_PTR(ret);
	}
	return mapping;

out_free:
	kfree(mapping);
	return ERR_PTR(ret);
}

void edu_mapping_destroy(struct edu_mapping *mapping)
{
	if (mapping->table)
		dma_buf_unmap_attachment_unlocked(mapping->attachment,
						  mapping->table,
						  mapping->direction);
	if (mapping->attachment)
		dma_buf_detach(mapping->dmabuf, mapping->attachment);
	dma_buf_put(mapping->dmabuf);
	kvfree(mapping->pieces);
	kfree(mapping);
}

/* The piece that holds byte @pos; the caller knows that there is one. */
const struct edu_piece *edu_mapping_find(const struct edu_mapping *mapping,
					 u64 pos)
{
	size_t low = 0, high = mapping->nr_pieces;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (mapping->pieces[middle].start <= pos)
			low = middle;
		else
			high = middle;
	}
	return &mapping->pieces[low];
}
