// SPDX-License-Identifier: GPL-2.0-only
/* dma_buf_export() and dma_buf_fd() */
#include <linux/mm.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

int udmabuf_need_export(const struct dma_buf_ops *ops, void *priv);

int udmabuf_need_export(const struct dma_buf_ops *ops, void *priv)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	exp_info.exp_name = "udmabuf";
	exp_info.ops = ops;
	exp_info.size = PAGE_SIZE;
	exp_info.flags = O_RDWR;
	exp_info.priv = priv;
	dmabuf = dma_buf_export(&exp_info);
	if (file_inode(dmabuf->file)->i_ino)
		dma_buf_put(dmabuf);
	return dma_buf_fd(dmabuf, O_CLOEXEC);
}
