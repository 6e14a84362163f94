// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU, virtio-gpu: the pages of a blob, which a guest has scattered over its memory,
 * become a dma-buf; the emulator maps it to show it. By hand: one open device, an item
 * for each page, the whole buffer mapped to read.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port.h"

static int device = -1;
static int blob = -1;
static void *blob_map;
static size_t blob_size;

int port_open(void)
{
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	return device < 0 ? -1 : 0;
}

static struct udmabuf_create_list *list_of_pages(const struct iovec *pages,
						 unsigned int nr)
{
	struct udmabuf_create_list *list;
	uint64_t offset;
	int memfd;

	list = calloc(1, sizeof(*list) + nr * sizeof(list->list[0]));
	if (!list)
		return NULL;
	for (unsigned int i = 0; i < nr; i++) {
		memfd = port_guest_block(pages[i].iov_base, &offset);
		if (memfd < 0) {
			free(list);
			return NULL;
		}
		list->list[i].memfd = (__u32)memfd;
		list->list[i].offset = offset;
		list->list[i].size = pages[i].iov_len;
	}
	list->count = nr;
	list->flags = UDMABUF_FLAGS_CLOEXEC;
	return list;
}

int port_begin(unsigned int nr, struct port_shown *shown)
{
	struct udmabuf_create_list *list;
	const struct iovec *pages;
	unsigned int nr_pages;

	pages = port_guest_blob(nr, &nr_pages);
	list = list_of_pages(pages, nr_pages);
	if (!list)
		return -1;
	blob = ioctl(device, UDMABUF_CREATE_LIST, list);
	free(list);
	if (blob < 0)
		return -1;
	blob_size = 0;
	for (unsigned int i = 0; i < nr_pages; i++)
		blob_size += pages[i].iov_len;
	blob_map = mmap(NULL, blob_size, PROT_READ, MAP_SHARED, blob, 0);
	if (blob_map == MAP_FAILED) {
		close(blob);
		return -1;
	}
	shown->fd = blob;
	shown->size = blob_size;
	shown->map = blob_map;
	return 0;
}

int port_end(unsigned int nr)
{
	(void)nr;
	munmap(blob_map, blob_size);
	return close(blob);
}

void port_close(void)
{
	close(device);
}
