// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf tensors: the tensors of a model, and where they are in its files.
 */
#include <fnmatch.h>
#include <json-c/json.h>
#include <libudmabuf-load.h>
#include <string.h>

#include "cli.h"

struct tensors_opts {
	const char *tensor;
	bool json;
};

static const struct cli_option tensors_options[] = {
	{ "tensor", CLI_TEXT, offsetof(struct tensors_opts, tensor), "GLOB",
	  "only those with such names" },
	{ "json", CLI_FLAG, offsetof(struct tensors_opts, json), NULL,
	  "print JSON" },
	{ 0 },
};

static const struct cli_usage tensors_usage = {
	.synopsis = "[--tensor GLOB] [--json] FILE",
	.about =
		"Lists the tensors of a GGUF or safetensors file, or of the index\n"
		"(model.safetensors.index.json) of several: name, type, shape, place in the file.",
	.options = tensors_options,
	.words = 1,
	.exits = "  0  done\n"
		 "  1  it failed\n"
		 "  2  wrong usage",
};

static const char *const tensors_heads[] = { "NAME",	"TYPE",	 "SHAPE",
					     ">OFFSET", ">SIZE", "FILE" };

/* What is in a file of a stranger must not reach a terminal as it is. */
struct tensors_text {
	char name[512];
	char type[64];
	char path[4096];
	char shape[256];
};

static void tensors_text(struct tensors_text *text,
			 const struct udb_load_tensor *tensor)
{
	size_t used = 0;

	cli_clean(text->name, sizeof(text->name), tensor->name);
	cli_clean(text->type, sizeof(text->type), tensor->type);
	cli_clean(text->path, sizeof(text->path), tensor->path);
	text->shape[0] = '\0';
	for (uint32_t i = 0; i < tensor->nr_dims; i++)
		used += snprintf(text->shape + used, sizeof(text->shape) - used,
				 "%s%llu", i ? "x" : "",
				 (unsigned long long)tensor->dims[i]);
}

static void tensors_row(struct cli_table *table,
			const struct udb_load_tensor *tensor)
{
	struct tensors_text text;
	char size[CLI_SIZE_TEXT];

	tensors_text(&text, tensor);
	cli_table_row(table);
	cli_table_set(table, 0, "%s", text.name);
	cli_table_set(table, 1, "%s", text.type);
	cli_table_set(table, 2, "%s", text.shape);
	cli_table_set(table, 3, "%llu", (unsigned long long)tensor->offset);
	cli_table_set(table, 4, "%s", cli_size_text(size, tensor->size));
	cli_table_set(table, 5, "%s", text.path);
}

static void tensors_object(struct json_object *array,
			   const struct udb_load_tensor *tensor)
{
	struct json_object *object = cli_json_append(array), *shape;
	struct tensors_text text;

	tensors_text(&text, tensor);
	cli_json_text(object, "name", text.name);
	cli_json_text(object, "type", text.type);
	shape = cli_json_array(object, "shape");
	for (uint32_t i = 0; i < tensor->nr_dims; i++)
		json_object_array_add(shape,
				      json_object_new_uint64(tensor->dims[i]));
	cli_json_text(object, "path", text.path);
	cli_json_number(object, "file_offset", tensor->offset);
	cli_json_number(object, "size", tensor->size);
}

static void tensors_show(const struct udb_load_tensors *tensors,
			 const struct tensors_opts *opts)
{
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };
	struct json_object *object = json_object_new_object();
	struct json_object *array = cli_json_array(object, "tensors");
	struct cli_table table;

	cli_table_begin(&table, tensors_heads, CLI_COUNT(tensors_heads));
	for (size_t i = 0; i < udb_load_tensors_nr(tensors); i++) {
		udb_load_tensors_get(tensors, i, &tensor);
		if (opts->tensor && fnmatch(opts->tensor, tensor.name, 0))
			continue;
		tensors_row(&table, &tensor);
		tensors_object(array, &tensor);
	}
	if (opts->json) {
		cli_json_print(object, false);
	} else {
		json_object_put(object);
		cli_table_print(&table);
	}
	cli_table_end(&table);
}

int cli_tensors(int argc, char **argv)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct tensors_opts opts = { 0 };
	struct udb_load_tensors *tensors;
	const char *file = NULL;
	char text[sizeof(why.text)];
	int ret = cli_parse(&tensors_usage, argc, argv, &opts, &file);

	if (ret != CLI_GO_ON)
		return ret;
	if (!file)
		return cli_misuse("FILE is missing");
	if (udb_load_tensors_open(file, &why, &tensors)) {
		cli_clean(text, sizeof(text), why.text);
		return cli_fail("%s", text);
	}
	tensors_show(tensors, &opts);
	udb_load_tensors_free(tensors);
	return CLI_DONE;
}
