// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz SECONDS: inputs for fuzz.c where there is no libFuzzer: right headers and layouts, with
 * bytes, words and lengths changed at random. The same each time (the seed is fixed),
 * so a crash comes again; the last input is in the file fuzz-input.
 *
 * The script fuzz does the same with libFuzzer, which is better at it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "wire.h"

#define INPUT_MAX	1024

#define TENSOR(type, shape, offsets) \
	"{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE	TENSOR("\"F32\"", "[4,2]", "[0,32]")
#define TWO	TENSOR("\"F16\"", "[]", "[32,34]")

static const char *const json[] = {
	"{\"__metadata__\":{\"format\":\"pt\"},\"a\":" ONE ",\"b\":" TWO "}",
	"{\"metadata\":{},\"weight_map\":{\"a\":\"1.x\",\"b\":\"2.x\"}}",
};

/* Numbers that are near a limit. */
static const uint64_t special[] = { 0,		1,	    8,
				    9,		32,	    0x7f,
				    0xff,	0x7fffffff, 0xffffffff,
				    UINT64_MAX, INT64_MAX,  UINT64_MAX - 31 };

static uint64_t state = 88172645463325252ULL;
static uint8_t input[INPUT_MAX];
static size_t size;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void put(const void *bytes, size_t nr)
{
	memcpy(input + size, bytes, nr);
	size += nr;
}

static void put_number(uint64_t value, size_t nr)
{
	put(&value, nr);
}

static void put_text(const char *text)
{
	put_number(strlen(text), 8);
	put(text, strlen(text));
}

static void make_gguf(void)
{
	put("GGUF", 4);
	put_number(3, 4);
	put_number(2, 8);
	put_number(3, 8);
	put_text("general.alignment");
	put_number(4, 4);
	put_number(32, 4);
	put_text("tokens");
	put_number(9, 4);
	put_number(8, 4);
	put_number(2, 8);
	put_text("one");
	put_text("two");
	put_text("nested");
	put_number(9, 4);
	put_number(9, 4);
	put_number(1, 8);
	put_number(4, 4);
	put_number(1, 8);
	put_number(7, 4);
	for (int i = 0; i < 2; i++) {
		put_text(i ? "blk.1" : "blk.0");
		put_number(1, 4);
		put_number(32, 8);
		put_number(i ? 2 : 0, 4);
		put_number(i ? 128 : 0, 8);
	}
	memset(input + size, 0, 192);
	size += 192;
}

/* Two buffers, two pieces of a file, and a tensor in the second one. */
static void make_layout(void)
{
	static const char names[] = "\0a.gguf\0F32\0blk.0";
	const struct udb_wire_head head = {
		.magic = UDB_WIRE_LAYOUT,
		.version = UDB_WIRE_VERSION,
		.nr_bufs = 2,
		.nr_places = 2,
		.nr_tensors = 1,
		.text_size = sizeof(names),
		.size = 3 * UDB_MIB,
		.bytes = 8192,
	};
	const struct udb_wire_place places[] = {
		{ .size = 4096, .path = 1 },
		{ .file_offset = 65536,
		  .buffer_offset = 2 * UDB_MIB,
		  .size = 4096,
		  .checks = UDB_LOAD_XXH3,
		  .path = 1 },
	};
	const struct udb_wire_tensor tensor = {
		.offset = 65568,
		.size = 128,
		.dims = { 32 },
		.nr_dims = 1,
		.place = 1,
		.type = 8,
		.name = 12,
	};

	put(&head, sizeof(head));
	put_number(2 * UDB_MIB, 8);
	put_number(UDB_MIB, 8);
	put(places, sizeof(places));
	put(&tensor, sizeof(tensor));
	put(names, sizeof(names));
}

static void make(void)
{
	uint64_t kind = draw(4);

	size = 0;
	if (kind == 3) {
		make_layout();
		return;
	}
	if (kind == 2) {
		make_gguf();
		return;
	}
	if (kind == 0)
		put_number(strlen(json[0]), 8);
	put(json[kind], strlen(json[kind]));
	memset(input + size, 0, 34);
	size += kind ? 0 : 34;
}

static void spoil(void)
{
	uint64_t number = special[draw(sizeof(special) / sizeof(special[0]))];
	size_t at = draw(size);

	switch (draw(5)) {
	case 0:
		input[at] = (uint8_t)draw(256);
		break;
	case 1:
		input[at] ^= (uint8_t)(1U << draw(8));
		break;
	case 2:
		memcpy(input + at, &number, size - at < 8 ? size - at : 8);
		break;
	case 3:
		size = at ? at : 1;
		break;
	default:
		input[at] = (uint8_t)"{}[]\",:0-9.e"[draw(12)];
		break;
	}
}

/* Written before it is tried. */
static void keep(int fd)
{
	if (pwrite(fd, input, size, 0) != (ssize_t)size ||
	    ftruncate(fd, (off_t)size))
		abort();
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? strtol(argv[1], NULL, 10) : 3);
	int fd = open("fuzz-input", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	unsigned long nr = 0;

	if (fd < 0)
		return 2;
	do {
		make();
		for (uint64_t times = draw(6); times; times--)
			spoil();
		keep(fd);
		LLVMFuzzerTestOneInput(input, size);
		nr++;
	} while (time(NULL) < end);
	close(fd);
	unlink("fuzz-input");
	printf("# %lu inputs\n1 passed, 0 failed, 0 skipped\n", nr);
	return 0;
}
