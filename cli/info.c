// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf info: what driver there is, what it can do, and what is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "info.h"

/* What is said, as far as it is long. */
#define INFO_LONG_NODE \
	"--device is '%s', and should be a path below 64 bytes"

struct info_opts {
	const char *device;
	bool json;
};

static const struct cli_option info_options[] = {
	{ "device", CLI_TEXT, offsetof(struct info_opts, device), "NODE",
	  "look at this device node, not at /dev/udmabuf and -ng" },
	{ "json", CLI_FLAG, offsetof(struct info_opts, json), NULL,
	  "print JSON" },
	{ 0 },
};

static const struct cli_usage info_usage = {
	.synopsis = "[--device NODE] [--json]",
	.about =
		"Tells which driver makes dma-bufs of ordinary memory here, how large they can\n"
		"be, who may make them, which pages they can have, and what to do about each\n"
		"problem. A buffer of a page is made, to see that it works.",
	.options = info_options,
	.exits = "  0  buffers can be had\n"
		 "  2  wrong usage\n"
		 "  3  they cannot; what is printed says why",
};

static void info_add_node(struct info *info, const char *node)
{
	struct udb_probe *probe = &info->nodes[info->nr_nodes];

	probe->struct_size = sizeof(*probe);
	if (!udb_probe(node, probe))
		info->nr_nodes++;
}

/*
 * A program that names no node gets the first that opens. Where the kernel has a
 * driver of its own, udmabuf_ng is a second node.
 */
static void info_find_nodes(struct info *info)
{
	struct udb_probe first;

	info_add_node(info, NULL);
	if (!info->nr_nodes || strcmp(info->nodes[0].node, "/dev/udmabuf") != 0)
		return;
	info_add_node(info, "/dev/udmabuf-ng");
	if (info->nr_nodes < 2)
		return;
	if (info->nodes[1].reason == UDB_REASON_NO_DRIVER ||
	    info->nodes[1].reason == UDB_REASON_NO_NODE) {
		info->nr_nodes = 1;
	} else if (info->nodes[0].reason && !info->nodes[1].reason) {
		first = info->nodes[0];
		info->nodes[0] = info->nodes[1];
		info->nodes[1] = first;
	}
}

/* Only a driver of ours answers. */
static void info_query(const char *node, struct udb_query *query)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.path = node,
	};
	struct udb_device *dev;

	if (udb_device_open(&opts, &dev))
		return;
	query->struct_size = sizeof(*query);
	if (udb_device_query(dev, query))
		query->struct_size = 0;
	udb_device_unref(dev);
}

/* Of "always [madvise] never", the word that holds. */
static void info_setting(char *to, size_t size, const char *name)
{
	char text[128], *word;

	if (!cli_fs_text(text, sizeof(text),
			 "/sys/kernel/mm/transparent_hugepage/%s", name))
		return;
	word = strchr(text, '[');
	word = word ? word + 1 : text;
	word[strcspn(word, "]\n")] = '\0';
	cli_copy(to, size, word);
}

static void info_add_pool(struct info *info, const char *folder)
{
	struct info_pool pool = { 0 };

	if (info->nr_pools == INFO_POOLS ||
	    strncmp(folder, "hugepages-", 10) != 0)
		return;
	pool.size = strtoull(folder + 10, NULL, 10) << 10;
	if (!cli_fs_number(&pool.total,
			   "/sys/kernel/mm/hugepages/%s/nr_hugepages",
			   folder) ||
	    !cli_fs_number(&pool.free,
			   "/sys/kernel/mm/hugepages/%s/free_hugepages",
			   folder) ||
	    !cli_fs_number(&pool.reserved,
			   "/sys/kernel/mm/hugepages/%s/resv_hugepages",
			   folder))
		return;
	info->pools[info->nr_pools++] = pool;
}

static int info_compare_pools(const void *left, const void *right)
{
	const struct info_pool *a = left, *b = right;

	return (a->size > b->size) - (a->size < b->size);
}

static void info_find_memory(struct info *info)
{
	DIR *dir = cli_fs_dir("/sys/kernel/mm/hugepages");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		info_add_pool(info, entry->d_name);
	if (dir)
		closedir(dir);
	qsort(info->pools, info->nr_pools, sizeof(*info->pools),
	      info_compare_pools);
	cli_fs_number(&info->thp_size,
		      "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	info_setting(info->thp, sizeof(info->thp), "enabled");
	info_setting(info->thp_shmem, sizeof(info->thp_shmem), "shmem_enabled");
}

static int info_collect(struct info *info, const char *device)
{
	cli_release(info->release);
	if (device)
		info_add_node(info, device);
	else
		info_find_nodes(info);
	if (!info->nr_nodes)
		return cli_misuse(INFO_LONG_NODE, device);
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		if (!info->nodes[i].reason)
			info_query(info->nodes[i].node, &info->queries[i]);
	info->usable = !info->nodes[0].reason;
	info_find_memory(info);
	info_judge(info);
	return CLI_GO_ON;
}

int cli_info(int argc, char **argv)
{
	struct info_opts opts = { 0 };
	struct info info = { 0 };
	int ret;

	ret = cli_parse(&info_usage, argc, argv, &opts, NULL);
	if (ret == CLI_GO_ON)
		ret = info_collect(&info, opts.device);
	if (ret != CLI_GO_ON)
		return ret;
	if (opts.json)
		info_show_json(&info);
	else
		info_show(&info);
	return info.usable ? CLI_DONE : CLI_UNUSABLE;
}
