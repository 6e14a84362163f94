// SPDX-License-Identifier: GPL-2.0-only
/* Talks to the edu boards: see edu_device.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edu_device.h"

int edu_attach(int buf, unsigned int board, enum edu_direction direction)
{
	struct edu_attach attach = {
		.fd = buf,
		.board = board,
		.direction = direction,
	};
	int edu = open(EDU_DEVICE, O_RDWR | O_CLOEXEC), saved_errno;

	if (edu < 0)
		return -1;
	if (!ioctl(edu, EDU_ATTACH, &attach))
		return edu;
	saved_errno = errno;
	close(edu);
	errno = saved_errno;
	return -1;
}

int edu_detach(int edu)
{
	return ioctl(edu, EDU_DETACH);
}

int edu_info(int edu, struct edu_info *info)
{
	return ioctl(edu, EDU_INFO, info) ? -errno : 0;
}

struct edu_segment *edu_segments(int edu, unsigned int *count)
{
	struct edu_segments segments = {};
	struct edu_segment *entries;

	if (ioctl(edu, EDU_SEGMENTS, &segments))
		return NULL;
	entries = calloc(segments.count, sizeof(*entries));
	if (!entries)
		return NULL;
	segments.entries = (uintptr_t)entries;
	if (ioctl(edu, EDU_SEGMENTS, &segments)) {
		free(entries);
		return NULL;
	}
	*count = segments.count;
	return entries;
}

int edu_set(const char *parameter, unsigned long value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/module/udmabuf_edu/parameters/%s",
		 parameter);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%lu", value) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Eight bytes at a time, mixed so that each byte depends on both numbers. */
static uint64_t edu_word(uint64_t number, unsigned int generation)
{
	uint64_t word = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) +
			generation * UINT64_C(0xd6e8feb86659fd93);

	word ^= word >> 32;
	word *= UINT64_C(0xd6e8feb86659fd93);
	return word ^ word >> 29;
}

static unsigned char edu_byte(uint64_t pos, unsigned int generation)
{
	return edu_word(pos / 8, generation) >> (pos % 8 * 8);
}

void edu_fill(void *to, uint64_t pos, size_t size, unsigned int generation)
{
	unsigned char *bytes = to;
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = edu_byte(pos + i, generation);
}

long edu_wrong(const void *data, uint64_t pos, size_t size,
	       unsigned int generation)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != edu_byte(pos + i, generation))
			return i;
	return -1;
}

struct edu_pieces edu_some_pages(unsigned int page)
{
	return (struct edu_pieces){
		.offset = page % 32 * UDB_PAGE,
		.stride = 32 * UDB_PAGE,
		.length = UDB_PAGE,
		.count = EDU_PAGES / 32,
	};
}

struct edu_pieces edu_each_page(void)
{
	return (struct edu_pieces){
		.stride = UDB_PAGE + 7,
		.length = 64,
		.count = EDU_PAGES,
	};
}

void edu_fill_pieces(char *mem, const struct edu_pieces *pieces,
		     unsigned int generation)
{
	uint64_t pos = pieces->offset;
	uint32_t i;

	for (i = 0; i < pieces->count; i++, pos += pieces->stride)
		edu_fill(mem + pos, pos, pieces->length, generation);
}

long edu_wrong_pieces(const char *mem, const struct edu_pieces *pieces,
		      unsigned int generation)
{
	uint64_t pos = pieces->offset;
	uint32_t i;

	for (i = 0; i < pieces->count; i++, pos += pieces->stride)
		if (edu_wrong(mem + pos, pos, pieces->length, generation) >= 0)
			return i;
	return -1;
}

static int edu_transfer(int edu, unsigned long request, void *data,
			const struct edu_pieces *pieces)
{
	struct edu_transfer transfer = {
		.data = (uintptr_t)data,
		.offset = pieces->offset,
		.stride = pieces->stride,
		.length = pieces->length,
		.count = pieces->count,
	};

	return ioctl(edu, request, &transfer);
}

long edu_device_reads(int edu, const struct edu_pieces *pieces,
		      unsigned int generation)
{
	char *data = calloc(pieces->count, pieces->length);
	uint64_t pos = pieces->offset;
	uint32_t i;

	if (!data)
		return -2;
	if (edu_transfer(edu, EDU_READ, data, pieces)) {
		free(data);
		return -2;
	}
	for (i = 0; i < pieces->count; i++, pos += pieces->stride)
		if (edu_wrong(data + i * pieces->length, pos, pieces->length,
			      generation) >= 0)
			break;
	free(data);
	return i < pieces->count ? (long)i : -1;
}

int edu_device_writes(int edu, const struct edu_pieces *pieces,
		      unsigned int generation)
{
	char *data = calloc(pieces->count, pieces->length);
	uint64_t pos = pieces->offset;
	uint32_t i;
	int ret;

	if (!data)
		return -1;
	for (i = 0; i < pieces->count; i++, pos += pieces->stride)
		edu_fill(data + i * pieces->length, pos, pieces->length,
			 generation);
	ret = edu_transfer(edu, EDU_WRITE, data, pieces);
	free(data);
	return ret;
}

enum edu_machine edu_machine(void)
{
	static const struct {
		const char *name;
		enum edu_machine machine;
	} machines[] = {
		{ "edu", EDU_MACHINE_DIRECT },
		{ "edu28", EDU_MACHINE_BOUNCE },
		{ "swiotlb", EDU_MACHINE_BOUNCE },
		{ "iommu", EDU_MACHINE_IOMMU },
	};
	const char *name = getenv("UDMABUF_MACHINE") ?: "";
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(name, machines[i].name))
			return machines[i].machine;
	return EDU_MACHINE_UNKNOWN;
}
