// SPDX-License-Identifier: GPL-2.0-only
/* scatterlists: sg_alloc_table(), dma_map_sgtable() and others */
#include <linux/mm.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>

int udmabuf_need_table(struct device *dev, struct sg_table *table);

int udmabuf_need_table(struct device *dev, struct sg_table *table)
{
	size_t longest = min_t(size_t, dma_get_max_seg_size(dev),
			       dma_max_mapping_size(dev));

	if (sg_alloc_table(table, 1, GFP_KERNEL_ACCOUNT))
		return 0;
	sg_set_page(table->sgl, pfn_to_page(0), longest, 0);
	if (!dma_map_sgtable(dev, table, DMA_TO_DEVICE, 0))
		dma_unmap_sgtable(dev, table, DMA_TO_DEVICE, 0);
	dma_sync_sgtable_for_cpu(dev, table, DMA_TO_DEVICE);
	dma_sync_sgtable_for_device(dev, table, DMA_TO_DEVICE);
	sg_free_table(table);
	return table->nents + table->orig_nents;
}
