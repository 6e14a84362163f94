/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edu boards from user space (see udmabuf_edu.h), the bytes that the tests
 * move, and the memory that they move them in. No function here judges; those
 * that return an int give 0 or a negative error number unless they say otherwise.
 */
#ifndef UDB_IMPORTERS_EDU_DEVICE_H
#define UDB_IMPORTERS_EDU_DEVICE_H

#include "common.h"
#include "udmabuf_edu.h"

/*
 * The buffer of most tests: from the middle of one huge page to the middle of
 * the next, so that it has a border between huge pages inside, and neither begins
 * nor ends with one.
 */
#define EDU_SIZE	UDB_HUGE
#define EDU_PAGES	(EDU_SIZE / UDB_PAGE)
#define EDU_MEMFD	(2 * UDB_HUGE)
#define EDU_START	(UDB_HUGE / 2)

/* A new attachment of @buf on @board. The open file, or -1 and errno. */
int edu_attach(int buf, unsigned int board, enum edu_direction direction);

/* Unmaps and detaches: 0, or -1 and errno. */
int edu_detach(int edu);

int edu_info(int edu, struct edu_info *info);

/* All segments, to be freed; NULL with errno set. Their number goes to @count. */
struct edu_segment *edu_segments(int edu, unsigned int *count);

/* Sets a parameter of the module, for later attachments. */
int edu_set(const char *parameter, unsigned long value);

/* The longest segment that changes nothing. */
#define EDU_ANY_SEGMENT	0xfffff000UL

/*
 * The bytes: of byte @pos in generation @generation. No two pages, and no two
 * generations, have a piece of some bytes in common.
 */
void edu_fill(void *to, uint64_t pos, size_t size, unsigned int generation);

/* The first byte that is not so, counted from @data; -1 when all are. */
long edu_wrong(const void *data, uint64_t pos, size_t size,
	       unsigned int generation);

/*
 * Pieces of the buffer: @count times @length bytes, from @offset on, the next
 * @stride bytes later.
 */
struct edu_pieces {
	uint64_t offset;
	uint64_t stride;
	uint32_t length;
	uint32_t count;
};

/* Every 32nd page from @page on, as a whole; the cheapest look at all places. */
struct edu_pieces edu_some_pages(unsigned int page);

/* 64 bytes of each page, at another place in each. */
struct edu_pieces edu_each_page(void);

/* The pieces of the memory at @mem: filled, or the first wrong one, -1: none. */
void edu_fill_pieces(char *mem, const struct edu_pieces *pieces,
		     unsigned int generation);
long edu_wrong_pieces(const char *mem, const struct edu_pieces *pieces,
		      unsigned int generation);

/*
 * The device reads the pieces, and they are compared: number of the first wrong
 * one, -1: none is, -2: the device could not, see errno.
 */
long edu_device_reads(int edu, const struct edu_pieces *pieces,
		      unsigned int generation);

/* The device writes the pieces. 0, or -1 and errno. */
int edu_device_writes(int edu, const struct edu_pieces *pieces,
		      unsigned int generation);

/* What the machine is made for, by UDMABUF_MACHINE. */
enum edu_machine {
	EDU_MACHINE_UNKNOWN,
	EDU_MACHINE_DIRECT, /* the device reaches all memory */
	EDU_MACHINE_BOUNCE, /* bounce buffers in between */
	EDU_MACHINE_IOMMU, /* an IOMMU translates */
};

enum edu_machine edu_machine(void);

/*
 * The fixture: a memfd of every backing, a buffer of its middle, both mapped
 * (@mem is the buffer's part of the memfd, @map the buffer), all bytes of
 * generation 1. The boards are those of the machine: that they are missing is no
 * excuse.
 */
#define EDU_BUFFER_FIXTURE(fixture)					\
	FIXTURE(fixture) {						\
		int dev;						\
		int memfd;						\
		int buf;						\
		char *mem;						\
		char *map;						\
	};								\
	UDB_BACKING_VARIANTS(fixture);					\
	FIXTURE_SETUP(fixture)						\
	{								\
		ASSERT_EQ(0, access(EDU_DEVICE, R_OK | W_OK));		\
		ASSERT_EQ(0, edu_set("max_segment", EDU_ANY_SEGMENT));	\
		UDB_DEV_OPEN(self->dev);				\
		UDB_MEMFD_OR_SKIP(self->memfd, variant->backing,	\
				  EDU_MEMFD);				\
		self->mem = udb_map(self->memfd, EDU_MEMFD,		\
				    PROT_READ | PROT_WRITE);		\
		ASSERT_NE(NULL, self->mem);				\
		self->mem += EDU_START;					\
		edu_fill(self->mem, 0, EDU_SIZE, 1);			\
		self->buf = udb_create(self->dev, self->memfd,		\
				       EDU_START, EDU_SIZE);		\
		ASSERT_GE(self->buf, 0);				\
		self->map = udb_map(self->buf, EDU_SIZE,		\
				    PROT_READ | PROT_WRITE);		\
		ASSERT_NE(NULL, self->map);				\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		EXPECT_EQ(0, edu_set("max_segment", EDU_ANY_SEGMENT));	\
		munmap(self->map, EDU_SIZE);				\
		munmap(self->mem - EDU_START, EDU_MEMFD);		\
		close(self->buf);					\
		close(self->memfd);					\
		close(self->dev);					\
	}								\
	struct edu_buffer_fixture_needs_semicolon

#endif /* UDB_IMPORTERS_EDU_DEVICE_H */
