// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library and a real driver: which pages a buffer gets, that its mappings show
 * the same bytes, and what the driver's limits do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "real.h"

#define NOBODY		65534
#define SHMEM_SETTING	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

FIXTURE(buffer) {
	struct udb_device *dev;
	struct udb_buffer *buf;
	struct udb_alloc_opts opts;
};

FIXTURE_VARIANT(buffer) {
};

FIXTURE_VARIANT_ADD(buffer, real) {};

FIXTURE_SETUP(buffer)
{
	TH_CHECK_FDS();
	self->buf = NULL;
	self->opts =
		(struct udb_alloc_opts){ .struct_size = sizeof(self->opts) };
	ASSERT_EQ(0, real_open(&self->dev));
}

FIXTURE_TEARDOWN(buffer)
{
	udb_buffer_free(self->buf);
	udb_device_unref(self->dev);
}

static int alloc(FIXTURE_DATA(buffer) *self, size_t size)
{
	return udb_buffer_alloc(self->dev, size, &self->opts, &self->buf);
}

/* kB of the mapping at @addr that huge entries map; -1 when it is not found. */
static long huge_kb(const void *addr, const char *field)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512], key[64];
	uintptr_t start, end;
	long value, found = -1;

	while (smaps && found < 0 && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2)
			inside = start == (uintptr_t)addr;
		else if (inside &&
			 sscanf(line, "%63[^:]: %ld", key, &value) == 2 &&
			 !strcmp(key, field))
			found = value;
	}
	if (smaps)
		fclose(smaps);
	return found;
}

static int write_setting(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -errno;
	done = write(fd, text, strlen(text));
	close(fd);
	return done < 0 ? -1 : 0;
}

/* A different number in each page. */
static void fill(uint64_t *mem, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size / sizeof(*mem); i += 512)
		mem[i] = seed + i;
}

static bool is_filled(const uint64_t *mem, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size / sizeof(*mem); i += 512)
		if (mem[i] != seed + i)
			return false;
	return true;
}

TEST_F(buffer, probe_knows_the_driver)
{
	struct udb_probe probe = { .struct_size = sizeof(probe) };
	char text[256];

	ASSERT_EQ(0, udb_probe(getenv("UDMABUF_DEVICE"), &probe));
	ASSERT_EQ(0, udb_probe_explain(&probe, text, sizeof(text)));
	EXPECT_EQ(UDB_REASON_NONE, probe.reason)
	TH_LOG("%s", text);
	EXPECT_EQ(real_is_ours() ? UDB_DRIVER_NG : UDB_DRIVER_STOCK,
		  probe.driver);
	EXPECT_EQ(real_is_ours(), !!probe.version[0]);
	EXPECT_GE(probe.list_limit, 1024);
	EXPECT_GE(probe.size_limit, 64 * MIB);
	EXPECT_NE(0, probe.features & UDB_FEATURE_SYNC_FILE);
	EXPECT_NE(0, probe.features & UDB_FEATURE_THP);
	EXPECT_NE(0, probe.features & UDB_FEATURE_HUGETLB_2M);
}

TEST_F(buffer, probe_tells_of_permission)
{
	struct udb_probe probe = { .struct_size = sizeof(probe) };

	ASSERT_EQ(0, chmod(getenv("UDMABUF_DEVICE"), 0600));
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(0, udb_probe(getenv("UDMABUF_DEVICE"), &probe));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(UDB_REASON_PERMISSION, probe.reason);
	EXPECT_EQ(-EACCES, probe.error);
	EXPECT_STREQ("root", probe.group);
}

TEST_F(buffer, another_device_is_none)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.path = "/dev/null" };
	struct udb_device *dev;

	EXPECT_EQ(-ENOTTY, udb_device_open(&opts, &dev));
}

/* Both mappings show the same memory, in both directions. */
TEST_F(buffer, mappings_agree)
{
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .flags = UDB_MAP_MEMFD };
	void *dmabuf, *memfd;

	ASSERT_EQ(0, alloc(self, 5 * MIB));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &dmabuf));
	ASSERT_EQ(0, udb_buffer_map(self->buf, &opts, &memfd));
	ASSERT_EQ(0, udb_buffer_sync_begin(self->buf, UDB_WRITE));
	fill(dmabuf, 5 * MIB, 7);
	ASSERT_EQ(0, udb_buffer_sync_end(self->buf, UDB_WRITE));
	EXPECT_TRUE(is_filled(memfd, 5 * MIB, 7));
	fill(memfd, 5 * MIB, 9);
	EXPECT_TRUE(is_filled(dmabuf, 5 * MIB, 9));
	EXPECT_EQ(0, udb_unmap(dmabuf, 5 * MIB));
	EXPECT_EQ(0, udb_unmap(memfd, 5 * MIB));
}

/* Checks that all of a buffer is of huge folios: only then are entries huge. */
#define EXPECT_HUGE(buf, size) do {					\
		struct udb_map_opts opts_ = {				\
			.struct_size = sizeof(opts_),			\
			.flags = UDB_MAP_MEMFD | UDB_MAP_POPULATE,	\
		};							\
		void *addr_;						\
									\
		ASSERT_EQ(0, udb_buffer_map(buf, &opts_, &addr_));	\
		EXPECT_EQ((long)((size) / 1024),			\
			  huge_kb(addr_, "ShmemPmdMapped"));		\
		udb_unmap(addr_, size);					\
	} while (0)

/* "An ordinary program gets large folios without asking": the setting allows it. */
TEST_F(buffer, huge_for_everybody_when_advised)
{
	ASSERT_EQ(0, write_setting(SHMEM_SETTING, "advise"));
	ASSERT_EQ(0, udb_buffer_alloc(self->dev, 8 * MIB, NULL, &self->buf));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
	EXPECT_HUGE(self->buf, 8 * MIB);
}

/* The same where the setting forbids it, which it does by default, and as nobody. */
TEST_F(buffer, huge_for_everybody_when_never)
{
	int ret;

	ASSERT_EQ(0, write_setting(SHMEM_SETTING, "never"));
	ASSERT_EQ(0, seteuid(NOBODY));
	ret = udb_buffer_alloc(self->dev, 8 * MIB, NULL, &self->buf);
	EXPECT_EQ(0, seteuid(0));
	EXPECT_EQ(0, write_setting(SHMEM_SETTING, "advise"));
	ASSERT_EQ(0, ret);
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
	EXPECT_HUGE(self->buf, 8 * MIB);
}

TEST_F(buffer, huge_by_threads)
{
	self->opts.flags = UDB_ALLOC_POPULATE;
	self->opts.threads = 4;
	ASSERT_EQ(0, alloc(self, 32 * MIB));
	EXPECT_EQ(UDB_BACKING_THP, udb_buffer_backing(self->buf));
	EXPECT_HUGE(self->buf, 32 * MIB);
}

/* Ours maps a huge page by one entry; the place of the mapping must allow that. */
TEST_F(buffer, mapping_of_the_dmabuf_is_placed_for_huge_entries)
{
	void *addr;

	ASSERT_EQ(0, alloc(self, 8 * MIB));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &addr));
	EXPECT_EQ(0, (uintptr_t)addr % (2 * MIB));
	fill(addr, 8 * MIB, 3);
	EXPECT_EQ(0, udb_unmap(addr, 8 * MIB));
}

TEST_F(buffer, new_memory_is_zero)
{
	static const char zeros[4096];
	char *addr;

	ASSERT_EQ(0, alloc(self, 3 * MIB));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, (void **)&addr));
	for (size_t i = 0; i < 3 * MIB; i += sizeof(zeros))
		ASSERT_EQ(0, memcmp(addr + i, zeros, sizeof(zeros)));
	udb_unmap(addr, 3 * MIB);
}

TEST_F(buffer, hugetlb)
{
	void *addr;

	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	self->opts.flags = UDB_ALLOC_EXACT;
	ASSERT_EQ(0, alloc(self, 5 * MIB));
	EXPECT_EQ(6 * MIB, udb_buffer_size(self->buf));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &addr));
	fill(addr, 6 * MIB, 5);
	EXPECT_TRUE(is_filled(addr, 6 * MIB, 5));
	udb_unmap(addr, 6 * MIB);
}

/* More than the pool has: transparent ones, and no signal. */
TEST_F(buffer, hugetlb_beyond_the_pool)
{
	self->opts.backing = UDB_BACKING_HUGETLB_1G;
	ASSERT_EQ(0, alloc(self, 4 * MIB));
	EXPECT_GE(udb_buffer_backing(self->buf), UDB_BACKING_THP);
	self->buf = udb_buffer_free(self->buf);
	self->opts.flags = UDB_ALLOC_EXACT;
	self->opts.backing = UDB_BACKING_HUGETLB_2M;
	EXPECT_EQ(real_is_ours() ? -EOPNOTSUPP : -EFBIG,
		  alloc(self, real_is_ours() ? 60000 * MIB : (1UL << 51) + 1));
}

TEST_F(buffer, above_the_limit)
{
	uint64_t size;
	uint32_t list;

	ASSERT_EQ(0, udb_device_limits(self->dev, &size, &list));
	EXPECT_EQ(-EFBIG, alloc(self, size + 1));
}

TEST_F(buffer, name_and_exporter)
{
	struct udb_info info = { .struct_size = sizeof(info) };

	self->opts.name = "real";
	ASSERT_EQ(0, alloc(self, 4096));
	ASSERT_EQ(0, udb_info_get(udb_buffer_fd(self->buf), &info));
	EXPECT_STREQ("real", info.name);
	EXPECT_STREQ("udmabuf", info.exporter);
	EXPECT_EQ(4096, info.size);
	EXPECT_EQ(1, udb_info_is_udmabuf(udb_buffer_fd(self->buf)));
	EXPECT_EQ(-ENOTTY, udb_info_is_udmabuf(udb_buffer_memfd(self->buf)));
}

TEST_F(buffer, adopts_a_dmabuf_and_nothing_else)
{
	struct udb_buffer *again;
	int fd;

	ASSERT_EQ(0, alloc(self, 8192));
	EXPECT_EQ(-ENOTTY,
		  udb_buffer_adopt(udb_buffer_memfd(self->buf), &again));
	fd = udb_buffer_dup_fd(self->buf);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, udb_buffer_adopt(fd, &again));
	EXPECT_EQ(8192, udb_buffer_size(again));
	udb_buffer_free(again);
}

TEST_F(buffer, sync_files_of_an_idle_buffer)
{
	int fence, fd;

	ASSERT_EQ(0, alloc(self, 4096));
	fd = udb_buffer_fd(self->buf);
	fence = udb_sync_export(fd, UDB_READ | UDB_WRITE);
	ASSERT_GE(fence, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fence, F_GETFD));
	EXPECT_EQ(0, udb_sync_wait(fence, UDB_WRITE, 0));
	EXPECT_EQ(0, udb_sync_import(fd, UDB_WRITE, fence));
	EXPECT_EQ(0, udb_sync_wait(fd, UDB_WRITE, 0));
	close(fence);
}

/* A memfd of @size with a number in each page, as a guest's memory. */
static int memfd_filled(size_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *mem;

	if (fd < 0 || ftruncate(fd, size))
		return -1;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return -1;
	fill(mem, size, 0);
	munmap(mem, size);
	return fd;
}

/* Pages backwards: nothing to join, and each must be in its place. */
static void backwards(struct udb_range *ranges, size_t nr, int memfd)
{
	for (size_t i = 0; i < nr; i++)
		ranges[i] = (struct udb_range){ .memfd = memfd,
						.offset = (nr - 1 - i) * 4096,
						.size = 4096 };
}

static bool is_backwards(const struct udb_buffer *buf, size_t first, size_t nr)
{
	const uint64_t *mem;
	bool right = true;
	void *addr;

	if (udb_buffer_map(buf, NULL, &addr))
		return false;
	mem = addr;
	for (size_t i = 0; i < udb_buffer_size(buf) / 4096; i++)
		right &= mem[i * 512] == (nr - 1 - first - i) * 512;
	udb_unmap(addr, udb_buffer_size(buf));
	return right;
}

TEST_F(buffer, wraps_a_list)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_WRAP_ADD_SEALS };
	struct udb_range ranges[64];
	int memfd = memfd_filled(64 * 4096);

	ASSERT_GE(memfd, 0);
	backwards(ranges, 64, memfd);
	ASSERT_EQ(0, udb_buffer_wrap(self->dev, ranges, 64, &opts, &self->buf));
	close(memfd);
	EXPECT_TRUE(is_backwards(self->buf, 0, 64));
}

/* One more than the longest list that the driver takes. */
TEST_F_TIMEOUT(buffer, wraps_a_list_above_the_limit, 100)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_WRAP_ADD_SEALS };
	struct udb_buffer *bufs[2];
	struct udb_range *ranges;
	uint64_t size;
	uint32_t list;
	int memfd;

	ASSERT_EQ(0, udb_device_limits(self->dev, &size, &list));
	ranges = calloc(list + 1, sizeof(*ranges));
	memfd = memfd_filled((list + 1) * 4096UL);
	ASSERT_GE(memfd, 0);
	backwards(ranges, list + 1, memfd);
	EXPECT_EQ(-E2BIG, udb_buffer_wrap(self->dev, ranges, list + 1, &opts,
					  &self->buf));
	ASSERT_EQ(2, udb_buffer_wrap_split(self->dev, ranges, list + 1, &opts,
					   bufs, 2));
	close(memfd);
	free(ranges);
	EXPECT_EQ(list * 4096UL, udb_buffer_size(bufs[0]));
	EXPECT_TRUE(is_backwards(bufs[0], 0, list + 1));
	EXPECT_TRUE(is_backwards(bufs[1], list, list + 1));
	udb_buffer_free(bufs[0]);
	udb_buffer_free(bufs[1]);
}

TEST_F(buffer, wraps_from_the_middle_of_a_page)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_WRAP_ADD_SEALS |
					       UDB_WRAP_ROUND_OUT };
	struct udb_range range = { .offset = 3 * 4096 + 8, .size = 100 };
	char *mem;

	range.memfd = memfd_filled(8 * 4096);
	ASSERT_GE(range.memfd, 0);
	ASSERT_EQ(8, pwrite(range.memfd, "a string", 8, range.offset));
	ASSERT_EQ(0, udb_buffer_wrap(self->dev, &range, 1, &opts, &self->buf));
	close(range.memfd);
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, (void **)&mem));
	EXPECT_EQ(0, memcmp("a string", mem + udb_buffer_offset(self->buf), 8));
	udb_unmap(mem, udb_buffer_size(self->buf));
}

TEST_F(buffer, wraps_nothing_behind_the_end)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_WRAP_ADD_SEALS };
	struct udb_range range = { .offset = 8 * 4096, .size = 4096 };

	range.memfd = memfd_filled(8 * 4096);
	ASSERT_GE(range.memfd, 0);
	EXPECT_EQ(-EINVAL,
		  udb_buffer_wrap(self->dev, &range, 1, &opts, &self->buf));
	close(range.memfd);
}

/* The other process reads what this one wrote; its answer is its exit status. */
static int receive_and_look(int socket)
{
	struct udb_buffer *buf;
	void *addr;

	if (udb_pass_receive(socket, 20000, NULL, &buf))
		return 1;
	if (udb_buffer_layout(buf)->width != 640)
		return 2;
	if (udb_buffer_map(buf, NULL, &addr))
		return 3;
	return is_filled(addr, udb_buffer_size(buf), 11) ? 0 : 4;
}

TEST_F(buffer, passed_to_another_process)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	int sockets[2], status;
	void *addr;
	pid_t pid;

	ASSERT_EQ(0, udb_layout_compute(UDB_FOURCC('N', 'V', '1', '2'), 640,
					480, 0, &layout));
	ASSERT_EQ(0,
		  udb_buffer_alloc_image(self->dev, &layout, NULL, &self->buf));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &addr));
	fill(addr, udb_buffer_size(self->buf), 11);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				sockets));
	pid = fork();
	if (!pid)
		_exit(receive_and_look(sockets[1]));
	ASSERT_EQ(0, udb_pass_send(sockets[0], self->buf));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(sockets[0]);
	close(sockets[1]);
	udb_unmap(addr, udb_buffer_size(self->buf));
}

TEST_F(buffer, memfd_without_driver)
{
	struct udb_device_opts opts = { .struct_size = sizeof(opts),
					.path = "/dev/no-such-node",
					.fallback = UDB_FALLBACK_MEMFD };
	struct udb_device *dev;
	void *addr;

	ASSERT_EQ(0, udb_device_open(&opts, &dev));
	ASSERT_EQ(0, udb_buffer_alloc(dev, 4 * MIB, NULL, &self->buf));
	ASSERT_EQ(0, udb_buffer_map(self->buf, NULL, &addr));
	fill(addr, 4 * MIB, 1);
	udb_unmap(addr, 4 * MIB);
	udb_device_unref(dev);
}

TEST_HARNESS_MAIN
