// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a memfd to pinned folios to runs, and back.
 *
 * Pinning goes in batches. Before each batch a fatal signal is looked for, and
 * for the length of the batch the memfd's inode lock is held, shared: that
 * keeps the seals and the size as they were checked, and keeps holes from
 * being punched.
 *
 * Each folio is unpinned once for each time that it was pinned. The walk over
 * a run yields a folio once, so a run is only ever extended by memory that
 * starts at the first page of its folio; a range that starts in the middle of
 * a folio starts a run of its own.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "udmabuf.h"

/*
 * A batch ends at so many folios, which fit into one page, or so many bytes,
 * which can be allocated and zeroed before anybody gets impatient. The first batch
 * has fewer folios: large ones, and most ranges of a list, never need more. All
 * three are multiples of 31 folios, small or huge: memfd_pin_folios() looks up so
 * many at a time, and those for which there is no room are looked up again.
 */
#define UDMABUF_BATCH_FOLIOS	(16 * 31)
#define UDMABUF_BATCH_FIRST	(2 * 31)
#define UDMABUF_BATCH_BYTES	(31 * SZ_2M)

/*
 * A pin of a small folio adds 1024 to its reference count, so two million of
 * them would overflow it. Half of that is where a buffer is refused; the other
 * half leaves room for every batch that can be on its way at that moment.
 */
#define UDMABUF_FOLIO_REFS_MAX	(INT_MAX / 2)

#define UDMABUF_SEALS_WANTED	F_SEAL_SHRINK
#define UDMABUF_SEALS_DENIED	(F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* Who only reads need not care who else may write, but may want to know. */
static int udmabuf_memfd_check(struct udmabuf *ubuf, struct file *memfd,
			       loff_t end)
{
	unsigned int seals = memfd_fcntl(memfd, F_GET_SEALS, 0);

	if ((seals & UDMABUF_SEALS_WANTED) != UDMABUF_SEALS_WANTED)
		return -EINVAL;
	if (!ubuf->read_only && seals & UDMABUF_SEALS_DENIED)
		return -EINVAL;
	if (!(seals & F_SEAL_WRITE))
		ubuf->sealed = false;
	if (end > i_size_read(file_inode(memfd)))
		return -EINVAL;
	return 0;
}

/*
 * Whether no page of a file is missing, by what the page cache counts: as many as the
 * file is long, and none behind its end, where fallocate() may have put some.
 */
static bool udmabuf_memfd_is_whole(struct file *memfd)
{
	struct address_space *mapping = memfd->f_mapping;
	loff_t size = i_size_read(mapping->host);

	return READ_ONCE(mapping->nrpages) == size >> PAGE_SHIFT &&
	       !filemap_range_has_page(mapping, size, LLONG_MAX);
}

/*
 * Whether a huge page is missing. A look is enough, without a reference to what is
 * there: the inode lock keeps holes from being punched.
 */
static bool udmabuf_memfd_has_holes(struct file *memfd, loff_t pos, loff_t end)
{
	const loff_t size = huge_page_size(hstate_file(memfd));

	if (udmabuf_memfd_is_whole(memfd))
		return false;
	for (pos = round_down(pos, size); pos < end; pos += size)
		if (!filemap_range_has_page(memfd->f_mapping, pos, pos))
			return true;
	return false;
}

/*
 * memfd_pin_folios() can allocate missing huge pages by itself, but takes them
 * out of the reservation without having made one. fallocate() counts right.
 * It stops at any signal, not just at a fatal one; what it allocated stays, so
 * that a restarted call goes on where this one stopped.
 *
 * Zeros in place of a hole change nothing that can be read, and whoever may read
 * a memfd gets them there with a page fault. So a memfd that is open for reading
 * only is filled as well, for which vfs_fallocate() is no help.
 */
static int udmabuf_memfd_fill(struct file *memfd, loff_t pos, loff_t end)
{
	loff_t size = end - pos;
	int ret;

	if (memfd->f_mode & FMODE_WRITE)
		ret = vfs_fallocate(memfd, FALLOC_FL_KEEP_SIZE, pos, size);
	else
		ret = memfd->f_op->fallocate(memfd, FALLOC_FL_KEEP_SIZE, pos,
					     size);
	if (ret == -EINTR)
		return fatal_signal_pending(current) ? -EINTR : -ERESTARTSYS;
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/*
 * fallocate() leaves the folios of shmem as they come, not up to date: the first
 * read, write or fault of the memfd clears what it does not overwrite, and
 * memfd_pin_folios() is none of them. Left so, the buffer would show old memory,
 * and lose what was written to it as soon as somebody looks at the memfd.
 */
static void udmabuf_clear_folio(struct folio *folio)
{
	/* Those of hugetlbfs are cleared before anybody can find them. */
	if (folio_test_uptodate(folio) || folio_test_hugetlb(folio))
		return;
	folio_lock(folio);
	if (!folio_test_uptodate(folio)) {
		folio_zero_range(folio, 0, folio_size(folio));
		flush_dcache_folio(folio);
		folio_mark_uptodate(folio);
	}
	folio_unlock(folio);
}

static int udmabuf_append_run(struct udmabuf *ubuf,
			      const struct udmabuf_source *source,
			      unsigned long pfn, pgoff_t nr_pages,
			      bool may_extend)
{
	struct udmabuf_runs *runs = &ubuf->runs;
	int ret;

	ret = udmabuf_runs_append(runs, pfn, nr_pages, may_extend);
	if (ret != -ENOSPC)
		return ret;
	ret = udmabuf_grow(ubuf, source->nr_pages - runs->nr_pages);
	if (ret)
		return ret;
	return udmabuf_runs_append(runs, pfn, nr_pages, may_extend);
}

/*
 * Takes over the pin of @folio, which holds page *index of the memfd; moves *index
 * behind what was added, up to @end. What cannot be added is unpinned.
 */
static int udmabuf_append_folio(struct udmabuf *ubuf,
				const struct udmabuf_source *source,
				struct folio *folio, pgoff_t *index,
				pgoff_t end)
{
	pgoff_t first = *index - folio_pgoff(folio);
	int ret = -ENOMEM;
	pgoff_t nr_pages;

	/* The same folio again, pinned once more, adds nothing. */
	if (first >= folio_nr_pages(folio)) {
		unpin_folio(folio);
		return 0;
	}

	udmabuf_clear_folio(folio);
	nr_pages = min(folio_nr_pages(folio) - first, end - *index);
	if (folio_ref_count(folio) <= UDMABUF_FOLIO_REFS_MAX)
		ret = udmabuf_append_run(ubuf, source, folio_pfn(folio) + first,
					 nr_pages, !first);
	if (ret)
		unpin_folio(folio);
	else
		*index += nr_pages;
	return ret;
}

/*
 * The short way for what most buffers are made of: folios of one page, up to date,
 * each the next of the memfd. Ends before the first that wants more than a look and a
 * store, a run for which there is no room, for instance. Returns how many were added.
 */
static long udmabuf_append_pages(struct udmabuf_runs *runs,
				 struct folio **folios, long nr, pgoff_t index)
{
	struct udmabuf_runs mine = *runs; /* which fits into registers */
	long i;

	for (i = 0; i < nr; i++) {
		struct folio *folio = folios[i];

		if (folio_test_large(folio) || !folio_test_uptodate(folio) ||
		    folio->index != index + i ||
		    folio_ref_count(folio) > UDMABUF_FOLIO_REFS_MAX ||
		    udmabuf_runs_append(&mine, folio_pfn(folio), 1, true))
			break;
	}
	*runs = mine;
	return i;
}

/*
 * Takes over the pins of @nr folios of the batch, which hold the memfd from page
 * *index on; moves *index behind what was added. What cannot be added is unpinned.
 */
static int udmabuf_append_folios(struct udmabuf *ubuf,
				 const struct udmabuf_source *source, long nr,
				 pgoff_t *index, pgoff_t end)
{
	struct folio **folios = source->folios;
	long done = 0, pages;
	int ret = 0;

	while (done < nr && !ret) {
		pages = udmabuf_append_pages(&ubuf->runs, folios + done,
					     nr - done, *index);
		*index += pages;
		done += pages;
		if (done < nr)
			ret = udmabuf_append_folio(ubuf, source, folios[done++],
						   index, end);
	}
	while (done < nr)
		unpin_folio(folios[done++]);
	return ret;
}

/* Makes room for @nr_pages folios, but for no more than a batch has. */
static int udmabuf_source_reserve(struct udmabuf_source *source,
				  pgoff_t nr_pages)
{
	pgoff_t most = source->full ? UDMABUF_BATCH_FOLIOS :
				      UDMABUF_BATCH_FIRST;
	unsigned int room = min(nr_pages, most);
	struct folio **folios;

	if (room <= source->room)
		return 0;
	folios = kmalloc_array(room, sizeof(*folios), GFP_KERNEL);
	if (!folios)
		return -ENOMEM;
	kfree(source->folios);
	source->folios = folios;
	source->room = room;
	return 0;
}

/*
 * Pins what holds the memory from *pos to @batch_end, at least a folio; moves
 * *pos behind it. The last folio may be larger than the batch: all of it up to
 * @end is taken at once, for otherwise it would be pinned for each batch and
 * end a run in each.
 */
static int udmabuf_pin_batch(struct udmabuf *ubuf,
			     struct udmabuf_source *source, loff_t *pos,
			     loff_t batch_end, loff_t end)
{
	pgoff_t index = *pos >> PAGE_SHIFT, offset;
	int ret;
	long nr;

	nr = memfd_pin_folios(source->memfd, *pos, batch_end - 1,
			      source->folios, source->room, &offset);
	if (nr < 0)
		return nr;
	source->full = nr == source->room;
	ret = udmabuf_append_folios(ubuf, source, nr, &index,
				    end >> PAGE_SHIFT);
	if (ret)
		return ret;
	/* Nothing that continues the memory: it changed under our feet. */
	if (index == *pos >> PAGE_SHIFT)
		return -EAGAIN;
	*pos = (loff_t)index << PAGE_SHIFT;
	return 0;
}

static int udmabuf_pin_step(struct udmabuf *ubuf, struct udmabuf_source *source,
			    loff_t *pos, loff_t end)
{
	loff_t batch_end = min(end, *pos + UDMABUF_BATCH_BYTES);
	struct file *memfd = source->memfd;
	struct inode *inode = file_inode(memfd);
	bool fill = false;
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;

	ret = udmabuf_source_reserve(source, (end - *pos) >> PAGE_SHIFT);
	if (ret)
		return ret;
	ret = down_read_killable(&inode->i_rwsem);
	if (ret)
		return ret;
	ret = udmabuf_memfd_check(ubuf, memfd, end);
	if (!ret)
		fill = is_file_hugepages(memfd) &&
		       udmabuf_memfd_has_holes(memfd, *pos, batch_end);
	if (!ret && !fill)
		ret = udmabuf_pin_batch(ubuf, source, pos, batch_end, end);
	up_read(&inode->i_rwsem);

	/* The next step looks again whether somebody was faster to punch. */
	return fill ? udmabuf_memfd_fill(memfd, *pos, batch_end) : ret;
}

/**
 * udmabuf_source_open() - open a memfd to take memory from
 * @source: of the buffer; the memfd that was open is closed
 * @ubuf: the buffer, which says what the memfd has to be open for
 * @fd: its number; any
 *
 * Return: 0, or an error; nothing can be pinned then.
 *
 * * %-EBADFD: @fd is no file of shmem or hugetlbfs
 * * %-EACCES: it is not open for writing; or, for a read-only buffer, for reading
 */
int udmabuf_source_open(struct udmabuf_source *source,
			const struct udmabuf *ubuf, u32 fd)
{
	struct file *memfd = fget(fd);
	int ret = 0;

	if (!memfd)
		ret = -EBADFD;
	else if (!shmem_file(memfd) && !is_file_hugepages(memfd))
		ret = -EBADFD;
	else if (!(memfd->f_mode &
		   (ubuf->read_only ? FMODE_READ : FMODE_WRITE)))
		ret = -EACCES;
	if (source->memfd)
		fput(source->memfd);
	source->memfd = memfd;
	return ret;
}

/**
 * udmabuf_source_close() - close the memfd, and give back the array
 * @source: what no memory is taken from any more
 */
void udmabuf_source_close(struct udmabuf_source *source)
{
	if (source->memfd)
		fput(source->memfd);
	kfree(source->folios);
}

/**
 * udmabuf_pin() - append memory of a memfd to a buffer
 * @ubuf: a buffer that is being filled
 * @source: has the memfd open
 * @offset: start of the memory in bytes, a multiple of %PAGE_SIZE
 * @size: its length in bytes, a multiple of %PAGE_SIZE, not 0
 *
 * Context: Process context, sleeps. Takes the inode lock of the memfd.
 * Return: 0, or an error; what was appended until then stays in the buffer for
 * udmabuf_destroy() to give back.
 *
 * * %-EINVAL: the seals do not allow it, or the range leaves the file
 * * %-ENOMEM: no memory or no huge page left, or a page is pinned too often
 * * %-EINTR: a fatal signal is pending
 * * %-ERESTARTSYS: another signal came while huge pages were allocated
 */
int udmabuf_pin(struct udmabuf *ubuf, struct udmabuf_source *source, u64 offset,
		u64 size)
{
	loff_t pos = offset, end;
	int ret = 0;

	if (check_add_overflow(offset, size, &end))
		return -EINVAL;

	while (pos < end && !ret) {
		ret = udmabuf_pin_step(ubuf, source, &pos, end);
		cond_resched();
	}
	return ret;
}

/*
 * A write through the buffer sets no dirty bit that anybody would find, and a
 * clean folio of a hole may be dropped by reclaim, data and all.
 */
static void udmabuf_unpin_folio(struct folio *folio, bool dirty)
{
	if (dirty && !folio_test_dirty(folio)) {
		folio_lock(folio);
		folio_mark_dirty(folio);
		folio_unlock(folio);
	}
	unpin_folio(folio);
}

/* How many pages the folio of @page has from there on. */
static pgoff_t udmabuf_folio_rest(struct folio *folio, struct page *page)
{
	if (!folio_test_large(folio))
		return 1;
	return folio_nr_pages(folio) - folio_page_idx(folio, page);
}

static void udmabuf_unpin_run(unsigned long pfn, pgoff_t nr_pages, bool dirty)
{
	unsigned long end = pfn + nr_pages;

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);

		pfn += udmabuf_folio_rest(folio, page);
		udmabuf_unpin_folio(folio, dirty);
		cond_resched();
	}
}

/**
 * udmabuf_unpin() - unpin all memory of a buffer
 * @ubuf: a buffer that nobody uses any more; its runs are empty afterwards
 *
 * Context: Process context, sleeps.
 */
void udmabuf_unpin(struct udmabuf *ubuf)
{
	const struct udmabuf_runs runs = ubuf->runs; /* fits into registers */
	const bool dirty = !ubuf->read_only;
	size_t i;

	for (i = 0; i < runs.nr; i++)
		udmabuf_unpin_run(runs.run[i].pfn,
				  udmabuf_runs_length(&runs, i), dirty);
	udmabuf_runs_clear(&ubuf->runs);
}
