// SPDX-License-Identifier: MIT
/*
 * The layout that a server hands out (wire.h): made once, of what was loaded.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tensors.h"
#include "wire.h"

/* A layout that is being made. @text_room is enough for all names. */
struct udb_wire_pack {
	const struct udb_load *load;
	const struct udb_load_tensors *const *tables;
	size_t nr_tables;
	struct udb_wire_head head;
	size_t text_room;
	char *bytes;
	uint64_t *sizes;
	struct udb_wire_place *places;
	struct udb_wire_tensor *tensors;
	char *text;
};

/* The number of the place that a tensor is in, or -1: it was not loaded. */
static int32_t udb_wire_place_of(const struct udb_load *load,
				 const struct udb_load_tensor *tensor)
{
	const struct udb_load_place *place;

	place = udb_load_find_place(load, tensor->path, tensor->offset,
				    tensor->size);
	return place ? (int32_t)(place - load->places) : -1;
}

static void udb_wire_count_table(struct udb_wire_pack *pack,
				 const struct udb_load_tensors *table)
{
	for (size_t i = 0; i < table->nr; i++) {
		const struct udb_load_tensor *tensor = &table->list[i];

		if (udb_wire_place_of(pack->load, tensor) < 0 ||
		    pack->head.nr_tensors > UDB_WIRE_TENSORS_MAX)
			continue;
		pack->head.nr_tensors++;
		pack->text_room +=
			strlen(tensor->name) + strlen(tensor->type) + 2;
	}
}

static int udb_wire_count(struct udb_wire_pack *pack)
{
	const struct udb_load *load = pack->load;

	if (load->nr_places > UDB_WIRE_PLACES_MAX ||
	    load->nr_bufs > UDB_WIRE_BUFS_MAX)
		return -E2BIG;
	pack->head.nr_bufs = load->nr_bufs;
	pack->head.nr_places = load->nr_places;
	pack->text_room = 1;
	for (size_t i = 0; i < load->nr_places; i++)
		pack->text_room += strlen(load->places[i].path) + 1;
	for (size_t i = 0; i < pack->nr_tables; i++)
		udb_wire_count_table(pack, pack->tables[i]);
	return pack->head.nr_tensors > UDB_WIRE_TENSORS_MAX ? -E2BIG : 0;
}

static int udb_wire_alloc(struct udb_wire_pack *pack)
{
	const struct udb_wire_head *head = &pack->head;
	size_t sizes = head->nr_bufs * sizeof(*pack->sizes);
	size_t places = head->nr_places * sizeof(*pack->places);
	size_t tensors = head->nr_tensors * sizeof(*pack->tensors);
	size_t all = sizeof(*head) + sizes + places + tensors + pack->text_room;

	if (all > UDB_WIRE_SIZE_MAX)
		return -E2BIG;
	pack->bytes = calloc(1, all);
	if (!pack->bytes)
		return -ENOMEM;
	pack->sizes = (uint64_t *)(pack->bytes + sizeof(*head));
	pack->places = (void *)((char *)pack->sizes + sizes);
	pack->tensors = (void *)((char *)pack->places + places);
	pack->text = (char *)pack->tensors + tensors;
	return 0;
}

/* The name that was put there last is not put there again. */
static uint32_t udb_wire_text(struct udb_wire_pack *pack, const char *text,
			      uint32_t last)
{
	const size_t size = strlen(text) + 1;
	uint32_t at = pack->head.text_size;

	if (!strcmp(pack->text + last, text))
		return last;
	memcpy(pack->text + at, text, size);
	pack->head.text_size += size;
	return at;
}

static void udb_wire_put_places(struct udb_wire_pack *pack)
{
	uint32_t path = 0;

	for (size_t i = 0; i < pack->load->nr_places; i++) {
		const struct udb_load_place *place = &pack->load->places[i];

		path = udb_wire_text(pack, place->path, path);
		pack->places[i] = (struct udb_wire_place){
			.file_offset = place->file_offset,
			.buffer_offset = place->buffer_offset,
			.size = place->size,
			.way = place->way,
			.checks = place->checks,
			.path = path,
		};
		memcpy(pack->places[i].xxh3, place->xxh3, sizeof(place->xxh3));
		memcpy(pack->places[i].sha256, place->sha256,
		       sizeof(place->sha256));
	}
}

static void udb_wire_put_table(struct udb_wire_pack *pack,
			       const struct udb_load_tensors *table,
			       struct udb_wire_tensor **to)
{
	uint32_t type = 0;

	for (size_t i = 0; i < table->nr; i++) {
		const struct udb_load_tensor *tensor = &table->list[i];
		int32_t place = udb_wire_place_of(pack->load, tensor);

		if (place < 0)
			continue;
		type = udb_wire_text(pack, tensor->type, type);
		**to = (struct udb_wire_tensor){
			.offset = tensor->offset,
			.size = tensor->size,
			.nr_dims = tensor->nr_dims,
			.place = place,
			.name = udb_wire_text(pack, tensor->name, 0),
			.type = type,
		};
		memcpy((*to)->dims, tensor->dims, sizeof(tensor->dims));
		(*to)++;
	}
}

static void udb_wire_put_head(struct udb_wire_pack *pack, uint32_t flags)
{
	const struct udb_load_report *report = &pack->load->report;
	struct udb_wire_head *head = &pack->head;

	head->magic = UDB_WIRE_LAYOUT;
	head->version = UDB_WIRE_VERSION;
	head->flags = flags;
	head->size = pack->load->size;
	head->bytes = report->bytes;
	head->bytes_huge = report->bytes_huge;
	head->backing = report->backing;
	head->engine = report->engine;
	head->way = report->way;
	memcpy(pack->bytes, head, sizeof(*head));
}

/**
 * udb_wire_pack() - make a layout
 * @load: what was loaded.
 * @tables: of tensors.
 * @nr: how many.
 * @flags: for the head.
 * @ret_bytes: receives the layout, to be freed.
 * @ret_size: receives how long it is.
 *
 * Return: 0, -ENOMEM, -E2BIG: more than can be told.
 */
int udb_wire_pack(const struct udb_load *load,
		  const struct udb_load_tensors *const *tables, size_t nr,
		  uint32_t flags, void **ret_bytes, size_t *ret_size)
{
	struct udb_wire_pack pack = { .load = load,
				      .tables = tables,
				      .nr_tables = nr };
	struct udb_wire_tensor *to;
	int ret = udb_wire_count(&pack);

	if (!ret)
		ret = udb_wire_alloc(&pack);
	if (ret)
		return ret;
	for (size_t i = 0; i < load->nr_bufs; i++)
		pack.sizes[i] = udb_buffer_size(load->bufs[i]);
	pack.head.text_size = 1; /* the empty name */
	udb_wire_put_places(&pack);
	to = pack.tensors;
	for (size_t i = 0; i < nr; i++)
		udb_wire_put_table(&pack, tables[i], &to);
	udb_wire_put_head(&pack, flags);
	*ret_bytes = pack.bytes;
	*ret_size = (size_t)(pack.text - pack.bytes) + pack.head.text_size;
	return 0;
}

static int udb_wire_write(int fd, const char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = write(fd, bytes + done, size - done);

		if (put < 0 && errno != EINTR)
			return -errno;
		done += put > 0 ? put : 0;
	}
	return 0;
}

/* A file that nobody can change: one is enough for all who get it. */
static int udb_wire_seal(const void *bytes, size_t size)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
			  F_SEAL_SEAL;
	int fd, ret;

	fd = memfd_create("udb-layout", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	ret = udb_wire_write(fd, bytes, size);
	if (!ret && fcntl(fd, F_ADD_SEALS, seals))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/**
 * udb_wire_file() - make a layout, as a memfd that nobody can change
 * @load: what was loaded.
 * @tables: of tensors.
 * @nr: how many.
 * @flags: bits UDB_WIRE_*.
 * @ret_size: receives how long it is.
 *
 * Return: a file descriptor or a negative error number, -E2BIG as udb_wire_pack().
 */
int udb_wire_file(const struct udb_load *load,
		  const struct udb_load_tensors *const *tables, size_t nr,
		  uint32_t flags, uint64_t *ret_size)
{
	size_t size;
	void *bytes;
	int ret = udb_wire_pack(load, tables, nr, flags, &bytes, &size);

	if (ret)
		return ret;
	ret = udb_wire_seal(bytes, size);
	free(bytes);
	if (ret >= 0)
		*ret_size = size;
	return ret;
}

int udb_load_layout_fd(const struct udb_load *load,
		       const struct udb_load_tensors *const *tensors, size_t nr)
{
	uint32_t flags = load->access & UDB_WRITE ? 0 : UDB_WIRE_READ_ONLY;
	uint64_t size;

	return udb_wire_file(load, tensors, nr, flags, &size);
}
