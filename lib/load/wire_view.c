// SPDX-License-Identifier: MIT
/*
 * A layout that came from a server (wire.h). It is not trusted: each number is checked
 * before it is used, and what is handed on is inside of the memory.
 */
#include <stdlib.h>
#include <string.h>

#include "tensors.h"
#include "wire.h"

#define UDB_WIRE_CHECKS		(UDB_LOAD_XXH3 | UDB_LOAD_SHA256)

static int udb_wire_bad(const char **why, const char *what)
{
	*why = what;
	return -EBADMSG;
}

static int udb_wire_look_head(const struct udb_wire_head *head, uint64_t size,
			      const char **why)
{
	if (size < sizeof(*head) || head->magic != UDB_WIRE_LAYOUT)
		return udb_wire_bad(why, "its layout is none");
	if (head->version != UDB_WIRE_VERSION) {
		*why = "its layout is of a newer version";
		return -EPROTONOSUPPORT;
	}
	if (head->flags & ~UDB_WIRE_READ_ONLY || head->reserved)
		return udb_wire_bad(why, "its layout has unknown flags");
	if (head->nr_bufs > UDB_WIRE_BUFS_MAX ||
	    head->nr_places > UDB_WIRE_PLACES_MAX ||
	    head->nr_tensors > UDB_WIRE_TENSORS_MAX || !head->nr_places ||
	    !head->text_size || head->text_size > UDB_WIRE_SIZE_MAX)
		return udb_wire_bad(why, "its layout is too long or empty");
	if (!head->size || head->size > INT64_MAX || head->bytes > head->size ||
	    head->bytes_huge > head->size ||
	    head->backing > UDB_BACKING_UNKNOWN ||
	    head->engine > UDB_LOAD_ENGINE_THREADS ||
	    head->way > UDB_LOAD_WAY_CACHED)
		return udb_wire_bad(why, "its layout has absurd numbers");
	return 0;
}

/* The bounds above keep this from overflow. All pieces have whole 64-bit words. */
static int udb_wire_divide(struct udb_wire_view *view, uint64_t size,
			   const char **why)
{
	const struct udb_wire_head *head = view->head;
	uint64_t all = sizeof(*head) +
		       (uint64_t)head->nr_bufs * sizeof(*view->sizes) +
		       (uint64_t)head->nr_places * sizeof(*view->places) +
		       (uint64_t)head->nr_tensors * sizeof(*view->tensors) +
		       head->text_size;

	if (all != size)
		return udb_wire_bad(why, "its layout has another length");
	view->sizes = (const uint64_t *)(head + 1);
	view->places = (const void *)(view->sizes + head->nr_bufs);
	view->tensors = (const void *)(view->places + head->nr_places);
	view->text = (const char *)(view->tensors + head->nr_tensors);
	if (view->text[head->text_size - 1])
		return udb_wire_bad(why, "its layout has a name without end");
	return 0;
}

static int udb_wire_look_sizes(const struct udb_wire_view *view,
			       const char **why)
{
	const uint64_t below_page = udb_page_size() - 1;
	uint64_t left = view->head->size;

	for (uint32_t i = 0; i < view->head->nr_bufs; i++) {
		uint64_t size = view->sizes[i];

		if (!size || size & below_page || size > left)
			return udb_wire_bad(why,
					    "the size of a buffer is wrong");
		left -= size;
	}
	if (view->head->nr_bufs && left)
		return udb_wire_bad(why, "its buffers lack bytes");
	return 0;
}

static bool udb_wire_place_is_right(const struct udb_wire_view *view,
				    const struct udb_wire_place *place)
{
	const uint64_t size = view->head->size;

	return place->buffer_offset <= size &&
	       place->size <= size - place->buffer_offset &&
	       place->file_offset <= INT64_MAX - place->size &&
	       place->way <= UDB_LOAD_WAY_CACHED &&
	       !(place->checks & ~UDB_WIRE_CHECKS) && !place->reserved &&
	       place->path < view->head->text_size;
}

static bool udb_wire_tensor_is_right(const struct udb_wire_view *view,
				     const struct udb_wire_tensor *tensor)
{
	const struct udb_wire_place *place;

	if (tensor->place >= view->head->nr_places ||
	    tensor->name >= view->head->text_size ||
	    tensor->type >= view->head->text_size ||
	    tensor->nr_dims > UDB_LOAD_DIMS_MAX)
		return false;
	place = &view->places[tensor->place];
	return tensor->offset >= place->file_offset &&
	       tensor->offset - place->file_offset <= place->size &&
	       tensor->size <=
		       place->size - (tensor->offset - place->file_offset);
}

/**
 * udb_wire_look() - find one's way in a layout, and check all of it
 * @bytes: the layout, aligned for numbers of 64 bits; nobody else can change it.
 * @size: how long it is.
 * @view: filled in; points into @bytes.
 * @why: receives what is wrong.
 *
 * Return: 0, -EBADMSG, -EPROTONOSUPPORT.
 */
int udb_wire_look(const void *bytes, uint64_t size, struct udb_wire_view *view,
		  const char **why)
{
	int ret;

	view->head = bytes;
	ret = udb_wire_look_head(view->head, size, why);
	if (!ret)
		ret = udb_wire_divide(view, size, why);
	if (!ret)
		ret = udb_wire_look_sizes(view, why);
	for (uint32_t i = 0; !ret && i < view->head->nr_places; i++)
		if (!udb_wire_place_is_right(view, &view->places[i]))
			ret = udb_wire_bad(why, "a file is not in its buffers");
	for (uint32_t i = 0; !ret && i < view->head->nr_tensors; i++)
		if (!udb_wire_tensor_is_right(view, &view->tensors[i]))
			ret = udb_wire_bad(why, "a tensor is not in its file");
	return ret;
}

static int udb_wire_take_place(const struct udb_wire_view *view, uint32_t index,
			       struct udb_load *load)
{
	const struct udb_wire_place *from = &view->places[index];
	struct udb_load_place *place = &load->places[index];
	const char *path = view->text + from->path;

	load->paths[index] = udb_load_text(path, strlen(path));
	if (!load->paths[index])
		return -ENOMEM;
	*place = (struct udb_load_place){
		.path = load->paths[index],
		.file_offset = from->file_offset,
		.buffer_offset = from->buffer_offset,
		.size = from->size,
		.way = from->way,
		.checks = from->checks,
	};
	memcpy(place->xxh3, from->xxh3, sizeof(place->xxh3));
	memcpy(place->sha256, from->sha256, sizeof(place->sha256));
	return 0;
}

static int udb_wire_take_tensor(const struct udb_wire_view *view,
				uint32_t index, struct udb_load *load)
{
	const struct udb_wire_tensor *from = &view->tensors[index];
	const char *name = view->text + from->name;
	struct udb_load_tensor tensor = {
		.struct_size = sizeof(tensor),
		.type = view->text + from->type,
		.path = load->places[from->place].path,
		.offset = from->offset,
		.size = from->size,
		.nr_dims = from->nr_dims,
	};

	memcpy(tensor.dims, from->dims, from->nr_dims * sizeof(from->dims[0]));
	return udb_load_tensors_add(load->tensors, &tensor, name, strlen(name));
}

static void udb_wire_take_head(const struct udb_wire_head *head,
			       struct udb_load *load)
{
	load->size = head->size;
	if (head->flags & UDB_WIRE_READ_ONLY)
		load->access = UDB_READ;
	load->report = (struct udb_load_report){
		.bytes = head->bytes,
		.bytes_huge = head->bytes_huge,
		.backing = head->backing,
		.engine = head->engine,
		.way = head->way,
	};
}

/**
 * udb_wire_take() - make of a layout what was loaded, but for the files
 * @view: from udb_wire_look().
 * @ret_load: receives it, with room for the dma-bufs.
 *
 * Return: 0 or -ENOMEM.
 */
int udb_wire_take(const struct udb_wire_view *view, struct udb_load **ret_load)
{
	const struct udb_wire_head *head = view->head;
	struct udb_load *load = udb_load_new(head->nr_places, head->nr_bufs);
	int ret = 0;

	if (!load)
		return -ENOMEM;
	udb_wire_take_head(head, load);
	load->tensors = calloc(1, sizeof(*load->tensors));
	if (!load->tensors)
		ret = -ENOMEM;
	for (uint32_t i = 0; !ret && i < head->nr_places; i++)
		ret = udb_wire_take_place(view, i, load);
	for (uint32_t i = 0; !ret && i < head->nr_tensors; i++)
		ret = udb_wire_take_tensor(view, i, load);
	if (ret)
		udb_load_free(load);
	else
		*ret_load = load;
	return ret;
}
