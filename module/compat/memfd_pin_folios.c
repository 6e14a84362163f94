// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfd_pin_folios() for kernels that have none.
 *
 * Most folios can stay where they are. They are found in the page cache, and pinned
 * by counting as pin_user_pages() does.
 *
 * Some would be in the way there for a long time: those in a zone that memory can be
 * taken out of, or given to CMA. To have them moved is what kernels offer on mappings
 * only. So from the first such folio on the range is mapped into the caller for the
 * moment, pinned through the mapping, and unmapped. So it is, too, when a folio cannot
 * be had: the error is that of a page fault then. Huge pages of hugetlbfs stay in any
 * case: Linux 6.1 warns when it is to move one.
 *
 * Locks: called with the inode lock of the memfd held, shared, as the driver does.
 * Mapping and faults of shmem may come inside it, as they do in write(2). It keeps the
 * size, the seals and the holes as they are; but other threads can put what they like
 * where the mapping was. So each folio is looked at, and kept only when it is the
 * memfd's, at the place where it is expected.
 *
 * What other threads of the caller do to the mapping, they do to themselves.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kernel.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/vmstat.h>

#ifndef udmabuf_compat_pincount
#define udmabuf_compat_pincount(folio) (&(folio)->_pincount)
#endif

/* Small pages are pinned so many at once, of which pin.c has multiples. */
#define UDMABUF_COMPAT_PAGES	31

/**
 * struct udmabuf_compat_pins - folios that are being pinned
 * @memfd: the file
 * @first: first page of the file that is wanted
 * @end: the page behind the last one that is wanted
 * @folios: array of @max folios, the first @nr of them pinned
 * @nr: number of folios
 * @max: room for folios
 */
struct udmabuf_compat_pins {
	struct file *memfd;
	pgoff_t first;
	pgoff_t end;
	struct folio **folios;
	unsigned int nr;
	unsigned int max;
};

static void udmabuf_compat_unpin(struct udmabuf_compat_pins *pins,
				 unsigned int keep)
{
	while (pins->nr > keep)
		unpin_folio(pins->folios[--pins->nr]);
}

/* Exactly one pin is kept of each folio. */
static void udmabuf_compat_add(struct udmabuf_compat_pins *pins,
			       struct page *page)
{
	struct folio *folio = page_folio(page);

	if (pins->nr == pins->max ||
	    (pins->nr && pins->folios[pins->nr - 1] == folio))
		unpin_user_page(page);
	else
		pins->folios[pins->nr++] = folio;
}

/*
 * Whether a folio is pinned where it is. For CMA the kernel looks at the kind of the
 * folio's block of pages, by a function that modules have not: here the whole of a
 * zone that has such blocks is taken for one.
 */
static bool udmabuf_compat_may_stay(struct folio *folio)
{
	if (folio_test_hwpoison(folio))
		return false;
	if (folio_test_large(folio) && folio_test_has_hwpoisoned(folio))
		return false;
	return folio_test_hugetlb(folio) ||
	       (folio_zonenum(folio) != ZONE_MOVABLE &&
		!zone_cma_pages(folio_zone(folio)));
}

/* The folio of a page, with a reference. shmem may have it elsewhere, or make it. */
static struct folio *udmabuf_compat_get_folio(struct file *memfd, pgoff_t index)
{
	struct address_space *mapping = memfd->f_mapping;
	struct folio *folio = filemap_get_folio(mapping, index);
	struct page *page;

	if (!IS_ERR(folio) || is_file_hugepages(memfd))
		return folio;
	page = shmem_read_mapping_page(mapping, index);
	return IS_ERR(page) ? ERR_CAST(page) : page_folio(page);
}

/* Makes a pin of a reference: of a small folio so many more, of a large one a count. */
static void udmabuf_compat_make_pin(struct folio *folio)
{
	if (folio_test_large(folio))
		atomic_inc(udmabuf_compat_pincount(folio));
	else
		folio_ref_add(folio, GUP_PIN_COUNTING_BIAS - 1);
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, 1);
}

/* Pins folios where they are, up to the first for which that is not enough. */
static void udmabuf_compat_pin_cached(struct udmabuf_compat_pins *pins)
{
	pgoff_t index = pins->first;
	struct folio *folio;

	while (index < pins->end && pins->nr < pins->max) {
		folio = udmabuf_compat_get_folio(pins->memfd, index);
		if (IS_ERR(folio))
			break;
		if (!udmabuf_compat_may_stay(folio)) {
			folio_put(folio);
			break;
		}
		udmabuf_compat_make_pin(folio);
		pins->folios[pins->nr++] = folio;
		index = folio_next_index(folio);
		cond_resched();
	}
}

/* After a large folio most likely comes another one: one page of it is enough. */
static unsigned int udmabuf_compat_step(const struct udmabuf_compat_pins *pins,
					pgoff_t index)
{
	if (!pins->nr || folio_test_large(pins->folios[pins->nr - 1]))
		return 1;
	return min_t(pgoff_t, pins->end - index, UDMABUF_COMPAT_PAGES);
}

/*
 * Where to go on after page @index. Nothing holds still here, and a wrong answer
 * does no harm: a folio that does not fit is found in the end.
 */
static pgoff_t udmabuf_compat_next(const struct udmabuf_compat_pins *pins,
				   pgoff_t index)
{
	struct folio *folio = pins->folios[pins->nr - 1];

	if (folio->mapping != pins->memfd->f_mapping)
		return index;
	return max(index, folio_next_index(folio));
}

/* Pins what is mapped at @addr. In a shared mapping a reader has the same pages. */
static int udmabuf_compat_pin_mapped(struct udmabuf_compat_pins *pins,
				     unsigned long addr)
{
	struct page *pages[UDMABUF_COMPAT_PAGES];
	const pgoff_t base = pins->first;
	pgoff_t index;
	int i, nr;

	for (index = base; index < pins->end && pins->nr < pins->max;
	     index = udmabuf_compat_next(pins, index + nr)) {
		nr = pin_user_pages_fast(addr + ((index - base) << PAGE_SHIFT),
					 udmabuf_compat_step(pins, index),
					 FOLL_LONGTERM, pages);
		if (nr <= 0)
			return nr < 0 ? nr : -EFAULT;
		for (i = 0; i < nr; i++)
			udmabuf_compat_add(pins, pages[i]);
		cond_resched();
	}
	return 0;
}

/*
 * A child that is forked in the meantime must not inherit the mapping: nobody
 * would ever unmap it there. A mapping that was merged with one of the caller's
 * stays as it is.
 */
static void udmabuf_compat_hide(struct file *memfd, unsigned long addr,
				unsigned long size)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (mmap_write_lock_killable(mm))
		return;
	vma = find_vma(mm, addr);
	if (vma && vma->vm_file == memfd && vma->vm_start == addr &&
	    vma->vm_end == addr + size)
		vm_flags_set(vma, VM_DONTCOPY | VM_DONTDUMP);
	mmap_write_unlock(mm);
}

/* What can be said of a mapping, said of the memory that is behind it. */
static int udmabuf_compat_errno(long error)
{
	switch (error) {
	case -EAGAIN: /* the limit of locked memory; see mlockall(2) */
	case -EFAULT: /* no page to be had, or the mapping is gone */
		return -ENOMEM;
	default:
		return error;
	}
}

/*
 * A shared mapping is refused where the file is open for writing only, and, even to
 * readers, where it is open for writing and sealed against it. It can be opened again.
 */
static struct file *udmabuf_compat_get_readable(struct file *memfd)
{
	if ((memfd->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ)
		return get_file(memfd);
	return dentry_open(&memfd->f_path, O_RDONLY | O_LARGEFILE,
			   current_cred());
}

/* A huge page that is not there, or not whole, cannot be had. */
static int udmabuf_compat_pin_range(struct udmabuf_compat_pins *pins)
{
	unsigned long size = (pins->end - pins->first) << PAGE_SHIFT;
	struct file *file;
	unsigned long addr;
	int ret;

	if (is_file_hugepages(pins->memfd))
		return -ENOMEM;
	file = udmabuf_compat_get_readable(pins->memfd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = vm_mmap(file, 0, size, PROT_READ, MAP_SHARED | MAP_NORESERVE,
		       pins->first << PAGE_SHIFT);
	if (IS_ERR_VALUE(addr)) {
		ret = addr;
	} else {
		udmabuf_compat_hide(file, addr, size);
		ret = udmabuf_compat_pin_mapped(pins, addr);
		vm_munmap(addr, size);
	}
	fput(file);

	/* What cannot be had now is told by the call that begins with it. */
	return pins->nr ? 0 : udmabuf_compat_errno(ret);
}

/* Keeps the folios that are, one after another, those of the file. */
static void udmabuf_compat_verify(struct udmabuf_compat_pins *pins)
{
	pgoff_t index = pins->first;
	unsigned int i;

	for (i = 0; i < pins->nr; i++) {
		struct folio *folio = pins->folios[i];

		if (folio->mapping != pins->memfd->f_mapping ||
		    index - folio_pgoff(folio) >= folio_nr_pages(folio))
			break;
		index = folio_next_index(folio);
	}
	udmabuf_compat_unpin(pins, i);
}

/*
 * Begins again when nothing that was pinned is the file's any more; whoever does
 * that to himself without end can still be killed.
 */
static long udmabuf_compat_pin(struct udmabuf_compat_pins *pins)
{
	int ret = 0;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		udmabuf_compat_pin_cached(pins);
		if (!pins->nr)
			ret = udmabuf_compat_pin_range(pins);
		udmabuf_compat_verify(pins);
	} while (!ret && !pins->nr);

	if (ret)
		return ret;
	return pins->nr;
}

/**
 * memfd_pin_folios() - pin the folios of a range of a memfd
 * @memfd: a file of shmem or hugetlbfs that is open for reading or writing
 * @start: first byte of the range
 * @end: its last byte
 * @folios: receives the folios
 * @max_folios: how many there is room for
 * @offset: receives the place of @start in the first folio, in bytes
 *
 * Context: Process context, sleeps. The inode lock of @memfd is held, shared.
 * Return: how many folios were pinned, or an error.
 */
long memfd_pin_folios(struct file *memfd, loff_t start, loff_t end,
		      struct folio **folios, unsigned int max_folios,
		      pgoff_t *offset)
{
	struct udmabuf_compat_pins pins = {
		.memfd = memfd,
		.first = start >> PAGE_SHIFT,
		.end = (end >> PAGE_SHIFT) + 1,
		.folios = folios,
		.max = max_folios,
	};
	long nr = udmabuf_compat_pin(&pins);

	if (nr > 0)
		*offset = (pins.first - folio_pgoff(folios[0])) << PAGE_SHIFT;
	return nr;
}
