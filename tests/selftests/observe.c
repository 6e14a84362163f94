// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person can look at: the table of live buffers in debugfs, and the
 * tracepoints. The kernel's own driver has neither.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common.h"
#include "../modules/udmabuf_peek/udmabuf_peek.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/udmabuf/"

/* Two huge pages, so that every backing has its typical folios. */
#define SIZE	(2 * UDB_HUGE)

struct row {
	unsigned long long ino;
	unsigned long long size;
	size_t runs;
	char orders[64];
	size_t attachments;
	long huge;
	int pid;
	char comm[32];
};

FIXTURE(observe) {
	int memfd;
	int buf;
	unsigned long long ino;
	void *map;
};

UDB_BACKING_VARIANTS(observe);

FIXTURE_SETUP(observe)
{
	struct stat st;
	int dev;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	self->buf = udb_create(dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	ASSERT_EQ(0, fstat(self->buf, &st));
	self->ino = st.st_ino;
	close(dev);
}

FIXTURE_TEARDOWN(observe)
{
	if (self->map)
		munmap(self->map, SIZE);
	if (self->buf >= 0)
		close(self->buf);
	close(self->memfd);
}

static bool row_parse(const char *line, struct row *row)
{
	return sscanf(line, "%llu %llu %zu %63s %zu %ld %d:%31s", &row->ino,
		      &row->size, &row->runs, row->orders, &row->attachments,
		      &row->huge, &row->pid, row->comm) == 8;
}

/* The row of inode @ino: 1 found, 0 not there, -1 the table cannot be read. */
static int row_find(unsigned long long ino, struct row *row)
{
	FILE *file = fopen(udb_table_path(), "re");
	char line[512];
	int found = 0;

	if (!file)
		return -1;
	while (!found && fgets(line, sizeof(line), file))
		found = row_parse(line, row) && row->ino == ino;
	fclose(file);
	return found;
}

/* A mapping at an address where entries of 2 MiB are possible. */
static void *map_aligned(int fd, int prot)
{
	void *room = mmap(NULL, SIZE + UDB_HUGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t addr = ((uintptr_t)room + UDB_HUGE - 1) & ~(UDB_HUGE - 1);

	if (room == MAP_FAILED)
		return NULL;
	munmap(room, SIZE + UDB_HUGE);
	room = mmap((void *)addr, SIZE, prot, MAP_SHARED | MAP_FIXED_NOREPLACE,
		    fd, 0);
	return room == MAP_FAILED ? NULL : room;
}

TEST_F(observe, table_has_a_header)
{
	FILE *file = fopen(udb_table_path(), "re");
	char line[128] = "";

	ASSERT_NE(NULL, file);
	EXPECT_NE(NULL, fgets(line, sizeof(line), file));
	EXPECT_STREQ("inode size runs orders attachments huge creator\n", line);
	fclose(file);
}

TEST_F(observe, table_is_for_root_only)
{
	struct stat st;

	ASSERT_EQ(0, stat(udb_table_path(), &st));
	EXPECT_EQ(0400, st.st_mode & 07777);
}

TEST_F(observe, row_tells_size_and_runs)
{
	struct row row;

	ASSERT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(SIZE, row.size);
	EXPECT_GE(row.runs, 1);
	if (variant->backing == UDB_SHMEM_4K)
		EXPECT_LE(row.runs, SIZE / UDB_PAGE);
	else
		EXPECT_LE(row.runs, 2);
}

TEST_F(observe, row_counts_folios_by_order)
{
	const char *want = variant->backing == UDB_SHMEM_4K ? "0:1024" : "9:2";
	struct row row;

	ASSERT_EQ(1, row_find(self->ino, &row));
	EXPECT_STREQ(want, row.orders);
}

/*
 * More than the driver pins in one go, and at an offset at which a step would
 * end inside of a huge folio: it must still be pinned once, as one piece.
 */
TEST_F(observe, row_of_a_large_buffer_has_each_folio_once)
{
	const char *want = variant->backing == UDB_SHMEM_4K ? "0:33791" :
							      "9:66";
	size_t size = 66 * UDB_HUGE;
	int dev, memfd, buf, found;
	struct stat st;
	struct row row;

	UDB_DEV_OPEN(dev);
	UDB_MEMFD_OR_SKIP(memfd, variant->backing, size);
	buf = udb_create(dev, memfd, UDB_PAGE, size - UDB_PAGE);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, fstat(buf, &st));
	found = row_find(st.st_ino, &row);
	close(buf);
	close(memfd);
	close(dev);
	ASSERT_EQ(1, found);
	EXPECT_STREQ(want, row.orders);
}

TEST_F(observe, row_names_the_creator)
{
	char name[16] = "";
	struct row row;

	ASSERT_EQ(0, prctl(PR_GET_NAME, name));
	ASSERT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(getpid(), row.pid);
	EXPECT_STREQ(name, row.comm);
}

TEST_F(observe, creator_with_blanks_keeps_the_table_readable)
{
	int dev, buf, found;
	struct stat st;
	struct row row;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "a b\nc\\d"));
	UDB_DEV_OPEN(dev);
	buf = udb_create(dev, self->memfd, 0, UDB_PAGE);
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, fstat(buf, &st));
	found = row_find(st.st_ino, &row);
	close(buf);
	close(dev);
	ASSERT_EQ(1, found);
	EXPECT_STREQ("a\\040b\\012c\\134d", row.comm);
}

TEST_F(observe, row_counts_attachments)
{
	struct peek_attach attach = {
		.view = PEEK_SG,
		.direction = PEEK_BIDIRECTIONAL,
	};
	int peek = open("/dev/udmabuf-peek", O_RDWR | O_CLOEXEC);
	struct row row;

	ASSERT_GE(peek, 0);
	attach.fd = self->buf;
	ASSERT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(0, row.attachments);
	EXPECT_EQ(0, ioctl(peek, PEEK_ATTACH, &attach));
	EXPECT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(1, row.attachments);
	close(peek);
	EXPECT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(0, row.attachments);
}

/* Where the kernel can have no huge entries, none may be told of either. */
static bool entries_are_huge(enum udb_backing backing)
{
	return backing != UDB_SHMEM_4K && udb_kernel_has(UDB_HUGE_ENTRIES);
}

TEST_F(observe, row_counts_huge_entries)
{
	long want = entries_are_huge(variant->backing) ? 2 : 0;
	struct row row;
	size_t i;

	self->map = map_aligned(self->buf, PROT_READ);
	ASSERT_NE(NULL, self->map);
	for (i = 0; i < SIZE; i += UDB_PAGE)
		(void)*((volatile char *)self->map + i);
	ASSERT_EQ(1, row_find(self->ino, &row));
	EXPECT_EQ(want, row.huge);
}

TEST_F(observe, row_goes_with_the_buffer)
{
	struct row row;

	EXPECT_EQ(1, row_find(self->ino, &row));
	close(self->buf);
	self->buf = -1;
	EXPECT_EQ(0, row_find(self->ino, &row));
}

/*
 * Tracepoints
 */

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* Switches event @name on with an empty trace, or off. */
static bool event_switch(const char *name, bool on)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), EVENTS "%s/enable", name);
	return put(path, on ? "1" : "0") && (!on || put(TRACING "trace", ""));
}

/* How many lines of the trace have both words. */
static int trace_count(const char *event, const char *detail)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[1024];
	int count = 0;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		count += strstr(line, event) && strstr(line, detail);
	fclose(file);
	return count;
}

TEST_F(observe, create_is_traced)
{
	char detail[64];
	struct stat st;
	int dev, buf;

	UDB_DEV_OPEN(dev);
	ASSERT_TRUE(event_switch("udmabuf_create", true));
	buf = udb_create(dev, self->memfd, UDB_PAGE, UDB_PAGE);
	EXPECT_TRUE(event_switch("udmabuf_create", false));
	ASSERT_GE(buf, 0);
	ASSERT_EQ(0, fstat(buf, &st));
	snprintf(detail, sizeof(detail), " ino=%llu pages=1 runs=1 ranges=1\n",
		 (unsigned long long)st.st_ino);
	EXPECT_EQ(1, trace_count("udmabuf_create:", detail));
	close(buf);
	close(dev);
}

TEST_F(observe, fault_is_traced)
{
	char detail[80];

	self->map = map_aligned(self->buf, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->map);
	ASSERT_TRUE(event_switch("udmabuf_fault", true));
	*((volatile char *)self->map + UDB_HUGE + 3 * UDB_PAGE) = 1;
	EXPECT_TRUE(event_switch("udmabuf_fault", false));
	snprintf(detail, sizeof(detail),
		 " ino=%llu pgoff=512 pages=512 order=%d\n", self->ino,
		 entries_are_huge(variant->backing) ? 9 : 0);
	EXPECT_EQ(1, trace_count("udmabuf_fault:", detail));
}

TEST_F(observe, map_is_traced)
{
	struct peek_attach attach = {
		.view = PEEK_SG,
		.direction = PEEK_BIDIRECTIONAL,
	};
	int peek = open("/dev/udmabuf-peek", O_RDWR | O_CLOEXEC);
	char detail[64];

	ASSERT_GE(peek, 0);
	attach.fd = self->buf;
	ASSERT_TRUE(event_switch("udmabuf_map", true));
	EXPECT_EQ(0, ioctl(peek, PEEK_ATTACH, &attach));
	EXPECT_TRUE(event_switch("udmabuf_map", false));
	close(peek);
	snprintf(detail, sizeof(detail), " ino=%llu device=", self->ino);
	EXPECT_EQ(1, trace_count("udmabuf_map:", detail));
}

TEST_F(observe, release_is_traced)
{
	char detail[64];

	ASSERT_TRUE(event_switch("udmabuf_release", true));
	close(self->buf);
	self->buf = -1;
	EXPECT_TRUE(event_switch("udmabuf_release", false));
	snprintf(detail, sizeof(detail), " ino=%llu pages=1024 ", self->ino);
	EXPECT_EQ(1, trace_count("udmabuf_release:", detail));
}

TEST_HARNESS_MAIN
