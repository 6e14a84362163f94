// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs an input, and asks KCOV which way it took through the driver: see calls.h.
 * Each process has its own files and its own KCOV.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/kcov.h>
#include <linux/memfd.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "touch.h"
#include "peek.h"

#define KCOV_ENTRIES	65536
#define ROOM		(4UL * 1024 * 1024) /* behind an argument that has it */
#define MEMFD_PAGES	64

static unsigned long *kcov;
static int kcov_fd = -1;
static int device = -1;
static char *narrow; /* the end of a page, and nothing behind it */
static char *roomy;

static const struct {
	unsigned int flags;
	uint32_t nr_pages;
	int seals;
} memfds[] = {
	{ 0, MEMFD_PAGES, F_SEAL_SHRINK },
	{ 0, MEMFD_PAGES, F_SEAL_SHRINK | F_SEAL_GROW },
	{ MFD_HUGETLB | MFD_HUGE_2MB, 1024, F_SEAL_SHRINK },
	{ 0, 1024, F_SEAL_SHRINK },
	{ 0, 1, F_SEAL_SHRINK },
	{ 0, MEMFD_PAGES, 0 },
	{ 0, MEMFD_PAGES, F_SEAL_SHRINK | F_SEAL_WRITE },
	{ 0, MEMFD_PAGES, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE },
};

#define NR_MEMFDS	(sizeof(memfds) / sizeof(memfds[0]))

static bool place_fd(int fd, int number)
{
	return fd >= 0 && dup3(fd, number, O_CLOEXEC) == number && !close(fd);
}

/* The last ones are no memfds, but one that is open for reading only. */
static bool open_files(void)
{
	int number = CALLS_FD_FIRST, fd;
	char path[64];
	size_t i;

	for (i = 0; i < NR_MEMFDS; i++, number++) {
		fd = memfd_create("calls", memfds[i].flags | MFD_ALLOW_SEALING);
		if (fd < 0 || ftruncate(fd, memfds[i].nr_pages * FUZZ_PAGE) ||
		    fcntl(fd, F_ADD_SEALS, memfds[i].seals) ||
		    !place_fd(fd, number))
			return false;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", CALLS_FD_FIRST);
	return place_fd(open(path, O_RDONLY), number) &&
	       place_fd(open("/dev/null", O_RDWR), number + 1) &&
	       place_fd(open("/tmp", O_RDONLY | O_DIRECTORY), number + 2) &&
	       place_fd(dup(device), number + 3);
}

static void open_kcov(void)
{
	kcov_fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (kcov_fd < 0)
		return;
	if (ioctl(kcov_fd, KCOV_INIT_TRACE, KCOV_ENTRIES))
		return;
	kcov = mmap(NULL, KCOV_ENTRIES * sizeof(*kcov), PROT_READ | PROT_WRITE,
		    MAP_SHARED, kcov_fd, 0);
	if (kcov == MAP_FAILED || ioctl(kcov_fd, KCOV_ENABLE, KCOV_TRACE_PC))
		kcov = NULL;
}

static bool open_memory(void)
{
	narrow = mmap(NULL, 2 * FUZZ_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	roomy = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return narrow != MAP_FAILED && roomy != MAP_FAILED &&
	       !munmap(narrow + FUZZ_PAGE, FUZZ_PAGE);
}

bool calls_open(const char *path)
{
	device = open(path, O_RDWR | O_CLOEXEC);
	if (device < 0 || !open_memory() || !open_files() ||
	    !fuzz_catch_signals())
		return false;
	open_kcov();
	return true;
}

bool calls_have_coverage(void)
{
	return kcov;
}

/* Where a request has an address, a small number means a place in the argument. */
static void place_ranges(char *to, const struct call *call)
{
	struct udmabuf_create_ranges ranges;

	if (call->command != UDMABUF_CREATE_RANGES ||
	    call->size < sizeof(ranges))
		return;
	memcpy(&ranges, to, sizeof(ranges));
	if (ranges.ranges < CALL_BYTES)
		ranges.ranges += (uintptr_t)to;
	memcpy(to, &ranges, sizeof(ranges));
}

static void *place_argument(const struct call *call)
{
	char *to = call->roomy ? roomy : narrow + FUZZ_PAGE - call->size;

	memcpy(to, call->bytes, call->size);
	place_ranges(to, call);
	return to;
}

static uint64_t number(const struct call *call, uint32_t index)
{
	uint64_t value;

	memcpy(&value, call->bytes + 8 * index, sizeof(value));
	return value;
}

/* Files of an input have numbers of their own, so that all can be closed. */
static int run_device(const struct call *call, int buf)
{
	int fd = ioctl(device, call->command, place_argument(call)), own;

	/* A question is answered with 0. */
	if (fd <= STDERR_FILENO)
		return buf;
	own = fcntl(fd, F_DUPFD_CLOEXEC, CALLS_FD_OWN);
	close(fd);
	return own;
}

/* As large as it says, or larger: then the kernel has to refuse. */
static void run_map(const struct call *call, int buf)
{
	size_t size = number(call, 0) % (2048 * FUZZ_PAGE) + 1, page;
	int prot = number(call, 1) & (PROT_READ | PROT_WRITE);
	int flags = call->command % 16 ? MAP_SHARED : MAP_PRIVATE;
	off_t offset = (off_t)(number(call, 2) & ~(FUZZ_PAGE - 1));
	struct fuzz_words words = { { 0 } };
	char *map = mmap(NULL, size, prot, flags, buf, offset);

	if (map == MAP_FAILED)
		return;
	page = number(call, 3) % ((size + FUZZ_PAGE - 1) / FUZZ_PAGE);
	fuzz_read_words(map + page * FUZZ_PAGE, &words);
	fuzz_write_words(map, &words);
	mremap(map, FUZZ_PAGE, 2 * FUZZ_PAGE, 0);
	munmap(map, size);
}

/*
 * It syncs in the direction of its mapping: with another one, the checks of the DMA
 * interface (7.3) do not find memory that is mapped more than once.
 */
static void run_peek(const struct call *call, int buf)
{
	enum peek_direction direction = number(call, 1) % 4;
	int peek = peek_attach(buf, number(call, 0) % 5, direction);
	char page[FUZZ_PAGE];

	if (peek < 0)
		return;
	peek_sync(peek, PEEK_SYNC_BEGIN, direction);
	peek_read(peek, page, sizeof(page),
		  (off_t)(number(call, 3) % (1 << 20)));
	peek_sync(peek, PEEK_SYNC_END, direction);
	close(peek);
}

static void run_hole(const struct call *call)
{
	int mode = FALLOC_FL_KEEP_SIZE;

	if (number(call, 0) % 4)
		mode |= FALLOC_FL_PUNCH_HOLE;
	fallocate((int)(CALLS_FD_FIRST + number(call, 1) % NR_MEMFDS), mode,
		  (off_t)(number(call, 2) % (MEMFD_PAGES * FUZZ_PAGE)),
		  (off_t)(1 + number(call, 3) % (MEMFD_PAGES * FUZZ_PAGE)));
}

static int run_call(const struct call *call, int buf)
{
	switch (call->kind) {
	case CALL_DEVICE:
		return run_device(call, buf);
	case CALL_BUFFER:
		ioctl(buf, call->command, place_argument(call));
		return buf;
	case CALL_MAP:
		run_map(call, buf);
		return buf;
	case CALL_PEEK:
		run_peek(call, buf);
		return buf;
	default:
		run_hole(call);
		return buf;
	}
}

static bool is_first(atomic_uchar *seen, unsigned long what)
{
	uint32_t at = (uint32_t)(what * 0x9e3779b97f4a7c15 >> 48);

	return !atomic_load(&seen[at]) && !atomic_exchange(&seen[at], 1);
}

static uint32_t take_coverage(struct coverage *coverage)
{
	unsigned long nr, i, last = 0;
	uint32_t news = 0;

	nr = kcov[0] < KCOV_ENTRIES ? kcov[0] : KCOV_ENTRIES - 1;
	for (i = 1; i <= nr; i++) {
		if (is_first(coverage->edge, kcov[i] ^ last << 1)) {
			atomic_fetch_add(&coverage->nr_edges, 1);
			news++;
		}
		if (is_first(coverage->pc, kcov[i]))
			atomic_fetch_add(&coverage->nr_pcs, 1);
		last = kcov[i];
	}
	return news;
}

uint32_t calls_run(const struct input *input, struct coverage *coverage,
		   uint32_t *news)
{
	uint32_t i;
	int buf = -1;

	if (kcov)
		__atomic_store_n(&kcov[0], 0, __ATOMIC_RELAXED);
	for (i = 0; i < input->nr; i++)
		buf = run_call(&input->call[i], buf);
	close_range(CALLS_FD_OWN, ~0U, 0);
	*news = kcov ? take_coverage(coverage) : 0;
	return input->nr;
}
