// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real DMA, the table: which addresses the device gets, in how many segments,
 * and that nothing of it stays. The suite runs in machines where the device
 * reaches all memory, where bounce buffers are in between, and behind an IOMMU;
 * UDMABUF_MACHINE says which, so that a machine that is not what it is meant to
 * be is noticed.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "edu_device.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

/* What one bounce buffer takes at most. */
#define BOUNCE_MAX	(256 * UDB_KIB)

EDU_BUFFER_FIXTURE(edu_table);

/* The physical address of a page that is present, 0 when it cannot be told. */
static uint64_t physical_address(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry),
		  (uintptr_t)page / UDB_PAGE * sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(fd);
	/* Bit 63: present. Bits 0 to 54: the page frame number. */
	return entry >> 63 ? (entry & ((UINT64_C(1) << 55) - 1)) * UDB_PAGE : 0;
}

/* Pages whose address is the same for the device as for the processor. */
static long pages_at_home(char *mem, const struct edu_segment *segments,
			  unsigned int count)
{
	volatile char touch = 0;
	long same = 0;
	size_t page = 0;
	uint64_t skip;
	unsigned int i;

	for (i = 0; i < count; i++)
		for (skip = 0; skip < segments[i].length; skip += UDB_PAGE) {
			touch += mem[page * UDB_PAGE];
			same += physical_address(mem + page * UDB_PAGE) ==
				segments[i].address + skip;
			page++;
		}
	return same;
}

/*
 * Without anything in between, the device's addresses are those of the memory,
 * page by page; else they are others, or the machine is not what it should be.
 */
TEST_F(edu_table, addresses_are_those_of_the_machine)
{
	int edu = edu_attach(self->buf, 0, EDU_BIDIRECTIONAL);
	struct edu_segment *segments;
	struct edu_info info;
	unsigned int count;

	ASSERT_GE(edu, 0);
	ASSERT_EQ(0, edu_info(edu, &info));
	ASSERT_NE(0, physical_address(self->mem));
	segments = edu_segments(edu, &count);
	ASSERT_NE(NULL, segments);
	ASSERT_NE(EDU_MACHINE_UNKNOWN, edu_machine());
	EXPECT_EQ(edu_machine() == EDU_MACHINE_IOMMU ? EDU_INFO_IOMMU : 0,
		  info.flags & ~EDU_INFO_HIDDEN);
	EXPECT_EQ(edu_machine() == EDU_MACHINE_DIRECT ? EDU_PAGES : 0,
		  pages_at_home(self->mem, segments, count));
	free(segments);
	close(edu);
}

static uint64_t longest_segment(const struct edu_segment *segments,
				unsigned int count)
{
	uint64_t longest = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (segments[i].length > longest)
			longest = segments[i].length;
	return longest;
}

/*
 * A segment longer than what the device, or a bounce buffer, takes at a time
 * cannot be mapped at all, or overruns the device's counter.
 */
TEST_F(edu_table, segments_fit_the_device)
{
	static const unsigned long longest[] = {
		UDB_PAGE,
		3 * UDB_PAGE,
		64 * UDB_KIB,
		EDU_ANY_SEGMENT,
	};
	struct edu_segment *segments;
	unsigned int count;
	struct edu_info info;
	size_t i;
	int edu;

	for (i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		ASSERT_EQ(0, edu_set("max_segment", longest[i]));
		edu = edu_attach(self->buf, 0, EDU_TO_DEVICE);
		ASSERT_GE(edu, 0);
		ASSERT_EQ(0, edu_info(edu, &info));
		segments = edu_segments(edu, &count);
		ASSERT_NE(NULL, segments);
		EXPECT_EQ(EDU_SIZE, info.bytes);
		EXPECT_LE(longest_segment(segments, count), longest[i]);
		if (edu_machine() == EDU_MACHINE_BOUNCE)
			EXPECT_LE(longest_segment(segments, count), BOUNCE_MAX);
		free(segments);
		close(edu);
	}
}

/*
 * A buffer of pages in an order in which none follows the one before, whether
 * the kernel gave out rising or falling addresses.
 */
static int create_scattered(int dev, int memfd)
{
	struct udmabuf_create_item items[EDU_PAGES] = {};
	unsigned int i;

	for (i = 0; i < EDU_PAGES; i++) {
		items[i].memfd = memfd;
		items[i].offset = EDU_START + i * 3 % EDU_PAGES * UDB_PAGE;
		items[i].size = UDB_PAGE;
	}
	return udb_create_list(dev, items, EDU_PAGES);
}

static void expect_segments(struct udb_test *_metadata, int buf,
			    unsigned int merged)
{
	int edu = edu_attach(buf, 0, EDU_BIDIRECTIONAL);
	struct edu_info info;

	ASSERT_GE(edu, 0);
	ASSERT_EQ(0, edu_info(edu, &info));
	close(edu);
	EXPECT_EQ(EDU_SIZE, info.bytes);
	if (edu_machine() == EDU_MACHINE_IOMMU)
		EXPECT_EQ(merged, info.nents);
	else
		EXPECT_EQ(info.orig_nents, info.nents);
	/*
	 * Neighbours by chance are no reason to fail. Segments that are merged and
	 * hidden cannot be counted.
	 */
	if (edu_machine() != EDU_MACHINE_IOMMU ||
	    !(info.flags & EDU_INFO_HIDDEN))
		EXPECT_GT(info.orig_nents, EDU_PAGES / 2);
}

/* One segment for all behind an IOMMU: nents is not orig_nents there. */
TEST_F(edu_table, scattered_pages_merge_behind_an_iommu)
{
	int buf = create_scattered(self->dev, self->memfd);

	ASSERT_GE(buf, 0);
	expect_segments(_metadata, buf, 1);
	close(buf);
}

/* Merged up to what the device takes, and no further. */
TEST_F(edu_table, merged_segments_fit_the_device)
{
	int buf;

	ASSERT_EQ(0, edu_set("max_segment", 64 * UDB_KIB));
	buf = create_scattered(self->dev, self->memfd);
	ASSERT_GE(buf, 0);
	expect_segments(_metadata, buf, EDU_SIZE / (64 * UDB_KIB));
	close(buf);
}

/* The order of the list is the order for the device: as whole pages, both ways. */
TEST_F(edu_table, scattered_pages_keep_their_order)
{
	struct edu_pieces pieces = edu_some_pages(3);
	char *map;
	int buf, edu;

	buf = create_scattered(self->dev, self->memfd);
	ASSERT_GE(buf, 0);
	map = udb_map(buf, EDU_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	edu = edu_attach(buf, 0, EDU_BIDIRECTIONAL);
	ASSERT_GE(edu, 0);
	EXPECT_EQ(0, udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	edu_fill(map, 0, EDU_SIZE, 2);
	EXPECT_EQ(0, udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(-1, edu_device_reads(edu, &pieces, 2));
	ASSERT_EQ(0, edu_device_writes(edu, &pieces, 3));
	EXPECT_EQ(0, udb_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(-1, edu_wrong_pieces(map, &pieces, 3));
	EXPECT_EQ(0, udb_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	close(edu);
	munmap(map, EDU_SIZE);
	close(buf);
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file)
		return -errno;
	if (fscanf(file, "%ld", &number) != 1)
		number = -EIO;
	fclose(file);
	return number;
}

static long bounce_slots(void)
{
	return read_number("/sys/kernel/debug/swiotlb/io_tlb_used");
}

/*
 * Others use bounce buffers as well where all of DMA has to, but for a moment
 * only: the number comes back to what it was.
 */
static bool bounce_slots_return_to(long before)
{
	int i;

	for (i = 0; i < 50 && bounce_slots() > before; i++)
		usleep(20000);
	return bounce_slots() <= before;
}

/*
 * Each mapping of a bounced buffer takes room that all devices share, 64 MiB of
 * it: forty leaks would be more than there is.
 */
TEST_F(edu_table, bounce_buffers_are_given_back)
{
	long before = bounce_slots(), during;
	int edu, round;

	ASSERT_GE(before, 0);
	for (round = 0; round < 40; round++) {
		edu = edu_attach(self->buf, round % 2, round % 3);
		ASSERT_GE(edu, 0)
		TH_LOG("round %d", round);
		EXPECT_EQ(0, udb_sync(self->buf,
				      DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
		during = bounce_slots();
		close(edu);
		/* A slot has 2 KiB. */
		if (edu_machine() == EDU_MACHINE_BOUNCE)
			EXPECT_GE(during - before, EDU_SIZE / 2048);
	}
	EXPECT_TRUE(bounce_slots_return_to(before))
	TH_LOG("%ld slots, %ld before", bounce_slots(), before);
}

/* What keeps a module from being unloaded; 0 for what is built in. */
static long module_users(const char *module)
{
	char path[128];
	long users;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	users = read_number(path);
	return users == -ENOENT ? 0 : users;
}

/* A buffer keeps its driver, an attachment the importer, and neither longer. */
TEST_F(edu_table, modules_are_let_go)
{
	const char *exporter = getenv("UDMABUF_MODULE") ?: "udmabuf";
	long before = module_users(exporter);
	int buf, edu;

	EXPECT_EQ(0, module_users("udmabuf_edu"));
	buf = udb_create(self->dev, self->memfd, 0, UDB_PAGE);
	ASSERT_GE(buf, 0);
	edu = edu_attach(buf, 0, EDU_BIDIRECTIONAL);
	ASSERT_GE(edu, 0);
	close(buf);
	/* The attachment has the buffer now. */
	EXPECT_EQ(1, module_users("udmabuf_edu"));
	if (getenv("UDMABUF_MODULE"))
		EXPECT_EQ(before + 1, module_users(exporter));
	close(edu);
	EXPECT_EQ(0, module_users("udmabuf_edu"));
	EXPECT_EQ(before, module_users(exporter));
}

/*
 * A page that came into a hole for the buffer, and that only the device wrote,
 * has no trace of that in it which the memory manager could see: reclaim threw
 * it away after the close. Nobody but the device writes here.
 */
static void expect_dma_survives(struct udb_test *_metadata, int dev, int memfd)
{
	struct edu_pieces pieces = edu_some_pages(7);
	int buf = udb_create(dev, memfd, EDU_START, EDU_SIZE), edu;
	volatile char touch = 0;
	char *mem;
	size_t i;

	ASSERT_GE(buf, 0);
	edu = edu_attach(buf, 0, EDU_FROM_DEVICE);
	ASSERT_GE(edu, 0);
	ASSERT_EQ(0, edu_device_writes(edu, &pieces, 2));
	close(edu);
	close(buf);

	mem = udb_map(memfd, EDU_MEMFD, PROT_READ);
	ASSERT_NE(NULL, mem);
	/* Pages that were read lately are where MADV_PAGEOUT looks for them. */
	for (i = 0; i < EDU_PAGES; i++)
		touch += mem[EDU_START + i * UDB_PAGE];
	ASSERT_EQ(0, madvise(mem, EDU_MEMFD, MADV_PAGEOUT));
	EXPECT_EQ(-1, edu_wrong_pieces(mem + EDU_START, &pieces, 2));
	munmap(mem, EDU_MEMFD);
}

TEST(device_writes_into_holes_survive_reclaim)
{
	int memfd = udb_memfd_empty(UDB_SHMEM_4K, EDU_MEMFD), dev;
	cpu_set_t one;

	/* Pages wait in a list per CPU before reclaim sees them: stay on one. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ASSERT_EQ(0, access(EDU_DEVICE, R_OK | W_OK));
	ASSERT_GE(memfd, 0);
	UDB_DEV_OPEN(dev);
	expect_dma_survives(_metadata, dev, memfd);
	close(memfd);
	close(dev);
}

TEST_HARNESS_MAIN
