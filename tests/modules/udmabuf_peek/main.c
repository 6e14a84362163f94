// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf importer for tests: it reads and writes a buffer through the views
 * that drivers use (see udmabuf_peek.h), so that a test in user space can
 * compare them with the memory itself. This file is the device and its ioctls.
 *
 * A view appears once (peek::ready) and stays until the last close. peek::lock
 * makes sure that a file is attached only once; inside it, peek_device_lock
 * covers the limits of the one device that all files share. Neither is held
 * while user memory is read or written.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "peek.h"

static unsigned int dma_mask_bits = 64;
module_param(dma_mask_bits, uint, 0644);
MODULE_PARM_DESC(dma_mask_bits,
		 "Address bits of the device, 32 to 64, for later attachments");

static unsigned int max_segment = UINT_MAX & PAGE_MASK;
module_param(max_segment, uint, 0644);
MODULE_PARM_DESC(max_segment,
		 "Longest segment of the device, for later attachments");

#define PEEK_NAME "udmabuf-peek"

static struct platform_device *peek_device;
static DEFINE_MUTEX(peek_device_lock);

/* Applies the module parameters as they are now. */
static int peek_set_limits(struct device *dev)
{
	unsigned int segment = READ_ONCE(max_segment);
	unsigned int bits = READ_ONCE(dma_mask_bits);

	if (bits < 32 || bits > 64 || segment < PAGE_SIZE)
		return -EINVAL;

	dma_set_max_seg_size(dev, segment);
	return dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(bits));
}

static int peek_map_table(struct peek *peek)
{
	int ret;

	ret = mutex_lock_killable(&peek_device_lock);
	if (ret)
		return ret;

	ret = peek_set_limits(&peek_device->dev);
	if (ret)
		goto out_unlock;

	peek->attachment = dma_buf_attach(peek->dmabuf, &peek_device->dev);
	if (IS_ERR(peek->attachment)) {
		ret = PTR_ERR(peek->attachment);
		peek->attachment = NULL;
		goto out_unlock;
	}

	peek->table = dma_buf_map_attachment_unlocked(peek->attachment,
						      peek->how.direction);
	if (IS_ERR(peek->table)) {
		ret = PTR_ERR(peek->table);
		peek->table = NULL;
	}
out_unlock:
	mutex_unlock(&peek_device_lock);
	return ret;
}

static int peek_vmap(struct peek *peek)
{
	struct dma_buf *dmabuf = peek->dmabuf;
	int ret;

	if (peek->how.view == PEEK_VMAP)
		return dma_buf_vmap_unlocked(dmabuf, &peek->map);

	dma_resv_lock(dmabuf->resv, NULL);
	ret = dmabuf->ops->vmap(dmabuf, &peek->map);
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

static void peek_vunmap(struct peek *peek)
{
	struct dma_buf *dmabuf = peek->dmabuf;

	if (peek->how.view == PEEK_VMAP) {
		dma_buf_vunmap_unlocked(dmabuf, &peek->map);
		return;
	}
	dma_resv_lock(dmabuf->resv, NULL);
	dmabuf->ops->vunmap(dmabuf, &peek->map);
	dma_resv_unlock(dmabuf->resv);
}

static void peek_detach(struct peek *peek)
{
	if (peek->table)
		dma_buf_unmap_attachment_unlocked(peek->attachment, peek->table,
						  peek->how.direction);
	if (peek->attachment)
		dma_buf_detach(peek->dmabuf, peek->attachment);
	if (!iosys_map_is_null(&peek->map))
		peek_vunmap(peek);
	if (peek->dmabuf)
		dma_buf_put(peek->dmabuf);
	kvfree(peek->pieces);

	peek->table = NULL;
	peek->attachment = NULL;
	iosys_map_clear(&peek->map);
	peek->dmabuf = NULL;
	peek->pieces = NULL;
	peek->nr_pieces = 0;
	peek->bytes = 0;
}

static int peek_attach_locked(struct peek *peek)
{
	struct dma_buf *dmabuf;
	int ret;

	dmabuf = dma_buf_get(peek->how.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	peek->dmabuf = dmabuf;

	if (peek->how.view == PEEK_VMAP || peek->how.view == PEEK_VMAP_ALONE)
		ret = peek_vmap(peek);
	else
		ret = peek_map_table(peek);
	if (!ret)
		ret = peek_build_view(peek);
	if (ret)
		peek_detach(peek);
	return ret;
}

static long peek_ioctl_attach(struct peek *peek, const void __user *arg)
{
	struct peek_attach how;
	long ret;

	if (copy_from_user(&how, arg, sizeof(how)))
		return -EFAULT;
	if (how.view > PEEK_VMAP_ALONE || how.direction > PEEK_FROM_DEVICE ||
	    how.flags)
		return -EINVAL;

	ret = mutex_lock_killable(&peek->lock);
	if (ret)
		return ret;

	if (peek->ready) {
		ret = -EBUSY;
		goto out_unlock;
	}
	peek->how = how;
	ret = peek_attach_locked(peek);
	if (!ret) {
		/* Pairs with smp_load_acquire() in peek_is_ready(). */
		smp_store_release(&peek->ready, true);
	}
out_unlock:
	mutex_unlock(&peek->lock);
	return ret;
}

static bool peek_is_ready(const struct peek *peek)
{
	/* Pairs with smp_store_release() in peek_ioctl_attach(). */
	return smp_load_acquire(&peek->ready);
}

/* Only what is in a bounce buffer has to be copied back and forth. */
static bool peek_is_bounced(struct scatterlist *sg)
{
	if (peek_is_hidden(sg))
		return dma_need_sync(&peek_device->dev, sg_dma_address(sg));
	return sg_dma_address(sg) != sg_phys(sg);
}

static void peek_describe_table(const struct sg_table *table,
				struct peek_info *info)
{
	struct scatterlist *sg;
	dma_addr_t next = 0;
	unsigned int i;

	for_each_sgtable_sg(table, sg, i) {
		info->total += peek_length(sg);
		info->longest = max_t(u64, info->longest, peek_length(sg));
	}
	for_each_sgtable_dma_sg(table, sg, i) {
		if (!i || sg_dma_address(sg) != next)
			info->dma_runs++;
		next = sg_dma_address(sg) + sg_dma_len(sg);
		/* Comparable only while mapping has merged nothing. */
		if (table->nents == table->orig_nents && peek_is_bounced(sg))
			info->bounced += sg_dma_len(sg);
	}
	info->orig_nents = table->orig_nents;
	info->nents = table->nents;
}

static long peek_ioctl_info(const struct peek *peek, void __user *arg)
{
	struct peek_info info = {
		.size = peek->dmabuf->size,
		.pieces = peek->nr_pieces,
	};

	if (peek->table)
		peek_describe_table(peek->table, &info);
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long peek_ioctl_sync(const struct peek *peek, unsigned int cmd,
			    const u32 __user *arg)
{
	u32 direction;

	if (get_user(direction, arg))
		return -EFAULT;
	if (direction > PEEK_FROM_DEVICE)
		return -EINVAL;

	if (cmd == PEEK_SYNC_BEGIN)
		return dma_buf_begin_cpu_access(peek->dmabuf, direction);
	return dma_buf_end_cpu_access(peek->dmabuf, direction);
}

static long peek_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct peek *peek = file->private_data;
	void __user *user = (void __user *)arg;

	if (cmd == PEEK_ATTACH)
		return peek_ioctl_attach(peek, user);
	if (cmd != PEEK_INFO && cmd != PEEK_SYNC_BEGIN && cmd != PEEK_SYNC_END)
		return -ENOTTY;
	if (!peek_is_ready(peek))
		return -ENOTCONN;
	if (cmd == PEEK_INFO)
		return peek_ioctl_info(peek, user);
	return peek_ioctl_sync(peek, cmd, user);
}

static ssize_t peek_read(struct file *file, char __user *to, size_t count,
			 loff_t *ppos)
{
	const struct peek *peek = file->private_data;

	if (!peek_is_ready(peek))
		return -ENOTCONN;
	return peek_copy(peek, to, NULL, count, ppos);
}

static ssize_t peek_write(struct file *file, const char __user *from,
			  size_t count, loff_t *ppos)
{
	const struct peek *peek = file->private_data;

	if (!peek_is_ready(peek))
		return -ENOTCONN;
	if (peek->how.direction == PEEK_TO_DEVICE)
		return -EACCES;
	return peek_copy(peek, NULL, from, count, ppos);
}

static int peek_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct peek *peek = file->private_data;

	if (!peek_is_ready(peek))
		return -ENOTCONN;
	return dma_buf_mmap(peek->dmabuf, vma, vma->vm_pgoff);
}

static int peek_open(struct inode *inode, struct file *file)
{
	struct peek *peek;

	peek = kzalloc(sizeof(*peek), GFP_KERNEL_ACCOUNT);
	if (!peek)
		return -ENOMEM;

	mutex_init(&peek->lock);
	file->private_data = peek;
	return 0;
}

static int peek_release(struct inode *inode, struct file *file)
{
	struct peek *peek = file->private_data;

	peek_detach(peek);
	mutex_destroy(&peek->lock);
	kfree(peek);
	return 0;
}

static const struct file_operations peek_fops = {
	.owner = THIS_MODULE,
	.open = peek_open,
	.release = peek_release,
	.read = peek_read,
	.write = peek_write,
	.mmap = peek_mmap,
	.unlocked_ioctl = peek_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = default_llseek,
};

static struct miscdevice peek_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = PEEK_NAME,
	.fops = &peek_fops,
	.mode = 0600,
};

/* A platform device, because it comes with room for DMA masks and limits. */
static int __init peek_init(void)
{
	int ret;

	peek_device = platform_device_register_simple(PEEK_NAME, -1, NULL, 0);
	if (IS_ERR(peek_device))
		return PTR_ERR(peek_device);

	ret = misc_register(&peek_misc);
	if (ret)
		platform_device_unregister(peek_device);
	return ret;
}

static void __exit peek_exit(void)
{
	misc_deregister(&peek_misc);
	platform_device_unregister(peek_device);
}

module_init(peek_init);
module_exit(peek_exit);

MODULE_DESCRIPTION("dma-buf importer for tests");
MODULE_LICENSE("GPL");
/* The macro of this tag takes a token on old and a string on new kernels. */
MODULE_INFO(import_ns, "DMA_BUF");
