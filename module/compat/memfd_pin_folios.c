// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfd_pin_folios() for kernels that have none.
 *
 * What they offer for pinning memory for a long time works on mappings. So the
 * range is mapped into the caller for the moment, pinned through the mapping,
 * and unmapped.
 *
 * Locks: called with the inode lock of the memfd held, shared, as the driver
 * does. For shmem it stays held: mapping and faults may come inside it, as they do
 * in write(2). Mapping a file of hugetlbfs however takes that lock, inside the mmap
 * lock, so for hugetlbfs it is given up meanwhile. What it kept true still is when
 * it is back:
 *
 * * The file cannot have become shorter: the caller saw F_SEAL_SHRINK.
 * * It cannot have got F_SEAL_WRITE where the mapping can be written: mapping a
 *   sealed file so fails, sealing a file that is mapped so fails, and then sealing
 *   a file that has pins fails.
 * * A hole may have been punched. In any case other threads can put what they
 *   like where the mapping was. So each folio is looked at under the lock, and
 *   kept only when it is the memfd's, at the place where it is expected.
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
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

/* Small pages are pinned so many at once, of which pin.c has multiples. */
#define UDMABUF_COMPAT_PAGES	31

/**
 * struct udmabuf_compat_pins - folios that are being pinned
 * @memfd: the file, such that it can be mapped with @prot
 * @prot: %PROT_READ; and %PROT_WRITE where the memfd may be written, so that it
 *        cannot get %F_SEAL_WRITE in the meantime
 * @first: first page of the file that is wanted
 * @end: the page behind the last one that is wanted
 * @folios: array of @max folios, the first @nr of them pinned
 * @nr: number of folios
 * @max: room for folios
 */
struct udmabuf_compat_pins {
	struct file *memfd;
	int prot;
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

/*
 * Pins what is mapped at @addr: the file from page @index on. The faults are those
 * of a reader, also where the mapping can be written: in a shared mapping they find
 * the same pages, some more at a time.
 */
static int udmabuf_compat_pin_mapped(struct udmabuf_compat_pins *pins,
				     unsigned long addr, pgoff_t index)
{
	struct page *pages[UDMABUF_COMPAT_PAGES];
	const pgoff_t base = index;
	int i, nr;

	for (index = pins->first; index < pins->end && pins->nr < pins->max;
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
	case -EPERM: /* a seal came since the caller looked */
		return -EINVAL;
	case -EAGAIN: /* the limit of locked memory; see mlockall(2) */
	case -EFAULT: /* no page to be had, or the mapping is gone */
		return -ENOMEM;
	default:
		return error;
	}
}

/* No huge page has a mapping of less than itself. MAP_NORESERVE: reserve none. */
static int udmabuf_compat_pin_range(struct udmabuf_compat_pins *pins)
{
	pgoff_t unit = 1, index;
	unsigned long addr, size;
	int ret;

	if (is_file_hugepages(pins->memfd))
		unit = pages_per_huge_page(hstate_file(pins->memfd));
	index = round_down(pins->first, unit);
	size = (round_up(pins->end, unit) - index) << PAGE_SHIFT;

	addr = vm_mmap(pins->memfd, 0, size, pins->prot,
		       MAP_SHARED | MAP_NORESERVE, index << PAGE_SHIFT);
	if (IS_ERR_VALUE(addr))
		return udmabuf_compat_errno(addr);
	udmabuf_compat_hide(pins->memfd, addr, size);
	ret = udmabuf_compat_pin_mapped(pins, addr, index);
	vm_munmap(addr, size);

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
	struct inode *inode = file_inode(pins->memfd);
	bool unlock = is_file_hugepages(pins->memfd);
	int ret;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (unlock)
			up_read(&inode->i_rwsem);
		ret = udmabuf_compat_pin_range(pins);
		if (unlock)
			down_read(&inode->i_rwsem);
		udmabuf_compat_verify(pins);
	} while (!ret && !pins->nr);

	if (ret)
		return ret;
	return pins->nr;
}

/*
 * Whether the memory may be written through the file. The caller has the inode lock
 * and has just decided by the same seals.
 */
static bool udmabuf_compat_may_write(struct file *memfd)
{
	return memfd->f_mode & FMODE_WRITE &&
	       !(memfd_fcntl(memfd, F_GET_SEALS, 0) &
		 (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

/*
 * A file that is open for writing only cannot be mapped, but opened again; so can
 * one that is open for writing and sealed against it, whose shared mappings are
 * refused even to readers.
 */
static struct file *udmabuf_compat_get_mappable(struct file *memfd, int prot)
{
	bool write = prot & PROT_WRITE;

	if (memfd->f_mode & FMODE_READ &&
	    !!(memfd->f_mode & FMODE_WRITE) == write)
		return get_file(memfd);
	return dentry_open(&memfd->f_path,
			   (write ? O_RDWR : O_RDONLY) | O_LARGEFILE,
			   current_cred());
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
 * Context: Process context, sleeps. The inode lock of @memfd is held, shared; it
 * may be given up and taken again.
 * Return: how many folios were pinned, or an error.
 */
long memfd_pin_folios(struct file *memfd, loff_t start, loff_t end,
		      struct folio **folios, unsigned int max_folios,
		      pgoff_t *offset)
{
	struct udmabuf_compat_pins pins = {
		.prot = PROT_READ,
		.first = start >> PAGE_SHIFT,
		.end = (end >> PAGE_SHIFT) + 1,
		.folios = folios,
		.max = max_folios,
	};
	long nr;

	if (udmabuf_compat_may_write(memfd))
		pins.prot |= PROT_WRITE;
	pins.memfd = udmabuf_compat_get_mappable(memfd, pins.prot);
	if (IS_ERR(pins.memfd))
		return PTR_ERR(pins.memfd);
	nr = udmabuf_compat_pin(&pins);
	if (nr > 0)
		*offset = (pins.first - folio_pgoff(folios[0])) << PAGE_SHIFT;
	fput(pins.memfd);
	return nr;
}
