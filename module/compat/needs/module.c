// SPDX-License-Identifier: GPL-2.0-only
/* a module with parameters, a device and a folder in debugfs */
#include <linux/mm.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>

int udmabuf_need_param(const char *val, const struct kernel_param *kp);

const struct kernel_param_ops udmabuf_need_param_ops = {
	.set = udmabuf_need_param,
	.get = param_get_uint,
};

const struct file_operations udmabuf_need_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = compat_ptr_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

int udmabuf_need_param(const char *val, const struct kernel_param *kp)
{
	struct dentry *dir = debugfs_create_dir(KBUILD_MODNAME, NULL);

	debugfs_create_file("buffers", 0400, dir, NULL, &udmabuf_need_fops);
	debugfs_remove(dir);
	seq_escape(NULL, val, " ");
	return param_set_uint_minmax(val, kp, 1, 2);
}

MODULE_IMPORT_NS("DMA_BUF");
