// SPDX-License-Identifier: GPL-2.0-only
/*
 * holder FD
 *
 * A process that has a dma-buf, for 'udmabuf ls' to see: it got it as an open file,
 * maps it, and attaches the importer of tests/modules/udmabuf_peek to it. Prints its
 * number and stays until it is killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udmabuf_peek.h"

static int holder_fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? (int)strtol(argv[1], NULL, 10) : -1;
	struct peek_attach attach = { .fd = fd, .view = PEEK_SG };
	int peek = open(PEEK_DEVICE, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (peek < 0)
		return holder_fail(PEEK_DEVICE);
	if (fstat(fd, &st))
		return holder_fail("the file");
	if (mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		return holder_fail("mmap");
	if (ioctl(peek, PEEK_ATTACH, &attach))
		return holder_fail("PEEK_ATTACH");
	printf("%d\n", getpid());
	fflush(stdout);
	pause();
	return 0;
}
