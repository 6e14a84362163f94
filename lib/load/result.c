// SPDX-License-Identifier: MIT
/*
 * What was loaded. It is constant, so any number of threads may look at it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "job.h"

/**
 * struct udb_load - what was loaded
 * @memfd: the memory.
 * @size: of it.
 * @bufs: dma-bufs, or NULL.
 * @nr_bufs: how many.
 * @places: one for each source.
 * @nr_places: how many.
 * @paths: a copy of the path for each of them.
 * @report: what it cost.
 */
struct udb_load {
	int memfd;
	size_t size;
	struct udb_buffer **bufs;
	size_t nr_bufs;
	struct udb_load_place *places;
	size_t nr_places;
	char **paths;
	struct udb_load_report report;
};

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

	load->places = calloc(job->nr_pieces, sizeof(*load->places));
	load->paths = (char **)calloc(job->nr_pieces, sizeof(*load->paths));
	if (!load->places || !load->paths)
		return -ENOMEM;
	load->nr_places = job->nr_pieces;
	for (size_t i = 0; i < job->nr_pieces && !ret; i++)
		ret = udb_load_place_set(load, i, &job->pieces[i]);
	load->report = job->report;
	return ret;
}

/**
 * udb_load_result() - hand out what was loaded
 * @job: the load, in which all is right; loses memory and buffers to the result.
 * @ret_load: receives the result.
 *
 * Return: 0 or -ENOMEM.
 */
int udb_load_result(struct udb_load_job *job, struct udb_load **ret_load)
{
	struct udb_load *load = calloc(1, sizeof(*load));
	int ret;

	if (!load)
		return -ENOMEM;
	load->memfd = -1;
	ret = udb_load_result_fill(job, load);
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
	return load->memfd;
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

int udb_load_find(const struct udb_load *load, const char *path,
		  uint64_t offset, uint64_t size, uint64_t *ret_offset)
{
	for (size_t i = 0; i < load->nr_places; i++) {
		const struct udb_load_place *place = &load->places[i];

		if (strcmp(place->path, path) || offset < place->file_offset ||
		    offset - place->file_offset > place->size ||
		    size > place->size - (offset - place->file_offset))
			continue;
		*ret_offset =
			place->buffer_offset + (offset - place->file_offset);
		return 0;
	}
	return -ENOENT;
}
