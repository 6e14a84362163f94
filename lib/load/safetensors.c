// SPDX-License-Identifier: MIT
/*
 * Headers of safetensors files: the length of a JSON text, the text, and then data.
 * And the index of models that are in several such files.
 */
#include <json-c/json.h>
#include <string.h>

#include "tensors.h"

#define UDB_LOAD_JSON_MAX	(100 * UDB_MIB)
#define UDB_LOAD_JSON_DEPTH	16

static const struct {
	const char *name;
	uint32_t bits;
} udb_load_dtypes[] = {
	{ "BOOL", 8 },	  { "U8", 8 },	    { "I8", 8 },      { "F8_E5M2", 8 },
	{ "F8_E4M3", 8 }, { "F8_E8M0", 8 }, { "I16", 16 },    { "U16", 16 },
	{ "F16", 16 },	  { "BF16", 16 },   { "I32", 32 },    { "U32", 32 },
	{ "F32", 32 },	  { "C64", 64 },    { "F64", 64 },    { "I64", 64 },
	{ "U64", 64 },	  { "F4", 4 },	    { "F6_E2M3", 6 }, { "F6_E3M2", 6 },
};

/* A text that is one JSON object, and spaces behind it. */
static struct json_object *udb_load_json(const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(UDB_LOAD_JSON_DEPTH);
	struct json_object *object;
	size_t end;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener,
			       JSON_TOKENER_STRICT |
				       JSON_TOKENER_ALLOW_TRAILING_CHARS);
	object = json_tokener_parse_ex(tokener, text, (int)size);
	end = json_tokener_get_parse_end(tokener);
	while (end < size && strchr(" \t\r\n", text[end]) && text[end])
		end++;
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    end != size || !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

static bool udb_load_json_number(struct json_object *object, uint64_t *number)
{
	int64_t value;

	if (!json_object_is_type(object, json_type_int))
		return false;
	value = json_object_get_int64(object);
	/* What is larger comes as the largest. */
	if (value < 0 || value == INT64_MAX)
		return false;
	*number = value;
	return true;
}

static bool udb_load_json_get(struct json_object *from, const char *name,
			      enum json_type type, struct json_object **member)
{
	return json_object_is_type(from, json_type_object) &&
	       json_object_object_get_ex(from, name, member) &&
	       json_object_is_type(*member, type);
}

static bool udb_load_safetensor_shape(struct json_object *object,
				      struct udb_load_tensor *tensor,
				      uint64_t *elements)
{
	struct json_object *shape;
	size_t nr;

	if (!udb_load_json_get(object, "shape", json_type_array, &shape))
		return false;
	nr = json_object_array_length(shape);
	if (nr > UDB_LOAD_DIMS_MAX)
		return false;
	*elements = 1;
	for (size_t i = 0; i < nr; i++)
		if (!udb_load_json_number(json_object_array_get_idx(shape, i),
					  &tensor->dims[i]) ||
		    __builtin_mul_overflow(*elements, tensor->dims[i],
					   elements))
			return false;
	tensor->nr_dims = (uint32_t)nr;
	return true;
}

static bool udb_load_safetensor_place(struct json_object *object, uint64_t data,
				      struct udb_load_tensor *tensor)
{
	struct json_object *offsets;
	uint64_t begin, end;

	if (!udb_load_json_get(object, "data_offsets", json_type_array,
			       &offsets) ||
	    json_object_array_length(offsets) != 2 ||
	    !udb_load_json_number(json_object_array_get_idx(offsets, 0),
				  &begin) ||
	    !udb_load_json_number(json_object_array_get_idx(offsets, 1), &end))
		return false;
	tensor->offset = data + begin;
	tensor->size = end - begin;
	return begin <= end;
}

/* Size and shape have to agree, as far as the type is known. */
static bool udb_load_safetensor_fits(const struct udb_load_tensor *tensor,
				     uint64_t elements)
{
	uint64_t bits;

	for (size_t i = 0;
	     i < sizeof(udb_load_dtypes) / sizeof(udb_load_dtypes[0]); i++) {
		if (strcmp(udb_load_dtypes[i].name, tensor->type))
			continue;
		if (__builtin_mul_overflow(elements, udb_load_dtypes[i].bits,
					   &bits))
			return false;
		return !(bits % 8) && bits / 8 == tensor->size;
	}
	return true;
}

static int udb_load_safetensor(struct udb_load_head *head, const char *name,
			       struct json_object *object, uint64_t data,
			       struct udb_load_tensors *tensors)
{
	struct udb_load_tensor tensor = { 0 };
	struct json_object *type;
	uint64_t elements;

	if (!udb_load_json_get(object, "dtype", json_type_string, &type) ||
	    !udb_load_safetensor_shape(object, &tensor, &elements) ||
	    !udb_load_safetensor_place(object, data, &tensor))
		return udb_load_head_bad(head, "a tensor is incomplete");
	tensor.type = json_object_get_string(type);
	if (!udb_load_safetensor_fits(&tensor, elements))
		return udb_load_head_bad(head, "size and shape differ");
	return udb_load_tensors_add(tensors, &tensor, name, strlen(name));
}

static int udb_load_safetensors_list(struct udb_load_head *head,
				     struct json_object *object, uint64_t data,
				     struct udb_load_tensors *tensors)
{
	int ret;

	json_object_object_foreach(object, name, value)
	{
		if (!strcmp(name, "__metadata__"))
			continue;
		ret = udb_load_safetensor(head, name, value, data, tensors);
		if (ret)
			return ret;
	}
	return 0;
}

static uint64_t udb_load_safetensors_length(const struct udb_load_head *head)
{
	uint64_t length = 0;

	for (int i = 0; i < 8; i++)
		length |= (uint64_t)head->bytes[i] << (8 * i);
	return length;
}

/**
 * udb_load_is_safetensors() - whether a file looks like safetensors
 * @head: its beginning.
 *
 * Return: whether it does: there is no mark in such files.
 */
bool udb_load_is_safetensors(const struct udb_load_head *head)
{
	return head->size > 8 && head->bytes[8] == '{' &&
	       udb_load_safetensors_length(head) <= UDB_LOAD_JSON_MAX;
}

/**
 * udb_load_safetensors_parse() - read the header of a safetensors file
 * @head: its beginning, which udb_load_is_safetensors() was right about.
 * @tensors: receives the tensors, without path; what was added stays after an error.
 *
 * Return: 0; -EAGAIN: more of the file is needed; -EBADMSG; -ENOMEM.
 */
int udb_load_safetensors_parse(struct udb_load_head *head,
			       struct udb_load_tensors *tensors)
{
	uint64_t length = udb_load_safetensors_length(head);
	struct json_object *object;
	size_t first = tensors->nr;
	int ret;

	if (length > head->file_size - 8)
		return udb_load_head_bad(head, "the header ends early");
	if (length > head->size - 8)
		return -EAGAIN;
	object = udb_load_json((const char *)head->bytes + 8, length);
	if (!object)
		return udb_load_head_bad(head, "the header is no JSON object");
	ret = udb_load_safetensors_list(head, object, 8 + length, tensors);
	json_object_put(object);
	return ret ? ret : udb_load_tensors_order(tensors, first, head);
}

/**
 * udb_load_index_parse() - read the index of a model in several files
 * @head: all of the index.
 * @each: called for each tensor; anything but 0 ends it.
 * @data: for @each.
 *
 * Return: 0; -EBADMSG; or what @each returned.
 */
int udb_load_index_parse(struct udb_load_head *head,
			 int (*each)(void *data, const char *tensor,
				     const char *file),
			 void *data)
{
	struct json_object *object, *map;
	int ret = 0;

	object = udb_load_json((const char *)head->bytes, head->size);
	if (!udb_load_json_get(object, "weight_map", json_type_object, &map)) {
		json_object_put(object);
		return udb_load_head_bad(head, "the index has no weight_map");
	}
	json_object_object_foreach(map, name, value)
	{
		if (!json_object_is_type(value, json_type_string))
			ret = udb_load_head_bad(head, "a file has no name");
		else
			ret = each(data, name, json_object_get_string(value));
		if (ret)
			break;
	}
	json_object_put(object);
	return ret;
}
