// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that ask the driver: what it can do, what a buffer is like; requests of
 * sizes of another version, and those that nobody meant. But for how many devices
 * have a buffer, the answer is known whatever other threads do.
 */
#include <errno.h>
#include <linux/udmabuf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kinds.h"

#define SIZE_MAX_KNOWN	4096U /* of an argument that can grow */
#define FEATURES	(UDMABUF_FEATURE_READ_ONLY | UDMABUF_FEATURE_INFO)
#define CREATE_FLAGS	(UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY)

/* An argument of any version, and more than any may have. */
struct argument {
	uint32_t size;
	union {
		struct udmabuf_query query;
		struct udmabuf_info info;
		struct udmabuf_create_ranges ranges;
		uint8_t bytes[SIZE_MAX_KNOWN + 8];
	};
};

/* The size that a caller may think it has; @known: the size in truth. */
static uint32_t draw_size(uint32_t known, uint32_t number)
{
	const uint32_t sizes[] = {
		0,	    known - 1,	    known + 1,
		known + 8,  SIZE_MAX_KNOWN, SIZE_MAX_KNOWN + 1,
		0xffffffff, number % known,
	};

	return number % 4 ?
		       known :
		       sizes[number / 4 % (sizeof(sizes) / sizeof(sizes[0]))];
}

/* Gives @argument a size, and now and then more than is known: what comes of that. */
static int argument_begin(struct argument *argument, uint32_t known,
			  uint32_t number)
{
	uint32_t size = draw_size(known, number);

	memset(argument, 0, sizeof(*argument));
	argument->size = size;
	memcpy(argument->bytes, &size, sizeof(size));
	if (size < known)
		return -EINVAL;
	if (size > SIZE_MAX_KNOWN)
		return -E2BIG;
	if (size == known || number / 32 % 2)
		return 0;
	argument->bytes[known + number / 64 % (size - known)] = 1;
	return -E2BIG;
}

static int ask(const struct fuzz_world *world, unsigned long request,
	       struct argument *argument)
{
	return ioctl(world->dev, request, argument->bytes) ? -errno : 0;
}

/* Behind what is known nothing was said. */
static bool argument_is_clear(const struct argument *argument, uint32_t known)
{
	uint32_t i;

	for (i = known; i < argument->size; i++)
		if (argument->bytes[i])
			return false;
	return true;
}

static bool answer_is_wanted(struct fuzz_world *world, const char *name,
			     uint32_t size, int got, int want)
{
	if (got == want)
		return true;
	fuzz_found(world, "%s with a size of %u gives %s instead of %s", name,
		   size, strerrorname_np(-got), strerrorname_np(-want));
	return false;
}

static void check_query(struct fuzz_world *world, const struct argument *answer)
{
	const struct udmabuf_query *query = &answer->query;

	if (query->size != answer->size || query->flags || query->__reserved ||
	    (query->features & FEATURES) != FEATURES ||
	    query->create_flags != CREATE_FLAGS || !query->list_limit ||
	    !query->size_limit || query->size_limit % FUZZ_PAGE ||
	    query->huge_sizes % FUZZ_HUGE ||
	    query->version[sizeof(query->version) - 1] ||
	    !argument_is_clear(answer, sizeof(*query)))
		fuzz_found(
			world,
			"query says features %llx, flags %x, limits %u, %llx",
			(unsigned long long)query->features,
			query->create_flags, query->list_limit,
			(unsigned long long)query->size_limit);
}

bool fuzz_do_query(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct argument argument;
	int want, got;

	if (!thread->world->has_newer)
		return false;
	want = argument_begin(&argument, sizeof(argument.query), op->arg[0]);
	if (op->arg[1] % 8 == 0) {
		argument.query.flags = 1U << op->arg[2] % 32;
		want = want ? want : -EINVAL;
	}
	got = ask(thread->world, UDMABUF_QUERY, &argument);
	if (answer_is_wanted(thread->world, "query", argument.size, got,
			     want) &&
	    !got)
		check_query(thread->world, &argument);
	return true;
}

static uint64_t count_folios(const struct udmabuf_info *info, bool in_pages)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < UDMABUF_INFO_ORDERS; i++)
		sum += info->folios[i] << (in_pages ? i : 0);
	return sum;
}

/* A run has a folio at least, a folio a page, and all folios together the buffer. */
static bool counts_are_right(const struct udmabuf_info *info, uint32_t nr_pages)
{
	uint64_t nr = count_folios(info, false);

	return info->bytes == nr_pages * FUZZ_PAGE && info->runs &&
	       info->runs <= nr && nr <= nr_pages &&
	       count_folios(info, true) >= nr_pages &&
	       info->mapped <= info->attachments;
}

static uint64_t info_flags(const struct fuzz_buf *buf)
{
	return (buf->read_only ? UDMABUF_INFO_READ_ONLY : 0) |
	       (buf->sealed ? UDMABUF_INFO_SEALED : 0);
}

/* With one thread also: devices are those of the model, and entries do not go. */
static bool info_is_exact(struct fuzz_buf *buf, const struct udmabuf_info *info)
{
	uint64_t before = buf->huge_entries;

	buf->huge_entries = info->huge_entries;
	return info->flags == info_flags(buf) && before <= info->huge_entries &&
	       info->attachments == !!atomic_load(&buf->handle[0]);
}

static void check_info(struct fuzz_world *world, struct fuzz_buf *buf,
		       const struct argument *answer)
{
	const struct udmabuf_info *info = &answer->info;

	if (!counts_are_right(info, buf->nr_pages) ||
	    !argument_is_clear(answer, sizeof(*info)) ||
	    (info->flags ^ info_flags(buf)) & UDMABUF_INFO_READ_ONLY ||
	    (world->exact && !info_is_exact(buf, info)))
		fuzz_found(
			world,
			"info of %u pages: flags %llx, %llu bytes, %llu runs, %llu folios, %u devices of %u",
			buf->nr_pages, (unsigned long long)info->flags,
			(unsigned long long)info->bytes,
			(unsigned long long)info->runs,
			(unsigned long long)count_folios(info, false),
			info->attachments, !!atomic_load(&buf->handle[0]));
}

/* A file that is no buffer; @error: what it has to give. */
static int other_fd(const struct fuzz_world *world, uint32_t number, int *error)
{
	*error = number % 3 ? -EINVAL : -EBADF;
	switch (number % 3) {
	case 0:
		return number % 2 ? -1 : FUZZ_FD_END + 1;
	case 1:
		return world->dev;
	default:
		return STDERR_FILENO;
	}
}

bool fuzz_do_info(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_buf *buf = fuzz_pick_buf(thread->world, op->arg[0]);
	int want, got, fd = buf ? fuzz_buf_fd(buf) : -1, error = 0;
	struct argument argument;

	if (fd < 0 || !thread->world->has_newer)
		return false;
	if (op->arg[1] % 16 == 0)
		fd = other_fd(thread->world, op->arg[2], &error);
	want = argument_begin(&argument, sizeof(argument.info), op->arg[3]);
	argument.info.fd = fd;
	want = want ? want : error;
	got = ask(thread->world, UDMABUF_INFO, &argument);
	/* Another thread may have closed it. */
	if (!thread->world->exact && got == -EBADF)
		return true;
	if (answer_is_wanted(thread->world, "info", argument.size, got, want) &&
	    !got)
		check_info(thread->world, buf, &argument);
	return true;
}

/* Makes a head of no list wrong in one way, or lets it be. */
static int spoil_head(struct udmabuf_create_ranges *ranges, uint32_t number)
{
	ranges->count = 1 + number / 8 % 64;
	switch (number % 8) {
	case 0:
		ranges->count = 0;
		return -EINVAL;
	case 1:
		ranges->count = 0xffffffff;
		return -EINVAL;
	case 2:
		ranges->__reserved = 1U << number / 8 % 32;
		return -EINVAL;
	case 3:
		ranges->flags = 4U << number / 8 % 30;
		return -EINVAL;
	default:
		ranges->ranges = number % 2 ? 8 : ~7ULL;
		return -EFAULT;
	}
}

bool fuzz_do_ranges_bad(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct argument argument;
	int want, error, fd;

	if (!thread->world->has_newer)
		return false;
	want = argument_begin(&argument, sizeof(argument.ranges), op->arg[0]);
	error = spoil_head(&argument.ranges, op->arg[1]);
	fd = ioctl(thread->world->dev, UDMABUF_CREATE_RANGES, &argument.ranges);
	answer_is_wanted(thread->world, "ranges", argument.size,
			 fd < 0 ? -errno : 0, want ? want : error);
	if (fd >= 0)
		close(fd);
	return true;
}

/* Two numbers in front that make any request an error. */
static void spoil_junk(uint32_t *head, unsigned long command)
{
	if (command == UDMABUF_CREATE_LIST) {
		if (head[1] && head[1] < 65537)
			head[1] = 0;
	} else if (head[0] <= SIZE_MAX_KNOWN) {
		head[0] %= 16;
	}
}

/* Commands and pointers that nobody meant. All of them are errors. */
bool fuzz_do_junk_ioctl(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	static const unsigned long commands[] = {
		UDMABUF_CREATE,
		UDMABUF_CREATE_LIST,
		UDMABUF_QUERY,
		UDMABUF_CREATE_RANGES,
		UDMABUF_INFO,
		_IOR('u', 0x42, struct udmabuf_create),
		_IO('u', 0x43),
		_IOWR('u', 0x44, struct udmabuf_create),
		_IOWR('u', 0x60, struct udmabuf_query),
		_IOW('u', 0x61, struct udmabuf_create_ranges),
		_IO('u', 0x63),
	};
	unsigned long command =
		commands[op->arg[0] % (sizeof(commands) / sizeof(commands[0]))];
	uint32_t head[2] = { op->arg[1], op->arg[2] };
	void *arg = op->arg[3] % 4 ? (void *)(uintptr_t)op->arg[3] : NULL;

	if (command != UDMABUF_CREATE && op->arg[3] % 2) {
		spoil_junk(head, command);
		arg = head;
	}
	if (ioctl(thread->world->dev, command, arg) >= 0)
		fuzz_found(thread->world,
			   "ioctl %lx with a bad argument is no error",
			   command);
	return true;
}
