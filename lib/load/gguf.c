// SPDX-License-Identifier: MIT
/*
 * Headers of GGUF files, versions 2 and 3: pairs of keys and values, all of which
 * are skipped but the alignment, and then the tensors.
 */
#include <string.h>

#include "tensors.h"

#define UDB_LOAD_GGUF_ALIGN	32
#define UDB_LOAD_GGUF_NESTED	4

/* Types of values. The first eight, and the last three, have a fixed size. */
enum udb_load_gguf_value {
	UDB_LOAD_GGUF_U32 = 4,
	UDB_LOAD_GGUF_STRING = 8,
	UDB_LOAD_GGUF_ARRAY = 9,
	UDB_LOAD_GGUF_NR_VALUES = 13,
};

static const uint8_t udb_load_gguf_sizes[UDB_LOAD_GGUF_NR_VALUES] = {
	1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8
};

/* Types of elements: so many of them are a block, of so many bytes. */
struct udb_load_gguf_type {
	const char *name;
	uint16_t block;
	uint16_t bytes;
};

static const struct udb_load_gguf_type udb_load_gguf_types[] = {
	[0] = { "F32", 1, 4 },	       [1] = { "F16", 1, 2 },
	[2] = { "Q4_0", 32, 18 },      [3] = { "Q4_1", 32, 20 },
	[6] = { "Q5_0", 32, 22 },      [7] = { "Q5_1", 32, 24 },
	[8] = { "Q8_0", 32, 34 },      [9] = { "Q8_1", 32, 36 },
	[10] = { "Q2_K", 256, 84 },    [11] = { "Q3_K", 256, 110 },
	[12] = { "Q4_K", 256, 144 },   [13] = { "Q5_K", 256, 176 },
	[14] = { "Q6_K", 256, 210 },   [15] = { "Q8_K", 256, 292 },
	[16] = { "IQ2_XXS", 256, 66 }, [17] = { "IQ2_XS", 256, 74 },
	[18] = { "IQ3_XXS", 256, 98 }, [19] = { "IQ1_S", 256, 50 },
	[20] = { "IQ4_NL", 32, 18 },   [21] = { "IQ3_S", 256, 110 },
	[22] = { "IQ2_S", 256, 82 },   [23] = { "IQ4_XS", 256, 136 },
	[24] = { "I8", 1, 1 },	       [25] = { "I16", 1, 2 },
	[26] = { "I32", 1, 4 },	       [27] = { "I64", 1, 8 },
	[28] = { "F64", 1, 8 },	       [29] = { "IQ1_M", 256, 56 },
	[30] = { "BF16", 1, 2 },
};

#define UDB_LOAD_GGUF_NR_TYPES	\
	(sizeof(udb_load_gguf_types) / sizeof(udb_load_gguf_types[0]))

/* Where the parser is. @error is the first one; after it nothing is read. */
struct udb_load_gguf {
	struct udb_load_head *head;
	uint64_t at;
	uint32_t align;
	int error;
};

static void udb_load_gguf_bad(struct udb_load_gguf *gguf, const char *why)
{
	if (!gguf->error)
		gguf->error = udb_load_head_bad(gguf->head, why);
}

/* The next bytes, or NULL: not read yet, or beyond the end of the file. */
static const uint8_t *udb_load_gguf_take(struct udb_load_gguf *gguf,
					 uint64_t size)
{
	const struct udb_load_head *head = gguf->head;
	const uint8_t *bytes = head->bytes + gguf->at;

	if (gguf->error)
		return NULL;
	if (size > head->file_size - gguf->at) {
		udb_load_gguf_bad(gguf, "the header ends early");
		return NULL;
	}
	if (size > head->size - gguf->at) {
		gguf->error = -EAGAIN;
		return NULL;
	}
	gguf->at += size;
	return bytes;
}

static uint64_t udb_load_gguf_number(struct udb_load_gguf *gguf,
				     unsigned int size)
{
	const uint8_t *bytes = udb_load_gguf_take(gguf, size);
	uint64_t value = 0;

	for (unsigned int i = 0; bytes && i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static const char *udb_load_gguf_string(struct udb_load_gguf *gguf,
					uint64_t *size)
{
	*size = udb_load_gguf_number(gguf, 8);
	return (const char *)udb_load_gguf_take(gguf, *size);
}

static void udb_load_gguf_skip_array(struct udb_load_gguf *gguf, int depth);

static void udb_load_gguf_skip(struct udb_load_gguf *gguf, uint64_t type,
			       int depth)
{
	uint64_t size;

	if (type >= UDB_LOAD_GGUF_NR_VALUES)
		udb_load_gguf_bad(gguf, "a value has an unknown type");
	else if (type == UDB_LOAD_GGUF_STRING)
		udb_load_gguf_string(gguf, &size);
	else if (type == UDB_LOAD_GGUF_ARRAY)
		udb_load_gguf_skip_array(gguf, depth + 1);
	else
		udb_load_gguf_take(gguf, udb_load_gguf_sizes[type]);
}

/* Elements of a fixed size are skipped in one go. Others take bytes each. */
static void udb_load_gguf_skip_array(struct udb_load_gguf *gguf, int depth)
{
	uint64_t type = udb_load_gguf_number(gguf, 4);
	uint64_t nr = udb_load_gguf_number(gguf, 8), size;

	if (depth > UDB_LOAD_GGUF_NESTED)
		udb_load_gguf_bad(gguf, "arrays are nested too deep");
	if (type < UDB_LOAD_GGUF_NR_VALUES && udb_load_gguf_sizes[type]) {
		if (__builtin_mul_overflow(nr, udb_load_gguf_sizes[type],
					   &size))
			udb_load_gguf_bad(gguf, "an array is too long");
		udb_load_gguf_take(gguf, size);
		return;
	}
	for (uint64_t i = 0; i < nr && !gguf->error; i++)
		udb_load_gguf_skip(gguf, type, depth);
}

static void udb_load_gguf_pair(struct udb_load_gguf *gguf)
{
	static const char alignment[] = "general.alignment";
	uint64_t size, type;
	const char *key = udb_load_gguf_string(gguf, &size);

	type = udb_load_gguf_number(gguf, 4);
	if (!key || size != sizeof(alignment) - 1 ||
	    memcmp(key, alignment, size)) {
		udb_load_gguf_skip(gguf, type, 0);
		return;
	}
	if (type != UDB_LOAD_GGUF_U32)
		udb_load_gguf_bad(gguf, "the alignment is no number");
	gguf->align = (uint32_t)udb_load_gguf_number(gguf, 4);
	if (!gguf->align || gguf->align & (gguf->align - 1))
		udb_load_gguf_bad(gguf, "the alignment is no power of two");
}

/* A type that is not known has a size all the same: up to what comes next. */
static bool udb_load_gguf_size(struct udb_load_tensor *tensor, uint32_t type)
{
	const struct udb_load_gguf_type *known = NULL;
	uint64_t elements = 1;

	if (type < UDB_LOAD_GGUF_NR_TYPES && udb_load_gguf_types[type].name)
		known = &udb_load_gguf_types[type];
	tensor->type = known ? known->name : "unknown";
	tensor->size = UINT64_MAX;
	for (uint32_t i = 0; i < tensor->nr_dims; i++)
		if (__builtin_mul_overflow(elements, tensor->dims[i],
					   &elements))
			return false;
	if (!known)
		return true;
	if (tensor->nr_dims && tensor->dims[0] % known->block)
		return false;
	return !__builtin_mul_overflow(elements / known->block, known->bytes,
				       &tensor->size) &&
	       tensor->size != UINT64_MAX;
}

static void udb_load_gguf_tensor(struct udb_load_gguf *gguf,
				 struct udb_load_tensors *tensors)
{
	struct udb_load_tensor tensor = { 0 };
	uint64_t name_size;
	const char *name = udb_load_gguf_string(gguf, &name_size);
	uint32_t type;

	tensor.nr_dims = (uint32_t)udb_load_gguf_number(gguf, 4);
	if (tensor.nr_dims > UDB_LOAD_DIMS_MAX)
		udb_load_gguf_bad(gguf, "a tensor has too many dimensions");
	for (uint32_t i = 0; i < tensor.nr_dims && !gguf->error; i++)
		tensor.dims[i] = udb_load_gguf_number(gguf, 8);
	type = (uint32_t)udb_load_gguf_number(gguf, 4);
	tensor.offset = udb_load_gguf_number(gguf, 8);
	if (gguf->error)
		return;
	if (!udb_load_gguf_size(&tensor, type))
		udb_load_gguf_bad(gguf, "a tensor has an impossible size");
	else
		gguf->error =
			udb_load_tensors_add(tensors, &tensor, name, name_size);
}

/* Offsets are counted from the end of the header, aligned. */
static int udb_load_gguf_rebase(struct udb_load_gguf *gguf,
				struct udb_load_tensors *tensors, size_t first)
{
	uint64_t data;

	if (!udb_round_up(gguf->at, gguf->align, &data))
		return udb_load_head_bad(gguf->head, "the header is too long");
	for (size_t i = first; i < tensors->nr; i++) {
		struct udb_load_tensor *tensor = &tensors->list[i];

		if (tensor->offset % gguf->align)
			return udb_load_head_bad(gguf->head,
						 "a tensor is not aligned");
		if (__builtin_add_overflow(tensor->offset, data,
					   &tensor->offset))
			return udb_load_head_bad(gguf->head,
						 "a tensor is not in the file");
	}
	return 0;
}

/**
 * udb_load_is_gguf() - whether a file says that it is GGUF
 * @head: its beginning.
 *
 * Return: whether it does.
 */
bool udb_load_is_gguf(const struct udb_load_head *head)
{
	return head->size >= 4 && !memcmp(head->bytes, "GGUF", 4);
}

/**
 * udb_load_gguf_parse() - read the header of a GGUF file
 * @head: its beginning.
 * @tensors: receives the tensors, without path; what was added stays after an error.
 *
 * Return: 0; -EAGAIN: more of the file is needed; -EBADMSG; -EPROTONOSUPPORT;
 * -ENOMEM.
 */
int udb_load_gguf_parse(struct udb_load_head *head,
			struct udb_load_tensors *tensors)
{
	struct udb_load_gguf gguf = { .head = head,
				      .at = 4,
				      .align = UDB_LOAD_GGUF_ALIGN };
	uint64_t version = udb_load_gguf_number(&gguf, 4);
	uint64_t nr_tensors = udb_load_gguf_number(&gguf, 8);
	uint64_t nr_pairs = udb_load_gguf_number(&gguf, 8);
	size_t first = tensors->nr;

	if (gguf.error)
		return gguf.error;
	if (version != 2 && version != 3) {
		head->why = "its version of GGUF is not 2 or 3";
		return -EPROTONOSUPPORT;
	}
	for (uint64_t i = 0; i < nr_pairs && !gguf.error; i++)
		udb_load_gguf_pair(&gguf);
	for (uint64_t i = 0; i < nr_tensors && !gguf.error; i++)
		udb_load_gguf_tensor(&gguf, tensors);
	if (!gguf.error)
		gguf.error = udb_load_gguf_rebase(&gguf, tensors, first);
	return gguf.error ? gguf.error :
			    udb_load_tensors_order(tensors, first, head);
}
