// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf ls: what was found, for people and as JSON; and what could not be seen.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "ls.h"

/* What is said, as far as it is long. */
#define LS_HIDDEN \
	"%u process%s could not be looked into: run it as root"
#define LS_NO_DEBUGFS \
	"devices are not known: sudo mount -t debugfs none /sys/kernel/debug"
#define LS_LOCKED \
	"devices are not known: the kernel is locked down (Secure Boot)"
#define LS_NO_ROOT "devices are not known: run it as root"

enum ls_column {
	LS_INODE,
	LS_SIZE,
	LS_EXPORTER,
	LS_LABEL,
	LS_PID,
	LS_COMMAND,
	LS_FDS,
	LS_MAPPED,
	LS_DEVICE,
	LS_NR_COLUMNS,
	LS_RUNS = LS_NR_COLUMNS,
	LS_FOLIOS,
	LS_HUGE,
	LS_MODE,
	LS_NR_VERBOSE,
};

static const char *const ls_heads[] = {
	[LS_INODE] = ">INODE",	    [LS_SIZE] = ">SIZE",
	[LS_EXPORTER] = "EXPORTER", [LS_LABEL] = "NAME",
	[LS_PID] = ">PID",	    [LS_COMMAND] = "COMMAND",
	[LS_FDS] = ">FDS",	    [LS_MAPPED] = ">MAPPED",
	[LS_DEVICE] = "DEVICES",    [LS_RUNS] = ">RUNS",
	[LS_FOLIOS] = "FOLIOS",	    [LS_HUGE] = ">HUGE",
	[LS_MODE] = "MODE",
};

static void ls_row_buffer(struct cli_table *table,
			  const struct ls_buffer *buffer)
{
	char size[CLI_SIZE_TEXT];

	cli_table_set(table, LS_INODE, "%" PRIu64, buffer->inode);
	cli_table_set(table, LS_SIZE, "%s",
		      buffer->has_size ? cli_size_text(size, buffer->size) :
					 "?");
	cli_table_set(table, LS_EXPORTER, "%s",
		      *buffer->exporter ? buffer->exporter : "?");
	cli_table_set(table, LS_LABEL, "%s",
		      *buffer->name ? buffer->name : "-");
}

static const char *ls_mode(const struct ls_ng *ng)
{
	if (!ng->inspected)
		return "?";
	if (ng->flags & UDB_INSPECT_SEALED)
		return "sealed";
	return ng->flags & UDB_INSPECT_READ_ONLY ? "read-only" : "writable";
}

/* What only udmabuf_ng knows; nothing for buffers of others. */
static void ls_row_ng(struct cli_table *table, const struct ls_ng *ng)
{
	if (!ng->is)
		return;
	cli_table_set(table, LS_RUNS, "%" PRIu64, ng->runs);
	cli_table_set(table, LS_FOLIOS, "%s", ng->orders);
	cli_table_set(table, LS_HUGE, "%" PRIu64, ng->huge);
	cli_table_set(table, LS_MODE, "%s", ls_mode(ng));
}

static void ls_row_user(struct cli_table *table, const struct ls_user *user)
{
	char size[CLI_SIZE_TEXT];

	cli_table_set(table, LS_PID, "%d", user->pid);
	cli_table_set(table, LS_COMMAND, "%s", user->comm);
	cli_table_set(table, LS_FDS, "%u", user->fds);
	cli_table_set(table, LS_MAPPED, "%s",
		      user->maps ? cli_size_text(size, user->mapped) : "-");
}

/* As many rows as it has users or devices, at least one. */
static void ls_rows(struct cli_table *table, const struct ls *ls,
		    const struct ls_buffer *buffer, bool verbose)
{
	for (size_t i = 0; !i || i < buffer->nr_users || i < buffer->nr_devices;
	     i++) {
		cli_table_row(table);
		if (!i)
			ls_row_buffer(table, buffer);
		if (!i && verbose)
			ls_row_ng(table, &buffer->ng);
		if (i < buffer->nr_users)
			ls_row_user(table, &buffer->users[i]);
		else if (!i)
			cli_table_set(table, LS_COMMAND, "%s",
				      ls->hidden ? "?" : "(no process)");
		if (i < buffer->nr_devices)
			cli_table_set(table, LS_DEVICE, "%s",
				      buffer->devices[i].name);
		else if (!i)
			cli_table_set(table, LS_DEVICE, "%s",
				      ls->debugfs ? "?" : "-");
	}
}

static uint64_t ls_total(const struct ls *ls)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ls->nr; i++)
		total += ls->buffers[i].size;
	return total;
}

/* What a reader must not take for the whole truth. */
static void ls_show_limits(const struct ls *ls)
{
	if (ls->hidden)
		cli_note(LS_HIDDEN, ls->hidden, ls->hidden == 1 ? "" : "es");
	if (ls->debugfs == ENOENT && !geteuid())
		cli_note(LS_NO_DEBUGFS);
	else if (ls->debugfs == EPERM)
		cli_note(LS_LOCKED);
	else if (ls->debugfs)
		cli_note(LS_NO_ROOT);
}

void ls_show(const struct ls *ls, bool verbose)
{
	struct cli_table table;
	char size[CLI_SIZE_TEXT];

	cli_table_begin(&table, ls_heads,
			verbose ? LS_NR_VERBOSE : LS_NR_COLUMNS);
	for (size_t i = 0; i < ls->nr; i++)
		ls_rows(&table, ls, &ls->buffers[i], verbose);
	if (ls->nr)
		cli_table_print(&table);
	cli_table_end(&table);
	if (ls->nr)
		printf("%zu dma-buf%s, %s\n", ls->nr, ls->nr == 1 ? "" : "s",
		       cli_size_text(size, ls_total(ls)));
	else
		puts("no dma-buf");
	ls_show_limits(ls);
}

static void ls_json_users(struct json_object *array,
			  const struct ls_buffer *buffer)
{
	for (size_t i = 0; i < buffer->nr_users; i++) {
		const struct ls_user *user = &buffer->users[i];
		struct json_object *object = cli_json_append(array);

		cli_json_number(object, "pid", user->pid);
		cli_json_text(object, "command", user->comm);
		cli_json_number(object, "fds", user->fds);
		cli_json_number(object, "mappings", user->maps);
		cli_json_number(object, "mapped", user->mapped);
	}
}

/* What the driver's table does not tell is null, and so is what only that does. */
static void ls_json_ng(struct json_object *object, const struct ls_ng *ng)
{
	cli_json_number(object, "runs", ng->runs);
	cli_json_text(object, "orders", ng->orders);
	cli_json_number(object, "huge_entries", ng->huge);
	cli_json_number(object, "attachments", ng->attachments);
	cli_json_text(object, "mode", ng->inspected ? ls_mode(ng) : NULL);
	if (ng->creator_pid)
		cli_json_number(object, "creator_pid", ng->creator_pid);
	else
		cli_json_text(object, "creator_pid", NULL);
	cli_json_text(object, "creator", ng->creator_pid ? ng->creator : NULL);
}

static void ls_json_devices(struct json_object *object, const struct ls *ls,
			    const struct ls_buffer *buffer)
{
	struct json_object *array;

	if (ls->debugfs) {
		cli_json_text(object, "devices", NULL);
		return;
	}
	array = cli_json_array(object, "devices");
	for (size_t i = 0; i < buffer->nr_devices; i++)
		cli_json_append_text(array, buffer->devices[i].name);
}

static void ls_json_buffer(struct json_object *object, const struct ls *ls,
			   const struct ls_buffer *buffer)
{
	cli_json_number(object, "inode", buffer->inode);
	if (buffer->has_size)
		cli_json_number(object, "size", buffer->size);
	else
		cli_json_text(object, "size", NULL);
	cli_json_text(object, "exporter",
		      *buffer->exporter ? buffer->exporter : NULL);
	cli_json_text(object, "name", *buffer->name ? buffer->name : NULL);
	if (buffer->references)
		cli_json_number(object, "references", buffer->references);
	ls_json_users(cli_json_array(object, "processes"), buffer);
	ls_json_devices(object, ls, buffer);
	if (buffer->ng.is)
		ls_json_ng(cli_json_object(object, "udmabuf_ng"), &buffer->ng);
}

void ls_show_json(const struct ls *ls, bool one_line)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = cli_json_array(object, "dma_bufs");

	for (size_t i = 0; i < ls->nr; i++)
		ls_json_buffer(cli_json_append(array), ls, &ls->buffers[i]);
	cli_json_number(object, "total", ls_total(ls));
	cli_json_number(object, "hidden_processes", ls->hidden);
	cli_json_bool(object, "devices_known", !ls->debugfs);
	cli_json_print(object, one_line);
}
