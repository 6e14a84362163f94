// SPDX-License-Identifier: GPL-2.0-only
/*
 * Headers of models from strangers, and layouts from servers: any bytes at all. What
 * the parsers accept has to be inside of the file, or of the memory, and they read
 * nothing but what they were given (the input is a piece of memory of its own, so that
 * the address sanitizer sees the first byte beyond it).
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tensors.h"
#include "wire.h"

static void fuzz_check(const struct udb_load_tensors *tensors, uint64_t size)
{
	uint64_t end = 0;

	for (size_t i = 0; i < tensors->nr; i++) {
		const struct udb_load_tensor *tensor = &tensors->list[i];

		if (tensor->offset < end || tensor->offset > size ||
		    tensor->size > size - tensor->offset ||
		    tensor->nr_dims > UDB_LOAD_DIMS_MAX || !tensor->name ||
		    !tensor->type)
			abort();
		end = tensor->offset + tensor->size;
	}
}

static int fuzz_each(void *data, const char *tensor, const char *file)
{
	size_t *sum = data;

	*sum += strlen(tensor) + strlen(file);
	return 0;
}

static void fuzz_parse(struct udb_load_head *head)
{
	struct udb_load_tensors *tensors = calloc(1, sizeof(*tensors));
	size_t sum = 0;
	int ret;

	if (!tensors)
		abort();
	if (udb_load_is_gguf(head))
		ret = udb_load_gguf_parse(head, tensors);
	else if (udb_load_is_safetensors(head))
		ret = udb_load_safetensors_parse(head, tensors);
	else
		ret = udb_load_index_parse(head, fuzz_each, &sum);
	if (!ret)
		fuzz_check(tensors, head->file_size);
	if (ret == -EBADMSG && !head->why)
		abort();
	udb_load_tensors_free(tensors);
}

static void fuzz_check_load(const struct udb_load *load)
{
	uint64_t offset;

	for (size_t i = 0; i < load->nr_places; i++) {
		const struct udb_load_place *place = &load->places[i];

		if (place->buffer_offset > load->size ||
		    place->size > load->size - place->buffer_offset ||
		    strlen(place->path) > UDB_WIRE_SIZE_MAX)
			abort();
	}
	for (size_t i = 0; i < load->tensors->nr; i++) {
		const struct udb_load_tensor *tensor = &load->tensors->list[i];

		if (udb_load_find(load, tensor->path, tensor->offset,
				  tensor->size, &offset) ||
		    offset > load->size || tensor->size > load->size - offset ||
		    tensor->nr_dims > UDB_LOAD_DIMS_MAX || !tensor->name ||
		    !tensor->type)
			abort();
	}
}

static void fuzz_layout(const uint8_t *bytes, size_t size)
{
	struct udb_wire_view view;
	struct udb_load *load;
	const char *why = NULL;

	if (udb_wire_look(bytes, size, &view, &why)) {
		if (!why)
			abort();
		return;
	}
	if (udb_wire_take(&view, &load))
		abort();
	fuzz_check_load(load);
	udb_load_free(load);
}

/* Once as a whole file, once as the beginning of a long one, and as a layout. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct udb_load_head head = { .bytes = copy,
				      .size = size,
				      .file_size = size };

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	fuzz_parse(&head);
	head = (struct udb_load_head){ .bytes = copy,
				       .size = size,
				       .file_size = 1ULL << 40 };
	fuzz_parse(&head);
	fuzz_layout(copy, size);
	free(copy);
	return 0;
}
