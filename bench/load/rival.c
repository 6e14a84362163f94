// SPDX-License-Identifier: GPL-2.0-only
/*
 * rival warm MIB | mmap FILE | pread FILE
 *
 * What the loader is compared with and no tool does (bench/load/measure):
 *   warm   touches so much memory and gives it back: on a virtual machine the next
 *          one to get it need not wait for the host
 *   mmap   maps a file with MAP_POPULATE and looks at each page
 *   pread  reads a file past the page cache, 4 MiB at a time and one after the other,
 *          into large pages of its own, as programs do that load models
 * The last two print the nanoseconds that it took.
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
	addr = (char *)(((uintptr_t)addr + 2 * MIB - 1) & ~(2 * MIB - 1));
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
		fputs("rival: warm MIB | mmap FILE | pread FILE\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "warm")) {
		rival_warm(strtoul(argv[2], NULL, 10) * MIB);
		return 0;
	}
	if (!strcmp(argv[1], "mmap"))
		rival_mmap(argv[2]);
	else if (!strcmp(argv[1], "pread"))
		rival_pread(argv[2]);
	else
		return 2;
	printf("%llu\n", (unsigned long long)(rival_now() - begin));
	return 0;
}
