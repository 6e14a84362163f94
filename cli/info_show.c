// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf info: what was found, for people and as JSON.
 */
#include <json-c/json.h>
#include <string.h>

#include "info.h"

static const struct {
	uint32_t bit;
	const char *name;
} info_features[] = {
	{ UDB_FEATURE_SYNC_FILE, "sync_file" },
	{ UDB_FEATURE_THP, "thp" },
	{ UDB_FEATURE_HUGETLB_2M, "hugetlb_2m" },
	{ UDB_FEATURE_HUGETLB_1G, "hugetlb_1g" },
	{ UDB_FEATURE_HEAP, "heap" },
};

static const char *const info_reasons[] = {
	[UDB_REASON_NONE] = "none",
	[UDB_REASON_NO_DRIVER] = "no-driver",
	[UDB_REASON_NO_NODE] = "no-node",
	[UDB_REASON_PERMISSION] = "permission",
	[UDB_REASON_NOT_UDMABUF] = "not-udmabuf",
	[UDB_REASON_REFUSED] = "refused",
};

const char *info_driver_name(const struct udb_probe *probe)
{
	switch (probe->driver) {
	case UDB_DRIVER_NG:
		return "udmabuf_ng";
	case UDB_DRIVER_STOCK:
		return "stock";
	default:
		return "unknown";
	}
}

static void info_show_driver(const struct info *info,
			     const struct udb_probe *probe)
{
	printf("  %-17s ", "driver");
	if (probe->driver == UDB_DRIVER_NG)
		printf("udmabuf_ng %s\n", probe->version);
	else if (probe->driver == UDB_DRIVER_STOCK)
		printf("the one of Linux %s\n", info->release);
	else
		puts("not known");
}

static void info_show_limits(const struct udb_probe *probe)
{
	char size[CLI_SIZE_TEXT];

	if (!probe->size_limit)
		return;
	printf("  %-17s %s\n", "largest buffer",
	       probe->size_limit >= INFO_NO_LIMIT ?
		       "no limit" :
		       cli_size_text(size, probe->size_limit));
	printf("  %-17s %u ranges\n", "longest list", probe->list_limit);
}

/* What a driver has that is not there in every one. */
static void info_show_query(const struct udb_query *query)
{
	char size[CLI_SIZE_TEXT];

	if (!query->struct_size)
		return;
	printf("  %-17s %s\n", "huge entries",
	       query->huge_sizes ? cli_size_text(size, query->huge_sizes) :
				   "no");
	printf("  %-17s %s\n", "read-only buffers",
	       query->features & UDB_QUERY_READ_ONLY ? "yes" : "no");
	printf("  %-17s %s\n", "counts against",
	       query->account == UDB_ACCOUNT_MEMLOCK ?
		       "RLIMIT_MEMLOCK of the user" :
		       "no limit of the user");
}

static void info_show_node(const struct info *info, unsigned int i)
{
	const struct udb_probe *probe = &info->nodes[i];

	cli_term_print(stdout, CLI_BOLD, "%s", probe->node);
	printf("  ");
	if (probe->reason)
		cli_term_print(stdout, CLI_RED, "does not work");
	else
		cli_term_print(stdout, CLI_GREEN, "works");
	putchar('\n');
	if (!probe->reason)
		info_show_driver(info, probe);
	if (probe->node_mode)
		printf("  %-17s root, and group %s (mode %04o)\n",
		       "may be opened", probe->group, probe->node_mode);
	if (probe->reason)
		return;
	info_show_limits(probe);
	printf("  %-17s %s\n", "sync files",
	       probe->features & UDB_FEATURE_SYNC_FILE ? "yes" : "no");
	info_show_query(&info->queries[i]);
}

static void info_show_pool(const struct info_pool *pool)
{
	char size[CLI_SIZE_TEXT], label[48];

	snprintf(label, sizeof(label), "hugetlb %s",
		 cli_size_text(size, pool->size));
	if (pool->total)
		printf("  %-17s %llu pages, %llu free, %llu of them reserved\n",
		       label, (unsigned long long)pool->total,
		       (unsigned long long)pool->free,
		       (unsigned long long)pool->reserved);
	else
		printf("  %-17s none set aside\n", label);
}

static void info_show_memory(const struct info *info)
{
	char size[CLI_SIZE_TEXT];

	cli_term_print(stdout, CLI_BOLD, "memory");
	putchar('\n');
	printf("  %-17s %s", "transparent huge",
	       info->thp_size ? cli_size_text(size, info->thp_size) : "no");
	if (info->thp_size && *info->thp_shmem)
		printf(" (shmem_enabled is %s; the library asks for each buffer)",
		       info->thp_shmem);
	putchar('\n');
	for (unsigned int i = 0; i < info->nr_pools; i++)
		info_show_pool(&info->pools[i]);
	printf("  %-17s %s\n", "system heap",
	       info->nodes[0].features & UDB_FEATURE_HEAP ? "yes" : "no");
}

void info_show(const struct info *info)
{
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		info_show_node(info, i);
	info_show_memory(info);
	for (unsigned int i = 0; i < info->nr_problems; i++) {
		const struct info_problem *problem = &info->problems[i];

		cli_term_print(stdout, problem->fatal ? CLI_RED : CLI_YELLOW,
			       "%s", problem->fatal ? "problem: " : "note: ");
		printf("%s\n  to do: %s\n", problem->text, problem->remedy);
	}
}

static void info_json_features(struct json_object *object, uint32_t features)
{
	for (size_t i = 0; i < CLI_COUNT(info_features); i++)
		cli_json_bool(object, info_features[i].name,
			      features & info_features[i].bit);
}

/* What is not known is null. */
static void info_json_limit(struct json_object *object, const char *key,
			    uint64_t limit)
{
	if (limit)
		cli_json_number(object, key, limit);
	else
		cli_json_text(object, key, NULL);
}

/* null: the driver says nothing of itself. */
static void info_json_query(struct json_object *object,
			    const struct udb_query *query)
{
	struct json_object *said;

	if (!query->struct_size) {
		cli_json_text(object, "query", NULL);
		return;
	}
	said = cli_json_object(object, "query");
	cli_json_bool(said, "read_only", query->features & UDB_QUERY_READ_ONLY);
	cli_json_bool(said, "inspect", query->features & UDB_QUERY_INSPECT);
	cli_json_text(said, "account",
		      query->account == UDB_ACCOUNT_MEMLOCK ? "memlock" :
							      "none");
	cli_json_number(said, "huge_sizes", query->huge_sizes);
}

static void info_json_node(struct json_object *object, const struct info *info,
			   unsigned int i)
{
	const struct udb_probe *probe = &info->nodes[i];
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", probe->node_mode);
	cli_json_text(object, "node", probe->node);
	cli_json_bool(object, "usable", !probe->reason);
	cli_json_text(object, "reason", info_reasons[probe->reason]);
	cli_json_text(object, "error",
		      probe->error ? strerrorname_np(-probe->error) : NULL);
	cli_json_text(object, "driver", info_driver_name(probe));
	cli_json_text(object, "driver_version",
		      *probe->version ? probe->version : NULL);
	cli_json_text(object, "group", *probe->group ? probe->group : NULL);
	cli_json_text(object, "mode", probe->node_mode ? mode : NULL);
	info_json_limit(object, "size_limit", probe->size_limit);
	info_json_limit(object, "list_limit", probe->list_limit);
	info_json_features(cli_json_object(object, "features"),
			   probe->features);
	info_json_query(object, &info->queries[i]);
}

static void info_json_memory(struct json_object *object,
			     const struct info *info)
{
	struct json_object *pools = cli_json_array(object, "hugetlb");
	struct json_object *thp = cli_json_object(object, "thp");

	for (unsigned int i = 0; i < info->nr_pools; i++) {
		struct json_object *pool = cli_json_append(pools);

		cli_json_number(pool, "page_size", info->pools[i].size);
		cli_json_number(pool, "total", info->pools[i].total);
		cli_json_number(pool, "free", info->pools[i].free);
		cli_json_number(pool, "reserved", info->pools[i].reserved);
	}
	cli_json_number(thp, "page_size", info->thp_size);
	cli_json_text(thp, "enabled", *info->thp ? info->thp : NULL);
	cli_json_text(thp, "shmem_enabled",
		      *info->thp_shmem ? info->thp_shmem : NULL);
}

static void info_json_problems(struct json_object *array,
			       const struct info *info)
{
	for (unsigned int i = 0; i < info->nr_problems; i++) {
		struct json_object *object = cli_json_append(array);

		cli_json_text(object, "node", info->problems[i].node);
		cli_json_bool(object, "fatal", info->problems[i].fatal);
		cli_json_text(object, "text", info->problems[i].text);
		cli_json_text(object, "to_do", info->problems[i].remedy);
	}
}

void info_show_json(const struct info *info)
{
	struct json_object *object = json_object_new_object();
	struct json_object *nodes;

	cli_json_text(object, "version", UDMABUF_VERSION);
	cli_json_text(object, "library", udb_version());
	cli_json_text(object, "kernel", info->release);
	cli_json_bool(object, "usable", info->usable);
	nodes = cli_json_array(object, "devices");
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		info_json_node(cli_json_append(nodes), info, i);
	info_json_memory(cli_json_object(object, "memory"), info);
	info_json_problems(cli_json_array(object, "problems"), info);
	cli_json_print(object, false);
}
