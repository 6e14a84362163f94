// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf ls: what udmabuf_ng says about a buffer of its own. The driver is asked
 * with a copy of the open file, so that it takes a process that has the buffer, and
 * the right to look into it.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ls.h"

static const char *const ls_nodes[] = { "/dev/udmabuf-ng", "/dev/udmabuf" };

/**
 * ls_inspect_begin() - find the driver that can be asked
 * @ls: receives it, where there is one.
 */
void ls_inspect_begin(struct ls *ls)
{
	struct udb_query query = { .struct_size = sizeof(query) };
	struct udb_device_opts opts = { .struct_size = sizeof(opts) };

	for (size_t i = 0; i < CLI_COUNT(ls_nodes) && !ls->driver; i++) {
		opts.path = ls_nodes[i];
		if (udb_device_open(&opts, &ls->driver))
			continue;
		if (udb_device_query(ls->driver, &query) ||
		    !(query.features & UDB_QUERY_INSPECT))
			ls->driver = udb_device_unref(ls->driver);
	}
}

/* As "order:count" pairs, as the driver's table has them. */
static void ls_orders(char *to, size_t size, const uint64_t *folios)
{
	size_t used = 0;

	for (int order = 0; order < UDB_INSPECT_ORDERS; order++)
		if (folios[order] && used < size)
			used += snprintf(to + used, size - used,
					 "%s%d:%" PRIu64, used ? "," : "",
					 order, folios[order]);
}

/* The process may have ended, and its numbers may be another's by now. */
static bool ls_is_inode(int fd, uint64_t inode)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_ino == inode;
}

/**
 * ls_inspect() - ask about a buffer, once
 * @ls: all of it.
 * @buffer: what is known of it.
 * @pid: a process that has it.
 * @fd: the number of its open file.
 */
void ls_inspect(struct ls *ls, struct ls_buffer *buffer, int pid, int fd)
{
	struct udb_inspect said = { .struct_size = sizeof(said) };
	struct ls_ng *ng = &buffer->ng;
	int copy;

	if (!ls->driver || ng->is || strcmp(buffer->exporter, "udmabuf") != 0)
		return;
	copy = cli_fs_take_fd(pid, fd);
	if (copy < 0)
		return;
	if (ls_is_inode(copy, buffer->inode) &&
	    !udb_device_inspect(ls->driver, copy, &said)) {
		*ng = (struct ls_ng){
			.is = true,
			.inspected = true,
			.flags = said.flags,
			.attachments = said.attachments,
			.runs = said.runs,
			.huge = said.huge_entries,
		};
		ls_orders(ng->orders, sizeof(ng->orders), said.folios);
	}
	close(copy);
}

/**
 * ls_inspect_end() - let the driver go
 * @ls: from ls_inspect_begin().
 */
void ls_inspect_end(struct ls *ls)
{
	ls->driver = udb_device_unref(ls->driver);
}
