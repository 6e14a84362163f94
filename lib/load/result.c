// SPDX-License-Identifier: MIT
/*
 * What was loaded. It is constant, so any number of threads may look at it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "result.h"

/**
 * udb_load_new() - what was loaded, with room for what is known of it
 * @nr_places: how many sources.
 * @nr_bufs: how many dma-bufs; 0: udb_load.bufs stays NULL.
 *
 * Return: what was loaded, or NULL.
 */
struct udb_load *udb_load_new(size_t nr_places, size_t nr_bufs)
{
	struct udb_load *load = calloc(1, sizeof(*load));

	if (!load)
		return NULL;
	load->memfd = -1;
	load->access = UDB_READ | UDB_WRITE;
	load->places = calloc(nr_places, sizeof(*load->places));
	load->paths = (char **)calloc(nr_places, sizeof(*load->paths));
	if (nr_bufs)
		load->bufs = (struct udb_buffer **)calloc(nr_bufs,
							  sizeof(*load->bufs));
	if (!load->places || !load->paths || (nr_bufs && !load->bufs))
		return udb_load_free(load);
	load->nr_places = nr_places;
	load->nr_bufs = nr_bufs;
	return load;
}

struct udb_load *udb_load_free(struct udb_load *load)
{
	if (!load)
		return NULL;
	udb_load_buffers_free(load->bufs, load->nr_bufs);
	udb_fd_close(load->memfd);
	for (size_t i = 0; load->paths && i < load->nr_places; i++)
		free(load->paths[i]);
	free((void *)load->paths);
	free(load->places);
	udb_load_tensors_free(load->tensors);
	free(load);
	return NULL;
}

static int udb_load_place_set(struct udb_load *load, size_t index,
			      const struct udb_load_piece *piece)
{
	const char *path = piece->file->path ? piece->file->path : "";
	struct udb_load_place *place = &load->places[index];

	load->paths[index] = udb_load_text(path, strlen(path));
	if (!load->paths[index])
		return -ENOMEM;
	*place = (struct udb_load_place){
		.path = load->paths[index],
		.file_offset = piece->offset,
		.buffer_offset = piece->at + (piece->offset - piece->begin),
		.size = piece->size,
		.way = piece->file->way,
		.checks = piece->checks,
	};
	memcpy(place->xxh3, piece->xxh3, sizeof(place->xxh3));
	memcpy(place->sha256, piece->sha256, sizeof(place->sha256));
	return 0;
}

static int udb_load_result_fill(const struct udb_load_job *job,
				struct udb_load *load)
{
	int ret = 0;

	for (size_t i = 0; i < job->nr_pieces && !ret; i++)
		ret = udb_load_place_set(load, i, &job->pieces[i]);
	load->report = job->report;
	return ret;
}

/* From now on nobody can write to it: who had it mapped, the load, does not need to. */
static int udb_load_result_seal(struct udb_load *load, int memfd)
{
	if (fcntl(memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE))
		return -errno;
	load->access = UDB_READ;
	return 0;
}

/**
 * udb_load_result() - hand out what was loaded
 * @job: the load, in which all is right; loses memory and buffers to the result.
 * @ret_load: receives the result.
 *
 * Return: 0; -ENOMEM; or what sealing the memfd says.
 */
int udb_load_result(struct udb_load_job *job, struct udb_load **ret_load)
{
	struct udb_load *load = udb_load_new(job->nr_pieces, 0);
	int ret;

	if (!load)
		return -ENOMEM;
	ret = udb_load_result_fill(job, load);
	if (!ret && job->opts.flags & UDB_LOAD_READ_ONLY)
		ret = udb_load_result_seal(load, job->memory.memory.fd);
	if (ret) {
		udb_load_free(load);
		return ret;
	}
	load->memfd = job->memory.memory.fd;
	load->size = job->memory.memory.size;
	load->bufs = job->bufs;
	load->nr_bufs = job->nr_bufs;
	job->memory.memory.fd = -1;
	job->bufs = NULL;
	*ret_load = load;
	return 0;
}

int udb_load_memfd(const struct udb_load *load)
{
	return load->memfd < 0 ? -EOPNOTSUPP : load->memfd;
}

size_t udb_load_size(const struct udb_load *load)
{
	return load->size;
}

size_t udb_load_nr_buffers(const struct udb_load *load)
{
	return load->nr_bufs;
}

struct udb_buffer *udb_load_buffer(const struct udb_load *load, size_t index)
{
	return index < load->nr_bufs ? load->bufs[index] : NULL;
}

size_t udb_load_nr_places(const struct udb_load *load)
{
	return load->nr_places;
}

int udb_load_place_get(const struct udb_load *load, size_t index,
		       struct udb_load_place *place)
{
	if (index >= load->nr_places)
		return -EINVAL;
	return udb_struct_give(place, &load->places[index], sizeof(*place),
			       sizeof(*place));
}

int udb_load_report_get(const struct udb_load *load,
			struct udb_load_report *report)
{
	return udb_struct_give(report, &load->report, sizeof(*report),
			       sizeof(*report));
}

/**
 * udb_load_find_place() - which source has bytes of a file
 * @load: what was loaded.
 * @path: of the file.
 * @offset: in the file.
 * @size: bytes, all of which have to be in one source.
 *
 * Return: the source, or NULL.
 */
const struct udb_load_place *udb_load_find_place(const struct udb_load *load,
						 const char *path,
						 uint64_t offset, uint64_t size)
{
	for (size_t i = 0; i < load->nr_places; i++) {
		const struct udb_load_place *place = &load->places[i];

		if (!strcmp(place->path, path) &&
		    offset >= place->file_offset &&
		    offset - place->file_offset <= place->size &&
		    size <= place->size - (offset - place->file_offset))
			return place;
	}
	return NULL;
}

int udb_load_find(const struct udb_load *load, const char *path,
		  uint64_t offset, uint64_t size, uint64_t *ret_offset)
{
	const struct udb_load_place *place =
		udb_load_find_place(load, path, offset, size);

	if (!place)
		return -ENOENT;
	*ret_offset = place->buffer_offset + (offset - place->file_offset);
	return 0;
}

const struct udb_load_tensors *udb_load_tensors_of(const struct udb_load *load)
{
	return load->tensors;
}

uint32_t udb_load_access(const struct udb_load *load)
{
	return load->access;
}

/* The buffers lie behind each other in room for all, which goes when one fails. */
static int udb_load_map_buffers(const struct udb_load *load, int prot,
				int flags, void **ret_addr)
{
	const int reserve = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	size_t at = 0;
	void *room;
	int ret;

	ret = udb_map_huge(-1, 0, load->size, PROT_NONE, reserve, &room);
	for (size_t i = 0; i < load->nr_bufs && !ret; i++) {
		size_t size = udb_buffer_size(load->bufs[i]);

		if (mmap((char *)room + at, size, prot, flags | MAP_FIXED,
			 udb_buffer_fd(load->bufs[i]), 0) == MAP_FAILED) {
			ret = -errno;
			munmap(room, load->size);
		}
		at += size;
	}
	if (!ret)
		*ret_addr = room;
	return ret;
}

int udb_load_map(const struct udb_load *load, const struct udb_map_opts *opts,
		 void **ret_addr)
{
	const uint32_t known_flags = UDB_MAP_MEMFD | UDB_MAP_POPULATE;
	struct udb_map_opts known;
	int prot, flags = MAP_SHARED;
	int ret = udb_opts_take(&known, sizeof(known), sizeof(known), opts);

	if (ret)
		return ret;
	if (known.access & ~(UDB_READ | UDB_WRITE) ||
	    known.flags & ~known_flags)
		return -EINVAL;
	if (!known.access)
		known.access = load->access;
	prot = (known.access & UDB_READ ? PROT_READ : 0) |
	       (known.access & UDB_WRITE ? PROT_WRITE : 0);
	if (known.flags & UDB_MAP_POPULATE)
		flags |= MAP_POPULATE;
	if (load->nr_bufs && !(known.flags & UDB_MAP_MEMFD))
		return udb_load_map_buffers(load, prot, flags, ret_addr);
	if (load->memfd < 0)
		return -EOPNOTSUPP;
	return udb_map_huge(load->memfd, 0, load->size, prot, flags, ret_addr);
}
