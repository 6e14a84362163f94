// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program that uses the device, for compat32.c: started with the device
 * as file descriptor 3, a memfd as 4, and what to do as the first letter of its
 * argument. Ends with 0, or the number of the first check that failed.
 *
 * It has no libc, because nothing else of this machine is 32-bit: system calls
 * are made by hand. The kernel tells them from 64-bit ones by the instruction.
 */
#include <asm/errno.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>

#define DEV		3
#define MEMFD		4
#define PAGE		4096U

/* Pages of the memfd that a buffer is made of. */
#define FIRST		3U
#define COUNT		5U
/* Where "h" looks, far behind what 32 bits of bytes reach. */
#define FAR_OFFSET	(5ULL << 30)

#define NR_EXIT		1
#define NR_IOCTL	54
#define NR_OLD_MMAP	90

#define PROT_RW		3U
#define MAP_SHARED	1U

/* What the mmap() of the first Linux takes, a pointer to its arguments. */
struct mmap_args {
	__u32 addr, length, prot, flags, fd, offset;
};

static long syscall3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return ret;
}

static long ioctl(int fd, unsigned long request, void *arg)
{
	return syscall3(NR_IOCTL, fd, (long)request, (long)arg);
}

/* Negative as an error number; a mapping may lie above 2 GiB. */
static volatile __u8 *map(int fd, __u32 length, __u32 offset)
{
	struct mmap_args args = {
		.length = length,
		.prot = PROT_RW,
		.flags = MAP_SHARED,
		.fd = fd,
		.offset = offset,
	};
	unsigned long at = syscall3(NR_OLD_MMAP, (long)&args, 0, 0);

	return at > -PAGE ? 0 : (volatile __u8 *)at;
}

static int create(__u64 offset, __u64 size)
{
	struct udmabuf_create arg = {
		.memfd = MEMFD,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = offset,
		.size = size,
	};

	return ioctl(DEV, UDMABUF_CREATE, &arg);
}

static int same(const volatile __u8 *a, const volatile __u8 *b, __u32 size)
{
	__u32 i;

	for (i = 0; i < size && a[i] == b[i]; i++)
		;
	return i == size;
}

/*
 * Where the buffer and the memfd are mapped, one writes and the other reads. Huge
 * pages cannot be mapped from the middle on, so the memfd is mapped from its start.
 */
static int shares(int buf, __u32 buf_offset, __u32 memfd_offset, __u32 size)
{
	volatile __u8 *there = map(MEMFD, memfd_offset + size, 0);
	volatile __u8 *here = map(buf, size, buf_offset);

	if (!here || !there)
		return 0;
	there += memfd_offset;
	if (!same(here, there, size))
		return 0;
	here[size - 1] ^= 0xff;
	there[0] ^= 0xff;
	return same(here, there, size);
}

static int do_create(void)
{
	int buf = create(FIRST * PAGE, COUNT * PAGE);

	if (buf < 0)
		return 1;
	return shares(buf, 0, FIRST * PAGE, COUNT * PAGE) ? 0 : 2;
}

static int do_create_list(void)
{
	struct {
		struct udmabuf_create_list head;
		struct udmabuf_create_item items[2];
	} arg = {
		.head = { .flags = UDMABUF_FLAGS_CLOEXEC, .count = 2 },
		.items = {
			{ .memfd = MEMFD, .offset = FIRST * PAGE, .size = PAGE },
			{ .memfd = MEMFD, .size = COUNT * PAGE },
		},
	};
	int buf = ioctl(DEV, UDMABUF_CREATE_LIST, &arg);

	if (buf < 0)
		return 1;
	if (!shares(buf, 0, FIRST * PAGE, PAGE))
		return 2;
	return shares(buf, PAGE, 0, COUNT * PAGE) ? 0 : 3;
}

static int do_sync(void)
{
	struct dma_buf_sync start = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct dma_buf_sync end = { DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW };
	int buf = create(0, PAGE);

	if (buf < 0)
		return 1;
	if (ioctl(buf, DMA_BUF_IOCTL_SYNC, &start))
		return 2;
	return ioctl(buf, DMA_BUF_IOCTL_SYNC, &end) ? 3 : 0;
}

static int do_errors(void)
{
	if (create(0, 0) != -EINVAL)
		return 1;
	if (create(1, PAGE) != -EINVAL)
		return 2;
	/* 4 GiB and a page, not a page */
	if (create(0, (1ULL << 32) + PAGE) != -EINVAL)
		return 3;
	if (ioctl(DEV, UDMABUF_CREATE, 0) != -EFAULT)
		return 4;
	return ioctl(DEV, _IO('u', 0x7f), 0) != -ENOTTY ? 5 : 0;
}

/* Both halves of a 64-bit offset arrive. The page there is all of one byte. */
static int do_far_offset(void)
{
	int buf = create(FAR_OFFSET, PAGE);
	volatile __u8 *here;
	__u32 i;

	if (buf < 0)
		return 1;
	here = map(buf, PAGE, 0);
	if (!here)
		return 2;
	for (i = 0; i < PAGE; i++)
		if (here[i] != 0x5a)
			return 3;
	return 0;
}

/* The stack of a new program: number of arguments, arguments. */
__attribute__((noreturn, used)) void run(char *const *stack);

void run(char *const *stack)
{
	int status;

	switch (stack[2][0]) {
	case 'c':
		status = do_create();
		break;
	case 'l':
		status = do_create_list();
		break;
	case 's':
		status = do_sync();
		break;
	case 'e':
		status = do_errors();
		break;
	case 'h':
		status = do_far_offset();
		break;
	default:
		status = 99;
	}
	for (;;)
		syscall3(NR_EXIT, status, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	movl	%esp, %eax\n"
	"	andl	$-16, %esp\n"
	"	subl	$12, %esp\n"
	"	pushl	%eax\n"
	"	call	run\n");
