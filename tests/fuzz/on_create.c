// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that make buffers, by each of the three requests, and those that the
 * driver has to refuse. With one thread it is known what the answer has to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kinds.h"
#include "model.h"

#define ITEMS		64U /* of a list that is made here */
#define REOPENED_MAX	16U /* so many numbers below FUZZ_FD_FIRST are free */

enum way {
	AS_ONE, /* where it is one range, else as a list */
	AS_LIST,
	AS_RANGES,
};

struct request {
	struct udmabuf_create_item item[ITEMS];
	struct fuzz_memfd *memfd[ITEMS]; /* NULL: none of ours */
	uint32_t nr;
	uint32_t flags;
	enum way way;
	bool reopened; /* through files that are open for reading only */
	int error; /* that the items must give, if the model knows better */
};

static bool is_read_only(const struct request *request)
{
	return request->way == AS_RANGES &&
	       request->flags & UDMABUF_FLAGS_READ_ONLY;
}

static int send_ranges(const struct fuzz_world *world,
		       const struct udmabuf_create_item *item,
		       const struct request *request)
{
	struct udmabuf_create_ranges ranges = {
		.size = sizeof(ranges),
		.flags = request->flags,
		.ranges = (uintptr_t)item,
		.count = request->nr,
	};

	return ioctl(world->dev, UDMABUF_CREATE_RANGES, &ranges);
}

static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The same with other files of the same memfds. */
static int send_reopened(const struct fuzz_world *world,
			 const struct request *request)
{
	struct udmabuf_create_item item[ITEMS];
	uint32_t i;
	int fd;

	for (i = 0; i < request->nr; i++) {
		item[i] = request->item[i];
		item[i].memfd = (uint32_t)reopen((int)item[i].memfd);
	}
	fd = send_ranges(world, item, request);
	for (i = 0; i < request->nr; i++)
		close((int)item[i].memfd);
	return fd;
}

/* As a program would. */
static int request_send(const struct fuzz_world *world,
			const struct request *request)
{
	struct {
		struct udmabuf_create_list head;
		struct udmabuf_create_item item[ITEMS];
	} list = { .head = { request->flags, request->nr } };
	const struct udmabuf_create_item *first = &request->item[0];
	struct udmabuf_create one = {
		.memfd = first->memfd,
		.flags = request->flags,
		.offset = first->offset,
		.size = first->size,
	};

	if (request->way == AS_RANGES)
		return request->reopened ?
			       send_reopened(world, request) :
			       send_ranges(world, request->item, request);
	if (request->nr == 1 && request->way == AS_ONE)
		return ioctl(world->dev, UDMABUF_CREATE, &one);
	memcpy(list.item, request->item,
	       request->nr * sizeof(request->item[0]));
	return ioctl(world->dev, UDMABUF_CREATE_LIST, &list);
}

static bool is_refused(const struct fuzz_memfd *memfd,
		       const struct udmabuf_create_item *item, bool read_only)
{
	int denied = read_only ? 0 : F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

	return !(memfd->seals & F_SEAL_SHRINK) || memfd->seals & denied ||
	       item->offset + item->size > memfd->nr_pages * FUZZ_PAGE;
}

/* What a list of well-formed items has to give: 0, or -errno of the first. */
static int request_expect(const struct request *request)
{
	uint32_t i;

	if (request->error)
		return -request->error;
	for (i = 0; i < request->nr; i++)
		if (is_refused(request->memfd[i], &request->item[i],
			       is_read_only(request)))
			return -EINVAL;
	return 0;
}

static bool request_wants_huge(const struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->nr; i++)
		if (request->memfd[i] &&
		    request->memfd[i]->memory == FUZZ_HUGETLB)
			return true;
	return false;
}

static void buf_fill(struct fuzz_world *world, struct fuzz_buf *buf,
		     const struct request *request)
{
	uint32_t i, j, first, at = 0;

	for (i = 0; i < request->nr; i++) {
		first = request->item[i].offset / FUZZ_PAGE;
		for (j = 0; j < request->item[i].size / FUZZ_PAGE; j++, at++) {
			buf->origin[at] =
				FUZZ_ORIGIN(request->memfd[i], first + j);
			buf->page[at] = fuzz_memfd_page(
				world, request->memfd[i], first + j);
		}
	}
	buf->nr_pages = at;
}

/* Can nobody write the memory, in no way? */
static bool is_sealed(const struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->nr; i++)
		if (!(request->memfd[i]->seals & F_SEAL_WRITE))
			return false;
	return is_read_only(request);
}

static void check_file(struct fuzz_world *world, int fd,
		       const struct request *request)
{
	int want = is_read_only(request) ? O_RDONLY : O_RDWR;

	if (!(request->flags & UDMABUF_FLAGS_CLOEXEC) ==
	    !!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		fuzz_found(world,
			   "flags %x give a file with another FD_CLOEXEC",
			   request->flags);
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != want)
		fuzz_found(world, "flags %x give a file of another mode",
			   request->flags);
}

static void buf_made(struct fuzz_world *world, int fd,
		     const struct request *request)
{
	struct fuzz_buf *buf = fuzz_new_buf(world);
	struct stat stat;

	if (!buf) {
		close(fd);
		return;
	}
	buf_fill(world, buf, request);
	if (lseek(fd, 0, SEEK_END) != (off_t)(buf->nr_pages * FUZZ_PAGE))
		fuzz_found(world, "a buffer of %u pages has another size",
			   buf->nr_pages);
	if (!fstat(fd, &stat))
		buf->ino = stat.st_ino;
	buf->read_only = is_read_only(request);
	buf->sealed = is_sealed(request);
	check_file(world, fd, request);
	fuzz_buf_add_fd(world, buf, fd);
	atomic_store(&buf->ready, true);
}

/*
 * Sends it and judges the answer. What is right can still fail for want of huge
 * pages; with several threads also by what the others did meanwhile.
 */
static void request_try(struct fuzz_world *world, const struct request *request)
{
	int fd = request_send(world, request);
	int error = fd < 0 ? errno : 0, want = -request_expect(request);

	if (error == want || (error == ENOMEM && request_wants_huge(request)))
		want = error;
	if (world->exact && error != want)
		fuzz_found(world, "a list of %u ranges gives %s instead of %s",
			   request->nr, strerrorname_np(error),
			   strerrorname_np(want));
	if (!error && request->error)
		fuzz_found(world, "a list that has to give %s makes a buffer",
			   strerrorname_np(request->error));
	else if (!error)
		buf_made(world, fd, request);
}

static bool request_add(struct request *request, struct fuzz_memfd *memfd,
			uint32_t first, uint32_t nr)
{
	if (!memfd || !nr)
		return false;
	request->memfd[request->nr] = memfd;
	request->item[request->nr] = (struct udmabuf_create_item){
		.memfd = (uint32_t)memfd->fd,
		.offset = first * FUZZ_PAGE,
		.size = nr * FUZZ_PAGE,
	};
	request->nr++;
	return true;
}

/* Unknown flags are ignored, and the padding. */
static uint32_t draw_flags(uint32_t number)
{
	return number % 4 ? UDMABUF_FLAGS_CLOEXEC : number >> 2;
}

bool fuzz_do_create(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct fuzz_memfd *memfd = fuzz_pick_memfd(thread->world, op->arg[0]);
	struct request request = {
		.flags = draw_flags(op->arg[3]),
		.way = op->arg[1] % 5 ? AS_ONE : AS_LIST,
	};
	uint32_t first, nr_pages;

	if (!memfd)
		return false;
	nr_pages = memfd->nr_pages;
	first = op->arg[3] % 3 ? 0 : op->arg[1] % nr_pages;
	request_add(&request, memfd, first,
		    op->arg[1] % 3 ? nr_pages - first :
				     1 + op->arg[2] % (nr_pages - first));
	request_try(thread->world, &request);
	return true;
}

/*
 * A list of pieces: forwards, backwards, the same again, one that overlaps, or
 * any; long ones of long memfds are rare.
 */
static void draw_items(struct fuzz_world *world, const struct fuzz_op *op,
		       struct request *request)
{
	struct fuzz_rng rng = { .state = op->arg[0] };
	uint32_t want = 1 + op->arg[1] % (op->arg[1] % 8 ? 8 : ITEMS);
	uint32_t total = 0, first, nr;
	struct fuzz_memfd *memfd;

	while (request->nr < want) {
		memfd = fuzz_pick_memfd(world, fuzz_below(&rng, FUZZ_MEMFDS));
		if (!memfd)
			return;
		first = fuzz_below(&rng, memfd->nr_pages);
		nr = 1 + fuzz_below(&rng, memfd->nr_pages - first);
		if (fuzz_below(&rng, 4))
			nr = 1 + (nr - 1) % 8;
		if (total + nr > FUZZ_BUF_PAGES)
			return;
		request_add(request, memfd, first, nr);
		total += nr;
		/* What follows it in the memfd, so that runs are joined. */
		if (op->arg[2] % 3 == 0 && first + nr < memfd->nr_pages &&
		    request->nr < want && total < FUZZ_BUF_PAGES) {
			request_add(request, memfd, first + nr, 1);
			total++;
		}
	}
}

bool fuzz_do_create_list(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct request request = {
		.flags = draw_flags(op->arg[3]),
		.way = op->arg[3] % 2 ? AS_LIST : AS_ONE,
	};

	draw_items(thread->world, op, &request);
	if (!request.nr)
		return false;
	request_try(thread->world, &request);
	return true;
}

/* One case of eight is wrong, in a way that the two old requests do not mind. */
static void spoil_ranges(struct request *request, uint32_t number)
{
	switch (number % 16) {
	case 0:
		request->flags |= 1U << (2 + number / 16 % 30);
		request->error = EINVAL;
		break;
	case 1:
		request->item[number / 16 % request->nr].__pad = number;
		request->error = EINVAL;
		break;
	case 2 ... 4:
		request->reopened = request->nr <= REOPENED_MAX;
		if (request->reopened && !is_read_only(request))
			request->error = EACCES;
		break;
	default:
		break;
	}
}

bool fuzz_do_create_ranges(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct request request = {
		.flags = op->arg[3] % 4 ? UDMABUF_FLAGS_CLOEXEC : 0,
		.way = AS_RANGES,
	};

	if (!thread->world->has_newer)
		return false;
	draw_items(thread->world, op, &request);
	if (!request.nr)
		return false;
	if (op->arg[3] / 4 % 4)
		request.flags |= UDMABUF_FLAGS_READ_ONLY;
	spoil_ranges(&request, op->arg[3] / 16);
	request_try(thread->world, &request);
	return true;
}

/* Numbers at the ends of what they can be. */
static const uint64_t extremes[] = {
	0,
	1,
	FUZZ_PAGE - 1,
	FUZZ_PAGE + 1,
	0x7fffffff,
	0x80000000,
	0xfffffffffffff000,
	0x7ffffffffffff000,
	0x8000000000000000,
	0xffffffffffffffff,
	1ULL << 44,
	(1ULL << 44) - FUZZ_PAGE,
};

static uint64_t draw_extreme(uint32_t number)
{
	return extremes[number % (sizeof(extremes) / sizeof(extremes[0]))];
}

/* One range that is impossible: its size leaves the file, whatever offset. */
static void spoil_numbers(struct udmabuf_create_item *item,
			  const struct fuzz_op *op)
{
	if (op->arg[2] % 3)
		item->offset = draw_extreme(op->arg[3]) | 1;
	if (op->arg[2] % 3 != 1)
		item->size = draw_extreme(op->arg[3] / 16);
	/* Is it by chance one that could be? */
	if (!(item->offset % FUZZ_PAGE) && !(item->size % FUZZ_PAGE) &&
	    item->size && item->size <= FUZZ_MEMFD_PAGES * FUZZ_PAGE)
		item->size++;
}

/* An open file that is not a memfd, or none. @error: what it has to give. */
static uint32_t spoil_fd(struct fuzz_world *world, uint32_t number, int *error)
{
	struct fuzz_buf *buf = fuzz_pick_buf(world, number / 8);

	*error = EBADFD;
	switch (number % 4) {
	case 0:
		return (uint32_t)-1;
	case 1:
		return FUZZ_FD_END + 1;
	case 2:
		return (uint32_t)world->dev;
	default:
		return buf ? (uint32_t)fuzz_buf_fd(buf) : STDERR_FILENO;
	}
}

/* The items before the bad one must not matter, but an error of theirs comes first. */
bool fuzz_do_create_bad(struct fuzz_thread *thread, const struct fuzz_op *op)
{
	struct request request = {
		.flags = draw_flags(op->arg[3]),
		.way = op->arg[3] % 2 ? AS_LIST : AS_ONE,
	};
	struct udmabuf_create_item *item;
	uint32_t at;
	int error;

	draw_items(thread->world, op, &request);
	if (!request.nr)
		return false;
	at = op->arg[1] / 64 % request.nr;
	item = &request.item[at];
	if (op->arg[2] % 2) {
		spoil_numbers(item, op);
		error = EINVAL;
	} else {
		item->memfd = spoil_fd(thread->world, op->arg[3], &error);
		request.nr = at;
		if (at && request_expect(&request))
			error = -request_expect(&request);
		request.nr = at + 1;
	}
	request.error = error;
	request_try(thread->world, &request);
	return true;
}
