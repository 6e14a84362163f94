// SPDX-License-Identifier: MIT
/*
 * Files that somebody has sent become what was loaded, if they are what he says. He is
 * not trusted.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"

/**
 * udb_fetch_bad() - note that a message is wrong
 * @fetch: with files.
 * @why: for a person.
 *
 * Return: -EBADMSG.
 */
int udb_fetch_bad(struct udb_fetch *fetch, const char *why)
{
	fetch->why = why;
	return -EBADMSG;
}

/*
 * Only a memfd that is sealed is read, for reading another file could wait for ever. A
 * copy is made because a memfd of huge pages has other bytes than it was told.
 */
static int udb_fetch_layout_check(struct udb_fetch *fetch)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_WRITE;
	int seals = fcntl(fetch->files[0], F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & wanted) != wanted ||
	    fstat(fetch->files[0], &st))
		return udb_fetch_bad(fetch, "its layout can change");
	if (fetch->layout_size > UDB_WIRE_SIZE_MAX ||
	    (uint64_t)st.st_size < fetch->layout_size)
		return udb_fetch_bad(fetch, "its layout has another size");
	return 0;
}

static int udb_fetch_layout(struct udb_fetch *fetch)
{
	const size_t size = fetch->layout_size;
	size_t done = 0;
	int ret = udb_fetch_layout_check(fetch);

	if (ret)
		return ret;
	fetch->layout = calloc(1, size + sizeof(struct udb_wire_head));
	if (!fetch->layout)
		return -ENOMEM;
	while (done < size) {
		ssize_t got = pread(fetch->files[0],
				    (char *)fetch->layout + done, size - done,
				    (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		done += got;
	}
	ret = udb_wire_look(fetch->layout, size, &fetch->view, &fetch->why);
	return ret ? ret : udb_wire_take(&fetch->view, &fetch->load);
}

/* What is said to be read-only cannot be mapped for writing. */
static bool udb_fetch_is_writable(int fd)
{
	const size_t page = udb_page_size();
	void *addr = mmap(NULL, page, PROT_WRITE, MAP_SHARED, fd, 0);

	if (addr == MAP_FAILED)
		return false;
	munmap(addr, page);
	return true;
}

/* The size as the kernel knows it, and whether reading is safe. */
static int udb_fetch_dmabuf(struct udb_fetch *fetch, uint32_t index)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	int *fd = &fetch->files[1 + index];
	int ret = udb_info_get(*fd, &info);

	if (ret == -ENOTTY)
		return udb_fetch_bad(fetch, "a buffer is no dma-buf");
	if (ret)
		return ret;
	if (strcmp(info.exporter, "udmabuf") &&
	    !(fetch->flags & UDB_LOAD_FETCH_ANY)) {
		fetch->why = "a buffer is not of udmabuf";
		return -EPERM;
	}
	if (info.size != fetch->view.sizes[index])
		return udb_fetch_bad(fetch, "a buffer has another size");
	if (!(fetch->load->access & UDB_WRITE) && udb_fetch_is_writable(*fd))
		return udb_fetch_bad(fetch, "a buffer is not read-only");
	ret = udb_buffer_adopt(*fd, &fetch->load->bufs[index]);
	if (!ret)
		*fd = -1;
	return ret;
}

static int udb_fetch_memfd(struct udb_fetch *fetch)
{
	int *fd = &fetch->files[1], seals = fcntl(*fd, F_GET_SEALS);
	struct stat st;

	if (!(fetch->flags & UDB_LOAD_FETCH_MEMFD)) {
		fetch->why = "it has no dma-buf, only a memfd";
		return -EPERM;
	}
	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(*fd, &st) ||
	    (uint64_t)st.st_size < fetch->view.head->size)
		return udb_fetch_bad(fetch, "its memfd is too short");
	if (!(fetch->load->access & UDB_WRITE) &&
	    !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return udb_fetch_bad(fetch, "its memfd is not read-only");
	fetch->load->memfd = *fd;
	*fd = -1;
	return 0;
}

static int udb_fetch_buffers(struct udb_fetch *fetch)
{
	const uint32_t nr = fetch->view.head->nr_bufs;
	int ret = 0;

	if (fetch->total != 1 + (nr ? nr : 1))
		return udb_fetch_bad(fetch, "buffers are missing");
	if (!nr)
		return udb_fetch_memfd(fetch);
	for (uint32_t i = 0; i < nr && !ret; i++)
		ret = udb_fetch_dmabuf(fetch, i);
	return ret;
}

/**
 * udb_fetch_take() - look at the files, and make of them what was loaded
 * @fetch: with all files; those that are used are -1 then.
 *
 * Return: 0 or a negative error number.
 */
int udb_fetch_take(struct udb_fetch *fetch)
{
	int ret = udb_fetch_layout(fetch);

	return ret ? ret : udb_fetch_buffers(fetch);
}

static void udb_fetch_explain(struct udb_fetch *fetch, int error)
{
	const char *what = fetch->why;

	if (fetch->failure.error)
		return;
	if (!what)
		what = error == -ECONNRESET ? "it has ended" :
					      strerrordesc_np(-error);
	if (fetch->path)
		udb_load_note(&fetch->failure, error,
			      fetch->why ? UDB_LOAD_FAULT_FORMAT :
					   UDB_LOAD_FAULT_SOCKET,
			      fetch->path, "nothing from the server at %s: %s",
			      fetch->path, what);
	else
		udb_load_note(&fetch->failure, error, UDB_LOAD_FAULT_FORMAT,
			      NULL, "nothing was handed over: %s", what);
}

/**
 * udb_fetch_end() - hand out what was loaded, or say why not
 * @fetch: all that it has is given back, or is in the result.
 * @error: 0, or a negative error number.
 * @failure: of the caller, or NULL.
 * @ret_load: receives what was loaded.
 *
 * Return: @error.
 */
int udb_fetch_end(struct udb_fetch *fetch, int error,
		  struct udb_load_failure *failure, struct udb_load **ret_load)
{
	if (error) {
		udb_fetch_explain(fetch, error);
		udb_load_failure_give(failure, &fetch->failure);
		udb_load_free(fetch->load);
	} else {
		fetch->load->report.total_ns = udb_load_now() - fetch->start_ns;
		*ret_load = fetch->load;
	}
	for (uint32_t i = 0; i < fetch->nr; i++)
		udb_fd_close(fetch->files[i]);
	udb_fd_close(fetch->socket);
	free(fetch->files);
	free(fetch->layout);
	return error;
}
