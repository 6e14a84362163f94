// SPDX-License-Identifier: MIT
/*
 * Why there are no buffers here, and what a person can do about it.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

/* The sentences, each with what to do. */
#define UDB_PROBE_NO_DRIVER						\
	"The kernel has no udmabuf driver: install udmabuf-ng, or load it with 'modprobe udmabuf_ng'."
#define UDB_PROBE_NO_NODE						\
	"The driver is there, but %s is not: pass the node into this container or sandbox."
#define UDB_PROBE_PERMISSION						\
	"%s belongs to the group %s (mode %04o) and may not be opened: become a member, or sit at the machine."
#define UDB_PROBE_FORBIDDEN						\
	"%s is there, but a container or a sandbox forbids its use: allow the device in its rules, and ioctl in its seccomp filter."
#define UDB_PROBE_NOT_UDMABUF						\
	"%s is not a udmabuf device: name another one."
#define UDB_PROBE_REFUSED						\
	"%s refuses a buffer of a page (error %d): look for a seccomp filter, or a limit of memory or files."

static bool udb_probe_exists(const char *path)
{
	return !access(path, F_OK);
}

/* getgrgid() is not for threads. A long list of members is no reason to fail. */
static void udb_probe_group(struct udb_probe *probe, gid_t gid)
{
	const size_t size = 16384;
	char *text = malloc(size);
	struct group group, *found = NULL;

	if (text && !getgrgid_r(gid, &group, text, size, &found) && found)
		snprintf(probe->group, sizeof(probe->group), "%.31s",
			 group.gr_name);
	else
		snprintf(probe->group, sizeof(probe->group), "%u", gid);
	free(text);
}

/* The node to look at: the first that is there. */
static int udb_probe_node(struct udb_probe *probe, const char *path)
{
	struct stat st;

	if (!path) {
		path = udb_driver_nodes[0];
		if (!udb_probe_exists(path) &&
		    udb_probe_exists(udb_driver_nodes[1]))
			path = udb_driver_nodes[1];
	}
	if (strlen(path) >= sizeof(probe->node))
		return -ENAMETOOLONG;
	memcpy(probe->node, path, strlen(path) + 1);
	if (!stat(path, &st)) {
		probe->node_mode = st.st_mode & 07777;
		udb_probe_group(probe, st.st_gid);
	}
	return 0;
}

static enum udb_reason udb_probe_reason(int error)
{
	switch (error) {
	case -ENOENT:
		if (udb_probe_exists("/sys/class/misc/udmabuf") ||
		    udb_probe_exists("/sys/class/misc/udmabuf-ng"))
			return UDB_REASON_NO_NODE;
		return UDB_REASON_NO_DRIVER;
	case -EACCES:
	case -EPERM:
		return UDB_REASON_PERMISSION;
	case -ENXIO:
	case -ENODEV:
		return UDB_REASON_NO_DRIVER;
	case -ENOTTY:
		return UDB_REASON_NOT_UDMABUF;
	default:
		return UDB_REASON_REFUSED;
	}
}

/* A buffer of a page, and what can be done with it. */
static int udb_probe_try(struct udb_device *dev, uint32_t *features)
{
	struct udb_alloc_opts opts = {
		.struct_size = sizeof(opts),
		.name = "udb-probe",
		.backing = UDB_BACKING_SMALL,
		.flags = UDB_ALLOC_DROP_MEMFD,
	};
	struct udb_buffer *buf;
	int ret = udb_buffer_alloc(dev, 1, &opts, &buf);

	if (ret)
		return ret;
	ret = udb_sync_export(udb_buffer_fd(buf), UDB_READ);
	if (ret >= 0) {
		*features |= UDB_FEATURE_SYNC_FILE;
		close(ret);
	}
	udb_buffer_free(buf);
	return 0;
}

static void udb_probe_driver(struct udb_probe *probe, struct udb_device *dev)
{
	uint64_t size;
	uint32_t list;

	probe->driver = udb_driver_of(udb_device_fd(dev));
	if (!udb_device_limits(dev, &size, &list)) {
		probe->size_limit = size;
		probe->list_limit = list;
	}
	if (probe->driver == UDB_DRIVER_NG)
		udb_file_read("/sys/module/udmabuf_ng/version", probe->version,
			      sizeof(probe->version));
}

static uint32_t udb_probe_pool(uint32_t feature, const char *kilobytes)
{
	uint64_t free_pages;
	char path[80];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%skB/free_hugepages",
		 kilobytes);
	if (udb_file_read_number(path, &free_pages) || !free_pages)
		return 0;
	return feature;
}

static uint32_t udb_probe_features(void)
{
	uint32_t features = udb_probe_pool(UDB_FEATURE_HUGETLB_2M, "2048") |
			    udb_probe_pool(UDB_FEATURE_HUGETLB_1G, "1048576");

	if (udb_memory_thp_size())
		features |= UDB_FEATURE_THP;
	if (!access("/dev/dma_heap/system", R_OK))
		features |= UDB_FEATURE_HEAP;
	return features;
}

static int udb_probe_open(struct udb_probe *probe)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.path = probe->node,
	};
	struct udb_device *dev;
	int ret = udb_device_open(&opts, &dev);

	if (ret)
		return ret;
	udb_probe_driver(probe, dev);
	ret = udb_probe_try(dev, &probe->features);
	udb_device_unref(dev);
	if (ret)
		probe->reason = UDB_REASON_REFUSED;
	return ret;
}

int udb_probe(const char *path, struct udb_probe *probe)
{
	struct udb_probe known = { .struct_size = sizeof(known) };
	int ret;

	ret = udb_struct_give(probe, NULL, sizeof(known), sizeof(known));
	if (!ret)
		ret = udb_probe_node(&known, path);
	if (ret)
		return ret;
	known.features = udb_probe_features();
	known.error = udb_probe_open(&known);
	if (known.error && !known.reason)
		known.reason = udb_probe_reason(known.error);
	return udb_struct_give(probe, &known, sizeof(known), sizeof(known));
}

static int udb_probe_say(const struct udb_probe *probe, char *text, size_t size)
{
	const char *node = probe->node;

	switch (probe->reason) {
	case UDB_REASON_NONE:
		return snprintf(text, size, "%s works.", node);
	case UDB_REASON_NO_DRIVER:
		return snprintf(text, size, "%s", UDB_PROBE_NO_DRIVER);
	case UDB_REASON_NO_NODE:
		return snprintf(text, size, UDB_PROBE_NO_NODE, node);
	case UDB_REASON_PERMISSION:
		/* not the mode of the node, then a group would not help */
		if (probe->error == -EPERM)
			return snprintf(text, size, UDB_PROBE_FORBIDDEN, node);
		return snprintf(text, size, UDB_PROBE_PERMISSION, node,
				probe->group, probe->node_mode);
	case UDB_REASON_NOT_UDMABUF:
		return snprintf(text, size, UDB_PROBE_NOT_UDMABUF, node);
	default:
		return snprintf(text, size, UDB_PROBE_REFUSED, node,
				-probe->error);
	}
}

int udb_probe_explain(const struct udb_probe *probe, char *text, size_t size)
{
	struct udb_probe known;
	int length, ret;

	ret = udb_opts_take(&known, sizeof(known), sizeof(known), probe);
	if (ret)
		return ret;
	if (!size)
		return -ENOSPC;
	length = udb_probe_say(&known, text, size);
	return length < 0 || (size_t)length >= size ? -ENOSPC : 0;
}
