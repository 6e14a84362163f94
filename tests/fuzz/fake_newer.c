// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requests of the driver that is none (fake_driver.c) whose arguments begin with
 * their size. Each page of a buffer is a run and a folio there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "fake_driver.h"
#include "touch.h"

#define SIZE_LIMIT	4096U
#define FLAGS		(UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY)

/* 0, or the error of an argument of which @known bytes are known. */
static int check_size(const uint8_t *arg, uint32_t known)
{
	uint32_t size, i;

	memcpy(&size, arg, sizeof(size));
	if (size < known)
		return -EINVAL;
	if (size > SIZE_LIMIT)
		return -E2BIG;
	for (i = known; i < size; i++)
		if (arg[i])
			return -E2BIG;
	return 0;
}

static int fake_query(struct udmabuf_query *query)
{
	if (query->flags)
		return -EINVAL;
	*query = (struct udmabuf_query){
		.size = query->size,
		.features = UDMABUF_FEATURE_READ_ONLY | UDMABUF_FEATURE_INFO,
		.size_limit = 1ULL << 50,
		.list_limit = FAKE_ITEMS,
		.create_flags = FLAGS,
	};
	return 0;
}

static int fake_info(struct udmabuf_info *info)
{
	const struct fake_buf *buf = fake_find(info->fd);
	uint64_t bytes;

	if (!buf)
		return fcntl(info->fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
	bytes = fake_total(buf->item, buf->nr);
	*info = (struct udmabuf_info){
		.size = info->size,
		.fd = info->fd,
		.flags = (buf->read_only ? UDMABUF_INFO_READ_ONLY : 0) |
			 (buf->sealed ? UDMABUF_INFO_SEALED : 0),
		.bytes = bytes,
		.runs = bytes / FUZZ_PAGE + fake_has_bug("runs"),
		.folios = { bytes / FUZZ_PAGE },
	};
	return 0;
}

/* What the fuzzer takes for an address that nobody has, this fake believes. */
static bool is_address(uint64_t address)
{
	return address >= FUZZ_PAGE && address < 1ULL << 47;
}

/* A list of the program's is never longer than here. */
static int fake_ranges(const struct udmabuf_create_ranges *ranges, int *fd)
{
	const struct udmabuf_create_item *item;
	uint32_t i;

	if (ranges->flags & ~FLAGS || ranges->__reserved || !ranges->count ||
	    ranges->count > FAKE_ITEMS)
		return -EINVAL;
	if (!is_address(ranges->ranges))
		return -EFAULT;
	item = (const struct udmabuf_create_item *)(uintptr_t)ranges->ranges;
	for (i = 0; i < ranges->count; i++)
		if (item[i].__pad)
			return -EINVAL;
	*fd = fake_create(item, ranges->count, ranges->flags);
	return *fd < 0 ? -errno : 0;
}

static int answer(unsigned long request, void *arg, int *fd)
{
	int ret;

	switch (request) {
	case UDMABUF_QUERY:
		ret = check_size(arg, sizeof(struct udmabuf_query));
		return ret ? ret : fake_query(arg);
	case UDMABUF_INFO:
		ret = check_size(arg, sizeof(struct udmabuf_info));
		return ret ? ret : fake_info(arg);
	default:
		ret = check_size(arg, sizeof(struct udmabuf_create_ranges));
		return ret ? ret : fake_ranges(arg, fd);
	}
}

int fake_newer(unsigned long request, void *arg)
{
	int fd = 0, error = answer(request, arg, &fd);

	if (!error)
		return fd;
	errno = -error;
	return -1;
}
