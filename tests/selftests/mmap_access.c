// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapping as an argument: of system calls that copy, of those that want the
 * pages themselves, of madvise and mlock, and of the files under /proc.
 *
 * The mapping holds page numbers without pages (VM_PFNMAP). Copying works;
 * whatever has to pin a page gives EFAULT. Direct I/O therefore has to go to
 * the memfd's own mapping, and these tests say so.
 */
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "buffer.h"
#include "mapping.h"

#define SIZE	(2 * UDB_HUGE)

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

UDB_BUFFER_FIXTURE(mmap_access, SIZE);

static char *map_all(int buf)
{
	char *map = mapping_at(buf, SIZE, 0, 0, MAPPING_RW);

	return map == MAP_FAILED ? NULL : map;
}

/* Memory that is dropped is not data that is dropped. */
TEST_F(mmap_access, madvise_drops_nothing)
{
	static const int advices[] = {
		MADV_DONTNEED,	    MADV_DONTNEED_LOCKED, MADV_FREE,
		MADV_COLD,	    MADV_PAGEOUT,	  MADV_WIPEONFORK,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	char *map = map_all(self->buf);
	size_t i;

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, mapping_touch(map, true));
	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		EXPECT_ERRNO(EINVAL, madvise(map, SIZE, advices[i]))
		TH_LOG("advice %d", advices[i]);
		EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	}
	munmap(map, SIZE);
}

/* Advice that may be given or refused, but must not hurt. */
TEST_F(mmap_access, madvise_is_harmless)
{
	static const int advices[] = {
		MADV_NORMAL,   MADV_RANDOM,	MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_REMOVE,   MADV_DONTFORK,	MADV_DOFORK,	 MADV_MERGEABLE,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLLAPSE,	 MADV_DODUMP,
		MADV_DONTDUMP,
	};
	char *map = map_all(self->buf);
	size_t i;

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, mapping_touch(map, true));
	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		madvise(map, SIZE, advices[i]);
		EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0))
		TH_LOG("advice %d", advices[i]);
	}
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 1, 0));
	munmap(map, SIZE);
}

/* Locking, populating: nothing to do, and the data stays. */
TEST_F(mmap_access, mlock_and_populate)
{
	char *map = map_all(self->buf);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, mlock(map, SIZE));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_EQ(0, munlock(map, SIZE));
	EXPECT_EQ(0, mlock2(map, SIZE, MLOCK_ONFAULT));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);

	map = mmap(NULL, SIZE, MAPPING_RW, MAP_SHARED | MAP_POPULATE, self->buf,
		   0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

TEST_F(mmap_access, mlockall_before_and_after)
{
	char *early = map_all(self->buf), *late;

	ASSERT_NE(NULL, early);
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	late = map_all(self->buf);
	ASSERT_NE(NULL, late);
	EXPECT_EQ(-1, udb_stamp_wrong(early, SIZE, 1, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(late, SIZE, 1, 0));
	ASSERT_EQ(0, munlockall());
	munmap(early, SIZE);
	munmap(late, SIZE);
}

TEST_F(mmap_access, is_left_out_of_core_dumps)
{
	char *map = map_all(self->buf);

	ASSERT_NE(NULL, map);
	EXPECT_TRUE(mapping_has_flag(map, "dd"));
	EXPECT_TRUE(mapping_has_flag(map, "de"));
	EXPECT_TRUE(mapping_has_flag(map, "pf"));
	EXPECT_TRUE(mapping_has_flag(map, "sh"));
	EXPECT_FALSE(mapping_has_flag(map, "mm"));
	munmap(map, SIZE);
}

/* A pipe is as long as a page; the child feeds it while we drain it. */
TEST_F(mmap_access, write_from_the_mapping)
{
	char *map = map_all(self->buf), *copy = malloc(SIZE);
	size_t done = 0;
	int pipes[2];
	ssize_t got;
	pid_t pid;

	ASSERT_NE(NULL, map);
	ASSERT_NE(NULL, copy);
	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(write(pipes[1], map, SIZE) != (ssize_t)SIZE);
	while (done < SIZE) {
		got = read(pipes[0], copy + done, SIZE - done);
		ASSERT_GT(got, 0);
		done += got;
	}
	EXPECT_EQ(-1, udb_stamp_wrong(copy, SIZE, 1, 0));
	waitpid(pid, NULL, 0);
	free(copy);
	munmap(map, SIZE);
}

TEST_F(mmap_access, read_into_the_mapping)
{
	char *map = map_all(self->buf);
	int plain = udb_memfd_sealed(UDB_SHMEM_4K, SIZE, 0);
	char *source;

	ASSERT_NE(NULL, map);
	ASSERT_GE(plain, 0);
	source = udb_map(plain, SIZE, MAPPING_RW);
	ASSERT_NE(NULL, source);
	udb_stamp(source, SIZE, 2, 0);
	EXPECT_EQ((ssize_t)SIZE, pread(plain, map, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(self->mem, SIZE, 2, 0));
	munmap(source, SIZE);
	close(plain);
	munmap(map, SIZE);
}

/* vmsplice hands over the pages themselves. */
TEST_F(mmap_access, pages_cannot_be_pinned)
{
	char *map = map_all(self->buf);
	struct iovec iov = { .iov_base = map, .iov_len = UDB_PAGE };
	int pipes[2];

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_ERRNO(EFAULT, vmsplice(pipes[1], &iov, 1, 0));
	EXPECT_EQ(0, mapping_touch(map, true));
	EXPECT_ERRNO(EFAULT, vmsplice(pipes[1], &iov, 1, 0));
	munmap(map, SIZE);
}

/* A disk in memory: a file system there would not always do direct I/O. */
static int open_ram_disk(void)
{
	if (system("modprobe brd rd_nr=1 rd_size=16384"))
		return -1;
	return open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
}

TEST_F(mmap_access, direct_io_needs_the_memfd)
{
	char *map = map_all(self->buf);
	int disk = open_ram_disk();

	ASSERT_NE(NULL, map);
	ASSERT_GE(disk, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_ERRNO(EFAULT, pread(disk, map, UDB_PAGE, 0));
	EXPECT_ERRNO(EFAULT, pwrite(disk, map, UDB_PAGE, 0));

	/* The way that works: what the memfd gets, the buffer has. */
	EXPECT_EQ((ssize_t)SIZE, pwrite(disk, self->mem, SIZE, 0));
	udb_stamp(map, SIZE, 3, 0);
	EXPECT_EQ((ssize_t)SIZE, pread(disk, self->mem, SIZE, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	close(disk);
	munmap(map, SIZE);
}

/* Another process may be refused, but must never get other bytes. */
TEST_F(mmap_access, reading_by_another_process)
{
	char *map = map_all(self->buf), copy[UDB_PAGE];
	struct iovec local = { .iov_base = copy, .iov_len = UDB_PAGE };
	struct iovec remote = { .iov_base = map, .iov_len = UDB_PAGE };
	ssize_t got;
	int mem;

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, mapping_touch(map, true));
	got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	if (got == (ssize_t)UDB_PAGE)
		EXPECT_TRUE(udb_page_has(copy, UDB_STAMP(1, 0)));
	else
		EXPECT_TRUE(got == -1 && errno == EFAULT);

	mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(mem, 0);
	got = pread(mem, copy, UDB_PAGE, (off_t)(uintptr_t)map);
	if (got == (ssize_t)UDB_PAGE)
		EXPECT_TRUE(udb_page_has(copy, UDB_STAMP(1, 0)));
	else
		EXPECT_TRUE(got == -1 && errno == EIO);
	close(mem);
	munmap(map, SIZE);
}

static ssize_t read_whole(const char *path)
{
	static char text[1 << 16];
	ssize_t got, all = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while ((got = read(fd, text, sizeof(text))) > 0)
		all += got;
	close(fd);
	return got < 0 ? got : all;
}

/* The walkers of /proc meet whatever entries the driver made. */
TEST_F(mmap_access, proc_files_can_be_read)
{
	static const char *const files[] = {
		"/proc/self/maps",	   "/proc/self/smaps",
		"/proc/self/smaps_rollup", "/proc/self/numa_maps",
		"/proc/self/status",
	};
	char *map = map_all(self->buf);
	size_t i;

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		EXPECT_GT(read_whole(files[i]), 0)
	TH_LOG("%s", files[i]);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
}

/* Memory that has no page cannot be counted as ours. */
TEST_F(mmap_access, counts_as_no_resident_memory)
{
	char *map = map_all(self->buf);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	EXPECT_EQ(0, udb_smaps_kb(map, "Rss"));
	munmap(map, SIZE);
}

TEST_HARNESS_MAIN
