// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare FILE
 *
 * A command for "udmabuf load FILE --exec": looks at the dma-bufs that it was given,
 * through mappings of theirs, and at the file. Exit status: 0 the first bytes of the
 * memory are those of the file, and there is no other after them; 1 not.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int compare_fail(const char *what)
{
	perror(what);
	exit(1);
}

static int compare_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_READ };

	return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/* The next bytes of the file: all that there are, up to @size. */
static size_t compare_read(int file, char *bytes, size_t size)
{
	size_t done = 0;
	ssize_t got;

	do {
		got = read(file, bytes + done, size - done);
		if (got < 0)
			compare_fail("the file");
		done += got;
	} while (got && done < size);
	return done;
}

/* One of the buffers against the next bytes of the file; the bytes it has. */
static size_t compare_buffer(int fd, int file)
{
	const size_t size = lseek(fd, 0, SEEK_END);
	const char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	static char wanted[65536];
	size_t part;

	if (bytes == MAP_FAILED || compare_sync(fd, DMA_BUF_SYNC_START))
		compare_fail("no dma-buf");
	for (size_t at = 0; at < size; at += part) {
		part = size - at < sizeof(wanted) ? size - at : sizeof(wanted);
		memset(wanted, 0, part);
		compare_read(file, wanted, part);
		if (memcmp(bytes + at, wanted, part)) {
			printf("differs within %zu bytes at %zu\n", part, at);
			exit(1);
		}
	}
	if (compare_sync(fd, DMA_BUF_SYNC_END))
		compare_fail("DMA_BUF_IOCTL_SYNC");
	return size;
}

int main(int argc, char **argv)
{
	const char *fds = getenv("UDMABUF_FDS");
	int file = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	size_t all = 0, nr = 0;
	char *end, more;

	if (!fds || file < 0)
		return compare_fail("UDMABUF_FDS, or the file");
	for (const char *at = fds; *at; at = *end ? end + 1 : end, nr++)
		all += compare_buffer((int)strtol(at, &end, 10), file);
	if (compare_read(file, &more, 1)) {
		printf("%zu bytes are not all of the file\n", all);
		return 1;
	}
	printf("%zu of %zu\n", nr, all);
	close(file);
	return 0;
}
