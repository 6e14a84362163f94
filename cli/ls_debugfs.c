// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf ls: what is in debugfs, for root: the kernel's table of all dma-bufs with
 * the devices that are attached, and that of udmabuf_ng. A buffer that no process
 * has shows up only there: a driver holds it, or it is on its way through a socket.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ls.h"

#define LS_BUFINFO	"/sys/kernel/debug/dma_buf/bufinfo"

/* Our driver: as a module beside the kernel's, and in a kernel's own tree. */
static const char *const ls_ng_tables[] = {
	"/sys/kernel/debug/udmabuf_ng/buffers",
	"/sys/kernel/debug/udmabuf/buffers",
};

/* Cuts off the first line, and gives what comes after it. */
static char *ls_line(char *text)
{
	char *end = text + strcspn(text, "\n");

	if (*end)
		*end++ = '\0';
	return end;
}

/*
 * A buffer's line: size flags mode count exporter inode name, with tabs between.
 * A name may hold anything, lines as well, but only 31 bytes, which are too few for
 * a line like this; what it pretends to be attached to is its own buffer.
 */
#define LS_BUFINFO_LINE	46

static struct ls_buffer *ls_take_bufinfo(struct ls *ls, const char *line)
{
	unsigned int flags, mode;
	uint64_t size, inode;
	struct ls_buffer *buffer;
	char exporter[64];
	int64_t count;
	int at = 0;

	/* NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion) */
	if (strlen(line) < LS_BUFINFO_LINE ||
	    sscanf(line,
		   "%" SCNu64 "\t%8x\t%8x\t%" SCNd64 "\t%63[^\t]\t%" SCNu64
		   "%n",
		   &size, &flags, &mode, &count, exporter, &inode, &at) != 6 ||
	    (line[at] && line[at] != '\t'))
		return NULL;
	buffer = ls_buffer_get(ls, inode);
	buffer->size = size;
	buffer->has_size = true;
	buffer->references = count > 0 ? (uint64_t)count : 0;
	cli_clean(buffer->exporter, sizeof(buffer->exporter), exporter);
	if (!buffer->nr_users && line[at] &&
	    strcmp(line + at + 1, "<none>") != 0)
		cli_clean(buffer->name, sizeof(buffer->name), line + at + 1);
	return buffer;
}

static void ls_take_device(struct ls_buffer *buffer, const char *name)
{
	struct ls_device *device;

	buffer->devices = cli_grow(buffer->devices, buffer->nr_devices,
				   &buffer->room_devices, sizeof(*device));
	device = &buffer->devices[buffer->nr_devices++];
	cli_clean(device->name, sizeof(device->name), name);
}

/*
 * After its line come its fences, "Attached Devices:", a line for each, and their
 * number.
 */
static void ls_scan_bufinfo(struct ls *ls, char *text)
{
	struct ls_buffer *buffer = NULL;
	bool devices = false;
	char *line = text;

	while (*line) {
		char *next = ls_line(line);

		if (line[0] >= '0' && line[0] <= '9') {
			buffer = ls_take_bufinfo(ls, line);
			devices = false;
		} else if (!strncmp(line, "Total ", 6)) {
			devices = false;
		} else if (!strcmp(line, "\tAttached Devices:")) {
			devices = true;
		} else if (devices && buffer && line[0] == '\t') {
			ls_take_device(buffer, line + 1);
		}
		line = next;
	}
}

/* inode size runs orders attachments huge pid:comm; a kernel thread's is odd, too */
static void ls_take_ng(struct ls *ls, const char *line)
{
	struct ls_buffer *buffer;
	struct ls_ng ng = { .is = true };
	char creator[64] = "";
	uint64_t inode, size;

	/* NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion) */
	if (sscanf(line,
		   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %511s %" SCNu32
		   " %" SCNu64 " %d:%63s",
		   &inode, &size, &ng.runs, ng.orders, &ng.attachments,
		   &ng.huge, &ng.creator_pid, creator) < 7)
		return;
	buffer = ls_buffer_find(ls, inode);
	if (!buffer || buffer->size != size)
		return;
	cli_clean(ng.creator, sizeof(ng.creator), creator);
	ng.inspected = buffer->ng.inspected;
	ng.flags = buffer->ng.flags;
	buffer->ng = ng;
}

static void ls_scan_ng(struct ls *ls, char *text)
{
	char *line = ls_line(text), *next;

	for (; *line; line = next) {
		next = ls_line(line);
		ls_take_ng(ls, line);
	}
}

/**
 * ls_scan_debugfs() - add what the kernel says
 * @ls: with what processes say.
 */
void ls_scan_debugfs(struct ls *ls)
{
	char *text = cli_fs_read(LS_BUFINFO);

	ls->debugfs = text ? 0 : errno;
	if (text)
		ls_scan_bufinfo(ls, text);
	free(text);
	for (size_t i = 0; i < CLI_COUNT(ls_ng_tables); i++) {
		text = cli_fs_read("%s", ls_ng_tables[i]);
		if (text)
			ls_scan_ng(ls, text);
		free(text);
	}
}
