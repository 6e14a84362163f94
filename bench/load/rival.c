// SPDX-License-Identifier: GPL-2.0-only
/*
 * rival warm MIB | pages FILE | mmap FILE | pread FILE
 *
 * What the loader is compared with and no tool does (bench/load/measure):
 *   warm   touches so much memory and gives it back: on a virtual machine the next
 *          one to get it need not wait for the host
 *   pages  makes as much memory as a file has bytes, of shared huge pages, which the
 *          kernel has to clear, and reads nothing
 *   mmap   maps a file with MAP_POPULATE and looks at each page
 *   pread  reads a file past the page cache, 4 MiB at a time and one after the other,
 *          into large pages of its own, as programs do that load models
 * The last three print the nanoseconds that it took.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* In case the C library is older than the kernel. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define MIB	(1024UL * 1024)
#define BLOCK	(4 * MIB)

static int rival_fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t rival_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *rival_map(size_t size, int flags, int fd)
{
	void *addr = mmap(NULL, size, PROT_READ | (fd < 0 ? PROT_WRITE : 0),
			  flags, fd, 0);

	if (addr == MAP_FAILED)
		rival_fail("mmap");
	return addr;
}

/* Where the next huge page begins. */
static size_t rival_align(size_t at)
{
	return (at + 2 * MIB - 1) & ~(2 * MIB - 1);
}

static void rival_warm(size_t size)
{
	char *addr = rival_map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(addr, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += 4096)
		addr[at] = 1;
}

static int rival_open(const char *path, int flags, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		rival_fail(path);
	*size = st.st_size;
	return fd;
}

/*
 * Of the kind that a loader reads into, in the way in which it is made where nobody has
 * allowed huge pages: a small page first, from which a huge one is made.
 */
static void rival_pages(const char *path)
{
	size_t size;
	int fd = rival_open(path, 0, &size);
	char *addr;

	close(fd);
	size = rival_align(size);
	fd = memfd_create("pages", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		rival_fail("memfd");
	addr = rival_map(size + 2 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	addr = mmap((void *)rival_align((uintptr_t)addr), size,
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (addr == MAP_FAILED)
		rival_fail("mmap");
	madvise(addr, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += 2 * MIB) {
		__atomic_store_n(addr + at, 0, __ATOMIC_RELAXED);
		if (madvise(addr + at, 2 * MIB, MADV_COLLAPSE))
			rival_fail("a huge page");
	}
}

static void rival_mmap(const char *path)
{
	const char *addr;
	size_t size;
	int fd = rival_open(path, 0, &size);

	addr = rival_map(size, MAP_SHARED | MAP_POPULATE, fd);
	for (size_t at = 0; at < size; at += 4096)
		__atomic_load_n(addr + at, __ATOMIC_RELAXED);
}

static void rival_pread(const char *path)
{
	size_t size, at = 0;
	int fd = rival_open(path, O_DIRECT, &size);
	char *addr = rival_map(size + 2 * MIB + BLOCK,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ssize_t got;

	madvise(addr, size + 2 * MIB + BLOCK, MADV_HUGEPAGE);
	addr = (char *)rival_align((uintptr_t)addr);
	do {
		got = pread(fd, addr + at, BLOCK, (off_t)at);
		if (got < 0)
			rival_fail(path);
		at += got;
	} while (got && at < size);
	if (at < size)
		rival_fail("a file that ends early");
}

int main(int argc, char **argv)
{
	uint64_t begin = rival_now();

	if (argc != 3) {
		fputs("rival: warm MIB | pages FILE | mmap FILE | pread FILE\n",
		      stderr);
		return 2;
	}
	if (!strcmp(argv[1], "warm")) {
		rival_warm(strtoul(argv[2], NULL, 10) * MIB);
		return 0;
	}
	if (!strcmp(argv[1], "pages"))
		rival_pages(argv[2]);
	else if (!strcmp(argv[1], "mmap"))
		rival_mmap(argv[2]);
	else if (!strcmp(argv[1], "pread"))
		rival_pread(argv[2]);
	else
		return 2;
	printf("%llu\n", (unsigned long long)(rival_now() - begin));
	return 0;
}
