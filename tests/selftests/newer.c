// SPDX-License-Identifier: GPL-2.0-only
/* The newer requests: see newer.h. Nothing here prints or ends a test. */
#include <stdio.h>
#include <sys/syscall.h>

#include "newer.h"

int newer_query(int dev, struct udmabuf_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return ioctl(dev, UDMABUF_QUERY, query);
}

int newer_create(int dev, const struct udmabuf_create_item *items,
		 uint32_t count, uint32_t flags)
{
	struct udmabuf_create_ranges arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ranges = (uintptr_t)items,
		.count = count,
	};

	return ioctl(dev, UDMABUF_CREATE_RANGES, &arg);
}

int newer_read_only(int dev, int memfd, size_t size)
{
	const struct udmabuf_create_item item = {
		.memfd = memfd,
		.size = size,
	};

	return newer_create(dev, &item, 1,
			    UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY);
}

int newer_stamped_memfd(enum udb_backing backing, size_t size, int seals)
{
	int memfd = udb_memfd(backing, size), ret = 0;
	char *map;

	if (memfd < 0)
		return memfd;
	map = udb_map(memfd, size, PROT_READ | PROT_WRITE);
	if (map) {
		udb_stamp(map, size, 1, 0);
		/* A mapping that can be written keeps F_SEAL_WRITE away. */
		munmap(map, size);
	}
	if (!map || fcntl(memfd, F_ADD_SEALS, seals))
		ret = -errno;
	if (!ret)
		return memfd;
	close(memfd);
	return ret;
}

/* The nth file descriptor of @pid by the name of its file; -1 when there is none. */
static int newer_find_fd(pid_t pid, const char *word, int nth)
{
	char path[48], name[128];
	ssize_t length;
	int fd;

	for (fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		length = readlink(path, name, sizeof(name) - 1);
		if (length < 0)
			continue;
		name[length] = '\0';
		if (strstr(name, word) && !nth--)
			return fd;
	}
	return -1;
}

int newer_take_fd(pid_t pid, const char *word, int nth)
{
	int of = newer_find_fd(pid, word, nth);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, of, 0);

	close(pidfd);
	return fd;
}

int newer_reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}
