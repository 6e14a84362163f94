/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the selftests share: the device, memfds of every backing, creating
 * buffers by raw ioctl, page stamps, and the kernel's counters. No function
 * here makes a judgement; tests check what is returned. Functions that return
 * an int give -errno (not -1) on failure unless they say otherwise.
 */
#ifndef UDB_SELFTESTS_COMMON_H
#define UDB_SELFTESTS_COMMON_H

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "udb_harness.h"

#define UDB_KIB		1024UL
#define UDB_MIB		(1024 * UDB_KIB)
#define UDB_GIB		(1024 * UDB_MIB)

/* The tests are for x86-64; a page is what one page-table entry maps. */
#define UDB_PAGE	(4 * UDB_KIB)
#define UDB_HUGE	(2 * UDB_MIB)
#define UDB_HUGE_PAGES	(UDB_HUGE / UDB_PAGE)

/*
 * Kinds of memory behind a memfd
 */
enum udb_backing {
	UDB_SHMEM_4K, /* shmem, folios of one page */
	UDB_SHMEM_THP, /* shmem, folios of 2 MiB */
	UDB_HUGETLB_2M, /* hugetlb, 2 MiB */
};

/* The seals with which every good memfd is made. */
#define UDB_SEALS_DEFAULT	F_SEAL_SHRINK

/* Adds the variants shmem_4k, shmem_thp, hugetlb_2m to @fixture, and nothing
 * else is in its FIXTURE_VARIANT: { enum udb_backing backing; }.
 */
#define UDB_BACKING_VARIANTS(fixture)					\
	FIXTURE_VARIANT(fixture) {					\
		enum udb_backing backing;				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, shmem_4k) {			\
		.backing = UDB_SHMEM_4K,				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, shmem_thp) {			\
		.backing = UDB_SHMEM_THP,				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, hugetlb_2m) {			\
		.backing = UDB_HUGETLB_2M,				\
	}

/* A new, empty memfd with F_SEAL_SHRINK to come: no size, no seals yet. */
int udb_memfd_bare(enum udb_backing backing);

/*
 * A new memfd of @size bytes with @seals, without any page yet. @size must be
 * a multiple of 2 MiB for hugetlb.
 */
int udb_memfd_sealed(enum udb_backing backing, size_t size, int seals);

/* The same with UDB_SEALS_DEFAULT. */
int udb_memfd_empty(enum udb_backing backing, size_t size);

/*
 * Fills @memfd with pages of the promised kind, zeroed. For THP every
 * folio is made huge (MADV_HUGEPAGE, else MADV_COLLAPSE) and that is verified:
 * -EOPNOTSUPP when the kernel did not give huge ones. -ENOMEM when there are
 * not enough hugetlb pages.
 */
int udb_memfd_populate(enum udb_backing backing, int memfd, size_t size);

/* udb_memfd_empty() and udb_memfd_populate(): what most tests want. */
int udb_memfd(enum udb_backing backing, size_t size);

/*
 * As udb_memfd(), for use in a FIXTURE_SETUP or test: skips when huge pages
 * cannot be had, fails on any other error. Leaves the memfd in @fd.
 */
#define UDB_MEMFD_OR_SKIP(fd, backing, size)				\
	do {								\
		(fd) = udb_memfd(backing, size);			\
		if ((fd) == -EOPNOTSUPP)				\
			SKIP(return, "the kernel gives no huge shmem folio");\
		ASSERT_GE(fd, 0);					\
	} while (0)

/*
 * Mapping
 */

/* mmap of the whole, MAP_SHARED; NULL on failure with errno set. */
void *udb_map(int fd, size_t size, int prot);
void *udb_map_at(int fd, off_t offset, size_t size, int prot);

/* kB of the VMA at @addr that huge entries map, a field of smaps; -errno. */
long udb_smaps_kb(const void *addr, const char *field);

/*
 * What most fixtures begin with: the device in self->dev, a memfd of @size bytes
 * in self->memfd, mapped at self->mem, each page with its stamp of generation 1
 * (see udb_stamp()). Skips as UDB_MEMFD_OR_SKIP().
 */
#define UDB_MEMORY_OR_SKIP(backing, size)				\
	do {								\
		UDB_DEV_OPEN(self->dev);				\
		UDB_MEMFD_OR_SKIP(self->memfd, backing, size);		\
		self->mem = udb_map(self->memfd, size,			\
				    PROT_READ | PROT_WRITE);		\
		ASSERT_NE(NULL, self->mem);				\
		udb_stamp(self->mem, size, 1, 0);			\
	} while (0)

/*
 * What the kernel can do.
 */

/* Whether the kernel, or a module of it, has @symbol (/proc/kallsyms). */
bool udb_kernel_has(const char *symbol);

/*
 * Came with what makes entries of 2 MiB safe that map page frames, and only
 * together with it: without it the kernel would take references to such memory.
 */
#define UDB_HUGE_ENTRIES	"follow_pfnmap_start"

#define UDB_HUGE_ENTRIES_OR_SKIP()					\
	do {								\
		if (!udb_kernel_has(UDB_HUGE_ENTRIES))			\
			SKIP(return, "the kernel has no "		\
			     UDB_HUGE_ENTRIES "()");			\
	} while (0)

/*
 * The device. UDMABUF_DEVICE names it, there is no default.
 */

/* O_RDWR | O_CLOEXEC */
int udb_dev_open(void);
const char *udb_dev_path(void);

/* As UDB_MEMFD_OR_SKIP, but there is no excuse for a missing device. */
#define UDB_DEV_OPEN(fd)						\
	do {								\
		(fd) = udb_dev_open();					\
		ASSERT_GE(fd, 0)					\
			TH_LOG("cannot open UDMABUF_DEVICE \"%s\"",	\
			       udb_dev_path());				\
	} while (0)

/*
 * A parameter of the module behind the device, "list_limit" and so on: -ENOENT
 * when that driver has no parameters to look at.
 */
int udb_param_path(char *path, size_t size, const char *name);
long udb_param_get(const char *name);
int udb_param_set(const char *name, const char *value);

/* The table of live buffers in debugfs; "" where nobody knows whose that is. */
const char *udb_table_path(void);

/*
 * For tests of something else than limits: lets buffers of @mb MiB through and
 * returns what the limit was, for udb_size_limit_restore().
 */
long udb_size_limit_raise(long mb);
int udb_size_limit_restore(long mb);

/*
 * Creating. These return the ioctl's own result: fd or -1 with errno set, so
 * that they fit EXPECT_ERRNO. Flags are UDMABUF_FLAGS_CLOEXEC.
 */
int udb_create(int dev, int memfd, uint64_t offset, uint64_t size);
int udb_create_list(int dev, const struct udmabuf_create_item *items,
		    uint32_t count);
int udb_create_list_flags(int dev, const struct udmabuf_create_item *items,
			  uint32_t count, uint32_t flags);

/* DMA_BUF_IOCTL_SYNC with @flags (DMA_BUF_SYNC_START | ...); -1 and errno. */
int udb_sync(int buf, uint64_t flags);

/*
 * Page stamps. A stamp is a 64-bit number that tells pages apart; it is written
 * at several places of a page, mixed with the place, so that a page that was
 * shifted or half replaced is noticed.
 */
#define UDB_STAMP(generation, index)	\
	(((uint64_t)(generation) << 40) | (uint64_t)(index))

void udb_page_stamp(void *page, uint64_t stamp);
bool udb_page_has(const void *page, uint64_t stamp);
bool udb_page_is_zero(const void *page);

/* Page i of @base gets UDB_STAMP(generation, first + i). */
void udb_stamp(void *base, size_t size, uint64_t generation, uint64_t first);

/* Index of the first page that has not that stamp; -1 when all have it. */
long udb_stamp_wrong(const void *base, size_t size, uint64_t generation,
		     uint64_t first);

/* Index of the first page that is not all zero; -1 when all are. */
long udb_zero_wrong(const void *base, size_t size);

/*
 * Counters of the kernel; -errno when a file or a line is missing.
 */

/* A line of /proc/meminfo, in its unit: "HugePages_Rsvd", "VmallocUsed". */
long udb_meminfo(const char *name);

/* dma-bufs that there are, whoever made them. */
long udb_live_dma_bufs(void);

/* Active objects of a slab cache, "dentry"; bytes in active objects of all. */
long udb_slab_objects(const char *cache);
long udb_slab_bytes(void);

/* Bytes in /proc/vmallocinfo, of areas whose line contains @word ("" all). */
long udb_vmalloc_bytes(const char *word);

/* Open file descriptors of this process. */
int udb_nr_fds(void);

#endif /* UDB_SELFTESTS_COMMON_H */
