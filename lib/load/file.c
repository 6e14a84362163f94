// SPDX-License-Identifier: MIT
/*
 * The files of a load: opened once each, looked at before and after.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "job.h"

/**
 * udb_load_file_name() - what to call a file
 * @file: a file.
 *
 * Return: its path, or that there is none.
 */
const char *udb_load_file_name(const struct udb_load_file *file)
{
	return file->path ? file->path : "(a file descriptor)";
}

static int udb_load_open(const char *path, int flags)
{
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/* A file of its own, since position and flags of the caller's are the caller's. */
static int udb_load_reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return udb_load_open(path, flags);
}

static int udb_load_file_open_fd(struct udb_load_file *file, int fd)
{
	int own;

	if (fd < 0)
		return -EBADF;
	own = udb_load_reopen(fd, 0);
	if (own >= 0) {
		file->fd = own;
		return 0;
	}
	/* No /proc, or a file that this process was given and may not open. */
	own = udb_fd_clone(fd);
	if (own < 0)
		return own;
	file->fd = own;
	file->is_shared = true;
	return 0;
}

static bool udb_load_same_file(int one, int other)
{
	struct stat a, b;

	return !fstat(one, &a) && !fstat(other, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * O_DIRECT that is refused is no error here: direct.c decides. Where it is taken and
 * caches, there is to be no reading ahead: what it caches of other blocks would hide
 * that these cache, too.
 */
static void udb_load_file_open_direct(struct udb_load_file *file)
{
	int fd = udb_load_reopen(file->fd, O_DIRECT);

	if (fd < 0 && fd != -EINVAL && file->path)
		fd = udb_load_open(file->path, O_DIRECT);
	if (fd < 0)
		return;
	if (!udb_load_same_file(fd, file->fd)) {
		close(fd);
		return;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	file->direct_fd = fd;
}

static int64_t udb_load_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/**
 * udb_load_stamp_get() - what a file is now
 * @file: open.
 * @stamp: receives it.
 *
 * Return: 0 or a negative error number.
 */
int udb_load_stamp_get(const struct udb_load_file *file,
		       struct udb_load_stamp *stamp)
{
	struct stat st;

	memset(stamp, 0, sizeof(*stamp));
	if (fstat(file->fd, &st))
		return -errno;
	stamp->dev = st.st_dev;
	stamp->inode = st.st_ino;
	if (S_ISBLK(st.st_mode))
		return ioctl(file->fd, BLKGETSIZE64, &stamp->size) ? -errno : 0;
	stamp->size = st.st_size;
	stamp->mtime_ns = udb_load_ns(&st.st_mtim);
	stamp->ctime_ns = udb_load_ns(&st.st_ctim);
	return 0;
}

/* Regular files and block devices have a size and places. */
static int udb_load_file_check(struct udb_load_file *file)
{
	struct statfs fs;
	struct stat st;

	if (fstat(file->fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ESPIPE;
	file->is_device = S_ISBLK(st.st_mode);
	file->is_memory = !file->is_device && !fstatfs(file->fd, &fs) &&
			  (fs.f_type == TMPFS_MAGIC ||
			   fs.f_type == RAMFS_MAGIC ||
			   fs.f_type == HUGETLBFS_MAGIC);
	return udb_load_stamp_get(file, &file->stamp);
}

/*
 * io_uring of Linux 6.1 gives up a read through the page cache of a disk that was
 * opened so, where others wait.
 */
static void udb_load_file_block(const struct udb_load_file *file)
{
	int flags = fcntl(file->fd, F_GETFL);

	if (flags >= 0)
		fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* Opened such that a pipe without a writer does not hold the caller up. */
static int udb_load_file_open(struct udb_load_job *job,
			      const struct udb_load_source *source,
			      struct udb_load_file *file)
{
	int ret;

	file->path = source->path;
	file->fd = -1;
	file->direct_fd = -1;
	file->align = udb_page_size();
	if (source->path) {
		ret = udb_load_open(source->path, O_NONBLOCK);
		if (ret >= 0) {
			file->fd = ret;
			ret = 0;
		}
	} else {
		ret = udb_load_file_open_fd(file, source->fd);
	}
	if (!ret)
		ret = udb_load_file_check(file);
	if (ret)
		return ret;
	if (source->path)
		udb_load_file_block(file);
	if (job->opts.direct != UDB_LOAD_DIRECT_NEVER && !file->is_memory)
		udb_load_file_open_direct(file);
	return 0;
}

/* Pieces of one file follow each other, so the file before is the one to ask. */
static bool udb_load_is_same(const struct udb_load_source *one,
			     const struct udb_load_source *other)
{
	if (one->path && other->path)
		return !strcmp(one->path, other->path);
	return !one->path && !other->path && one->fd == other->fd;
}

static void udb_load_file_close(struct udb_load_file *file)
{
	udb_fd_close(file->fd);
	udb_fd_close(file->direct_fd);
}

/**
 * udb_load_files_close() - close what was opened
 * @job: the load.
 */
void udb_load_files_close(struct udb_load_job *job)
{
	for (size_t i = 0; i < job->nr_files; i++)
		udb_load_file_close(&job->files[i]);
	free(job->files);
	job->files = NULL;
	job->nr_files = 0;
}

static int udb_load_files_next(struct udb_load_job *job,
			       const struct udb_load_source *source)
{
	struct udb_load_file *file = &job->files[job->nr_files];
	int ret = udb_load_file_open(job, source, file);
	const char *why = strerrordesc_np(-ret);

	if (!ret) {
		job->nr_files++;
		return 0;
	}
	udb_load_file_close(file);
	if (ret == -ESPIPE)
		why = "neither a file nor a block device";
	return udb_load_note(&job->failure, ret, UDB_LOAD_FAULT_OPEN,
			     source->path, "cannot load %s: %s",
			     udb_load_file_name(file), why);
}

/**
 * udb_load_files_open() - open the files of all sources
 * @job: the load; receives files and pieces.
 * @sources: of the caller.
 * @nr: how many.
 *
 * Return: 0 or a negative error number, with a failure noted.
 */
int udb_load_files_open(struct udb_load_job *job,
			const struct udb_load_source *sources, size_t nr)
{
	int ret;

	job->files = calloc(nr, sizeof(*job->files));
	job->pieces = calloc(nr, sizeof(*job->pieces));
	if (!job->files || !job->pieces)
		return -ENOMEM;
	job->nr_pieces = nr;
	for (size_t i = 0; i < nr; i++) {
		if (!i || !udb_load_is_same(&sources[i - 1], &sources[i])) {
			ret = udb_load_files_next(job, &sources[i]);
			if (ret)
				return ret;
		}
		job->pieces[i].source = &sources[i];
		job->pieces[i].file = &job->files[job->nr_files - 1];
	}
	return 0;
}

/**
 * udb_load_files_unchanged() - whether all files are what they were
 * @job: the load, all of it read.
 *
 * Times of most file systems tell a write apart that was a tick later.
 *
 * Return: 0 or a negative error number, with a failure noted.
 */
int udb_load_files_unchanged(struct udb_load_job *job)
{
	struct udb_load_stamp now;

	for (size_t i = 0; i < job->nr_files; i++) {
		const struct udb_load_file *file = &job->files[i];
		int ret = udb_load_stamp_get(file, &now);

		if (!ret && !memcmp(&now, &file->stamp, sizeof(now)))
			continue;
		job->failure.wanted = file->stamp.size;
		job->failure.had = now.size;
		return udb_load_note(&job->failure, ret ? ret : -ESTALE,
				     UDB_LOAD_FAULT_CHANGED, file->path,
				     "%s was changed meanwhile: load it again",
				     udb_load_file_name(file));
	}
	return 0;
}
