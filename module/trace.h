/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: the life of a buffer, by the inode number of its dma-buf, which
 * is also what fdinfo, maps and the debugfs table show.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM udmabuf

#if !defined(UDMABUF_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define UDMABUF_TRACE_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "udmabuf.h"

/* The formatter does not know the grammar of these macros. */
/* clang-format off */
TRACE_EVENT(udmabuf_create,
	    TP_PROTO(const struct udmabuf *ubuf, u32 ranges),
	    TP_ARGS(ubuf, ranges),
	    TP_STRUCT__entry(__field(unsigned long, ino)
			     __field(unsigned long, nr_pages)
			     __field(size_t, runs)
			     __field(u32, ranges)),
	    TP_fast_assign(__entry->ino = ubuf->ino;
			   __entry->nr_pages = ubuf->runs.nr_pages;
			   __entry->runs = ubuf->runs.nr;
			   __entry->ranges = ranges;),
	    TP_printk("ino=%lu pages=%lu runs=%zu ranges=%u",
		      __entry->ino, __entry->nr_pages, __entry->runs,
		      __entry->ranges)
);

TRACE_EVENT(udmabuf_fault,
	    TP_PROTO(const struct udmabuf *ubuf, pgoff_t pgoff,
		     pgoff_t nr_pages, unsigned int order),
	    TP_ARGS(ubuf, pgoff, nr_pages, order),
	    TP_STRUCT__entry(__field(unsigned long, ino)
			     __field(unsigned long, pgoff)
			     __field(unsigned long, nr_pages)
			     __field(unsigned int, order)),
	    TP_fast_assign(__entry->ino = ubuf->ino;
			   __entry->pgoff = pgoff;
			   __entry->nr_pages = nr_pages;
			   __entry->order = order;),
	    TP_printk("ino=%lu pgoff=%lu pages=%lu order=%u",
		      __entry->ino, __entry->pgoff, __entry->nr_pages,
		      __entry->order)
);

TRACE_EVENT(udmabuf_map,
	    TP_PROTO(const struct udmabuf *ubuf, const struct device *dev,
		     unsigned int nents, enum dma_data_direction direction),
	    TP_ARGS(ubuf, dev, nents, direction),
	    TP_STRUCT__entry(__field(unsigned long, ino)
			     __dynamic_array(char, device,
					     strlen(dev_name(dev)) + 1)
			     __field(unsigned int, nents)
			     __field(int, direction)),
	    TP_fast_assign(__entry->ino = ubuf->ino;
			   memcpy(__get_dynamic_array(device), dev_name(dev),
				  __get_dynamic_array_len(device));
			   __entry->nents = nents;
			   __entry->direction = direction;),
	    TP_printk("ino=%lu device=%s nents=%u direction=%d",
		      __entry->ino, __get_str(device), __entry->nents,
		      __entry->direction)
);

TRACE_EVENT(udmabuf_release,
	    TP_PROTO(const struct udmabuf *ubuf),
	    TP_ARGS(ubuf),
	    TP_STRUCT__entry(__field(unsigned long, ino)
			     __field(unsigned long, nr_pages)
			     __field(size_t, runs)),
	    TP_fast_assign(__entry->ino = ubuf->ino;
			   __entry->nr_pages = ubuf->runs.nr_pages;
			   __entry->runs = ubuf->runs.nr;),
	    TP_printk("ino=%lu pages=%lu runs=%zu",
		      __entry->ino, __entry->nr_pages, __entry->runs)
);
/* clang-format on */

#endif /* UDMABUF_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
