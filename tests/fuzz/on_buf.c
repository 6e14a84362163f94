// SPDX-License-Identifier: GPL-2.0-only
/* Operations on the file of a dma-buf. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"

bool fuzz_do_dup(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int fd = buf ? fuzz_buf_fd(buf) : -1;

	if (fd < 0)
		return false;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		fuzz_buf_add_fd(thread->world, buf, fd);
	return true;
}

/* Mappings and devices can be left as the only users. */
bool fuzz_do_close(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	uint32_t i;
	int fd;

	if (!buf)
		return false;
	for (i = 0; i < FUZZ_FDS; i++) {
		fd = atomic_exchange(&buf->fd[(op->arg[1] + i) % FUZZ_FDS], -1);
		if (fd >= 0) {
			close(fd);
			return true;
		}
	}
	return false;
}

/* What SYNC has to answer. */
static int sync_error(const struct fuzz_buf *buf, uint64_t flags)
{
	if (!(flags & DMA_BUF_SYNC_RW) ||
	    flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK)
		return -EINVAL;
	return buf->read_only && flags & DMA_BUF_SYNC_WRITE ? -EACCES : 0;
}

/* Begin and end in any order, and flags that do not exist. */
bool fuzz_do_sync(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	struct dma_buf_sync sync = { .flags = op->arg[1] % 8 };
	int fd = buf ? fuzz_buf_fd(buf) : -1, want, got;

	if (fd < 0)
		return false;
	if (op->arg[2] % 16 == 0)
		sync.flags |= 1ULL << op->arg[3] % 64;
	want = sync_error(buf, sync.flags);
	got = ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
	if (thread->world->exact && got != want)
		fuzz_found(thread->world, "SYNC with %llx: %s, not %s",
			   (unsigned long long)sync.flags,
			   strerrorname_np(-got), strerrorname_np(-want));
	return true;
}

#ifdef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
static void sync_file(int fd, uint32_t flags)
{
	struct dma_buf_export_sync_file out = { .flags = flags, .fd = -1 };
	struct dma_buf_import_sync_file in = { .flags = flags };

	if (ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out))
		return;
	in.fd = out.fd;
	ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in);
	close(out.fd);
}
#else
static void sync_file(int fd, uint32_t flags)
{
	struct pollfd poll_fd = { .fd = fd, .events = (short)flags };

	poll(&poll_fd, 1, 0);
}
#endif

bool fuzz_do_sync_file(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int fd = buf ? fuzz_buf_fd(buf) : -1;

	if (fd < 0)
		return false;
	sync_file(fd, op->arg[1] % 4);
	return true;
}

static void look_at_debugfs(void)
{
	static const char *const path[] = {
		"/sys/kernel/debug/udmabuf_ng/buffers",
		"/sys/kernel/debug/udmabuf/buffers",
		"/sys/kernel/debug/dma_buf/bufinfo",
	};
	char text[1024];
	uint32_t i;
	int fd;

	for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		fd = open(path[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
}

/* What people look at, and calls that a buffer has no answer to. */
bool fuzz_do_look(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int fd = buf ? fuzz_buf_fd(buf) : -1;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	char byte = 0;

	if (fd < 0)
		return false;
	switch (op->arg[1] % 16) {
	case 0:
		look_at_debugfs();
		break;
	case 1 ... 4:
		poll(&poll_fd, 1, 0);
		break;
	case 5 ... 8:
		if (read(fd, &byte, 1) > 0 || pwrite(fd, &byte, 1, 0) > 0)
			fuzz_found(thread->world,
				   "a buffer can be read as a file");
		break;
	case 9:
		ioctl(fd, DMA_BUF_SET_NAME, "fuzz");
		break;
	case 10:
		if (!ftruncate(fd, 0))
			fuzz_found(thread->world, "a buffer can be cut");
		break;
	default:
		lseek(fd, op->arg[2] % 2 ? 0 : -1, SEEK_END);
		break;
	}
	return true;
}
