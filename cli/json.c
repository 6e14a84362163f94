// SPDX-License-Identifier: GPL-2.0-only
/*
 * What --json prints. Names of somebody else have been through cli_clean(), as
 * JSON is UTF-8 and json-c does not look.
 */
#include <json-c/json.h>

#include "cli.h"

#define CLI_JSON_LINES \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	 JSON_C_TO_STRING_NOSLASHESCAPE)

void cli_json_text(struct json_object *object, const char *key,
		   const char *text)
{
	json_object_object_add(object, key,
			       text ? json_object_new_string(text) : NULL);
}

void cli_json_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

void cli_json_real(struct json_object *object, const char *key, double number)
{
	json_object_object_add(object, key, json_object_new_double(number));
}

void cli_json_bool(struct json_object *object, const char *key, bool is)
{
	json_object_object_add(object, key, json_object_new_boolean(is));
}

struct json_object *cli_json_object(struct json_object *object, const char *key)
{
	struct json_object *inner = json_object_new_object();

	json_object_object_add(object, key, inner);
	return inner;
}

struct json_object *cli_json_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, key, array);
	return array;
}

struct json_object *cli_json_append(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(array, object);
	return object;
}

void cli_json_append_text(struct json_object *array, const char *text)
{
	json_object_array_add(array, json_object_new_string(text));
}

/* Prints @object and gives it back. */
void cli_json_print(struct json_object *object, bool one_line)
{
	const int style = one_line ? JSON_C_TO_STRING_NOSLASHESCAPE :
				     CLI_JSON_LINES;

	puts(json_object_to_json_string_ext(object, style));
	json_object_put(object);
	fflush(stdout);
}
