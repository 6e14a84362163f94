// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of tensors: headers of GGUF and safetensors files that are made here byte by
 * byte, and each of them spoiled in one place.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "files.h"

/* A file that is being made. */
static struct {
	uint8_t bytes[MIB];
	size_t size;
} out;

static void put(const void *bytes, size_t size)
{
	if (out.size + size > sizeof(out.bytes))
		abort();
	memcpy(out.bytes + out.size, bytes, size);
	out.size += size;
}

static void put_number(uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));

		put(&byte, 1);
	}
}

static void put_text(const char *text)
{
	put_number(strlen(text), 8);
	put(text, strlen(text));
}

static void put_zeroes(size_t size)
{
	for (size_t i = 0; i < size; i++)
		put("", 1);
}

static const char *written(const char *name)
{
	const char *path = files_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, out.bytes, out.size) != (ssize_t)out.size ||
	    close(fd))
		abort();
	return path;
}

/* What can be changed in the GGUF file below. */
struct gguf {
	uint64_t version;
	uint64_t nr_tensors;
	uint64_t nr_pairs;
	uint64_t align;
	uint64_t rows;
	uint64_t type;
	uint64_t offset;
	uint64_t nr_dims;
	uint64_t array;
	uint64_t cut;
};

static const struct gguf good = {
	.version = 3,
	.nr_tensors = 3,
	.nr_pairs = 5,
	.align = 64,
	.rows = 2,
	.type = 0,
	.offset = 128,
	.nr_dims = 2,
	.array = 3,
};

static void put_tensor(const char *name, uint64_t nr_dims, uint64_t columns,
		       uint64_t rows, uint64_t type, uint64_t offset)
{
	put_text(name);
	put_number(nr_dims, 4);
	put_number(columns, 8);
	if (nr_dims > 1)
		put_number(rows, 8);
	put_number(type, 4);
	put_number(offset, 8);
}

static void put_pairs(const struct gguf *gguf)
{
	put_text("general.name");
	put_number(8, 4);
	put_text("a model");
	put_text("general.alignment");
	put_number(4, 4);
	put_number(gguf->align, 4);
	put_text("tokens");
	put_number(9, 4);
	put_number(8, 4);
	put_number(gguf->array, 8);
	put_text("one");
	put_text("two");
	put_text("three");
	put_text("scores");
	put_number(9, 4);
	put_number(6, 4);
	put_number(2, 8);
	put_number(0, 8);
	put_text("flag");
	put_number(7, 4);
	put_number(1, 1);
}

/* Three tensors: 20 blocks of Q4_0, 2 rows of F32, and one of a type to come. */
static const char *gguf_make(struct gguf gguf)
{
	size_t data;

	out.size = 0;
	put("GGUF", 4);
	put_number(gguf.version, 4);
	put_number(gguf.nr_tensors, 8);
	put_number(gguf.nr_pairs, 8);
	put_pairs(&gguf);
	put_tensor("blk.0.weight", 1, 5UL * 32, 0, 2, 0);
	put_tensor("blk.0.bias", gguf.nr_dims, 8, gguf.rows, gguf.type,
		   gguf.offset);
	put_tensor("future", 1, 100, 0, 1000, 192);
	put_zeroes((64 - out.size % 64) % 64);
	data = out.size;
	put_zeroes(192 + 50);
	if (gguf.cut)
		out.size = gguf.cut == 1 ? data : gguf.cut;
	return written("model.gguf");
}

/* A safetensors file with this header, and so many bytes of data. */
static const char *safetensors_make(const char *name, const char *header,
				    size_t data)
{
	out.size = 0;
	put_text(header);
	put_zeroes(data);
	return written(name);
}

#define HEADER							\
	"{\"__metadata__\":{\"format\":\"pt\"},"			\
	"\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[16,28]}," \
	"\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}  "

FIXTURE(tensors) {
	struct udb_load_failure why;
	struct udb_load_tensors *table;
	struct files_held before;
};

FIXTURE_SETUP(tensors)
{
	files_begin();
	self->why = (struct udb_load_failure){
		.struct_size = sizeof(self->why),
	};
	self->before = files_held();
}

FIXTURE_TEARDOWN(tensors)
{
	udb_load_tensors_free(self->table);
	EXPECT_NOTHING_LEFT(self->before);
	files_end();
}

static int open_table(FIXTURE_DATA(tensors) *self, const char *path)
{
	return udb_load_tensors_open(path, &self->why, &self->table);
}

static struct udb_load_tensor tensor_of(const struct udb_load_tensors *table,
					size_t index)
{
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };

	if (udb_load_tensors_get(table, index, &tensor))
		abort();
	return tensor;
}

#define EXPECT_BAD(_error, path) do {					\
		EXPECT_EQ(_error, open_table(self, path));		\
		EXPECT_NULL(self->table);				\
		EXPECT_EQ(UDB_LOAD_FAULT_FORMAT, self->why.fault);	\
		EXPECT_EQ(_error, self->why.error);			\
		TH_LOG("%s", self->why.text);				\
	} while (0)

TEST_F(tensors, of_gguf)
{
	const char *path = gguf_make(good);
	uint64_t data = out.size - 192 - 50;
	struct udb_load_tensor tensor;

	ASSERT_EQ(0, open_table(self, path));
	ASSERT_EQ(3, udb_load_tensors_nr(self->table));
	tensor = tensor_of(self->table, 0);
	EXPECT_STREQ("blk.0.weight", tensor.name);
	EXPECT_STREQ("Q4_0", tensor.type);
	EXPECT_STREQ(path, tensor.path);
	EXPECT_EQ(data, tensor.offset);
	EXPECT_EQ(90, tensor.size);
	tensor = tensor_of(self->table, 1);
	EXPECT_STREQ("F32", tensor.type);
	EXPECT_EQ(2, tensor.nr_dims);
	EXPECT_EQ(8, tensor.dims[0]);
	EXPECT_EQ(2, tensor.dims[1]);
	EXPECT_EQ(data + 128, tensor.offset);
	EXPECT_EQ(64, tensor.size);
}

/* A quantization of tomorrow: its tensor reaches to the next one, or to the end. */
TEST_F(tensors, of_an_unknown_type)
{
	ASSERT_EQ(0, open_table(self, gguf_make(good)));
	EXPECT_STREQ("unknown", tensor_of(self->table, 2).type);
	EXPECT_EQ(50, tensor_of(self->table, 2).size);
}

/* More than what is read of a file at first. */
TEST_F(tensors, behind_a_long_header)
{
	out.size = 0;
	put("GGUF", 4);
	put_number(3, 4);
	put_number(1, 8);
	put_number(1, 8);
	put_text("tokens");
	put_number(9, 4);
	put_number(4, 4);
	put_number(150000, 8);
	put_zeroes(600000);
	put_tensor("far", 1, 4, 0, 0, 0);
	put_zeroes(64);
	ASSERT_EQ(0, open_table(self, written("long.gguf")));
	EXPECT_STREQ("far", tensor_of(self->table, 0).name);
}

/*
 * Spoiled headers
 */

#define GGUF_BAD(_name, _error, _field, _value)				\
	TEST_F(tensors, gguf_##_name)					\
	{								\
		struct gguf gguf = good;				\
									\
		gguf._field = _value;					\
		EXPECT_BAD(_error, gguf_make(gguf));			\
	}

GGUF_BAD(of_version_1, -EPROTONOSUPPORT, version, 1)
GGUF_BAD(of_a_future_version, -EPROTONOSUPPORT, version, 4)
GGUF_BAD(with_too_many_tensors, -EBADMSG, nr_tensors, 4)
GGUF_BAD(with_endless_tensors, -EBADMSG, nr_tensors, UINT64_MAX)
GGUF_BAD(with_too_many_pairs, -EBADMSG, nr_pairs, 6)
GGUF_BAD(with_endless_pairs, -EBADMSG, nr_pairs, UINT64_MAX)
GGUF_BAD(aligned_to_nothing, -EBADMSG, align, 0)
GGUF_BAD(aligned_oddly, -EBADMSG, align, 48)
GGUF_BAD(with_a_long_array, -EBADMSG, array, UINT64_MAX)
GGUF_BAD(with_a_huge_tensor, -EBADMSG, rows, UINT64_MAX / 8)
GGUF_BAD(with_a_tensor_beyond_its_end, -EBADMSG, rows, 1000)
GGUF_BAD(with_half_a_block, -EBADMSG, type, 2)
GGUF_BAD(with_overlapping_tensors, -EBADMSG, offset, 64)
GGUF_BAD(with_a_tensor_of_no_alignment, -EBADMSG, offset, 130)
GGUF_BAD(with_an_endless_offset, -EBADMSG, offset, UINT64_MAX - 63)
GGUF_BAD(with_9_dimensions, -EBADMSG, nr_dims, 9)
GGUF_BAD(without_data, -EBADMSG, cut, 1)
GGUF_BAD(that_ends_in_its_header, -EBADMSG, cut, 100)
GGUF_BAD(that_ends_in_its_first_line, -EBADMSG, cut, 10)

/* An array of arrays of arrays ... would end in the stack. */
TEST_F(tensors, gguf_with_nested_arrays)
{
	out.size = 0;
	put("GGUF", 4);
	put_number(3, 4);
	put_number(0, 8);
	put_number(1, 8);
	put_text("deep");
	for (int i = 0; i < 10000; i++) {
		put_number(9, 4);
		put_number(i ? 1 : 9, i ? 8 : 0);
	}
	EXPECT_BAD(-EBADMSG, written("deep.gguf"));
}

TEST_F(tensors, of_safetensors)
{
	const char *path = safetensors_make("a.safetensors", HEADER, 28);

	ASSERT_EQ(0, open_table(self, path));
	ASSERT_EQ(2, udb_load_tensors_nr(self->table));
	EXPECT_STREQ("a", tensor_of(self->table, 0).name);
	EXPECT_EQ(8 + strlen(HEADER), tensor_of(self->table, 0).offset);
	EXPECT_EQ(16, tensor_of(self->table, 0).size);
	EXPECT_STREQ("F16", tensor_of(self->table, 1).type);
	EXPECT_EQ(2, tensor_of(self->table, 1).nr_dims);
	EXPECT_EQ(12, tensor_of(self->table, 1).size);
}

#define SAFETENSORS_BAD(_name, _error, _header, _data)			\
	TEST_F(tensors, safetensors_##_name)				\
	{								\
		EXPECT_BAD(_error, safetensors_make("a", _header, _data)); \
	}

#define ONE(type, shape, offsets)					\
	"{\"a\":{\"dtype\":" type ",\"shape\":" shape			\
	",\"data_offsets\":" offsets "}}"

#define FOUR(name, offsets)						\
	"\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" offsets "}"

SAFETENSORS_BAD(beyond_its_end, -EBADMSG, HEADER, 27)
SAFETENSORS_BAD(that_is_no_json, -EBADMSG, "{\"a\":", 28)
SAFETENSORS_BAD(with_more_than_json, -EBADMSG, HEADER "x", 28)
SAFETENSORS_BAD(that_is_a_list, -EPROTONOSUPPORT, "[]", 28)
SAFETENSORS_BAD(with_a_number, -EBADMSG, "{\"a\":1}", 28)
SAFETENSORS_BAD(of_no_type, -EBADMSG, ONE("1", "[4]", "[0,4]"), 28)
SAFETENSORS_BAD(of_no_shape, -EBADMSG, ONE("\"U8\"", "4", "[0,4]"), 28)
SAFETENSORS_BAD(of_no_place, -EBADMSG, ONE("\"U8\"", "[4]", "[0]"), 28)
SAFETENSORS_BAD(of_another_size, -EBADMSG, ONE("\"U8\"", "[4]", "[0,5]"), 28)
SAFETENSORS_BAD(backwards, -EBADMSG, ONE("\"X1\"", "[4]", "[8,4]"), 28)
SAFETENSORS_BAD(below_nothing, -EBADMSG, ONE("\"U8\"", "[4]", "[-4,0]"), 28)
SAFETENSORS_BAD(with_a_fraction, -EBADMSG, ONE("\"U8\"", "[4.5]", "[0,4]"), 28)
SAFETENSORS_BAD(with_9_dimensions, -EBADMSG,
		ONE("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 28)
SAFETENSORS_BAD(of_a_huge_shape, -EBADMSG,
		ONE("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 28)
SAFETENSORS_BAD(of_a_huge_place, -EBADMSG,
		ONE("\"X1\"", "[1]", "[0,99999999999999999999]"), 28)
SAFETENSORS_BAD(with_overlapping_tensors, -EBADMSG,
		"{" FOUR("a", "[0,4]") "," FOUR("b", "[3,7]") "}", 28)
SAFETENSORS_BAD(that_is_deep, -EBADMSG,
		"{\"a\":[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}", 28)

/* A length that is beyond the end of the file. */
TEST_F(tensors, safetensors_that_end_early)
{
	out.size = 0;
	put_number(1000, 8);
	put("{}", 2);
	EXPECT_BAD(-EBADMSG, written("a"));
}

TEST_F(tensors, of_something_else)
{
	out.size = 0;
	put_zeroes(100);
	EXPECT_BAD(-EPROTONOSUPPORT, written("a"));
	out.size = 0;
	EXPECT_BAD(-EPROTONOSUPPORT, written("empty"));
}

TEST_F(tensors, of_a_file_that_is_not_there)
{
	EXPECT_EQ(-ENOENT, open_table(self, files_path("none")));
	EXPECT_EQ(UDB_LOAD_FAULT_OPEN, self->why.fault);
	EXPECT_EQ(-EISDIR, open_table(self, "."));
}

/*
 * Models in several files
 */

#define PART(name, size)						\
	"{\"" name "\":{\"dtype\":\"U8\",\"shape\":[" #size		\
	"],\"data_offsets\":[0," #size "]}}"

#define INDEX(map)	"{\"weight_map\":{" map "}}"
#define TWO_ONE		"\"two\":\"2.safetensors\",\"one\":\"1.safetensors\""

static const char *index_make(const char *text)
{
	out.size = 0;
	put(text, strlen(text));
	return written("model.safetensors.index.json");
}

TEST_F(tensors, of_an_index)
{
	const char *index;

	safetensors_make("1.safetensors", PART("one", 40), 40);
	safetensors_make("2.safetensors", PART("two", 50), 50);
	index = index_make(INDEX(TWO_ONE));
	ASSERT_EQ(0, open_table(self, index));
	ASSERT_EQ(2, udb_load_tensors_nr(self->table));
	EXPECT_STREQ("two", tensor_of(self->table, 0).name);
	EXPECT_STREQ(files_path("2.safetensors"),
		     tensor_of(self->table, 0).path);
	EXPECT_EQ(40, tensor_of(self->table, 1).size);
}

/* A downloaded index must not name /etc/shadow. */
TEST_F(tensors, index_that_leads_away)
{
	EXPECT_BAD(-EBADMSG,
		   index_make("{\"weight_map\":{\"a\":\"../a.safetensors\"}}"));
	EXPECT_BAD(-EBADMSG, index_make("{\"weight_map\":{\"a\":\"/a\"}}"));
	EXPECT_BAD(-EBADMSG, index_make("{\"weight_map\":{\"a\":\"..\"}}"));
	EXPECT_BAD(-EBADMSG, index_make("{\"weight_map\":{\"a\":\"\"}}"));
}

TEST_F(tensors, index_that_names_what_is_not_there)
{
	safetensors_make("1.safetensors", PART("one", 40), 40);
	EXPECT_BAD(-EBADMSG, index_make(INDEX("\"two\":\"1.safetensors\"")));
	EXPECT_BAD(-EBADMSG, index_make("{\"weight_map\":{\"two\":1}}"));
	EXPECT_BAD(-EBADMSG, index_make("{\"weight_map\":1}"));
	EXPECT_BAD(-EBADMSG, index_make("{"));
	EXPECT_EQ(-ENOENT,
		  open_table(self,
			     index_make(INDEX("\"one\":\"3.safetensors\""))));
}

/*
 * What to load
 */

TEST_F(tensors, sources_of_neighbours_are_one)
{
	struct udb_load_source sources[2] = { 0 };

	ASSERT_EQ(0, open_table(self, gguf_make(good)));
	EXPECT_EQ(1, udb_load_tensors_sources(self->table, NULL, NULL, 0));
	ASSERT_EQ(1,
		  udb_load_tensors_sources(self->table, "blk.*", sources, 2));
	EXPECT_EQ(tensor_of(self->table, 0).offset, sources[0].offset);
	EXPECT_EQ(128 + 64, sources[0].size);
	EXPECT_EQ(-ENOENT,
		  udb_load_tensors_sources(self->table, "x*", sources, 2));
}

/* From the header to the bytes: a tensor is where the place of its source says. */
TEST_F(tensors, loaded_by_name)
{
	struct udb_load_source sources[4] = { 0 };
	struct udb_device *dev = files_device();
	struct udb_load_tensor tensor;
	struct udb_load *load;
	const uint8_t *all;
	uint64_t at;

	gguf_make(good);
	memset(out.bytes + out.size - 50 - 64, 0x77, 64);
	ASSERT_EQ(0, open_table(self, written("model.gguf")));
	ASSERT_EQ(1,
		  udb_load_tensors_sources(self->table, "*.bias", sources, 4));
	ASSERT_EQ(0, udb_load_files(dev, sources, 1, NULL, &self->why, &load));
	tensor = tensor_of(self->table, 1);
	EXPECT_EQ(0, udb_load_find(load, tensor.path, tensor.offset,
				   tensor.size, &at));
	all = files_map(load);
	EXPECT_EQ(0x77, all[at]);
	EXPECT_EQ(0x77, all[at + 63]);
	EXPECT_EQ(0, all[at + 64]);
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
	udb_device_unref(dev);
}

TEST_F(tensors, more_sources_than_there_is_room)
{
	struct udb_load_source sources[1];
	const char *index;

	safetensors_make("1.safetensors", PART("one", 40), 40);
	safetensors_make("2.safetensors", PART("two", 50), 50);
	index = index_make(INDEX(TWO_ONE));
	ASSERT_EQ(0, open_table(self, index));
	EXPECT_EQ(2, udb_load_tensors_sources(self->table, "*", NULL, 0));
	EXPECT_EQ(-E2BIG,
		  udb_load_tensors_sources(self->table, "*", sources, 1));
}

TEST_HARNESS_MAIN
