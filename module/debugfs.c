// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: MODULE/buffers, a table of the live buffers for people to look at.
 *
 * udmabuf_live_lock protects the list; a buffer on it is not released while
 * the lock is held. Nothing depends on debugfs being there.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "udmabuf.h"

/* Folios of higher orders than this are counted with this one. */
#define UDMABUF_ORDER_MAX	31

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

static void udmabuf_count_orders(const struct udmabuf_extent *extent,
				 unsigned long *count)
{
	pgoff_t done = 0;

	while (done < extent->nr_pages) {
		struct page *page = pfn_to_page(extent->pfn + done);
		struct folio *folio = page_folio(page);

		count[min(folio_order(folio), UDMABUF_ORDER_MAX)]++;
		done += folio_nr_pages(folio) - folio_page_idx(folio, page);
	}
	cond_resched();
}

/* As "order:count" pairs, smallest order first, separated by commas. */
static void udmabuf_show_orders(struct seq_file *m, const struct udmabuf *ubuf)
{
	unsigned long count[UDMABUF_ORDER_MAX + 1] = {};
	struct udmabuf_extent extent = {};
	const char *separator = "";
	unsigned int order;

	while (udmabuf_runs_next(&ubuf->runs, ubuf->runs.nr_pages, &extent))
		udmabuf_count_orders(&extent, count);
	for (order = 0; order <= UDMABUF_ORDER_MAX; order++) {
		if (!count[order])
			continue;
		seq_printf(m, "%s%u:%lu", separator, order, count[order]);
		separator = ",";
	}
}

static size_t udmabuf_count_attachments(struct udmabuf *ubuf)
{
	size_t count;

	mutex_lock(&ubuf->lock);
	count = list_count_nodes(&ubuf->attachments);
	mutex_unlock(&ubuf->lock);
	return count;
}

static void udmabuf_show(struct seq_file *m, struct udmabuf *ubuf)
{
	seq_printf(m, "%lu %llu %zu ", ubuf->ino,
		   (u64)ubuf->runs.nr_pages << PAGE_SHIFT, ubuf->runs.nr);
	udmabuf_show_orders(m, ubuf);
	seq_printf(m, " %zu %ld %d:", udmabuf_count_attachments(ubuf),
		   atomic_long_read(&ubuf->nr_huge_entries), ubuf->pid);
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
