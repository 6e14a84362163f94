// SPDX-License-Identifier: GPL-2.0-only
/*
 * The misc device, the module parameters, and the map of the driver.
 */

/**
 * DOC: Overview
 *
 * The driver makes dma-bufs out of memory that user space already has: pages
 * of memfds, on shmem or hugetlbfs. Two ioctls create a buffer; from then on
 * it is an ordinary dma-buf.
 *
 * The memory of a buffer is kept as *runs* (runs.h): an ordered array of
 * physically contiguous pieces, 16 bytes each. All that others want to see is
 * made from the runs when it is wanted: page-table entries (mmap.c), a kernel
 * mapping (vmap.c), a scatterlist per device (exporter.c), and the walk that
 * unpins (pin.c). Nothing is sized by the number of pages, so that a buffer
 * of large folios costs next to nothing.
 */

/**
 * DOC: Lifetime
 *
 * 1. ioctl.c copies the ranges from user space and checks them.
 * 2. pin.c pins the folios behind each range, batch by batch, and appends
 *    them to the runs. An error or a fatal signal undoes all of it.
 * 3. exporter.c wraps the buffer in a dma-buf. The dma-buf owns the buffer.
 * 4. ioctl.c installs the file descriptor; nothing can fail after that.
 * 5. The last reference to the dma-buf releases it: the folios are marked
 *    dirty, because nobody tracked who wrote to them, and are unpinned.
 *
 * The memfd is not needed after step 2. A live buffer keeps the module loaded.
 */

/**
 * DOC: Locking
 *
 * * The runs are written by the creating thread only, before the export; from
 *   then on they are constant and read without a lock.
 * * The inode lock of a memfd is held, shared, over each batch of pinning. It
 *   keeps the seals as they were checked, and keeps holes from being punched.
 * * &udmabuf.lock protects the list of attachments, their state, and the
 *   kernel mapping. It is taken inside the reservation lock, which the dma-buf
 *   core holds around map_dma_buf(), unmap_dma_buf(), vmap() and vunmap().
 * * The page-table lock is taken by the core's helpers, once for each window.
 * * The lock of the list of live buffers (debugfs.c) is outside of
 *   &udmabuf.lock.
 *
 * udmabuf_prime_lockdep() below tells lockdep the part of this order that
 * importers have a share in.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>

#include "udmabuf.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#ifdef UDMABUF_VERSION
#define UDMABUF_OWN_VERSION	UDMABUF_VERSION
#else
#define UDMABUF_DEVICE_NAME	"udmabuf"
#define UDMABUF_OWN_VERSION	""
#endif

/* A million ranges are a list of 24 MiB, the most that one call may copy. */
#define UDMABUF_LIST_LIMIT_MAX	1048576

static int udmabuf_param_set_list_limit(const char *val,
					const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, UDMABUF_LIST_LIMIT_MAX);
}

static const struct kernel_param_ops udmabuf_param_list_limit_ops = {
	.set = udmabuf_param_set_list_limit,
	.get = param_get_uint,
};

static unsigned int list_limit = 65536;
module_param_cb(list_limit, &udmabuf_param_list_limit_ops, &list_limit, 0644);
MODULE_PARM_DESC(list_limit,
		 "Most ranges in a list, 1 to 1048576 (default 65536)");

static int udmabuf_param_set_size_limit_mb(const char *val,
					   const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, INT_MAX);
}

static const struct kernel_param_ops udmabuf_param_size_limit_mb_ops = {
	.set = udmabuf_param_set_size_limit_mb,
	.get = param_get_uint,
};

static unsigned int size_limit_mb = INT_MAX;
module_param_cb(size_limit_mb, &udmabuf_param_size_limit_mb_ops, &size_limit_mb,
		0644);
MODULE_PARM_DESC(size_limit_mb,
		 "Largest buffer in MiB, 1 to 2147483647 (default 2147483647)");

/**
 * udmabuf_list_limit() - parameter list_limit
 *
 * Return: how many ranges a list may have. It can change at any time.
 */
unsigned int udmabuf_list_limit(void)
{
	return READ_ONCE(list_limit);
}

/**
 * udmabuf_page_limit() - parameter size_limit_mb
 *
 * Return: how many pages a buffer may have. It can change at any time.
 */
pgoff_t udmabuf_page_limit(void)
{
	u64 limit = (u64)READ_ONCE(size_limit_mb) << (20 - PAGE_SHIFT);

	return min_t(u64, limit, ULONG_MAX >> PAGE_SHIFT);
}

/**
 * udmabuf_version() - which version of the driver this is
 *
 * Return: "0.1.0", or nothing for a driver that has the version of the kernel.
 */
const char *udmabuf_version(void)
{
	return UDMABUF_OWN_VERSION;
}

static const struct file_operations udmabuf_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = udmabuf_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice udmabuf_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = UDMABUF_DEVICE_NAME,
	.fops = &udmabuf_fops,
};

/*
 * Tells lockdep the order of locks, with memory being reclaimed inside of all:
 * whoever takes them in another order is noticed at once, not when somebody else
 * has taken them in this one. What is outside of the reservation lock, such as
 * the mmap lock, it knows from dma-resv.c, which does the same.
 */
static void __init udmabuf_prime_lockdep(void)
{
	struct dma_resv resv;
	struct udmabuf *ubuf;

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		return;
	ubuf = udmabuf_create(false);
	if (!ubuf)
		return;
	dma_resv_init(&resv);

	dma_resv_lock(&resv, NULL);
	mutex_lock(&ubuf->lock);
	fs_reclaim_acquire(GFP_KERNEL);
	fs_reclaim_release(GFP_KERNEL);
	mutex_unlock(&ubuf->lock);
	dma_resv_unlock(&resv);

	dma_resv_fini(&resv);
	udmabuf_destroy(ubuf);
}

static int __init udmabuf_init(void)
{
	int ret;

	udmabuf_prime_lockdep();
	udmabuf_debugfs_init();
	ret = misc_register(&udmabuf_misc);
	if (ret) {
		pr_err("cannot register the device \"%s\" (error %d): is the name taken?\n",
		       udmabuf_misc.name, ret);
		udmabuf_debugfs_exit();
	}
	return ret;
}

static void __exit udmabuf_exit(void)
{
	misc_deregister(&udmabuf_misc);
	udmabuf_debugfs_exit();
}

module_init(udmabuf_init);
module_exit(udmabuf_exit);

#ifdef UDMABUF_VERSION
module_param_cb(name, &param_ops_charp, &udmabuf_misc.name, 0444);
MODULE_PARM_DESC(name,
		 "Name of the device node (default " UDMABUF_DEVICE_NAME ")");
MODULE_AUTHOR("The udmabuf-ng authors");
MODULE_DESCRIPTION("dma-bufs from memfd memory");
MODULE_VERSION(UDMABUF_VERSION);
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
#endif
