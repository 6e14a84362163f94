// SPDX-License-Identifier: GPL-2.0-only
/*
 * The views of a mapped buffer: turns what the exporter handed out into a flat
 * array of pieces, and copies between that array and user space.
 *
 * The array is written before peek::ready is set and never afterwards, so
 * copying takes no lock.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "peek.h"

/*
 * The table comes from a driver under test and may be nonsense: memory that
 * does not exist must give an error here and no oops later.
 */
static int peek_add_phys(struct peek *peek, phys_addr_t phys, u64 length)
{
	struct peek_piece *piece;

	if (!length || peek->nr_pieces == peek->max_pieces)
		return -EIO;
	if (!pfn_valid(PHYS_PFN(phys)) ||
	    !pfn_valid(PHYS_PFN(phys + length - 1)))
		return -EIO;

	piece = &peek->pieces[peek->nr_pieces++];
	piece->start = peek->bytes;
	piece->length = length;
	piece->address = phys_to_virt(phys);
	peek->bytes += length;
	return 0;
}

static int peek_add_segments(struct peek *peek)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	for_each_sgtable_sg(peek->table, sg, i) {
		ret = peek_add_phys(peek, peek_phys(sg), peek_length(sg));
		if (ret)
			return ret;
	}
	return 0;
}

static int peek_add_hidden_pages(struct peek *peek)
{
	struct scatterlist *sg;
	unsigned int i, done;
	int ret;

	for_each_sgtable_dma_sg(peek->table, sg, i) {
		for (done = 0; done < sg_dma_len(sg); done += PAGE_SIZE) {
			ret = peek_add_phys(peek, sg_dma_address(sg) + done,
					    PAGE_SIZE);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* Stops at the size of the buffer, as a driver with a page array would. */
static int peek_add_pages(struct peek *peek)
{
	struct sg_page_iter iter;
	int ret;

	if (peek_is_hidden(peek->table->sgl))
		return peek_add_hidden_pages(peek);
	for_each_sgtable_page(peek->table, &iter, 0) {
		if (peek->bytes >= peek->dmabuf->size)
			break;
		ret = peek_add_phys(peek,
				    page_to_phys(sg_page_iter_page(&iter)),
				    PAGE_SIZE);
		if (ret)
			return ret;
	}
	return 0;
}

/* Without an IOMMU a DMA address is a physical address. */
static int peek_add_dma(struct peek *peek)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	if (device_iommu_mapped(peek->attachment->dev))
		return -EOPNOTSUPP;

	for_each_sgtable_dma_sg(peek->table, sg, i) {
		ret = peek_add_phys(peek, sg_dma_address(sg), sg_dma_len(sg));
		if (ret)
			return ret;
	}
	return 0;
}

static int peek_add_vmap(struct peek *peek)
{
	struct peek_piece *piece = &peek->pieces[0];

	if (peek->map.is_iomem)
		return -EOPNOTSUPP;

	piece->length = peek->dmabuf->size;
	piece->address = peek->map.vaddr;
	peek->nr_pieces = 1;
	peek->bytes = piece->length;
	return 0;
}

static size_t peek_count_pieces(const struct peek *peek)
{
	switch (peek->how.view) {
	case PEEK_SG:
		return peek->table->orig_nents;
	case PEEK_PAGES:
		return DIV_ROUND_UP(peek->dmabuf->size, PAGE_SIZE);
	case PEEK_DMA:
		return peek->table->nents;
	default:
		return 1;
	}
}

int peek_build_view(struct peek *peek)
{
	peek->max_pieces = peek_count_pieces(peek);
	peek->pieces = kvcalloc(peek->max_pieces, sizeof(*peek->pieces),
				GFP_KERNEL_ACCOUNT);
	if (!peek->pieces)
		return -ENOMEM;

	switch (peek->how.view) {
	case PEEK_SG:
		return peek_add_segments(peek);
	case PEEK_PAGES:
		return peek_add_pages(peek);
	case PEEK_DMA:
		return peek_add_dma(peek);
	default:
		return peek_add_vmap(peek);
	}
}

/* The piece that holds byte @pos; the caller knows that there is one. */
static const struct peek_piece *peek_find(const struct peek *peek, u64 pos)
{
	size_t low = 0, high = peek->nr_pieces;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (peek->pieces[middle].start <= pos)
			low = middle;
		else
			high = middle;
	}
	return &peek->pieces[low];
}

/*
 * Steps of a page at most: hardened user copies refuse to cross from one folio
 * into the next.
 */
static size_t peek_step(const struct peek_piece *piece, u64 pos, size_t left,
			void **address)
{
	u64 skip = pos - piece->start;

	*address = piece->address + skip;
	return min3((u64)left, piece->length - skip,
		    (u64)(PAGE_SIZE - offset_in_page(*address)));
}

ssize_t peek_copy(const struct peek *peek, void __user *to,
		  const void __user *from, size_t count, loff_t *ppos)
{
	const struct peek_piece *piece = NULL;
	size_t done = 0, step, missed;
	u64 pos = *ppos;
	void *address;

	if (pos >= peek->bytes)
		return 0;
	count = min_t(u64, count, peek->bytes - pos);

	while (done < count) {
		if (!piece || pos >= piece->start + piece->length)
			piece = piece ? piece + 1 : peek_find(peek, pos);
		step = peek_step(piece, pos, count - done, &address);
		missed = to ? copy_to_user(to + done, address, step) :
			      copy_from_user(address, from + done, step);
		done += step - missed;
		pos += step - missed;
		if (missed || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	*ppos = pos;
	if (done || !count)
		return done;
	return fatal_signal_pending(current) ? -EINTR : -EFAULT;
}
