// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading, with both engines: each byte is where it belongs, and what is not of a
 * file is zero. The same tests run on other file systems (filesystems).
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "files.h"

#define TAIL	123

FIXTURE(load) {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_failure why;
	struct files_held before;
};

FIXTURE_VARIANT(load) {
	uint32_t engine;
};

FIXTURE_VARIANT_ADD(load, uring) {
	.engine = UDB_LOAD_ENGINE_URING,
};

FIXTURE_VARIANT_ADD(load, threads) {
	.engine = UDB_LOAD_ENGINE_THREADS,
};

FIXTURE_SETUP(load)
{
	files_begin();
	self->dev = files_device();
	self->opts = (struct udb_load_opts){
		.struct_size = sizeof(self->opts),
		.engine = variant->engine,
		.block_size = 256 * KIB,
		.depth = 8,
	};
	self->why = (struct udb_load_failure){
		.struct_size = sizeof(self->why),
	};
	self->before = files_held();
}

FIXTURE_TEARDOWN(load)
{
	EXPECT_NOTHING_LEFT(self->before);
	udb_device_unref(self->dev);
	files_end();
}

static int load_nr(
	FIXTURE_DATA(load) *self, const struct udb_load_source *sources,
		   size_t nr, struct udb_load **load)
{
	int ret = udb_load_files(self->dev, sources, nr, &self->opts,
				 &self->why, load);

	if (ret)
		printf("# %s\n", self->why.text);
	return ret;
}

static int load_one(
	FIXTURE_DATA(load) *self, const char *path, struct udb_load **load)
{
	struct udb_load_source source = { .path = path };

	return load_nr(self, &source, 1, load);
}

static struct udb_load_report report_of(const struct udb_load *load)
{
	struct udb_load_report report = { .struct_size = sizeof(report) };

	if (udb_load_report_get(load, &report))
		abort();
	return report;
}

static struct udb_load_place place_of(const struct udb_load *load, size_t index)
{
	struct udb_load_place place = { .struct_size = sizeof(place) };

	if (udb_load_place_get(load, index, &place))
		abort();
	return place;
}

/* Of the piece at @index: the bytes of the file, and their place in a page. */
#define EXPECT_PIECE(load, index) do {					\
		const uint8_t *all_ = files_map(load);			\
		struct udb_load_place at_ = place_of(load, index);	\
									\
		EXPECT_EQ(at_.size,					\
			  files_wrong(all_ + at_.buffer_offset,		\
				      at_.file_offset, at_.size));	\
		EXPECT_EQ(at_.file_offset % 4096,			\
			  at_.buffer_offset % 4096);			\
		udb_unmap((void *)all_, udb_load_size(load));		\
	} while (0)

/* The first claim of all: what is loaded is the file. */
TEST_F(load, whole_file)
{
	const char *path = files_make("a", 9 * MIB + TAIL);
	struct udb_load *load;

	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(9 * MIB + TAIL, report_of(load).bytes);
	EXPECT_EQ(variant->engine, report_of(load).engine);
	udb_load_free(load);
}

/* Direct I/O reads whole blocks of the disk: what is behind the end is not ours. */
TEST_F(load, zeroes_behind_the_end)
{
	const char *path = files_make("a", MIB + TAIL);
	struct udb_load *load;
	const uint8_t *all;

	ASSERT_EQ(0, load_one(self, path, &load));
	all = files_map(load);
	ASSERT_LT(MIB + TAIL, udb_load_size(load));
	EXPECT_EQ(udb_load_size(load) - MIB - TAIL,
		  files_not_zero(all + MIB + TAIL,
				 udb_load_size(load) - MIB - TAIL));
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

TEST_F(load, file_of_one_byte)
{
	const char *path = files_make("a", 1);
	struct udb_load *load;

	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	udb_load_free(load);
}

/* One queue for all, and a huge page can be mapped where each begins. */
TEST_F(load, many_files_begin_at_2_mib)
{
	struct udb_load_source sources[3] = {
		{ .path = files_make("a", 3 * MIB + TAIL) },
		{ .path = files_make("b", 4096) },
		{ .path = files_make("c", 2 * MIB) },
	};
	struct udb_load *load;

	ASSERT_EQ(0, load_nr(self, sources, 3, &load));
	ASSERT_EQ(3, udb_load_nr_places(load));
	for (size_t i = 0; i < 3; i++) {
		EXPECT_PIECE(load, i);
		EXPECT_EQ(0, place_of(load, i).buffer_offset % (2 * MIB));
	}
	udb_load_free(load);
}

/* An offset of no alignment: nothing is copied, so it stays where it is in a page. */
TEST_F(load, range)
{
	struct udb_load_source source = {
		.path = files_make("a", 3 * MIB),
		.offset = MIB + 4096 * 3 + 1152,
		.size = 700 * KIB + 5,
	};
	struct udb_load *load;

	ASSERT_EQ(0, load_nr(self, &source, 1, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(1152, place_of(load, 0).buffer_offset);
	udb_load_free(load);
}

/* What was not asked for is not handed out, although it was on the same blocks. */
TEST_F(load, range_has_zeroes_around_it)
{
	struct udb_load_source source = {
		.path = files_make("a", 3 * MIB),
		.offset = MIB + 1000,
		.size = 100 * KIB,
	};
	struct udb_load *load;
	const uint8_t *all;

	ASSERT_EQ(0, load_nr(self, &source, 1, &load));
	all = files_map(load);
	EXPECT_EQ(1000, files_not_zero(all, 1000));
	EXPECT_EQ(udb_load_size(load) - 1000 - 100 * KIB,
		  files_not_zero(all + 1000 + 100 * KIB,
				 udb_load_size(load) - 1000 - 100 * KIB));
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

/* Tensors are small: pieces of one file do not waste 2 MiB each. */
TEST_F(load, ranges_of_one_file_are_packed)
{
	const char *path = files_make("a", 3 * MIB);
	struct udb_load_source sources[3] = {
		{ .path = path, .offset = 100, .size = 5000 },
		{ .path = path, .offset = MIB + 7, .size = 9000 },
		{ .path = path, .offset = 3 * MIB - 10, .size = 10 },
	};
	struct udb_load *load;

	ASSERT_EQ(0, load_nr(self, sources, 3, &load));
	for (size_t i = 0; i < 3; i++)
		EXPECT_PIECE(load, i);
	EXPECT_LE(udb_load_size(load), 64 * KIB);
	udb_load_free(load);
}

TEST_F(load, find_tells_where_bytes_are)
{
	const char *path = files_make("a", 3 * MIB);
	struct udb_load_source source = {
		.path = path,
		.offset = MIB,
		.size = MIB,
	};
	struct udb_load *load;
	uint64_t at = 1;

	ASSERT_EQ(0, load_nr(self, &source, 1, &load));
	EXPECT_EQ(0, udb_load_find(load, path, MIB + 5, MIB - 5, &at));
	EXPECT_EQ(5, at);
	EXPECT_EQ(-ENOENT, udb_load_find(load, path, MIB + 5, MIB, &at));
	EXPECT_EQ(-ENOENT, udb_load_find(load, path, 0, 1, &at));
	EXPECT_EQ(-ENOENT, udb_load_find(load, "b", MIB, 1, &at));
	udb_load_free(load);
}

/* Holes are zero, and so is new memory: nothing is read. */
TEST_F(load, holes_are_skipped)
{
	const char *path = files_make("a", 300 * KIB);
	struct udb_load *load;
	const uint8_t *all;

	files_write(path, 6 * MIB, 300 * KIB);
	ASSERT_EQ(0, truncate(path, 9 * MIB));
	files_evict(path);
	ASSERT_EQ(0, load_one(self, path, &load));
	all = files_map(load);
	EXPECT_EQ(300 * KIB, files_wrong(all, 0, 300 * KIB));
	EXPECT_EQ(6 * MIB - 300 * KIB,
		  files_not_zero(all + 300 * KIB, 6 * MIB - 300 * KIB));
	EXPECT_EQ(300 * KIB, files_wrong(all + 6 * MIB, 6 * MIB, 300 * KIB));
	EXPECT_EQ(3 * MIB - 300 * KIB, files_not_zero(all + 6 * MIB + 300 * KIB,
						      3 * MIB - 300 * KIB));
	EXPECT_LE(7 * MIB, report_of(load).bytes_hole);
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

TEST_F(load, file_that_is_one_hole)
{
	const char *path = files_make("a", 1);
	struct udb_load *load;
	const uint8_t *all;

	ASSERT_EQ(0, truncate(path, 0));
	ASSERT_EQ(0, truncate(path, 5 * MIB + TAIL));
	self->opts.flags = UDB_LOAD_SHA256;
	ASSERT_EQ(0, load_one(self, path, &load));
	all = files_map(load);
	EXPECT_EQ(udb_load_size(load),
		  files_not_zero(all, udb_load_size(load)));
	EXPECT_EQ(UDB_LOAD_SHA256, place_of(load, 0).checks);
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

/* The smallest and the largest of what can be asked for. */
TEST_F(load, smallest_blocks_one_at_a_time)
{
	const char *path = files_make("a", MIB + TAIL);
	struct udb_load *load;

	self->opts.block_size = 4096;
	self->opts.depth = 1;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(257, report_of(load).reads);
	udb_load_free(load);
}

TEST_F(load, largest_blocks_and_depth)
{
	const char *path = files_make("a", 5 * MIB + TAIL);
	struct udb_load *load;

	self->opts.block_size = GIB;
	self->opts.depth = 1024;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(1, report_of(load).reads - report_of(load).bytes_hole);
	udb_load_free(load);
}

/* The caller's file has a position, which others may rely on. */
TEST_F(load, open_file_keeps_its_position)
{
	int fd = open(files_make("a", 3 * MIB), O_RDONLY | O_CLOEXEC);
	struct udb_load_source source = { .fd = fd };
	struct udb_load *load;

	ASSERT_EQ(77, lseek(fd, 77, SEEK_SET));
	ASSERT_EQ(0, load_nr(self, &source, 1, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(77, lseek(fd, 0, SEEK_CUR));
	EXPECT_STREQ("", place_of(load, 0).path);
	udb_load_free(load);
	close(fd);
}

/* Small pages, too, are the file. */
TEST_F(load, small_pages)
{
	const char *path = files_make("a", 5 * MIB + TAIL);
	struct udb_load *load;

	self->opts.backing = UDB_BACKING_SMALL;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(UDB_BACKING_SMALL, report_of(load).backing);
	EXPECT_EQ(0, report_of(load).bytes_huge);
	udb_load_free(load);
}

TEST_F(load, name_is_that_of_the_memfd)
{
	const char *path = files_make("a", 4096);
	char link[64] = "", proc[64];
	struct udb_load *load;

	self->opts.name = "weights";
	ASSERT_EQ(0, load_one(self, path, &load));
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", udb_load_memfd(load));
	EXPECT_LT(0, readlink(proc, link, sizeof(link) - 1));
	EXPECT_STREQ("/memfd:weights (deleted)", link);
	udb_load_free(load);
}

/*
 * The page cache
 */

/* How a file is read where it is known how that has to end. */
TEST_F(load, way_is_that_of_the_file_system)
{
	const char *path = files_make("a", 16 * MIB);
	struct udb_load *load;
	uint32_t way, silent;

	ASSERT_EQ(0, load_one(self, path, &load));
	way = report_of(load).way;
	silent = report_of(load).silent;
	udb_load_free(load);
	if (files_kind_is("tmpfs"))
		EXPECT_EQ(UDB_LOAD_WAY_CACHED, way);
	if (files_kind_is("ext4") || files_kind_is("xfs") ||
	    files_kind_is("btrfs"))
		EXPECT_EQ(UDB_LOAD_WAY_DIRECT, way);
	if (files_kind_is("ext4-journal") || files_kind_is("btrfs-zstd"))
		EXPECT_NE(UDB_LOAD_WAY_DIRECT, way);
	if (files_kind_is("btrfs-zstd"))
		EXPECT_EQ(1, silent);
}

/* A lie is no "required direct I/O" either; nothing but truth gets through. */
TEST_F(load, required_direct_is_direct)
{
	const char *path = files_make("a", 16 * MIB);
	struct udb_load *load = NULL;
	int ret;

	self->opts.direct = UDB_LOAD_DIRECT_REQUIRE;
	ret = load_one(self, path, &load);
	if (ret) {
		EXPECT_EQ(-EOPNOTSUPP, ret);
		EXPECT_EQ(UDB_LOAD_FAULT_DIRECT, self->why.fault);
		EXPECT_FALSE(files_kind_is("ext4") || files_kind_is("xfs") ||
			     files_kind_is("btrfs"));
		return;
	}
	EXPECT_FALSE(files_kind_is("ext4-journal") ||
		     files_kind_is("btrfs-zstd") || files_kind_is("tmpfs"));
	EXPECT_PIECE(load, 0);
	udb_load_free(load);
}

/* What cannot be compressed is read directly; that says nothing about the rest. */
TEST_F(load, required_direct_is_direct_everywhere)
{
	const char *path = files_make_mixed("a", 4 * MIB, 8 * MIB);
	struct udb_load *load = NULL;

	self->opts.direct = UDB_LOAD_DIRECT_REQUIRE;
	self->opts.depth = 1;
	EXPECT_TRUE(load_one(self, path, &load) == -EOPNOTSUPP ||
		    !files_kind_is("btrfs-zstd"));
	udb_load_free(load);
}

/* Whatever the file system does: what was not cached before is not afterwards. */
TEST_F(load, leaves_no_page_cache)
{
	const char *path = files_make("a", 16 * MIB + TAIL);
	struct udb_load *load;

	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_LE(report_of(load).cache_grown, 160 * KIB);
	udb_load_free(load);
}

TEST_F(load, without_direct_leaves_no_page_cache)
{
	const char *path = files_make("a", 16 * MIB + TAIL);
	struct udb_load *load;

	self->opts.direct = UDB_LOAD_DIRECT_NEVER;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_NE(UDB_LOAD_WAY_DIRECT, report_of(load).way);
	EXPECT_LE(report_of(load).cache_grown, 160 * KIB);
	udb_load_free(load);
}

/* Others use the page cache, too: what they have in it stays. */
TEST_F(load, leaves_the_page_cache_of_others)
{
	const char *path = files_make("a", 4 * MIB);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct udb_load *load;
	static char bytes[MIB];
	uint64_t cached;

	ASSERT_EQ(MIB, pread(fd, bytes, MIB, 0));
	close(fd);
	self->opts.direct = UDB_LOAD_DIRECT_NEVER;
	ASSERT_EQ(0, load_one(self, path, &load));
	cached = report_of(load).cache_before;
	udb_load_free(load);
	EXPECT_LE(MIB, cached);
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_LE(cached, report_of(load).cache_before);
	udb_load_free(load);
}

TEST_F(load, uses_the_cache_when_asked)
{
	const char *path = files_path("a");
	struct udb_load *load;

	files_write(path, 0, 4 * MIB);
	self->opts.flags = UDB_LOAD_USE_CACHE;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_PIECE(load, 0);
	EXPECT_EQ(UDB_LOAD_WAY_CACHED, place_of(load, 0).way);
	udb_load_free(load);
}

/*
 * Checksums
 */

TEST_F(load, checksums_are_those_of_the_file)
{
	const char *path = files_make("a", 5 * MIB + TAIL);
	static uint8_t bytes[5 * MIB + TAIL];
	uint8_t sha256[32];
	XXH64_canonical_t xxh3;
	struct udb_load *load;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = files_byte(i);
	EVP_Digest(bytes, sizeof(bytes), sha256, NULL, EVP_sha256(), NULL);
	XXH64_canonicalFromHash(&xxh3, XXH3_64bits(bytes, sizeof(bytes)));
	self->opts.flags = UDB_LOAD_SHA256 | UDB_LOAD_XXH3;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_EQ(UDB_LOAD_SHA256 | UDB_LOAD_XXH3, place_of(load, 0).checks);
	EXPECT_EQ(0, memcmp(sha256, place_of(load, 0).sha256, 32));
	EXPECT_EQ(0, memcmp(&xxh3, place_of(load, 0).xxh3, 8));
	EXPECT_LT(0, report_of(load).check_ns);
	udb_load_free(load);
}

/* Of a piece that begins and ends anywhere: of the piece, not of its blocks. */
TEST_F(load, checksum_of_a_range)
{
	const char *path = files_make("a", 3 * MIB);
	static uint8_t bytes[MIB + 3];
	uint8_t sha256[32];
	struct udb_load_source source = {
		.path = path,
		.sha256 = sha256,
		.offset = 12345,
		.size = sizeof(bytes),
	};
	struct udb_load *load;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = files_byte(12345 + i);
	EVP_Digest(bytes, sizeof(bytes), sha256, NULL, EVP_sha256(), NULL);
	ASSERT_EQ(0, load_nr(self, &source, 1, &load));
	udb_load_free(load);
	sha256[31] ^= 1;
	load = NULL;
	EXPECT_EQ(-EBADMSG, load_nr(self, &source, 1, &load));
	EXPECT_NULL(load);
	EXPECT_EQ(UDB_LOAD_FAULT_CHECKSUM, self->why.fault);
	EXPECT_STREQ(path, self->why.path);
}

TEST_F(load, wrong_xxh3_is_refused)
{
	const uint8_t wrong[8] = { 1 };
	struct udb_load_source source = {
		.path = files_make("a", MIB),
		.xxh3 = wrong,
	};
	struct udb_load *load = NULL;

	EXPECT_EQ(-EBADMSG, load_nr(self, &source, 1, &load));
	EXPECT_NULL(load);
}

/*
 * Progress
 */

struct watcher {
	uint64_t last;
	uint64_t total;
	unsigned int calls;
	unsigned int cancel_at;
	bool backwards;
};

static int watch(void *data, const struct udb_load_progress *progress)
{
	struct watcher *watcher = data;

	watcher->backwards |= progress->done < watcher->last;
	watcher->last = progress->done;
	watcher->total = progress->total;
	return ++watcher->calls == watcher->cancel_at;
}

TEST_F(load, progress_ends_at_the_total)
{
	const char *path = files_make("a", 8 * MIB + TAIL);
	struct watcher watcher = { 0 };
	struct udb_load *load;

	self->opts.progress = watch;
	self->opts.data = &watcher;
	self->opts.interval_ms = 1;
	ASSERT_EQ(0, load_one(self, path, &load));
	EXPECT_LT(0, watcher.calls);
	EXPECT_FALSE(watcher.backwards);
	EXPECT_EQ(8 * MIB + TAIL, watcher.total);
	EXPECT_EQ(watcher.total, watcher.last);
	udb_load_free(load);
}

/* The teardown sees that reads under way have come to their end. */
TEST_F(load, cancel_leaves_nothing)
{
	const char *path = files_make("a", 32 * MIB);
	struct watcher watcher = { .cancel_at = 1 };
	struct udb_load *load = NULL;

	self->opts.progress = watch;
	self->opts.data = &watcher;
	self->opts.interval_ms = 1;
	self->opts.block_size = 4096;
	EXPECT_EQ(-ECANCELED, load_one(self, path, &load));
	EXPECT_NULL(load);
	EXPECT_EQ(UDB_LOAD_FAULT_CANCELED, self->why.fault);
	EXPECT_EQ(1, watcher.calls);
}

TEST_HARNESS_MAIN
