// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf info: what is not as it could be, each with what to do about it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info.h"

/* What is said, as far as it is long. */
#define INFO_INSTALL \
	"install the package udmabuf-ng-dkms for Linux %s, then: sudo modprobe udmabuf_ng"
#define INFO_CONTAINER \
	"let the container or the sandbox have the device (podman run --device %s)"
#define INFO_JOIN "sudo usermod -a -G %s %s, and log in again"
#define INFO_RAISE_SIZE \
	"echo 4096 | sudo tee /sys/module/%s/parameters/size_limit_mb (for good: the kernel parameter %s.size_limit_mb=4096)"
#define INFO_RAISE_LIST \
	"echo 65536 | sudo tee /sys/module/%s/parameters/list_limit (for good: the kernel parameter %s.list_limit=65536)"
#define INFO_WHOSE \
	"it cannot be told whose driver %s is, nor its limits"
#define INFO_VERSIONS "udmabuf_ng %s is loaded, and this is %s"
#define INFO_RELOAD \
	"when no buffer is left: sudo modprobe -r udmabuf_ng && sudo modprobe udmabuf_ng"
#define INFO_BESIDE \
	"udmabuf_ng is installed, but %s is the kernel's own driver"
#define INFO_TAKE_OVER "sudo udmabuf takeover enable, and reboot"
#define INFO_NO_THP \
	"this kernel has no transparent huge pages, so that buffers are of small ones"
#define INFO_SET_ASIDE \
	"set hugetlb pages aside: sudo sysctl vm.nr_hugepages=64"

/* What the drivers of all kernels begin with. */
#define INFO_STOCK_SIZE	(64UL << 20)
#define INFO_STOCK_LIST	1024

/* The next problem, to be filled in. */
static struct info_problem *info_problem(struct info *info, const char *node)
{
	struct info_problem *problem = &info->problems[info->nr_problems];

	if (info->nr_problems + 1 < INFO_PROBLEMS)
		info->nr_problems++;
	*problem = (struct info_problem){ .node = node };
	return problem;
}

static void info_text(struct info_problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void info_remedy(struct info_problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void info_text(struct info_problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
}

static void info_remedy(struct info_problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->remedy, sizeof(problem->remedy), format, args);
	va_end(args);
}

static bool info_is_installed(const struct info *info)
{
	char *text = cli_fs_read("/lib/modules/%s/modules.dep", info->release);
	bool is = text && strstr(text, "/udmabuf_ng.ko");

	free(text);
	return is;
}

static void info_remedy_driver(const struct info *info,
			       struct info_problem *problem)
{
	if (info_is_installed(info))
		info_remedy(problem, "sudo modprobe udmabuf_ng");
	else
		info_remedy(problem, INFO_INSTALL, info->release);
}

static void info_remedy_permission(const struct udb_probe *probe,
				   struct info_problem *problem)
{
	const char *user = getenv("USER");

	/* EPERM: not the mode of the node, then a group would not help */
	if (!getuid() || probe->error == -EPERM)
		info_remedy(problem, INFO_CONTAINER, probe->node);
	else if (probe->node_mode & 060)
		info_remedy(problem, INFO_JOIN, probe->group,
			    user && *user ? user : "USER");
	else
		info_remedy(problem, "sudo chmod g+rw %s", probe->node);
}

static void info_judge_reason(struct info *info, const struct udb_probe *probe)
{
	struct info_problem *problem;
	char *colon;

	if (!probe->reason)
		return;
	problem = info_problem(info, probe->node);
	problem->fatal = probe == info->nodes;
	udb_probe_explain(probe, problem->text, sizeof(problem->text));
	/* the sentence says what to do, too; that comes with more words here */
	colon = strstr(problem->text, ": ");
	if (colon) {
		*colon = '\0';
		info_remedy(problem, "%s", colon + 2);
	}
	if (probe->reason == UDB_REASON_NO_DRIVER)
		info_remedy_driver(info, problem);
	else if (probe->reason == UDB_REASON_NO_NODE)
		info_remedy(problem, INFO_CONTAINER, probe->node);
	else if (probe->reason == UDB_REASON_PERMISSION)
		info_remedy_permission(probe, problem);
	else if (probe->reason == UDB_REASON_NOT_UDMABUF)
		info_remedy(problem, "name another device node");
}

static const char *info_module(const struct udb_probe *probe)
{
	return probe->driver == UDB_DRIVER_NG ? "udmabuf_ng" : "udmabuf";
}

static void info_judge_limits(struct info *info, const struct udb_probe *probe)
{
	struct info_problem *problem;
	char size[CLI_SIZE_TEXT];

	if (probe->size_limit && probe->size_limit <= INFO_STOCK_SIZE) {
		problem = info_problem(info, probe->node);
		info_text(problem, "%s makes no buffer above %s", probe->node,
			  cli_size_text(size, probe->size_limit));
		info_remedy(problem, INFO_RAISE_SIZE, info_module(probe),
			    info_module(probe));
	}
	if (probe->list_limit && probe->list_limit <= INFO_STOCK_LIST) {
		problem = info_problem(info, probe->node);
		info_text(problem, "%s takes no list above %u ranges",
			  probe->node, probe->list_limit);
		info_remedy(problem, INFO_RAISE_LIST, info_module(probe),
			    info_module(probe));
	}
}

static void info_judge_driver(struct info *info, const struct udb_probe *probe)
{
	struct info_problem *problem;

	if (probe->reason)
		return;
	if (probe->driver == UDB_DRIVER_UNKNOWN) {
		problem = info_problem(info, probe->node);
		info_text(problem, INFO_WHOSE, probe->node);
		info_remedy(problem, "mount /sys");
	} else if (probe->driver == UDB_DRIVER_NG && *probe->version &&
		   strcmp(probe->version, UDMABUF_VERSION) != 0) {
		problem = info_problem(info, probe->node);
		info_text(problem, INFO_VERSIONS, probe->version,
			  UDMABUF_VERSION);
		info_remedy(problem, INFO_RELOAD);
	}
}

/* Programs that know one name only get the kernel's driver. */
static void info_judge_takeover(struct info *info)
{
	const struct udb_probe *probe = &info->nodes[0];
	struct info_problem *problem;

	if (probe->driver != UDB_DRIVER_STOCK || !info_is_installed(info))
		return;
	problem = info_problem(info, probe->node);
	info_text(problem, INFO_BESIDE, probe->node);
	info_remedy(problem, INFO_TAKE_OVER);
}

static void info_judge_memory(struct info *info)
{
	struct info_problem *problem;

	if (info->thp_size)
		return;
	problem = info_problem(info, NULL);
	info_text(problem, INFO_NO_THP);
	info_remedy(problem, INFO_SET_ASIDE);
}

/**
 * info_judge() - find what is not as it could be
 * @info: with all but its problems; they are added, those first that matter most.
 */
void info_judge(struct info *info)
{
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		info_judge_reason(info, &info->nodes[i]);
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		info_judge_driver(info, &info->nodes[i]);
	for (unsigned int i = 0; i < info->nr_nodes; i++)
		info_judge_limits(info, &info->nodes[i]);
	info_judge_takeover(info);
	info_judge_memory(info);
}
