// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf ls: what is in /proc. A dma-buf is a file "/dmabuf:NAME"; that it is one
 * and no file of that name, its fdinfo says, which only the kernel writes.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ls.h"

#define LS_DMABUF	"/dmabuf:"

/* PF_KTHREAD, in the field "flags" of /proc/PID/stat. */
#define LS_KTHREAD	0x00200000UL

struct ls_buffer *ls_buffer_find(struct ls *ls, uint64_t inode)
{
	for (size_t i = 0; i < ls->nr; i++)
		if (ls->buffers[i].inode == inode)
			return &ls->buffers[i];
	return NULL;
}

/* The one with this number, which is new where it was not seen before. */
struct ls_buffer *ls_buffer_get(struct ls *ls, uint64_t inode)
{
	struct ls_buffer *buffer = ls_buffer_find(ls, inode);

	if (buffer)
		return buffer;
	ls->buffers =
		cli_grow(ls->buffers, ls->nr, &ls->room, sizeof(*ls->buffers));
	buffer = &ls->buffers[ls->nr++];
	*buffer = (struct ls_buffer){ .inode = inode };
	return buffer;
}

static struct ls_user *ls_user_get(struct ls_buffer *buffer, int pid)
{
	struct ls_user *user = NULL;
	char comm[64] = "";

	/* processes are looked at one after the other */
	if (buffer->nr_users)
		user = &buffer->users[buffer->nr_users - 1];
	if (user && user->pid == pid)
		return user;
	buffer->users = cli_grow(buffer->users, buffer->nr_users,
				 &buffer->room_users, sizeof(*user));
	user = &buffer->users[buffer->nr_users++];
	*user = (struct ls_user){ .pid = pid };
	cli_fs_text(comm, sizeof(comm), "/proc/%d/comm", pid);
	cli_clean(user->comm, sizeof(user->comm), comm);
	return user;
}

/* The value of a line "@key:\t", or NULL. */
static const char *ls_fdinfo_find(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, key, length) && text[length] == ':' &&
		    text[length + 1] == '\t')
			return text + length + 2;
	}
	return NULL;
}

static void ls_take_word(char *to, size_t size, const char *value)
{
	char word[64] = "";

	if (value)
		cli_copy(word, sizeof(word), value);
	word[strcspn(word, "\n")] = '\0';
	cli_clean(to, size, word);
}

/* The name comes last and is free: what looks like a line in it is none. */
static void ls_take_fdinfo(struct ls *ls, int pid, int fd, const char *text)
{
	const char *exporter = ls_fdinfo_find(text, "exp_name");
	const char *inode = ls_fdinfo_find(text, "ino");
	const char *size = ls_fdinfo_find(text, "size");
	const char *count = ls_fdinfo_find(text, "count");
	struct ls_buffer *buffer;

	if (!exporter || !inode || !size)
		return;
	buffer = ls_buffer_get(ls, strtoull(inode, NULL, 10));
	buffer->size = strtoull(size, NULL, 10);
	buffer->has_size = true;
	buffer->references = count ? strtoull(count, NULL, 10) : 0;
	ls_take_word(buffer->exporter, sizeof(buffer->exporter), exporter);
	ls_take_word(buffer->name, sizeof(buffer->name),
		     ls_fdinfo_find(exporter, "name"));
	ls_user_get(buffer, pid)->fds++;
	ls_inspect(ls, buffer, pid, fd);
}

static void ls_scan_fd(struct ls *ls, int pid, const char *fd)
{
	char target[64];
	char *text;

	if (!isdigit((unsigned char)fd[0]) ||
	    cli_fs_link(target, sizeof(target), "/proc/%d/fd/%s", pid, fd) ||
	    strncmp(target, LS_DMABUF, strlen(LS_DMABUF)) != 0)
		return;
	text = cli_fs_read("/proc/%d/fdinfo/%s", pid, fd);
	if (text)
		ls_take_fdinfo(ls, pid, (int)strtol(fd, NULL, 10), text);
	free(text);
}

/* 0, or an error number: ENOENT when the process has ended meanwhile. */
static int ls_scan_fds(struct ls *ls, int pid)
{
	DIR *dir = cli_fs_dir("/proc/%d/fd", pid);
	struct dirent *entry;

	if (!dir)
		return errno;
	while ((entry = readdir(dir)))
		ls_scan_fd(ls, pid, entry->d_name);
	closedir(dir);
	return 0;
}

/*
 * A line of maps: "begin-end rwxs offset major:minor inode   path". Files of the
 * kernel's own are on a device with major number 0; one on a disk can be called
 * what it likes.
 */
static void ls_take_map(struct ls *ls, int pid, const char *line)
{
	uint64_t begin, end, inode;
	struct ls_buffer *buffer;
	struct ls_user *user;
	unsigned int major;
	int path = 0;

	/* NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion) */
	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %*s %*x %x:%*x %" SCNu64 " %n",
		   &begin, &end, &major, &inode, &path) != 4 ||
	    major || !path ||
	    strncmp(line + path, LS_DMABUF, strlen(LS_DMABUF)) != 0)
		return;
	buffer = ls_buffer_get(ls, inode);
	if (!buffer->has_size)
		ls_take_word(buffer->name, sizeof(buffer->name),
			     line + path + strlen(LS_DMABUF));
	user = ls_user_get(buffer, pid);
	user->maps++;
	user->mapped += end - begin;
}

static void ls_scan_maps(struct ls *ls, int pid)
{
	char *text = cli_fs_read("/proc/%d/maps", pid);
	char *line = text, *next;

	for (; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		ls_take_map(ls, pid, line);
	}
	free(text);
}

/* Threads of the kernel have no files, but hide them all the same. */
static bool ls_is_kthread(int pid)
{
	unsigned long flags = 0;
	char text[512];
	char *after;

	if (!cli_fs_text(text, sizeof(text), "/proc/%d/stat", pid))
		return true;
	after = strrchr(text, ')');
	/* NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion) */
	return after &&
	       sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 &&
	       flags & LS_KTHREAD;
}

static void ls_scan_process(struct ls *ls, int pid)
{
	int error = ls_scan_fds(ls, pid);

	if (!error)
		ls_scan_maps(ls, pid);
	else if ((error == EACCES || error == EPERM) && !ls_is_kthread(pid))
		ls->hidden++;
}

static int ls_compare(const void *left, const void *right)
{
	const struct ls_buffer *a = left, *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

static int ls_compare_users(const void *left, const void *right)
{
	const struct ls_user *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void ls_sort_array(void *array, size_t nr, size_t size,
			  int (*compare)(const void *left, const void *right))
{
	if (nr)
		qsort(array, nr, size, compare);
}

/* /proc is in an order of its own, and the table of the kernel in another. */
static void ls_sort(struct ls *ls)
{
	ls_sort_array(ls->buffers, ls->nr, sizeof(*ls->buffers), ls_compare);
	for (size_t i = 0; i < ls->nr; i++)
		ls_sort_array(ls->buffers[i].users, ls->buffers[i].nr_users,
			      sizeof(struct ls_user), ls_compare_users);
}

/**
 * ls_scan() - find all dma-bufs
 * @ls: all zero.
 *
 * Return: 0, or an error number: there is no /proc.
 */
int ls_scan(struct ls *ls)
{
	DIR *dir = cli_fs_dir("/proc");
	struct dirent *entry;

	if (!dir)
		return errno;
	ls_inspect_begin(ls);
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ls_scan_process(ls,
					(int)strtol(entry->d_name, NULL, 10));
	closedir(dir);
	ls_inspect_end(ls);
	ls_scan_debugfs(ls);
	ls_sort(ls);
	return 0;
}

static void ls_buffer_free(struct ls_buffer *buffer)
{
	free(buffer->devices);
	free(buffer->users);
}

/* All zero again. */
void ls_free(struct ls *ls)
{
	for (size_t i = 0; i < ls->nr; i++)
		ls_buffer_free(&ls->buffers[i]);
	free(ls->buffers);
	*ls = (struct ls){ 0 };
}
