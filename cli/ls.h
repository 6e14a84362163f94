/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * udmabuf ls: ls.c reads options and repeats; ls_proc.c collects what processes
 * say, ls_inspect.c what the driver says, ls_debugfs.c what the kernel says;
 * ls_show.c prints.
 */
#ifndef CLI_LS_H
#define CLI_LS_H

#include <libudmabuf.h>

#include "cli.h"

/* Names have been through cli_clean(), which makes four bytes of one at worst. */
#define LS_NAME		160

/**
 * struct ls_user - a process that has a buffer
 * @pid: process.
 * @fds: open files of it that are the buffer.
 * @maps: mappings of it.
 * @mapped: bytes in them.
 * @comm: name of the process.
 */
struct ls_user {
	int pid;
	unsigned int fds;
	unsigned int maps;
	uint64_t mapped;
	char comm[LS_NAME];
};

/**
 * struct ls_ng - what udmabuf_ng says about a buffer of its own
 * @is: there is something.
 * @inspected: the driver itself said it; else its table, which does not tell @flags.
 * @flags: bits UDB_INSPECT_*.
 * @attachments: devices that are attached.
 * @runs: contiguous pieces of memory.
 * @huge: page-table entries for huge pages.
 * @orders: pieces by order, "0:12,9:4".
 * @creator_pid: process that made it, which may be gone; 0: not known.
 * @creator: its name.
 */
struct ls_ng {
	bool is;
	bool inspected;
	uint32_t flags;
	uint32_t attachments;
	uint64_t runs;
	uint64_t huge;
	char orders[512];
	int creator_pid;
	char creator[LS_NAME];
};

/**
 * struct ls_device - a device that is attached
 * @name: of the device.
 */
struct ls_device {
	char name[LS_NAME];
};

/**
 * struct ls_buffer - a dma-buf
 * @inode: number that no other has.
 * @size: bytes, when @has_size.
 * @has_size: false: only a mapping was seen.
 * @references: the kernel's count, when above 0.
 * @exporter: driver; empty: not known.
 * @name: given by a program, or empty.
 * @users: processes.
 * @nr_users: how many.
 * @room_users: how many fit.
 * @devices: attached ones.
 * @nr_devices: how many.
 * @room_devices: how many fit.
 * @ng: of udmabuf_ng.
 */
struct ls_buffer {
	uint64_t inode;
	uint64_t size;
	bool has_size;
	uint64_t references;
	char exporter[LS_NAME];
	char name[LS_NAME];
	struct ls_user *users;
	size_t nr_users;
	size_t room_users;
	struct ls_device *devices;
	size_t nr_devices;
	size_t room_devices;
	struct ls_ng ng;
};

/**
 * struct ls - all dma-bufs that can be seen
 * @buffers: sorted by inode, once collected.
 * @nr: how many.
 * @room: how many fit.
 * @hidden: processes that may not be looked into.
 * @debugfs: 0: devices are known; else the error number of the kernel's table.
 * @driver: the driver that can be asked about its buffers, or NULL.
 */
struct ls {
	struct ls_buffer *buffers;
	size_t nr;
	size_t room;
	unsigned int hidden;
	int debugfs;
	struct udb_device *driver;
};

/* ls_proc.c */
struct ls_buffer *ls_buffer_find(struct ls *ls, uint64_t inode);
struct ls_buffer *ls_buffer_get(struct ls *ls, uint64_t inode);
int ls_scan(struct ls *ls);
void ls_free(struct ls *ls);

/* ls_inspect.c */
void ls_inspect_begin(struct ls *ls);
void ls_inspect(struct ls *ls, struct ls_buffer *buffer, int pid, int fd);
void ls_inspect_end(struct ls *ls);

/* ls_debugfs.c */
void ls_scan_debugfs(struct ls *ls);

/* ls_show.c */
void ls_show(const struct ls *ls, bool verbose);
void ls_show_json(const struct ls *ls, bool one_line);

#endif /* CLI_LS_H */
