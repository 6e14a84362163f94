/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * udmabuf info: info.c collects, info_problems.c judges, info_show.c prints.
 */
#ifndef CLI_INFO_H
#define CLI_INFO_H

#include <libudmabuf.h>

#include "cli.h"

#define INFO_NODES	2
#define INFO_POOLS	8
#define INFO_PROBLEMS	16

/**
 * struct info_pool - pages of one size that the administrator has set aside
 * @size: bytes of a page.
 * @total: pages.
 * @free: pages that nobody has.
 * @reserved: free ones that somebody was promised.
 */
struct info_pool {
	uint64_t size;
	uint64_t total;
	uint64_t free;
	uint64_t reserved;
};

/**
 * struct info_problem - something that is not as it could be
 * @node: the device that it is about, or NULL.
 * @fatal: there are no buffers because of it.
 * @text: what it is.
 * @remedy: what to do.
 */
struct info_problem {
	const char *node;
	bool fatal;
	char text[256];
	char remedy[256];
};

/**
 * struct info - what there is on this machine
 * @release: of the kernel.
 * @nodes: device nodes; the first is the one that programs get.
 * @nr_nodes: how many.
 * @queries: what these say of themselves; struct_size is 0 where nothing is said.
 * @usable: buffers can be had from the first.
 * @thp_size: bytes of a transparent huge page, or 0.
 * @thp: word of the setting transparent_hugepage/enabled; empty: not known.
 * @thp_shmem: the same, shmem_enabled.
 * @pools: hugetlb pages, by size.
 * @nr_pools: how many.
 * @problems: what info_judge() found.
 * @nr_problems: how many.
 */
struct info {
	char release[CLI_RELEASE];
	struct udb_probe nodes[INFO_NODES];
	unsigned int nr_nodes;
	struct udb_query queries[INFO_NODES];
	bool usable;
	uint64_t thp_size;
	char thp[16];
	char thp_shmem[16];
	struct info_pool pools[INFO_POOLS];
	unsigned int nr_pools;
	struct info_problem problems[INFO_PROBLEMS];
	unsigned int nr_problems;
};

/* A size limit that is none: what udmabuf_ng begins with. */
#define INFO_NO_LIMIT	((uint64_t)INT32_MAX << 20)

/* info_problems.c */
void info_judge(struct info *info);

/* info_show.c */
const char *info_driver_name(const struct udb_probe *probe);
void info_show(const struct info *info);
void info_show_json(const struct info *info);

#endif /* CLI_INFO_H */
