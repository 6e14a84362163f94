// SPDX-License-Identifier: MIT
/*
 * Weights that another program has loaded: maps them, and adds up the bytes of each
 * file, and of each tensor that it is told of.
 *
 *	udmabuf load --serve /run/weights model.gguf &
 *	sum /run/weights
 *
 * or, without a server, and with none of the code below being different:
 *
 *	udmabuf load model.gguf --exec sum
 *
 * cc sum.c $(pkg-config --cflags --libs libudmabuf-load)
 */
#include <libudmabuf-load.h>
#include <stdio.h>

static int get(const char *socket, struct udb_load **load)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .flags = UDB_LOAD_FETCH_MEMFD };
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	int ret;

	ret = socket ? udb_load_fetch(socket, &opts, &why, load) :
		       udb_load_inherit(&why, load);
	if (ret)
		fprintf(stderr, "sum: %s\n", why.text);
	return ret;
}

/* What devices have written is seen between the two. */
static void sync_all(const struct udb_load *load,
		     int (*sync)(const struct udb_buffer *buf, uint32_t access))
{
	for (size_t i = 0; i < udb_load_nr_buffers(load); i++)
		sync(udb_load_buffer(load, i), UDB_READ);
}

static void add_up(const char *name, const unsigned char *bytes, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum += bytes[i];
	printf("%llu %llu %s\n", (unsigned long long)sum,
	       (unsigned long long)size, name);
}

static void add_up_files(const struct udb_load *load,
			 const unsigned char *bytes)
{
	struct udb_load_place place = { .struct_size = sizeof(place) };

	for (size_t i = 0; i < udb_load_nr_places(load); i++)
		if (!udb_load_place_get(load, i, &place))
			add_up(place.path, bytes + place.buffer_offset,
			       place.size);
}

static void add_up_tensors(const struct udb_load *load,
			   const unsigned char *bytes)
{
	const struct udb_load_tensors *tensors = udb_load_tensors_of(load);
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };
	uint64_t offset;

	for (size_t i = 0; i < udb_load_tensors_nr(tensors); i++)
		if (!udb_load_tensors_get(tensors, i, &tensor) &&
		    !udb_load_find(load, tensor.path, tensor.offset,
				   tensor.size, &offset))
			add_up(tensor.name, bytes + offset, tensor.size);
}

int main(int argc, char **argv)
{
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .access = UDB_READ };
	struct udb_load *load;
	void *bytes;

	if (get(argc > 1 ? argv[1] : NULL, &load))
		return 1;
	if (udb_load_map(load, &opts, &bytes)) {
		fprintf(stderr, "sum: cannot map the weights\n");
		udb_load_free(load);
		return 1;
	}
	sync_all(load, udb_buffer_sync_begin);
	add_up_files(load, bytes);
	add_up_tensors(load, bytes);
	sync_all(load, udb_buffer_sync_end);
	udb_unmap(bytes, udb_load_size(load));
	udb_load_free(load);
	return 0;
}
