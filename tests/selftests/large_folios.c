// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory in folios between 4 KiB and 2 MiB, which kernels hand out since
 * 6.12 when they are told to. The memory manager has found such a folio twice
 * when a range began in the middle of it, so that pages came in the wrong order;
 * and drivers have made scatterlist entries of them that were wrong for whoever
 * walks by pages. Ranges begin everywhere here, and every page is looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "mapping.h"
#include "peek.h"

#define SIZE		(2 * UDB_HUGE)
#define NR_PAGES	(SIZE / UDB_PAGE)

/* Bits of /proc/kpageflags. */
#define FOLIO_HEAD	(UINT64_C(1) << 15)

FIXTURE(large_folios) {
	int dev;
	int memfd;
	char *mem;
	char *copy;
	char setting[128]; /* file that says what folios are made */
	char before[16]; /* what it said */
};

FIXTURE_VARIANT(large_folios) {
	unsigned int kib;
	bool mixed;
};

#define LARGE_FOLIOS_VARIANT(name, ...) \
	FIXTURE_VARIANT_ADD(large_folios, name) { __VA_ARGS__ }

LARGE_FOLIOS_VARIANT(of_16_kib, 16, false);
LARGE_FOLIOS_VARIANT(of_64_kib, 64, false);
LARGE_FOLIOS_VARIANT(of_1_mib, 1024, false);
LARGE_FOLIOS_VARIANT(of_16_kib_and_small, 16, true);
LARGE_FOLIOS_VARIANT(of_64_kib_and_small, 64, true);

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);
	return good;
}

/* The word in brackets of "always inherit [never]". */
static bool chosen(const char *path, char *word, size_t size)
{
	char text[128] = "", *start, *end;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	start = strchr(text, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return false;
	snprintf(word, size, "%.*s", (int)(end - start - 1), start + 1);
	return true;
}

/* The entry of page @index in a file of 64-bit words. */
static uint64_t word_of(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t word = 0;

	if (pread(fd, &word, sizeof(word), index * sizeof(word)) !=
	    sizeof(word))
		word = 0;
	close(fd);
	return word;
}

/* How many pages are the first of a folio of several. */
static long count_heads(const char *mem)
{
	uint64_t entry;
	long heads = 0;
	size_t i;

	for (i = 0; i < NR_PAGES; i++) {
		entry = word_of("/proc/self/pagemap",
				(uintptr_t)mem / UDB_PAGE + i);
		entry &= (UINT64_C(1) << 55) - 1;
		heads += !!(word_of("/proc/kpageflags", entry) & FOLIO_HEAD);
	}
	return heads;
}

/*
 * A small folio where a large one would go leaves no room for it, which makes all
 * of its neighbours small: every third place is like that.
 */
static void make_some_small(char *mem, size_t folio)
{
	size_t at;

	for (at = folio; at < SIZE; at += 3 * folio)
		mem[at + UDB_PAGE] = 1;
}

FIXTURE_SETUP(large_folios)
{
	size_t folio = variant->kib * UDB_KIB, nr = SIZE / folio;

	TH_CHECK_FDS();
	ASSERT_EQ(0, peek_load());
	snprintf(
		self->setting, sizeof(self->setting),
		"/sys/kernel/mm/transparent_hugepage/hugepages-%ukB/shmem_enabled",
		variant->kib);
	if (!chosen(self->setting, self->before, sizeof(self->before)))
		SKIP(return, "the kernel has no shmem folios of such sizes");
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE);
	ASSERT_GE(self->memfd, 0);
	self->mem = mapping_at(self->memfd, SIZE, 0, 0, MAPPING_RW);
	ASSERT_NE(MAP_FAILED, self->mem);
	if (variant->mixed)
		make_some_small(self->mem, folio);
	ASSERT_TRUE(put(self->setting, "always"));
	udb_stamp(self->mem, SIZE, 1, 0);
	ASSERT_TRUE(put(self->setting, self->before));
	ASSERT_EQ(variant->mixed ? nr - (nr + 1) / 3 : nr,
		  count_heads(self->mem));
	self->copy = malloc(SIZE);
	ASSERT_NE(NULL, self->copy);
}

FIXTURE_TEARDOWN(large_folios)
{
	if (!self->copy)
		return;
	free(self->copy);
	munmap(self->mem, SIZE);
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->memfd);
	close(self->dev);
}

/* @buf, which is closed, shows pages of the memfd from @first on. */
static bool mapping_shows(int buf, size_t first, size_t size)
{
	char *map = udb_map(buf, size, PROT_READ);
	bool good = map && udb_stamp_wrong(map, size, 1, first) == -1;

	if (map)
		munmap(map, size);
	close(buf);
	return good;
}

TEST_F_TIMEOUT(large_folios, ranges_begin_anywhere, 60)
{
	size_t first, size;
	int buf, wrong = 0;

	for (first = 0; first < 80; first++) {
		size = (NR_PAGES - first) * UDB_PAGE;
		buf = udb_create(self->dev, self->memfd, first * UDB_PAGE,
				 size);
		wrong += !mapping_shows(buf, first, size);
	}
	EXPECT_EQ(0, wrong);
}

TEST_F_TIMEOUT(large_folios, ranges_end_anywhere, 60)
{
	size_t first, nr;
	int buf, wrong = 0;

	for (nr = 1; nr < 80; nr++) {
		first = nr * 7 % 64;
		buf = udb_create(self->dev, self->memfd, first * UDB_PAGE,
				 nr * UDB_PAGE);
		wrong += !mapping_shows(buf, first, nr * UDB_PAGE);
	}
	EXPECT_EQ(0, wrong);
}

/* Neighbours in the list that are neighbours in a folio, and all in all whole. */
TEST_F(large_folios, list_of_pieces_is_the_whole)
{
	struct udmabuf_create_item items[NR_PAGES];
	size_t page = 0;
	int nr = 0;

	while (page < NR_PAGES) {
		size_t length = 1 + nr % 13;

		if (length > NR_PAGES - page)
			length = NR_PAGES - page;
		items[nr++] = (struct udmabuf_create_item){
			.memfd = self->memfd,
			.offset = page * UDB_PAGE,
			.size = length * UDB_PAGE,
		};
		page += length;
	}
	EXPECT_TRUE(mapping_shows(udb_create_list(self->dev, items, nr), 0,
				  SIZE));
}

TEST_F(large_folios, importers_see_all_pages)
{
	static const enum peek_view views[] = { PEEK_SG, PEEK_PAGES, PEEK_VMAP,
						PEEK_DMA };
	size_t first = 5, size = (NR_PAGES - first) * UDB_PAGE, i;
	int buf, peek;

	buf = udb_create(self->dev, self->memfd, first * UDB_PAGE, size);
	ASSERT_GE(buf, 0);
	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		peek = peek_attach(buf, views[i], PEEK_BIDIRECTIONAL);
		ASSERT_GE(peek, 0);
		ASSERT_TRUE(peek_read(peek, self->copy, size, 0));
		EXPECT_EQ(-1, udb_stamp_wrong(self->copy, size, 1, first))
		TH_LOG("view %zu", i);
		close(peek);
	}
	close(buf);
}

TEST_HARNESS_MAIN
