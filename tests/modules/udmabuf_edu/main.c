// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf importer for tests whose device does real DMA: QEMU's "edu" reads
 * and writes the buffer, so that a test in user space can tell what a device
 * sees. This file is the device node and its ioctls; see udmabuf_edu.h.
 *
 * edu_file.lock covers the mapping of an open file, also while the device works
 * on it.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "edu.h"

struct edu_file {
	struct mutex lock; /* mapping */
	struct edu_mapping *mapping;
};

static long edu_ioctl_attach(struct edu_file *edu, const void __user *arg)
{
	struct edu_mapping *mapping;
	struct edu_attach how;

	if (edu->mapping)
		return -EBUSY;
	if (copy_from_user(&how, arg, sizeof(how)))
		return -EFAULT;
	if (how.direction > EDU_FROM_DEVICE || how.flags)
		return -EINVAL;
	mapping = edu_mapping_create(&how);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	edu->mapping = mapping;
	return 0;
}

static long edu_ioctl_detach(struct edu_file *edu)
{
	edu_mapping_destroy(edu->mapping);
	edu->mapping = NULL;
	return 0;
}

static bool edu_is_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && (domain->type & __IOMMU_DOMAIN_PAGING);
}

static long edu_ioctl_info(const struct edu_mapping *mapping, void __user *arg)
{
	struct edu_info info = {
		.size = mapping->dmabuf->size,
		.bytes = mapping->bytes,
		.orig_nents = mapping->table->orig_nents,
		.nents = mapping->table->nents,
		.engines = mapping->board->nr_engines,
	};

	if (edu_is_translated(mapping->board->dev))
		info.flags |= EDU_INFO_IOMMU;
	if (!sg_page(mapping->table->sgl))
		info.flags |= EDU_INFO_HIDDEN;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long edu_ioctl_segments(const struct edu_mapping *mapping,
			       void __user *arg)
{
	struct edu_segment __user *to;
	struct edu_segments segments;
	size_t i, count;

	if (copy_from_user(&segments, arg, sizeof(segments)))
		return -EFAULT;
	if (segments.flags)
		return -EINVAL;
	to = u64_to_user_ptr(segments.entries);
	count = min_t(size_t, segments.count, mapping->nr_pieces);
	for (i = 0; i < count; i++) {
		struct edu_segment segment = {
			.address = mapping->pieces[i].address,
			.length = mapping->pieces[i].length,
		};

		if (copy_to_user(&to[i], &segment, sizeof(segment)))
			return -EFAULT;
	}
	segments.count = mapping->nr_pieces;
	return copy_to_user(arg, &segments, sizeof(segments)) ? -EFAULT : 0;
}

/* Everything that the device would do without asking. */
static int edu_check(const struct edu_mapping *mapping,
		     const struct edu_transfer *what)
{
	u64 last;

	if (!what->length || what->length > EDU_PIECE || !what->count ||
	    (u64)what->length * what->count > EDU_TRANSFER)
		return -EINVAL;
	if (check_mul_overflow((u64)what->count - 1, what->stride, &last) ||
	    check_add_overflow(last, what->offset, &last) ||
	    check_add_overflow(last, (u64)what->length, &last))
		return -EINVAL;
	return last > mapping->bytes ? -EINVAL : 0;
}

static long edu_transfer(struct edu_job *job)
{
	void __user *user = u64_to_user_ptr(job->what.data);
	size_t bytes = (size_t)job->what.length * job->what.count;
	long ret;

	job->data = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!job->data)
		return -ENOMEM;
	if (job->write && copy_from_user(job->data, user, bytes)) {
		ret = -EFAULT;
		goto out_free;
	}
	ret = edu_board_run(job->mapping->board, job);
	if (!ret && !job->write && copy_to_user(user, job->data, bytes))
		ret = -EFAULT;
out_free:
	kvfree(job->data);
	return ret;
}

static long edu_ioctl_transfer(const struct edu_mapping *mapping, bool write,
			       const void __user *arg)
{
	struct edu_job job = { .mapping = mapping, .write = write };
	long ret;

	if (copy_from_user(&job.what, arg, sizeof(job.what)))
		return -EFAULT;
	ret = edu_check(mapping, &job.what);
	if (ret)
		return ret;
	if (mapping->direction == (write ? DMA_TO_DEVICE : DMA_FROM_DEVICE))
		return -EACCES;
	return edu_transfer(&job);
}

static long edu_ioctl_locked(struct edu_file *edu, unsigned int cmd,
			     void __user *arg)
{
	if (cmd == EDU_ATTACH)
		return edu_ioctl_attach(edu, arg);
	if (!edu->mapping)
		return -ENOTCONN;

	switch (cmd) {
	case EDU_DETACH:
		return edu_ioctl_detach(edu);
	case EDU_INFO:
		return edu_ioctl_info(edu->mapping, arg);
	case EDU_SEGMENTS:
		return edu_ioctl_segments(edu->mapping, arg);
	case EDU_READ:
		return edu_ioctl_transfer(edu->mapping, false, arg);
	case EDU_WRITE:
		return edu_ioctl_transfer(edu->mapping, true, arg);
	default:
		return -ENOTTY;
	}
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct edu_file *edu = file->private_data;
	long ret;

	ret = mutex_lock_killable(&edu->lock);
	if (ret)
		return ret;
	ret = edu_ioctl_locked(edu, cmd, (void __user *)arg);
	mutex_unlock(&edu->lock);
	return ret;
}

static int edu_open(struct inode *inode, struct file *file)
{
	struct edu_file *edu;

	edu = kzalloc(sizeof(*edu), GFP_KERNEL_ACCOUNT);
	if (!edu)
		return -ENOMEM;
	mutex_init(&edu->lock);
	file->private_data = edu;
	return 0;
}

static int edu_release(struct inode *inode, struct file *file)
{
	struct edu_file *edu = file->private_data;

	if (edu->mapping)
		edu_mapping_destroy(edu->mapping);
	mutex_destroy(&edu->lock);
	kfree(edu);
	return 0;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_release,
	.unlocked_ioctl = edu_ioctl,
};

static struct miscdevice edu_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "udmabuf-edu",
	.fops = &edu_fops,
	.mode = 0600,
};

static int __init edu_init(void)
{
	int ret;

	ret = edu_boards_init();
	if (ret)
		return ret;
	ret = misc_register(&edu_misc);
	if (ret)
		edu_boards_exit();
	return ret;
}

static void __exit edu_exit(void)
{
	misc_deregister(&edu_misc);
	edu_boards_exit();
}

module_init(edu_init);
module_exit(edu_exit);

MODULE_DESCRIPTION("dma-buf importer with QEMU's edu device, for tests");
MODULE_LICENSE("GPL");
/* The macro of this tag takes a token on old and a string on new kernels. */
MODULE_INFO(import_ns, "DMA_BUF");
