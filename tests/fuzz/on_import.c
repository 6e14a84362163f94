// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations with devices: vgem, a DRM device for each thread, and the importer of
 * our own that reads and writes a buffer as a device's driver would.
 */
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drm.h"
#include "kinds.h"
#include "model.h"
#include "peek.h"

#define PEEK_PAGES_MAX	4U
#define STORM		48

/* An open file of vgem, which is a device of its own; -1: there is none. */
int fuzz_import_open(void)
{
	return drm_open_vgem("renderD");
}

bool fuzz_do_import(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int drm = thread->world->drm[thread->number];
	struct drm_prime_handle prime = { .fd = buf ? fuzz_buf_fd(buf) : -1 };

	if (prime.fd < 0 || drm < 0)
		return false;
	if (!ioctl(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		atomic_store(&buf->handle[thread->number], prime.handle);
	else if (thread->world->exact && !(buf->read_only && errno == EACCES))
		fuzz_found(thread->world, "vgem does not take a buffer: %s",
			   strerror(errno));
	return true;
}

/* What comes out of the device is the buffer that went in. */
bool fuzz_do_reexport(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	struct drm_prime_handle prime = {
		.flags = DRM_CLOEXEC | DRM_RDWR,
		.fd = -1,
	};
	struct stat stat;

	if (!buf)
		return false;
	prime.handle = atomic_load(&buf->handle[thread->number]);
	if (!prime.handle || ioctl(thread->world->drm[thread->number],
				   DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		return false;
	if (!fstat(prime.fd, &stat) && stat.st_ino != buf->ino)
		fuzz_found(thread->world,
			   "vgem gives another buffer than it took");
	fuzz_buf_add_fd(thread->world, buf, prime.fd);
	return true;
}

void fuzz_import_close(struct fuzz_world *world, struct fuzz_buf *buf,
		       uint32_t device)
{
	struct drm_gem_close gem = {
		.handle = atomic_exchange(&buf->handle[device], 0),
	};

	if (gem.handle)
		ioctl(world->drm[device], DRM_IOCTL_GEM_CLOSE, &gem);
}

bool fuzz_do_import_close(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);

	if (!buf || !atomic_load(&buf->handle[thread->number]))
		return false;
	fuzz_import_close(thread->world, buf, thread->number);
	return true;
}

/* In and out, and one of few buffers, so that several threads meet in the driver. */
bool fuzz_do_import_storm(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0] % 3);
	struct drm_prime_handle prime = { .fd = buf ? fuzz_buf_fd(buf) : -1 };
	int drm = thread->world->drm[thread->number], i;
	struct drm_gem_close gem = { 0 };

	if (prime.fd < 0 || drm < 0)
		return false;
	fuzz_import_close(thread->world, buf, thread->number);
	for (i = 0; i < STORM; i++) {
		if (ioctl(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
			break;
		gem.handle = prime.handle;
		ioctl(drm, DRM_IOCTL_GEM_CLOSE, &gem);
	}
	return true;
}

static void peek_pages(struct fuzz_world *world, struct fuzz_buf *buf, int peek,
		       uint32_t first, uint32_t nr)
{
	char pages[PEEK_PAGES_MAX * FUZZ_PAGE];
	struct fuzz_words words;
	uint32_t i;

	if (!peek_read(peek, pages, nr * FUZZ_PAGE, first * FUZZ_PAGE)) {
		fuzz_found(world, "a device cannot read pages %u to %u of %u",
			   first, first + nr - 1, buf->nr_pages);
		return;
	}
	for (i = 0; i < nr; i++) {
		fuzz_read_words(pages + i * FUZZ_PAGE, &words);
		if (!fuzz_check_words(world, &words, buf->origin[first + i],
				      buf->page[first + i],
				      "buffer as a device reads it", first + i))
			return;
	}
}

/* As a device writes it. */
static void peek_stamp(struct fuzz_world *world, struct fuzz_buf *buf, int peek,
		       uint32_t index)
{
	uint64_t stamp = fuzz_stamp(world, buf->origin[index]);
	struct fuzz_words words;
	char page[FUZZ_PAGE];

	memset(page, 0, sizeof(page));
	fuzz_stamp_words(stamp, &words);
	fuzz_write_words(page, &words);
	if (peek_write(peek, page, FUZZ_PAGE, index * FUZZ_PAGE))
		fuzz_page_set(world, buf->page[index], stamp);
	else
		fuzz_found(world, "a device cannot write page %u of %u", index,
			   buf->nr_pages);
}

/*
 * Not every kernel lets an importer see the pages of a table; and a read-only buffer
 * is for devices that read it.
 */
static bool peek_is_refused(const struct fuzz_buf *buf, int error)
{
	return error == EOPNOTSUPP || error == EBADF || error == EINVAL ||
	       (buf->read_only && error == EACCES);
}

/* Nothing in the kernel may get so much of a read-only buffer that it could write. */
static bool peek_could_write(const struct fuzz_buf *buf, enum peek_view view,
			     enum peek_direction direction)
{
	return buf->read_only &&
	       (view == PEEK_VMAP || direction != PEEK_TO_DEVICE);
}

bool fuzz_do_peek(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int peek, fd = buf ? fuzz_buf_fd(buf) : -1;
	enum peek_direction direction = PEEK_BIDIRECTIONAL;
	enum peek_view view = op->arg[1] % 4;
	uint32_t first, nr;

	if (fd < 0 || !thread->world->has_peek)
		return false;
	if (buf->read_only && op->arg[3] % 4)
		direction = PEEK_TO_DEVICE;
	peek = peek_attach(fd, view, direction);
	if (peek < 0) {
		if (thread->world->exact && !peek_is_refused(buf, errno))
			fuzz_found(thread->world,
				   "a device cannot have a buffer: %s",
				   strerror(errno));
		return true;
	}
	if (peek_could_write(buf, view, direction))
		fuzz_found(thread->world,
			   "a device could write a read-only buffer");
	first = op->arg[2] % buf->nr_pages;
	nr = buf->nr_pages - first;
	if (op->arg[3] % 4 == 0)
		peek_stamp(thread->world, buf, peek, first);
	else
		peek_pages(thread->world, buf, peek, first,
			   nr < PEEK_PAGES_MAX ? nr : PEEK_PAGES_MAX);
	close(peek);
	return true;
}
