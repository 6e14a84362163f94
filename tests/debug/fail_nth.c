// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to fail. The kernel is told to fail the first allocation, or copy from
 * or to user space, that a call makes, then the second, and so on until the call
 * gets through to its end. Each time the call must give an error that its
 * documentation tells, or none; and the next one, which is not disturbed, must
 * work. What is lost on the way is for the gates that are asked after the suite.
 *
 * Needs CONFIG_FAULT_INJECTION with failslab, fail_page_alloc and fail_usercopy,
 * which only the machine "faults" has. What a thread is told is its own affair.
 * A page fault that fails for lack of memory is tried again by the kernel, which says
 * so in its log, until it works: the program never learns of it. A kernel mapping is
 * asked of the exporter itself: the core prints a warning whenever one fails.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "newer.h"
#include "peek.h"

#define NR_ITEMS	16	/* of a list, a page each, in falling order */
#define SMALL		(NR_ITEMS * UDB_PAGE)
#define POINTS_MAX	20000	/* no call has so many */
#define FAR_AWAY	(0x400UL << 32)

/* What a call may say when it was disturbed. */
enum errors {
	NONE = 0,
	MEMORY = 1, /* ENOMEM */
	COPY = 2, /* EFAULT */
};

FIXTURE(faults) {
	int fail; /* the number that the kernel counts down */
	int dev;
	int memfd;
	int buf;
	int peek;
	size_t size;
	size_t map_size;
	char *map;
	struct udmabuf_create_item items[NR_ITEMS];
};

/*
 * A call: what comes before it, the call, what takes it back. They return 0 or
 * -errno. And how many points there are at the least: a call that never failed
 * was not tested.
 */
FIXTURE_VARIANT(faults) {
	enum udb_backing backing;
	int (*begin)(FIXTURE_DATA(faults) *self, enum udb_backing backing);
	int (*run)(FIXTURE_DATA(faults) *self);
	void (*end)(FIXTURE_DATA(faults) *self);
	int errors;
	unsigned int points;
};

static int close_fd(int *fd)
{
	int ret = *fd < 0 ? 0 : close(*fd);

	*fd = -1;
	return ret ? -errno : 0;
}

/* Each page of a hole is a point. */
static size_t size_of(enum udb_backing backing)
{
	return backing == UDB_SHMEM_4K ? SMALL : UDB_HUGE;
}

/* The memfd again, from the start: with holes, or with all of its pages. */
static int begin_empty(FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	self->size = size_of(backing);
	self->memfd = udb_memfd_empty(backing, self->size);
	return self->memfd < 0 ? self->memfd : 0;
}

static int begin_full(FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	int i;

	self->size = size_of(backing);
	self->memfd = udb_memfd(backing, self->size);
	if (self->memfd < 0)
		return self->memfd;
	for (i = 0; i < NR_ITEMS; i++)
		self->items[i] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = (NR_ITEMS - 1 - i) * UDB_PAGE,
			.size = UDB_PAGE,
		};
	return 0;
}

/* A buffer of many runs, so that nothing is as simple as it can be. */
static int begin_buffer(FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	int ret = begin_full(self, backing);

	if (ret)
		return ret;
	self->buf = udb_create_list(self->dev, self->items, NR_ITEMS);
	return self->buf < 0 ? -errno : 0;
}

static int begin_attached(FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	int ret = begin_buffer(self, backing);

	if (ret)
		return ret;
	self->peek = peek_attach(self->buf, PEEK_DMA, PEEK_BIDIRECTIONAL);
	return self->peek < 0 ? -errno : 0;
}

/*
 * A mapping where there is no other for 512 GiB: page tables of all levels have to be
 * made for it.
 */
static int map_far_away(FIXTURE_DATA(faults) *self)
{
	self->map_size = self->size;
	self->map = mmap((void *)FAR_AWAY, self->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, self->buf, 0);
	if (self->map != MAP_FAILED)
		return 0;
	self->map = NULL;
	return -errno;
}

static int begin_mapped(FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	int ret = begin_buffer(self, backing);

	return ret ? ret : map_far_away(self);
}

/* One run: huge entries are possible, where the memory is huge. */
static int begin_mapped_whole(
	FIXTURE_DATA(faults) *self, enum udb_backing backing)
{
	int ret = begin_full(self, backing);

	if (ret)
		return ret;
	self->buf = udb_create(self->dev, self->memfd, 0, self->size);
	return self->buf < 0 ? -errno : map_far_away(self);
}

/* Nobody has the pages pinned any more if the memfd can be sealed. */
static void end_all(FIXTURE_DATA(faults) *self)
{
	if (self->map)
		munmap(self->map, self->map_size);
	self->map = NULL;
	close_fd(&self->peek);
	close_fd(&self->buf);
}

static int run_create(FIXTURE_DATA(faults) *self)
{
	self->buf = udb_create(self->dev, self->memfd, 0, self->size);
	return self->buf < 0 ? -errno : 0;
}

static int run_create_list(FIXTURE_DATA(faults) *self)
{
	self->buf = udb_create_list(self->dev, self->items, NR_ITEMS);
	return self->buf < 0 ? -errno : 0;
}

static int run_query(FIXTURE_DATA(faults) *self)
{
	struct udmabuf_query query;

	return newer_query(self->dev, &query) ? -errno : 0;
}

static int run_info(FIXTURE_DATA(faults) *self)
{
	struct udmabuf_info info = { .size = sizeof(info), .fd = self->buf };

	return ioctl(self->dev, UDMABUF_INFO, &info) ? -errno : 0;
}

static int run_ranges(FIXTURE_DATA(faults) *self)
{
	self->buf = newer_create(self->dev, self->items, NR_ITEMS,
				 UDMABUF_FLAGS_READ_ONLY);
	return self->buf < 0 ? -errno : 0;
}

static int run_mmap(FIXTURE_DATA(faults) *self)
{
	self->map_size = SMALL;
	self->map = udb_map(self->buf, SMALL, PROT_READ | PROT_WRITE);
	return self->map ? 0 : -errno;
}

/* Each page is there, and is the one that was written. */
static int run_fault(FIXTURE_DATA(faults) *self)
{
	size_t page, nr = self->map_size / UDB_PAGE;

	for (page = 0; page < nr; page++)
		*(volatile size_t *)(self->map + page * UDB_PAGE) = page;
	for (page = 0; page < nr; page++)
		if (*(volatile size_t *)(self->map + page * UDB_PAGE) != page)
			return -EIO;
	return 0;
}

static int run_vmap(FIXTURE_DATA(faults) *self)
{
	self->peek =
		peek_attach(self->buf, PEEK_VMAP_ALONE, PEEK_BIDIRECTIONAL);
	return self->peek < 0 ? -errno : 0;
}

static int run_table(FIXTURE_DATA(faults) *self UDB_UNUSED)
{
	char text[4096];
	ssize_t length;
	int table = open(udb_table_path(), O_RDONLY | O_CLOEXEC), ret = 0;

	if (table < 0)
		return -errno;
	do {
		length = read(table, text, sizeof(text));
		if (length < 0)
			ret = -errno;
	} while (length > 0);
	close(table);
	return ret;
}

static int run_attach(FIXTURE_DATA(faults) *self)
{
	self->peek = peek_attach(self->buf, PEEK_DMA, PEEK_BIDIRECTIONAL);
	return self->peek < 0 ? -errno : 0;
}

static int run_detach(FIXTURE_DATA(faults) *self)
{
	return close_fd(&self->peek);
}

static int run_sync_start(FIXTURE_DATA(faults) *self)
{
	return udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ?
		       -errno :
		       0;
}

static int run_sync_end(FIXTURE_DATA(faults) *self)
{
	return udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW) ?
		       -errno :
		       0;
}

static int run_release(FIXTURE_DATA(faults) *self)
{
	return close_fd(&self->buf);
}

#define FAULTS(name, memory, before, call, _points, _errors)		\
	FIXTURE_VARIANT_ADD(faults, name) {				\
		.backing = UDB_##memory,				\
		.begin = begin_##before,				\
		.run = run_##call,					\
		.end = end_all,						\
		.points = _points,					\
		.errors = _errors,					\
	}

FAULTS(create_shmem_holes, SHMEM_4K, empty, create, 20, MEMORY | COPY);
FAULTS(create_shmem, SHMEM_4K, full, create, 5, MEMORY | COPY);
FAULTS(create_thp, SHMEM_THP, full, create, 5, MEMORY | COPY);
FAULTS(create_hugetlb_holes, HUGETLB_2M, empty, create, 5, MEMORY | COPY);
FAULTS(create_hugetlb, HUGETLB_2M, full, create, 5, MEMORY | COPY);
FAULTS(create_list, SHMEM_4K, full, create_list, 5, MEMORY | COPY);
FAULTS(create_read_only, SHMEM_4K, full, ranges, 5, MEMORY | COPY);
FAULTS(query, SHMEM_4K, empty, query, 2, COPY);
FAULTS(info, SHMEM_4K, buffer, info, 2, COPY);
FAULTS(mmap, SHMEM_4K, buffer, mmap, 1, MEMORY);
FAULTS(fault_shmem, SHMEM_4K, mapped, fault, 3, NONE);
FAULTS(fault_shmem_run, SHMEM_4K, mapped_whole, fault, 3, NONE);
FAULTS(fault_thp, SHMEM_THP, mapped_whole, fault, 2, NONE);
FAULTS(fault_hugetlb, HUGETLB_2M, mapped_whole, fault, 2, NONE);
FAULTS(vmap, SHMEM_4K, buffer, vmap, 3, MEMORY | COPY);
FAULTS(attach, SHMEM_4K, buffer, attach, 3, MEMORY | COPY);
FAULTS(detach, SHMEM_4K, attached, detach, 0, NONE);
FAULTS(sync_start, SHMEM_4K, attached, sync_start, 1, COPY);
FAULTS(sync_end, SHMEM_4K, attached, sync_end, 1, COPY);
FAULTS(release, SHMEM_4K, buffer, release, 0, NONE);
FAULTS(table, SHMEM_4K, buffer, table, 3, MEMORY | COPY);

static int put(const char *folder, const char *name, const char *value)
{
	char path[128];
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", folder, name);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	ret = fputs(value, file) < 0;
	return fclose(file) || ret ? -errno : 0;
}

/* All allocations, also those that may wait; and without a word about each. */
FIXTURE_SETUP(faults)
{
	TH_CHECK_FDS();
	ASSERT_EQ(0, put("failslab", "ignore-gfp-wait", "0"));
	ASSERT_EQ(0, put("failslab", "verbose", "0"));
	ASSERT_EQ(0, put("fail_page_alloc", "ignore-gfp-wait", "0"));
	ASSERT_EQ(0, put("fail_page_alloc", "ignore-gfp-highmem", "0"));
	ASSERT_EQ(0, put("fail_page_alloc", "min-order", "0"));
	ASSERT_EQ(0, put("fail_page_alloc", "verbose", "0"));
	ASSERT_EQ(0, put("fail_usercopy", "verbose", "0"));
	ASSERT_EQ(0, peek_load());
	self->memfd = -1;
	self->buf = -1;
	self->peek = -1;
	UDB_DEV_OPEN(self->dev);
	self->fail = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->fail, 0);
}

FIXTURE_TEARDOWN(faults)
{
	close(self->dev);
	close(self->fail);
}

static bool arm(int fail, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fail, text, length, 0) == length;
}

/*
 * True when a point was made to fail. To ask, and to stop it, is to copy from and
 * to user space: these may be the ones that fail, if nothing did before.
 */
static bool disarm(int fail)
{
	char text[16] = "";
	bool failed = pread(fail, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (!arm(fail, 0))
		;
	return failed;
}

static bool is_documented(int errors, int ret)
{
	return !ret || (errors & MEMORY && ret == -ENOMEM) ||
	       (errors & COPY && ret == -EFAULT);
}

/* The same call once more, as it is meant to be; and then nothing holds a page. */
static void expect_works(struct udb_test *_metadata, FIXTURE_DATA(faults) *self,
			 const FIXTURE_VARIANT(faults) *variant)
{
	EXPECT_EQ(0, variant->run(self));
	variant->end(self);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close_fd(&self->memfd);
}

TEST_F_TIMEOUT(faults, each_point, 600)
{
	unsigned int nth, refused = 0;
	bool failed;
	int ret;

	for (nth = 1; nth < POINTS_MAX; nth++) {
		ASSERT_EQ(0, variant->begin(self, variant->backing));
		ASSERT_TRUE(arm(self->fail, nth));
		ret = variant->run(self);
		failed = disarm(self->fail);
		EXPECT_TRUE(is_documented(variant->errors, ret))
		TH_LOG("point %u: errno %d", nth, -ret);
		refused += ret != 0;
		variant->end(self);
		close_fd(&self->memfd);
		if (!failed)
			break;

		ASSERT_EQ(0, variant->begin(self, variant->backing));
		expect_works(_metadata, self, variant);
	}
	EXPECT_EQ(0, ret);
	EXPECT_LT(nth, POINTS_MAX);
	EXPECT_GT(nth, variant->points);
	printf("# faults: %u points, of which %u were told\n", nth - 1,
	       refused);
}

TEST_HARNESS_MAIN
