// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: MODULE/buffers, a table of the live buffers for people to look at.
 *
 * udmabuf_live_lock protects the list; a buffer on it is not released while
 * the lock is held. Nothing depends on debugfs being there.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <uapi/linux/udmabuf.h>

#include "udmabuf.h"

static LIST_HEAD(udmabuf_live);
static DEFINE_MUTEX(udmabuf_live_lock);
static struct dentry *udmabuf_debugfs_dir;

/**
 * udmabuf_debugfs_add() - show a buffer in the table
 * @ubuf: an exported buffer
 */
void udmabuf_debugfs_add(struct udmabuf *ubuf)
{
	mutex_lock(&udmabuf_live_lock);
	list_add_tail(&ubuf->node, &udmabuf_live);
	mutex_unlock(&udmabuf_live_lock);
}

/**
 * udmabuf_debugfs_del() - take a buffer out of the table
 * @ubuf: a buffer that is about to be destroyed
 */
void udmabuf_debugfs_del(struct udmabuf *ubuf)
{
	mutex_lock(&udmabuf_live_lock);
	list_del_init(&ubuf->node);
	mutex_unlock(&udmabuf_live_lock);
}

/* As "order:count" pairs, smallest order first, separated by commas. */
static void udmabuf_show_folios(struct seq_file *m, const u64 *folios)
{
	const char *separator = "";
	unsigned int order;

	for (order = 0; order < UDMABUF_INFO_ORDERS; order++) {
		if (!folios[order])
			continue;
		seq_printf(m, "%s%u:%llu", separator, order, folios[order]);
		separator = ",";
	}
}

static void udmabuf_show(struct seq_file *m, struct udmabuf *ubuf)
{
	struct udmabuf_info info = {};

	/* Who is being killed does not read what is missing. */
	udmabuf_describe(ubuf, &info);
	seq_printf(m, "%lu %llu %llu ", ubuf->ino, info.bytes, info.runs);
	udmabuf_show_folios(m, info.folios);
	seq_printf(m, " %u %llu %d:", info.attachments, info.huge_entries,
		   ubuf->pid);
	seq_escape(m, ubuf->comm, " \t\n\\");
	seq_putc(m, '\n');
}

static int buffers_show(struct seq_file *m, void *unused)
{
	struct udmabuf *ubuf;

	seq_puts(m, "inode size runs orders attachments huge creator\n");
	mutex_lock(&udmabuf_live_lock);
	list_for_each_entry(ubuf, &udmabuf_live, node)
		udmabuf_show(m, ubuf);
	mutex_unlock(&udmabuf_live_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/**
 * udmabuf_debugfs_init() - make the folder and the table
 */
void udmabuf_debugfs_init(void)
{
	udmabuf_debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("buffers", 0400, udmabuf_debugfs_dir, NULL,
			    &buffers_fops);
}

/**
 * udmabuf_debugfs_exit() - remove the folder and the table
 */
void udmabuf_debugfs_exit(void)
{
	debugfs_remove(udmabuf_debugfs_dir);
}
