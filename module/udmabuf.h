/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver share: the buffer, its attachments and the
 * functions that one file offers to the others. main.c tells how the parts
 * work together.
 */
#ifndef UDMABUF_H
#define UDMABUF_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "runs.h"

struct device;
struct dma_buf;
struct file;
struct folio;
struct iosys_map;
struct udmabuf_info;
struct user_struct;
struct vm_area_struct;

/**
 * struct udmabuf - memory of memfds as one buffer
 * @runs: the pinned memory; filled by the creating thread, constant from the
 *        export on
 * @lock: protects @attachments, their mapped state, and @vaddr
 * @attachments: devices that use the buffer, &struct udmabuf_attachment
 * @vaddr: where the kernel maps a buffer of several runs, or NULL
 * @node: entry in the list of live buffers, see debugfs.c
 * @ino: inode number of the dma-buf, 0 until it is exported
 * @read_only: nobody may write through the buffer; constant
 * @sealed: a read-only buffer that nobody else can write either: all its memory is
 *          of memfds with %F_SEAL_WRITE, which stays; constant from the export on
 * @user: whose limit the memory counts against, with a reference; or NULL
 * @nr_charged: pages that count there
 * @nr_huge_entries: page-table entries of PMD size made since creation
 * @pid: thread group that created the buffer, as the first pid namespace
 *       numbers it
 * @comm: name of the creating thread
 */
struct udmabuf {
	struct udmabuf_runs runs;
	struct mutex lock; /* attachments and vaddr */
	struct list_head attachments;
	void *vaddr;
	struct list_head node;
	unsigned long ino;
	bool read_only;
	bool sealed;
	struct user_struct *user;
	pgoff_t nr_charged;
	atomic_long_t nr_huge_entries;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct udmabuf_source - where the memory of a buffer comes from, while it is made
 * @memfd: the memfd that is open, with a reference; or NULL
 * @folios: array of @room folios, for a batch; the same for all ranges, because a
 *          list may have a range for each page
 * @room: number of folios that fit into @folios
 * @full: the last batch had so many
 * @nr_pages: what the buffer is going to have, in pages
 */
struct udmabuf_source {
	struct file *memfd;
	struct folio **folios;
	unsigned int room;
	bool full;
	pgoff_t nr_pages;
};

/* main.c */
unsigned int udmabuf_list_limit(void);
pgoff_t udmabuf_page_limit(void);
const char *udmabuf_version(void);

/* ioctl.c */
long udmabuf_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* buffer.c */
struct udmabuf *udmabuf_create(bool read_only);
void udmabuf_destroy(struct udmabuf *ubuf);
int udmabuf_grow(struct udmabuf *ubuf, pgoff_t more);
void udmabuf_trim(struct udmabuf *ubuf);

/* account.c */
bool udmabuf_can_account(void);
unsigned int udmabuf_account_mode(void);
int udmabuf_charge(struct udmabuf *ubuf, pgoff_t nr_pages);
void udmabuf_uncharge(struct udmabuf *ubuf);

/* pin.c */
int udmabuf_source_open(struct udmabuf_source *source,
			const struct udmabuf *ubuf, u32 fd);
void udmabuf_source_close(struct udmabuf_source *source);
int udmabuf_pin(struct udmabuf *ubuf, struct udmabuf_source *source, u64 offset,
		u64 size);
void udmabuf_unpin(struct udmabuf *ubuf);

/* exporter.c */
struct dma_buf *udmabuf_export(struct udmabuf *ubuf);
struct udmabuf *udmabuf_of(struct dma_buf *dmabuf);
void udmabuf_count_attachments(struct udmabuf *ubuf, u32 *attached,
			       u32 *mapped);

/* info.c */
int udmabuf_describe(struct udmabuf *ubuf, struct udmabuf_info *info);

/* mmap.c */
int udmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);
u64 udmabuf_huge_sizes(void);

/* vmap.c */
int udmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map);
void udmabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map);

/* debugfs.c */
void udmabuf_debugfs_init(void);
void udmabuf_debugfs_exit(void);
void udmabuf_debugfs_add(struct udmabuf *ubuf);
void udmabuf_debugfs_del(struct udmabuf *ubuf);

#endif /* UDMABUF_H */
