// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver that a verb works with, and why there is none.
 */
#include <libudmabuf.h>
#include <string.h>

#include "cli.h"

#define CLI_LONG_NODE "--device is '%s', and should be a path below 64 bytes"

static int cli_device_probe(const char *node, struct udb_probe *probe)
{
	*probe = (struct udb_probe){ .struct_size = sizeof(*probe) };
	return udb_probe(node, probe) ? cli_misuse(CLI_LONG_NODE, node) :
					CLI_GO_ON;
}

/* Without a node, the first that works is what udb_device_open() takes, too. */
static int cli_device_find(const char *node, struct udb_probe *probe)
{
	struct udb_probe other;
	int ret = cli_device_probe(node, probe);

	if (node || ret != CLI_GO_ON || !probe->reason ||
	    cli_device_probe("/dev/udmabuf-ng", &other) != CLI_GO_ON ||
	    other.reason)
		return ret;
	*probe = other;
	return CLI_GO_ON;
}

/**
 * cli_device_open() - open the driver, or say why not
 * @node: its device node, or NULL: the first that works.
 * @fallback: what will do without, as &udb_device_opts.fallback.
 * @probe: receives what it can do.
 * @ret_dev: receives the device.
 *
 * Return: %CLI_GO_ON or an exit status.
 */
int cli_device_open(const char *node, uint32_t fallback,
		    struct udb_probe *probe, struct udb_device **ret_dev)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.path = probe->node,
		.fallback = fallback,
	};
	char text[256];
	int ret = cli_device_find(node, probe);

	if (ret != CLI_GO_ON)
		return ret;
	ret = udb_device_open(&opts, ret_dev);
	if (!ret && (!probe->reason || fallback))
		return CLI_GO_ON;
	if (!ret)
		*ret_dev = udb_device_unref(*ret_dev);
	if (!probe->reason)
		return cli_fail("cannot open %s: %s", probe->node,
				strerror(-ret));
	udb_probe_explain(probe, text, sizeof(text));
	return cli_fail("%s", text);
}
