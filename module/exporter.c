// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dma-buf side: devices attach, map, unmap, and the CPU asks for access.
 *
 * Each attachment has a scatterlist of its own, cut to what its device takes,
 * built at the first mapping and kept until the device detaches. CPU access
 * syncs every attachment that is mapped at that moment. Nothing is allocated
 * there, so there is nothing to leak and nothing to race for.
 *
 * udmabuf.lock protects the list of attachments, their tables and their mapped
 * state. It is taken inside the reservation lock, under which the core calls
 * map_dma_buf() and unmap_dma_buf(); CPU access comes without that one.
 *
 * Of a read-only buffer devices and the CPU can do nothing but read. It has no
 * kernel mapping: who asks for one does not say what for, and if it could not be
 * written, a driver that does would bring the kernel down.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "trace.h"
#include "udmabuf.h"

/*
 * Any number of devices may have the same memory mapped, and a list may name a page
 * any number of times. What the kernel checks must not take that for mappings that
 * somebody lost.
 */
#define UDMABUF_DMA_ATTRS	DMA_ATTR_DEBUGGING_IGNORE_CACHELINES

/**
 * struct udmabuf_attachment - one device's use of a buffer
 * @node: entry in &udmabuf.attachments; under &udmabuf.lock
 * @dev: the device
 * @table: the buffer's memory, cut for @dev; empty until the first mapping;
 *         built under &udmabuf.lock, then constant but for what the DMA core
 *         writes
 * @direction: of the mapping; %DMA_NONE without one; under &udmabuf.lock
 */
struct udmabuf_attachment {
	struct list_head node;
	struct device *dev;
	struct sg_table table;
	enum dma_data_direction direction;
};

/**
 * udmabuf_count_attachments() - tell how many devices use a buffer
 * @ubuf: an exported buffer
 * @attached: receives how many are attached
 * @mapped: receives how many of these have it mapped
 *
 * Context: Process context, takes &udmabuf.lock.
 */
void udmabuf_count_attachments(struct udmabuf *ubuf, u32 *attached, u32 *mapped)
{
	struct udmabuf_attachment *ua;

	*attached = 0;
	*mapped = 0;
	mutex_lock(&ubuf->lock);
	list_for_each_entry(ua, &ubuf->attachments, node) {
		(*attached)++;
		if (ua->direction != DMA_NONE)
			(*mapped)++;
	}
	mutex_unlock(&ubuf->lock);
}

static int udmabuf_attach(struct dma_buf *dmabuf,
			  struct dma_buf_attachment *attach)
{
	struct udmabuf *ubuf = dmabuf->priv;
	struct udmabuf_attachment *ua;

	ua = kzalloc_obj(*ua, GFP_KERNEL_ACCOUNT);
	if (!ua)
		return -ENOMEM;
	ua->dev = attach->dev;
	ua->direction = DMA_NONE;
	attach->priv = ua;

	mutex_lock(&ubuf->lock);
	list_add_tail(&ua->node, &ubuf->attachments);
	mutex_unlock(&ubuf->lock);
	return 0;
}

static void udmabuf_detach(struct dma_buf *dmabuf,
			   struct dma_buf_attachment *attach)
{
	struct udmabuf_attachment *ua = attach->priv;
	struct udmabuf *ubuf = dmabuf->priv;

	mutex_lock(&ubuf->lock);
	list_del(&ua->node);
	mutex_unlock(&ubuf->lock);

	sg_free_table(&ua->table);
	kfree(ua);
}

/* The longest segment that @dev takes, in pages; less than one is no use. */
static pgoff_t udmabuf_segment_pages(struct device *dev)
{
	size_t bytes = min_t(size_t, dma_get_max_seg_size(dev),
			     dma_max_mapping_size(dev));

	return max_t(pgoff_t, min_t(size_t, bytes, UINT_MAX) >> PAGE_SHIFT, 1);
}

static int udmabuf_count_segments(const struct udmabuf_runs *runs,
				  pgoff_t segment_pages, unsigned int *count)
{
	struct udmabuf_extent extent = {};
	u64 total = 0;

	while (udmabuf_runs_next(runs, runs->nr_pages, &extent))
		total += DIV_ROUND_UP(extent.nr_pages, segment_pages);
	if (total > UINT_MAX)
		return -EOVERFLOW;
	*count = total;
	return 0;
}

/* Moves *sg behind the segments of @extent. */
static void udmabuf_set_segments(struct scatterlist **sg,
				 const struct udmabuf_extent *extent,
				 pgoff_t segment_pages)
{
	pgoff_t done, nr_pages;

	for (done = 0; done < extent->nr_pages; done += nr_pages) {
		nr_pages = min(segment_pages, extent->nr_pages - done);
		sg_set_page(*sg, pfn_to_page(extent->pfn + done),
			    nr_pages << PAGE_SHIFT, 0);
		*sg = sg_next(*sg);
	}
}

/*
 * The one helper that makes a scatterlist. O(runs) where segments may be as
 * long as a run, and never more than the memory divided by what a segment of
 * the device holds on top of it.
 */
static int udmabuf_build_table(const struct udmabuf_runs *runs,
			       struct device *dev, struct sg_table *table)
{
	pgoff_t segment_pages = udmabuf_segment_pages(dev);
	struct udmabuf_extent extent = {};
	struct scatterlist *sg;
	unsigned int count;
	int ret;

	ret = udmabuf_count_segments(runs, segment_pages, &count);
	if (ret)
		return ret;
	ret = sg_alloc_table(table, count, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;

	sg = table->sgl;
	while (udmabuf_runs_next(runs, runs->nr_pages, &extent))
		udmabuf_set_segments(&sg, &extent, segment_pages);
	return 0;
}

/* Whoever comes first builds it, for all mappings of the attachment. */
static int udmabuf_get_table(struct udmabuf *ubuf,
			     struct udmabuf_attachment *ua)
{
	int ret = 0;

	mutex_lock(&ubuf->lock);
	if (!ua->table.sgl)
		ret = udmabuf_build_table(&ubuf->runs, ua->dev, &ua->table);
	mutex_unlock(&ubuf->lock);
	return ret;
}

static void udmabuf_set_direction(struct udmabuf *ubuf,
				  struct udmabuf_attachment *ua,
				  enum dma_data_direction direction)
{
	mutex_lock(&ubuf->lock);
	ua->direction = direction;
	mutex_unlock(&ubuf->lock);
}

static struct sg_table *udmabuf_map(struct dma_buf_attachment *attach,
				    enum dma_data_direction direction)
{
	struct udmabuf *ubuf = attach->dmabuf->priv;
	struct udmabuf_attachment *ua = attach->priv;
	int ret;

	if (ubuf->read_only && direction != DMA_TO_DEVICE)
		return ERR_PTR(-EACCES);

	ret = udmabuf_get_table(ubuf, ua);
	if (ret)
		return ERR_PTR(ret);

	ret = dma_map_sgtable(ua->dev, &ua->table, direction,
			      UDMABUF_DMA_ATTRS);
	if (ret)
		return ERR_PTR(ret);

	udmabuf_set_direction(ubuf, ua, direction);
	trace_udmabuf_map(ubuf, ua->dev, ua->table.nents, direction);
	return &ua->table;
}

static void udmabuf_unmap(struct dma_buf_attachment *attach,
			  struct sg_table *table,
			  enum dma_data_direction direction)
{
	struct udmabuf_attachment *ua = attach->priv;

	udmabuf_set_direction(attach->dmabuf->priv, ua, DMA_NONE);
	dma_unmap_sgtable(ua->dev, table, direction, UDMABUF_DMA_ATTRS);
}

/*
 * Narrows the direction of a sync to what a mapping in direction @mapped shares
 * with it. False: nothing, the attachment has nothing to sync.
 */
static bool udmabuf_narrow(enum dma_data_direction mapped,
			   enum dma_data_direction *direction)
{
	if (mapped == DMA_BIDIRECTIONAL)
		return true;
	if (*direction != DMA_BIDIRECTIONAL && *direction != mapped)
		return false;
	*direction = mapped;
	return mapped != DMA_NONE;
}

/* The CPU reads what comes from the device, and writes what goes there. */
static bool udmabuf_denies_cpu(const struct udmabuf *ubuf,
			       enum dma_data_direction direction)
{
	return ubuf->read_only && direction != DMA_FROM_DEVICE;
}

static int udmabuf_begin_cpu_access(struct dma_buf *dmabuf,
				    enum dma_data_direction direction)
{
	struct udmabuf *ubuf = dmabuf->priv;
	struct udmabuf_attachment *ua;

	if (udmabuf_denies_cpu(ubuf, direction))
		return -EACCES;

	mutex_lock(&ubuf->lock);
	if (ubuf->vaddr)
		invalidate_kernel_vmap_range(ubuf->vaddr, dmabuf->size);
	list_for_each_entry(ua, &ubuf->attachments, node) {
		enum dma_data_direction dir = direction;

		if (udmabuf_narrow(ua->direction, &dir))
			dma_sync_sgtable_for_cpu(ua->dev, &ua->table, dir);
	}
	mutex_unlock(&ubuf->lock);
	return 0;
}

static int udmabuf_end_cpu_access(struct dma_buf *dmabuf,
				  enum dma_data_direction direction)
{
	struct udmabuf *ubuf = dmabuf->priv;
	struct udmabuf_attachment *ua;

	if (udmabuf_denies_cpu(ubuf, direction))
		return -EACCES;

	mutex_lock(&ubuf->lock);
	if (ubuf->vaddr)
		flush_kernel_vmap_range(ubuf->vaddr, dmabuf->size);
	list_for_each_entry(ua, &ubuf->attachments, node) {
		enum dma_data_direction dir = direction;

		if (udmabuf_narrow(ua->direction, &dir))
			dma_sync_sgtable_for_device(ua->dev, &ua->table, dir);
	}
	mutex_unlock(&ubuf->lock);
	return 0;
}

static void udmabuf_release(struct dma_buf *dmabuf)
{
	struct udmabuf *ubuf = dmabuf->priv;

	trace_udmabuf_release(ubuf);
	udmabuf_debugfs_del(ubuf);
	udmabuf_destroy(ubuf);
}

static const struct dma_buf_ops udmabuf_dma_buf_ops = {
	.attach = udmabuf_attach,
	.detach = udmabuf_detach,
	.map_dma_buf = udmabuf_map,
	.unmap_dma_buf = udmabuf_unmap,
	.begin_cpu_access = udmabuf_begin_cpu_access,
	.end_cpu_access = udmabuf_end_cpu_access,
	.mmap = udmabuf_mmap,
	.vmap = udmabuf_vmap,
	.vunmap = udmabuf_vunmap,
	.release = udmabuf_release,
};

/* The same without vmap and vunmap. */
static const struct dma_buf_ops udmabuf_read_only_ops = {
	.attach = udmabuf_attach,
	.detach = udmabuf_detach,
	.map_dma_buf = udmabuf_map,
	.unmap_dma_buf = udmabuf_unmap,
	.begin_cpu_access = udmabuf_begin_cpu_access,
	.end_cpu_access = udmabuf_end_cpu_access,
	.mmap = udmabuf_mmap,
	.release = udmabuf_release,
};

/**
 * udmabuf_export() - make a dma-buf of a buffer
 * @ubuf: a buffer that has all its memory
 *
 * On success the dma-buf owns @ubuf.
 *
 * Return: the dma-buf, or an ERR_PTR() of what dma_buf_export() answers.
 */
struct dma_buf *udmabuf_export(struct udmabuf *ubuf)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	/* Programs look for this name, whatever the module is called. */
	exp_info.exp_name = "udmabuf";
	exp_info.ops = ubuf->read_only ? &udmabuf_read_only_ops :
					 &udmabuf_dma_buf_ops;
	exp_info.size = (size_t)ubuf->runs.nr_pages << PAGE_SHIFT;
	exp_info.flags = ubuf->read_only ? O_RDONLY : O_RDWR;
	exp_info.priv = ubuf;

	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf))
		return dmabuf;
	ubuf->ino = file_inode(dmabuf->file)->i_ino;
	udmabuf_debugfs_add(ubuf);
	return dmabuf;
}

/**
 * udmabuf_of() - the buffer behind a dma-buf
 * @dmabuf: a dma-buf of any exporter
 *
 * Return: the buffer, or NULL when another driver made it.
 */
struct udmabuf *udmabuf_of(struct dma_buf *dmabuf)
{
	if (dmabuf->ops != &udmabuf_dma_buf_ops &&
	    dmabuf->ops != &udmabuf_read_only_ops)
		return NULL;
	return dmabuf->priv;
}

#ifndef UDMABUF_VERSION
#if IS_ENABLED(CONFIG_UDMABUF_KUNIT_TEST)
#include "tests/exporter_kunit.c"
#endif
#endif
