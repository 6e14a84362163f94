// SPDX-License-Identifier: MIT
/*
 * Buffers of memory that is in memfds of others: QEMU's guests, wl_shm pools.
 *
 * A list of ranges is checked and brought into the driver's form once; buffers are
 * then cut from it, one after the other.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define UDB_WRAP_FLAGS	(UDB_WRAP_ADD_SEALS | UDB_WRAP_ROUND_OUT | \
			 UDB_WRAP_READ_ONLY | UDB_WRAP_SEAL_WRITE)

/* Whole pages, neighbours joined. @inner: where the first wanted byte is. */
struct udb_wrap_list {
	uint32_t flags;
	struct udb_range *ranges;
	size_t nr;
	uint64_t size;
	size_t inner;
	uint64_t size_limit;
	uint32_t list_limit;
};

/* How far the cutting has come: a range, and how much of it is used. */
struct udb_wrap_cursor {
	size_t index;
	uint64_t used;
};

/* What the next buffer consists of. */
struct udb_wrap_piece {
	struct udmabuf_create_list *create;
	uint64_t size;
};

static int udb_wrap_take(struct udb_wrap_opts *known,
			 const struct udb_wrap_opts *opts)
{
	int ret = udb_opts_take(known, sizeof(*known), sizeof(*known), opts);

	if (ret)
		return ret;
	if (known->flags & ~UDB_WRAP_FLAGS || known->reserved)
		return -EINVAL;
	if (known->flags & UDB_WRAP_SEAL_WRITE &&
	    !(known->flags & UDB_WRAP_READ_ONLY))
		return -EINVAL;
	if (known->name && strlen(known->name) >= UDB_NAME_MAX)
		return -ENAMETOOLONG;
	return 0;
}

static int udb_wrap_check_range(const struct udb_range *range)
{
	uint64_t end;

	if (!range->size || range->reserved)
		return -EINVAL;
	if (range->memfd < 0)
		return -EBADF;
	if (__builtin_add_overflow(range->offset, range->size, &end))
		return -EOVERFLOW;
	return 0;
}

static bool udb_wrap_continues(const struct udb_range *before,
			       const struct udb_range *range)
{
	return before->memfd == range->memfd &&
	       before->offset + before->size == range->offset;
}

static int udb_wrap_join(struct udb_wrap_list *list,
			 const struct udb_range *ranges, size_t nr)
{
	struct udb_range *last = NULL;
	int ret;

	for (size_t i = 0; i < nr; i++) {
		ret = udb_wrap_check_range(&ranges[i]);
		if (ret)
			return ret;
		if (last && udb_wrap_continues(last, &ranges[i])) {
			last->size += ranges[i].size;
		} else {
			last = &list->ranges[list->nr++];
			*last = ranges[i];
		}
	}
	return 0;
}

static int udb_wrap_round_out(struct udb_wrap_list *list)
{
	struct udb_range *first = &list->ranges[0];
	struct udb_range *last = &list->ranges[list->nr - 1];
	uint64_t end;

	list->inner = first->offset & (udb_page_size() - 1);
	first->offset -= list->inner;
	first->size += list->inner;
	if (!udb_round_up(last->offset + last->size, udb_page_size(), &end))
		return -EOVERFLOW;
	last->size = end - last->offset;
	return 0;
}

/* All of whole pages, and a sum that a mapping can have. */
static int udb_wrap_sum(struct udb_wrap_list *list)
{
	const uint64_t below_page = udb_page_size() - 1;

	for (size_t i = 0; i < list->nr; i++) {
		const struct udb_range *range = &list->ranges[i];

		if ((range->offset | range->size) & below_page)
			return -EINVAL;
		if (__builtin_add_overflow(list->size, range->size,
					   &list->size))
			return -EOVERFLOW;
	}
	return list->size > SIZE_MAX / 2 ? -EOVERFLOW : 0;
}

/* Memory that could go away, or that must not be written, makes no buffer. */
static int udb_wrap_seal(int memfd, uint32_t flags)
{
	int seals = fcntl(memfd, F_GET_SEALS), missing = F_SEAL_SHRINK;

	if (seals < 0)
		return errno == EINVAL ? -EBADFD : -errno;
	if (!(flags & UDB_WRAP_READ_ONLY) &&
	    seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (flags & UDB_WRAP_SEAL_WRITE)
		missing |= F_SEAL_WRITE;
	missing &= ~seals;
	if (missing & F_SEAL_SHRINK && !(flags & UDB_WRAP_ADD_SEALS))
		return -EPERM;
	return missing && fcntl(memfd, F_ADD_SEALS, missing) ? -errno : 0;
}

static int udb_wrap_seal_all(const struct udb_wrap_list *list)
{
	int memfd = -1, ret;

	for (size_t i = 0; i < list->nr; i++) {
		if (list->ranges[i].memfd == memfd)
			continue;
		memfd = list->ranges[i].memfd;
		ret = udb_wrap_seal(memfd, list->flags);
		if (ret)
			return ret;
	}
	return 0;
}

static void udb_wrap_limit(struct udb_device *dev, struct udb_wrap_list *list)
{
	list->size_limit = atomic_load(&dev->size_limit);
	list->list_limit = atomic_load(&dev->list_limit);
}

/* The driver refuses: whether it takes less than was known. */
static bool udb_wrap_limit_was_lowered(struct udb_device *dev,
				       struct udb_wrap_list *list)
{
	const struct udb_wrap_list before = *list;

	udb_device_look(dev);
	udb_wrap_limit(dev, list);
	return list->size_limit < before.size_limit ||
	       list->list_limit < before.list_limit;
}

static int udb_wrap_fill_list(struct udb_wrap_list *list,
			      const struct udb_range *ranges, size_t nr)
{
	int ret = udb_wrap_join(list, ranges, nr);

	if (!ret && list->flags & UDB_WRAP_ROUND_OUT)
		ret = udb_wrap_round_out(list);
	if (!ret)
		ret = udb_wrap_sum(list);
	if (!ret)
		ret = udb_wrap_seal_all(list);
	return ret;
}

static int udb_wrap_list_new(struct udb_device *dev,
			     const struct udb_range *ranges, size_t nr,
			     uint32_t flags, struct udb_wrap_list *list)
{
	int ret;

	if (dev->kind != UDB_KIND_UDMABUF)
		return -EOPNOTSUPP;
	if (!nr)
		return -EINVAL;
	memset(list, 0, sizeof(*list));
	list->flags = flags;
	list->ranges = calloc(nr, sizeof(*list->ranges));
	if (!list->ranges)
		return -ENOMEM;
	ret = udb_wrap_fill_list(list, ranges, nr);
	if (ret) {
		free(list->ranges);
		return ret;
	}
	udb_device_takes(dev, list->size, list->nr);
	udb_wrap_limit(dev, list);
	return 0;
}

/* Room for the longest list of one buffer. */
static int udb_wrap_piece_new(const struct udb_wrap_list *list,
			      struct udb_wrap_piece *piece)
{
	size_t nr = list->nr < list->list_limit ? list->nr : list->list_limit;
	const size_t one = sizeof(piece->create->list[0]);

	piece->create = calloc(1, sizeof(*piece->create) + nr * one);
	return piece->create ? 0 : -ENOMEM;
}

/* Cuts the next buffer from the list; false at its end. */
static bool udb_wrap_next(const struct udb_wrap_list *list,
			  struct udb_wrap_cursor *cursor,
			  struct udb_wrap_piece *piece)
{
	uint32_t nr = 0;

	piece->size = 0;
	while (cursor->index < list->nr && nr < list->list_limit &&
	       piece->size < list->size_limit) {
		const struct udb_range *range = &list->ranges[cursor->index];
		uint64_t left = range->size - cursor->used;
		uint64_t room = list->size_limit - piece->size;
		uint64_t size = left < room ? left : room;

		piece->create->list[nr++] = (struct udmabuf_create_item){
			.memfd = range->memfd,
			.offset = range->offset + cursor->used,
			.size = size,
		};
		piece->size += size;
		cursor->used += size;
		if (cursor->used == range->size)
			*cursor = (struct udb_wrap_cursor){ cursor->index + 1,
							    0 };
	}
	piece->create->count = nr;
	return nr;
}

static int udb_wrap_dmabuf(struct udb_device *dev,
			   const struct udb_wrap_list *list,
			   const struct udb_wrap_piece *piece)
{
	const struct udmabuf_create_item *item = &piece->create->list[0];

	if (list->flags & UDB_WRAP_READ_ONLY)
		return udb_query_create(dev, item, piece->create->count,
					UDMABUF_FLAGS_READ_ONLY);
	if (piece->create->count == 1)
		return udb_device_create(dev, (int)item->memfd, item->offset,
					 item->size);
	piece->create->flags = UDMABUF_FLAGS_CLOEXEC;
	return udb_ioctl(dev->fd, UDMABUF_CREATE_LIST, piece->create);
}

/* One range alone has a memfd that the processor can use, too. */
static int udb_wrap_create(struct udb_device *dev,
			   const struct udb_wrap_list *list,
			   const struct udb_wrap_piece *piece,
			   struct udb_buffer *buf)
{
	const struct udmabuf_create_item *item = &piece->create->list[0];
	int ret = udb_wrap_dmabuf(dev, list, piece);

	if (ret < 0)
		return ret;
	buf->size = piece->size;
	buf->fd = ret;
	if (piece->create->count > 1)
		return 0;
	ret = udb_fd_clone((int)item->memfd);
	if (ret < 0)
		return ret;
	buf->memfd = ret;
	buf->memfd_offset = item->offset;
	return 0;
}

static int udb_wrap_buffer(struct udb_device *dev, const char *name,
			   const struct udb_wrap_list *list,
			   const struct udb_wrap_piece *piece,
			   struct udb_buffer **ret_buf)
{
	struct udb_buffer *buf;
	int ret = udb_buffer_new(&buf);

	if (ret)
		return ret;
	ret = udb_wrap_create(dev, list, piece, buf);
	if (ret) {
		udb_buffer_free(buf);
		return ret;
	}
	if (name)
		udb_info_set_name(buf->fd, name);
	*ret_buf = buf;
	return 0;
}

static size_t udb_wrap_count(const struct udb_wrap_list *list,
			     struct udb_wrap_piece *piece)
{
	struct udb_wrap_cursor cursor = { 0 };
	size_t nr = 0;

	while (udb_wrap_next(list, &cursor, piece))
		nr++;
	return nr;
}

static void udb_wrap_free_chain(struct udb_buffer *chain)
{
	struct udb_buffer *buf;

	while ((buf = chain)) {
		chain = buf->next;
		udb_buffer_free(buf);
	}
}

/* All or none: a chain, so that the caller's array is written only at the end. */
static int udb_wrap_cut(struct udb_device *dev, const char *name,
			const struct udb_wrap_list *list,
			struct udb_wrap_piece *piece,
			struct udb_buffer **ret_chain)
{
	struct udb_wrap_cursor cursor = { 0 };
	struct udb_buffer *chain = NULL, **end = &chain;
	int ret;

	while (udb_wrap_next(list, &cursor, piece)) {
		ret = udb_wrap_buffer(dev, name, list, piece, end);
		if (ret) {
			udb_wrap_free_chain(chain);
			return ret;
		}
		if (end == &chain)
			chain->offset = list->inner;
		end = &(*end)->next;
	}
	*ret_chain = chain;
	return 0;
}

static int udb_wrap_hand_out(struct udb_buffer *chain, struct udb_buffer **bufs)
{
	struct udb_buffer *buf;
	int nr = 0;

	while ((buf = chain)) {
		chain = buf->next;
		buf->next = NULL;
		bufs[nr++] = buf;
	}
	return nr;
}

/* None is needed when a limit was set to 0, which lets nothing through. */
static int udb_wrap_list(struct udb_device *dev, const char *name,
			 const struct udb_wrap_list *list,
			 struct udb_buffer **bufs, size_t max)
{
	struct udb_wrap_piece piece;
	struct udb_buffer *chain;
	size_t nr;
	int ret;

	ret = udb_wrap_piece_new(list, &piece);
	if (ret)
		return ret;
	nr = udb_wrap_count(list, &piece);
	ret = -E2BIG;
	if (nr && nr <= max && nr <= INT32_MAX)
		ret = udb_wrap_cut(dev, name, list, &piece, &chain);
	free(piece.create);
	return ret ? ret : udb_wrap_hand_out(chain, bufs);
}

/* Both ways; with @one, all has to fit into a single buffer. */
static int udb_wrap(struct udb_device *dev, const struct udb_range *ranges,
		    size_t nr, const struct udb_wrap_opts *opts, bool one,
		    struct udb_buffer **bufs, size_t max)
{
	struct udb_wrap_opts known;
	struct udb_wrap_list list;
	int ret = udb_wrap_take(&known, opts);

	if (ret)
		return ret;
	ret = udb_wrap_list_new(dev, ranges, nr, known.flags, &list);
	if (ret)
		return ret;
	do {
		ret = -EFBIG;
		if (!one || list.size <= list.size_limit)
			ret = udb_wrap_list(dev, known.name, &list, bufs, max);
	} while ((ret == -EINVAL || ret == -EFBIG) &&
		 udb_wrap_limit_was_lowered(dev, &list));
	free(list.ranges);
	return ret;
}

int udb_buffer_wrap_split(struct udb_device *dev,
			  const struct udb_range *ranges, size_t nr,
			  const struct udb_wrap_opts *opts,
			  struct udb_buffer **bufs, size_t max)
{
	return max ? udb_wrap(dev, ranges, nr, opts, false, bufs, max) :
		     -EINVAL;
}

int udb_buffer_wrap(struct udb_device *dev, const struct udb_range *ranges,
		    size_t nr, const struct udb_wrap_opts *opts,
		    struct udb_buffer **ret_buf)
{
	int ret = udb_wrap(dev, ranges, nr, opts, true, ret_buf, 1);

	return ret > 0 ? 0 : ret;
}
