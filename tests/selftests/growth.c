// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing grows: thousands of rounds of everything that a buffer can go
 * through, and then the kernel has as much memory as after the first. How the
 * tolerances prove that is in settled.h.
 */
#include <errno.h>
#include <sys/resource.h>

#include "buffer.h"
#include "mapping.h"
#include "peek.h"
#include "settled.h"

#define SIZE	(1 * UDB_HUGE)

/* Emulated machines do some 500 rounds of the longest kind in a second. */
#define LIMIT	120

UDB_BUFFER_FIXTURE(growth, SIZE);

struct growth {
	int dev;
	int memfd;
	int buf;
	size_t size;
	bool (*round)(const struct growth *growth, int number);
};

static bool growth_batch(const void *arg)
{
	const struct growth *growth = arg;
	int number;

	for (number = 0; number < SETTLED_ROUNDS; number++)
		if (!growth->round(growth, number))
			return false;
	return true;
}

#define EXPECT_NO_GROWTH_BY(_round)					\
	do {								\
		const struct growth growth_ = {				\
			.dev = self->dev, .memfd = self->memfd,		\
			.buf = self->buf, .size = self->size,		\
			.round = _round,				\
		};							\
									\
		EXPECT_NO_GROWTH(growth_batch, &growth_);		\
	} while (0)

static bool create_and_close(const struct growth *growth, int number)
{
	uint64_t first = number % 8;
	int buf = udb_create(growth->dev, growth->memfd, first * UDB_PAGE,
			     (8 - first) * UDB_PAGE);

	return buf >= 0 && !close(buf);
}

TEST_F_TIMEOUT(growth, create_and_close, LIMIT)
{
	EXPECT_NO_GROWTH_BY(create_and_close);
}

static bool create_list(const struct growth *growth, int number)
{
	struct udmabuf_create_item items[32] = {};
	int buf, i;

	for (i = 0; i < 32; i++) {
		items[i].memfd = growth->memfd;
		items[i].offset = (i * 37 + number) % 256 * UDB_PAGE;
		items[i].size = (i % 3 + 1) * UDB_PAGE;
	}
	buf = udb_create_list(growth->dev, items, 32);
	return buf >= 0 && !close(buf);
}

TEST_F_TIMEOUT(growth, create_list, LIMIT)
{
	EXPECT_NO_GROWTH_BY(create_list);
}

/* The whole life of a small buffer, with all that its user may do. */
static bool whole_life(const struct growth *growth, int number)
{
	size_t size = 16 * UDB_PAGE;
	int buf = udb_create(growth->dev, growth->memfd, number % 64 * UDB_PAGE,
			     size);
	char *map = buf < 0 ? NULL : udb_map(buf, size, MAPPING_RW);
	bool good;

	if (!map)
		return false;
	good = !udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) &&
	       udb_stamp_wrong(map, size, 1, number % 64) == -1 &&
	       !udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW) &&
	       !ioctl(buf, DMA_BUF_SET_NAME_B, "growth");
	return !close(buf) && !munmap(map, size) && good;
}

TEST_F_TIMEOUT(growth, whole_life, LIMIT)
{
	EXPECT_NO_GROWTH_BY(whole_life);
}

/* An aligned mapping of 2 MiB, so that there are huge entries where possible. */
static bool map_and_cut(const struct growth *growth, int number)
{
	char *map = mapping_at(growth->buf, SIZE, 0, 0, MAPPING_RW);
	size_t cut = number % 500 * UDB_PAGE;

	return map != MAP_FAILED && !mapping_touch(map, true) &&
	       !munmap(map + cut, UDB_PAGE) &&
	       !mapping_touch(map + SIZE - UDB_PAGE, true) &&
	       !mprotect(map + cut + UDB_PAGE, UDB_PAGE, PROT_READ) &&
	       !munmap(map, SIZE);
}

TEST_F_TIMEOUT(growth, map_and_cut, LIMIT)
{
	EXPECT_NO_GROWTH_BY(map_and_cut);
}

/* A memfd of its own for each buffer; hugetlb counters move and come back. */
static bool fresh_memfd(const struct growth *growth, int number,
			enum udb_backing backing)
{
	size_t size = backing == UDB_SHMEM_4K ? 8 * UDB_PAGE : UDB_HUGE;
	int memfd = udb_memfd_empty(backing, size);
	int buf = udb_create(growth->dev, memfd, 0, size);
	bool good = buf >= 0;

	/* Neither is always the first to go. */
	if (number % 2)
		good &= !close(memfd) && !close(buf);
	else
		good &= !close(buf) && !close(memfd);
	return good;
}

static bool fresh_shmem(const struct growth *growth, int number)
{
	return fresh_memfd(growth, number, UDB_SHMEM_4K);
}

/* Clearing 2 MiB takes long under emulation: fewer, but page counters are exact. */
static bool fresh_hugetlb(const struct growth *growth, int number)
{
	return number % 10 || fresh_memfd(growth, number / 10, UDB_HUGETLB_2M);
}

TEST_F_TIMEOUT(growth, fresh_memfd, LIMIT)
{
	if (variant->backing == UDB_HUGETLB_2M)
		EXPECT_NO_GROWTH_BY(fresh_hugetlb);
	else
		EXPECT_NO_GROWTH_BY(fresh_shmem);
}

/* Every way to fail after something was pinned or allocated, in turn. */
static bool failing_create(const struct growth *growth, int number)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = growth->memfd, .offset = 0, .size = 8 * UDB_PAGE },
		{ .memfd = growth->memfd, .offset = UDB_PAGE, .size = UDB_PAGE },
		{ .memfd = growth->memfd, .offset = 0, .size = UDB_PAGE },
	};

	switch (number % 4) {
	case 0:
		items[2].memfd = growth->dev;
		break;
	case 1:
		items[2].offset = growth->size;
		break;
	case 2:
		items[2].memfd = -1;
		break;
	default:
		items[2].offset = 1;
		break;
	}
	return udb_create_list(growth->dev, items, 3) == -1;
}

TEST_F_TIMEOUT(growth, failing_create, LIMIT)
{
	EXPECT_NO_GROWTH_BY(failing_create);
}

static bool create_without_fd(const struct growth *growth, int number)
{
	int buf = udb_create(growth->dev, growth->memfd, number % 8 * UDB_PAGE,
			     8 * UDB_PAGE);

	return buf == -1 && errno == EMFILE;
}

/* The limit holds for the rounds only: reading counters takes descriptors. */
static bool batch_without_fd(const void *arg)
{
	const struct growth *growth = arg;
	struct rlimit old, none;
	bool good;

	if (getrlimit(RLIMIT_NOFILE, &old))
		return false;
	none = old;
	none.rlim_cur = dup(growth->dev);
	close(none.rlim_cur);
	if (setrlimit(RLIMIT_NOFILE, &none))
		return false;
	good = growth_batch(arg);
	return !setrlimit(RLIMIT_NOFILE, &old) && good;
}

TEST_F_TIMEOUT(growth, create_without_fd, LIMIT)
{
	const struct growth growth = {
		.dev = self->dev,
		.memfd = self->memfd,
		.round = create_without_fd,
	};

	EXPECT_NO_GROWTH(batch_without_fd, &growth);
}

static bool import(const struct growth *growth, int number)
{
	static const enum peek_view views[] = { PEEK_SG, PEEK_VMAP };
	int peek = peek_attach(growth->buf, views[number % 2], number / 2 % 3);
	char page[UDB_PAGE];
	bool good;

	if (peek < 0)
		return false;
	good = peek_read(peek, page, UDB_PAGE, 0) &&
	       udb_page_has(page, UDB_STAMP(1, 0)) &&
	       !udb_sync(growth->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) &&
	       !udb_sync(growth->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	return !close(peek) && good;
}

TEST_F_TIMEOUT(growth, import, LIMIT)
{
	ASSERT_EQ(0, peek_load());
	EXPECT_NO_GROWTH_BY(import);
}

static bool import_fresh(const struct growth *growth, int number)
{
	int buf = udb_create(growth->dev, growth->memfd, number % 32 * UDB_PAGE,
			     16 * UDB_PAGE);
	int peek = peek_attach(buf, number % 2 ? PEEK_PAGES : PEEK_VMAP,
			       PEEK_BIDIRECTIONAL);

	/* The importer is the last to go. */
	return !close(buf) && peek >= 0 && !close(peek);
}

TEST_F_TIMEOUT(growth, import_fresh, LIMIT)
{
	ASSERT_EQ(0, peek_load());
	EXPECT_NO_GROWTH_BY(import_fresh);
}

TEST_HARNESS_MAIN
