// SPDX-License-Identifier: MIT
/*
 * The requests that not every driver has: what it can do, and buffers of kinds
 * other than the ordinary one.
 */
#include <linux/udmabuf.h>
#include <string.h>

#include "private.h"

/* A driver that does not know a request is one that cannot do what it is for. */
static int udb_query_ioctl(const struct udb_device *dev, unsigned long request,
			   void *arg)
{
	int ret;

	if (dev->kind != UDB_KIND_UDMABUF)
		return -EOPNOTSUPP;
	ret = udb_ioctl(dev->fd, request, arg);
	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

static uint32_t udb_query_features(uint64_t features)
{
	uint32_t known = 0;

	if (features & UDMABUF_FEATURE_READ_ONLY)
		known |= UDB_QUERY_READ_ONLY;
	if (features & UDMABUF_FEATURE_INFO)
		known |= UDB_QUERY_INSPECT;
	if (features & UDMABUF_FEATURE_ACCOUNT)
		known |= UDB_QUERY_ACCOUNT;
	return known;
}

int udb_device_query(const struct udb_device *dev, struct udb_query *query)
{
	struct udb_query known = { .struct_size = sizeof(known) };
	struct udmabuf_query answer = { .size = sizeof(answer) };
	int ret;

	ret = udb_struct_give(query, NULL, sizeof(known), sizeof(known));
	if (!ret)
		ret = udb_query_ioctl(dev, UDMABUF_QUERY, &answer);
	if (ret)
		return ret;
	known.size_limit = answer.size_limit;
	known.huge_sizes = answer.huge_sizes;
	known.list_limit = answer.list_limit;
	known.features = udb_query_features(answer.features);
	known.account = answer.account == UDMABUF_ACCOUNT_MEMLOCK ?
				UDB_ACCOUNT_MEMLOCK :
				UDB_ACCOUNT_NONE;
	memcpy(known.version, answer.version, sizeof(answer.version));
	return udb_struct_give(query, &known, sizeof(known), sizeof(known));
}

int udb_device_inspect(const struct udb_device *dev, int fd,
		       struct udb_inspect *inspect)
{
	struct udb_inspect known = { .struct_size = sizeof(known) };
	struct udmabuf_info answer = { .size = sizeof(answer), .fd = fd };
	int ret;

	_Static_assert(sizeof(known.folios) == sizeof(answer.folios),
		       "as many orders as the driver tells");
	ret = udb_struct_give(inspect, NULL, sizeof(known), sizeof(known));
	if (!ret)
		ret = udb_query_ioctl(dev, UDMABUF_INFO, &answer);
	if (ret)
		return ret;
	known.size = answer.bytes;
	known.runs = answer.runs;
	known.huge_entries = answer.huge_entries;
	known.attachments = answer.attachments;
	known.mapped = answer.mapped;
	if (answer.flags & UDMABUF_INFO_READ_ONLY)
		known.flags |= UDB_INSPECT_READ_ONLY;
	if (answer.flags & UDMABUF_INFO_SEALED)
		known.flags |= UDB_INSPECT_SEALED;
	memcpy(known.folios, answer.folios, sizeof(known.folios));
	return udb_struct_give(inspect, &known, sizeof(known), sizeof(known));
}

/**
 * udb_query_create() - make a dma-buf of a kind that not every driver has
 * @dev: a device.
 * @items: the ranges.
 * @nr: how many.
 * @flags: bits UDMABUF_FLAGS_*, beside that for close-on-exec.
 *
 * Return: a dma-buf; -EOPNOTSUPP: the driver has none; or what it says.
 */
int udb_query_create(const struct udb_device *dev,
		     const struct udmabuf_create_item *items, uint32_t nr,
		     uint32_t flags)
{
	struct udmabuf_create_ranges create = {
		.size = sizeof(create),
		.flags = flags | UDMABUF_FLAGS_CLOEXEC,
		.ranges = (uintptr_t)items,
		.count = nr,
	};

	return udb_query_ioctl(dev, UDMABUF_CREATE_RANGES, &create);
}
