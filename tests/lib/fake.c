// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine that is made up: its files, and what the ioctls do. One lock for all
 * of it, since the tests of the pool have threads.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_state.h"

#define FAKE_FILES	8192
#define FAKE_RANGES	4096
#define FAKE_MIB	(1024 * 1024UL)

struct fake_machine fake;

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_file fake_files[FAKE_FILES];
static unsigned int fake_nr_files;
static struct fake_range fake_last[FAKE_RANGES];
static unsigned int fake_nr_last;

void fake_begin(void)
{
	fake = (struct fake_machine){
		.udmabuf_ng = ENOENT,
		.heap = ENOENT,
		.size_limit_mb = 64,
		.list_limit = 1024,
		.features = UDMABUF_FEATURE_READ_ONLY | UDMABUF_FEATURE_INFO |
			    UDMABUF_FEATURE_ACCOUNT,
		.exporter = "udmabuf",
	};
	fake_nr_files = 0;
	fake_nr_last = 0;
	fake_fails_reset();
}

/* System calls without the C library, so that nothing here is counted. */
static int fake_memfd(const void *bytes, size_t size)
{
	int fd = (int)syscall(SYS_memfd_create, "fake", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	if (bytes && size)
		syscall(SYS_pwrite64, fd, bytes, size, 0);
	else if (size)
		syscall(SYS_ftruncate, fd, size);
	return fd;
}

static ino_t fake_inode(int fd)
{
	struct statx st;

	if (fd < 0 || syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &st))
		return 0;
	return st.stx_ino;
}

static struct fake_file *fake_find_locked(int fd)
{
	ino_t inode = fake_inode(fd);

	for (unsigned int i = fake_nr_files; inode && i-- > 0;)
		if (fake_files[i].inode == inode)
			return &fake_files[i];
	return NULL;
}

struct fake_file fake_lookup(int fd)
{
	struct fake_file copy = { .type = FAKE_NOTHING }, *file;

	pthread_mutex_lock(&fake_lock);
	file = fake_find_locked(fd);
	if (file)
		copy = *file;
	pthread_mutex_unlock(&fake_lock);
	return copy;
}

static int fake_register_locked(int fd, struct fake_file file)
{
	if (fake_nr_files == FAKE_FILES)
		abort();
	file.inode = fake_inode(fd);
	fake_files[fake_nr_files++] = file;
	return fd;
}

static int fake_register(int fd, struct fake_file file)
{
	pthread_mutex_lock(&fake_lock);
	fake_register_locked(fd, file);
	pthread_mutex_unlock(&fake_lock);
	return fd;
}

int fake_dmabuf(size_t size, const char *exporter)
{
	struct fake_file file = { .type = FAKE_DMABUF, .size = size };

	snprintf(file.exporter, sizeof(file.exporter), "%s", exporter);
	return fake_register(fake_memfd(NULL, size), file);
}

int fake_device(void)
{
	return fake_open("/dev/udmabuf");
}

void fake_busy(int fd, bool busy)
{
	pthread_mutex_lock(&fake_lock);
	fake_find_locked(fd)->busy = busy;
	pthread_mutex_unlock(&fake_lock);
}

int fake_sync_depth(int fd)
{
	return fake_lookup(fd).depth;
}

uint64_t fake_sync_flags(int fd)
{
	return fake_lookup(fd).flags;
}

unsigned int fake_ranges(const struct fake_range **ranges)
{
	*ranges = fake_last;
	return fake_nr_last;
}

/*
 * Files by their path
 */

/* The minor number tells the node: 120 udmabuf, 121 udmabuf-ng. */
const char *fake_misc_of(unsigned int minor)
{
	return minor == 120 ? "udmabuf" : "udmabuf-ng";
}

/* The error of a node, or of none: ENOENT. */
static int fake_node_error(const char *path, enum fake_type *type)
{
	*type = FAKE_DEVICE;
	if (!strcmp(path, "/dev/udmabuf"))
		return fake.udmabuf;
	if (!strcmp(path, "/dev/udmabuf-ng"))
		return fake.udmabuf_ng;
	*type = FAKE_HEAP;
	if (!strcmp(path, "/dev/dma_heap/system"))
		return fake.heap;
	*type = FAKE_NOTHING;
	return strcmp(path, "/dev/not-udmabuf") ? ENOENT : 0;
}

static int fake_open_node(const char *path)
{
	struct fake_file file = { 0 };

	errno = fake_node_error(path, &file.type);
	if (errno)
		return -1;
	snprintf(file.name, sizeof(file.name), "%s", path + strlen("/dev/"));
	return fake_register(fake_memfd(NULL, 0), file);
}

/* What is in a file of /sys; false when it is not there. */
static bool fake_sysfs(const char *path, char *text, size_t size)
{
	const char *module = fake.ours ? "udmabuf_ng" : "udmabuf";
	char parameters[64];
	size_t length;

	length = snprintf(parameters, sizeof(parameters),
			  "/sys/module/%s/parameters/", module);
	if (fake.no_sysfs)
		return false;
	if (!strcmp(path, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
		return snprintf(text, size, "%zu\n", fake_thp()) > 0;
	if (strstr(path, "/free_hugepages"))
		return snprintf(text, size, fake.no_hugetlb ? "0\n" : "7\n") >
		       0;
	if (fake.ours && !strcmp(path, "/sys/module/udmabuf_ng/version"))
		return snprintf(text, size, "0.1.0\n") > 0;
	if (strncmp(path, parameters, length))
		return false;
	if (!strcmp(path + length, "size_limit_mb"))
		return snprintf(text, size, "%u\n", fake.size_limit_mb) > 0;
	if (!strcmp(path + length, "list_limit"))
		return snprintf(text, size, "%u\n", fake.list_limit) > 0;
	if (fake.ours && !strcmp(path + length, "name"))
		return snprintf(text, size, "%s\n", fake.ours_name) > 0;
	return false;
}

static bool fake_fdinfo(const char *path, char *text, size_t size)
{
	const char *folder = "/proc/self/fdinfo/";
	struct fake_file file;

	if (strncmp(path, folder, strlen(folder)))
		return false;
	file = fake_lookup((int)strtol(path + strlen(folder), NULL, 10));
	if (file.type != FAKE_DMABUF)
		return false;
	return snprintf(text, size,
			"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t%lu\n"
			"size:\t%zu\ncount:\t2\nexp_name:\t%s\n%s%s%s",
			(unsigned long)file.inode, file.size, file.exporter,
			file.name[0] ? "name:\t" : "", file.name,
			file.name[0] ? "\n" : "") > 0;
}

bool fake_is_read_only(int fd)
{
	return fake_lookup(fd).read_only;
}

bool fake_exists(const char *path)
{
	enum fake_type type;
	char text[64];

	if (!strcmp(path, "/sys/class/misc/udmabuf"))
		return fake.udmabuf != ENXIO && !fake.no_sysfs;
	if (!strncmp(path, "/dev/", 5))
		return fake_node_error(path, &type) != ENOENT;
	return fake_sysfs(path, text, sizeof(text));
}

int fake_open(const char *path)
{
	char text[1024];

	if (!strncmp(path, "/dev/", 5))
		return fake_open_node(path);
	if (fake_sysfs(path, text, sizeof(text)) ||
	    fake_fdinfo(path, text, sizeof(text)))
		return fake_memfd(text, strlen(text));
	if (strncmp(path, "/sys/", 5))
		return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
	errno = ENOENT;
	return -1;
}

/*
 * ioctls
 */

static int fake_error(int error)
{
	errno = error;
	return -1;
}

/* As the driver judges one range. */
static int fake_check_range(const struct fake_range *range, bool read_only)
{
	const uint64_t below_page = fake_page() - 1;
	struct statx st;
	long seals;

	if ((range->offset | range->size) & below_page || !range->size)
		return -EINVAL;
	seals = syscall(SYS_fcntl, range->memfd, F_GET_SEALS);
	if (seals < 0)
		return -EBADFD;
	if (!(seals & F_SEAL_SHRINK) ||
	    (!read_only && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EINVAL;
	if (syscall(SYS_statx, range->memfd, "", AT_EMPTY_PATH, STATX_SIZE,
		    &st))
		return -EBADFD;
	return range->offset + range->size > st.stx_size ? -EINVAL : 0;
}

/* The ranges have been noted in fake_last. */
static int fake_create_locked(bool read_only)
{
	struct fake_file file = { .type = FAKE_DMABUF, .read_only = read_only };
	uint64_t size = 0;
	int error;

	if (!fake_nr_last || fake_nr_last > fake.list_limit)
		return fake_error(EINVAL);
	for (unsigned int i = 0; i < fake_nr_last; i++) {
		error = fake_check_range(&fake_last[i], read_only);
		if (error)
			return fake_error(-error);
		size += fake_last[i].size;
	}
	if (size > fake.size_limit_mb * FAKE_MIB)
		return fake_error(EINVAL);
	snprintf(file.exporter, sizeof(file.exporter), "%s", fake.exporter);
	file.size = size;
	return fake_register_locked(fake_memfd(NULL, size), file);
}

static int fake_create(const struct udmabuf_create *arg)
{
	int ret;

	pthread_mutex_lock(&fake_lock);
	fake_last[0] = (struct fake_range){ .memfd = (int)arg->memfd,
					    .offset = arg->offset,
					    .size = arg->size };
	fake_nr_last = 1;
	ret = arg->flags == UDMABUF_FLAGS_CLOEXEC || !arg->size ?
		      fake_create_locked(false) :
		      fake_error(EINVAL);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

static int fake_create_items(const struct udmabuf_create_item *items,
			     uint32_t count, bool read_only)
{
	int ret;

	if (count > FAKE_RANGES)
		return fake_error(EINVAL);
	pthread_mutex_lock(&fake_lock);
	for (unsigned int i = 0; i < count; i++)
		fake_last[i] = (struct fake_range){
			.memfd = (int)items[i].memfd,
			.offset = items[i].offset,
			.size = items[i].size,
		};
	fake_nr_last = count;
	ret = fake_create_locked(read_only);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

static int fake_create_list(const struct udmabuf_create_list *arg)
{
	if (arg->flags != UDMABUF_FLAGS_CLOEXEC)
		return fake_error(EINVAL);
	return fake_create_items(arg->list, arg->count, false);
}

static int fake_create_ranges(const struct udmabuf_create_ranges *arg)
{
	const uint32_t flags = UDMABUF_FLAGS_CLOEXEC | UDMABUF_FLAGS_READ_ONLY;

	if (arg->size != sizeof(*arg) || arg->flags != flags || arg->__reserved)
		return fake_error(EINVAL);
	return fake_create_items(
		(const struct udmabuf_create_item *)(uintptr_t)arg->ranges,
		arg->count, true);
}

static int fake_query(struct udmabuf_query *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags)
		return fake_error(EINVAL);
	arg->features = fake.features;
	arg->size_limit = fake.size_limit_mb * FAKE_MIB;
	arg->huge_sizes = fake_thp();
	arg->list_limit = fake.list_limit;
	arg->account = fake.account;
	snprintf(arg->version, sizeof(arg->version), "0.1.0");
	return 0;
}

static int fake_sync(int fd, const struct dma_buf_sync *arg)
{
	struct fake_file *file;

	if (arg->flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK ||
	    !(arg->flags & DMA_BUF_SYNC_RW))
		return fake_error(EINVAL);
	pthread_mutex_lock(&fake_lock);
	file = fake_find_locked(fd);
	file->depth += arg->flags & DMA_BUF_SYNC_END ? -1 : 1;
	file->flags = arg->flags;
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static int fake_set_name(int fd, const char *name)
{
	struct fake_file *file;

	pthread_mutex_lock(&fake_lock);
	file = fake_find_locked(fd);
	snprintf(file->name, sizeof(file->name), "%s", name);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static int fake_dmabuf_ioctl(int fd, unsigned long request, void *arg)
{
	struct dma_buf_export_sync_file *export = arg;
	struct dma_buf_import_sync_file *import = arg;
	struct fake_file fence = { .type = FAKE_SYNC_FILE };

	switch (request) {
	case DMA_BUF_IOCTL_SYNC:
		return fake_sync(fd, arg);
	case DMA_BUF_SET_NAME:
		return fake_set_name(fd, arg);
	case DMA_BUF_IOCTL_EXPORT_SYNC_FILE:
		fence.busy = fake_lookup(fd).busy;
		export->fd = fake_register(fake_memfd(NULL, 0), fence);
		return 0;
	case DMA_BUF_IOCTL_IMPORT_SYNC_FILE:
		if (fake_lookup(import->fd).type != FAKE_SYNC_FILE)
			return fake_error(EINVAL);
		fake_busy(fd, fake_lookup(import->fd).busy);
		return 0;
	default:
		return fake_error(ENOTTY);
	}
}

static int fake_heap_ioctl(unsigned long request,
			   struct dma_heap_allocation_data *arg)
{
	if (request != DMA_HEAP_IOCTL_ALLOC)
		return fake_error(ENOTTY);
	arg->fd = fake_dmabuf(arg->len, "system");
	return 0;
}

static int fake_info(struct udmabuf_info *arg)
{
	struct fake_file file = fake_lookup(arg->fd);

	if (!fake_inode(arg->fd))
		return fake_error(EBADF);
	if (arg->size != sizeof(*arg) || file.type != FAKE_DMABUF ||
	    strcmp(file.exporter, "udmabuf") != 0)
		return fake_error(EINVAL);
	arg->flags = file.read_only ?
			     UDMABUF_INFO_READ_ONLY | UDMABUF_INFO_SEALED :
			     0;
	arg->bytes = file.size;
	arg->runs = 3;
	arg->huge_entries = 4;
	arg->attachments = 2;
	arg->mapped = 1;
	arg->folios[0] = 5;
	arg->folios[9] = 6;
	return 0;
}

/* What only udmabuf_ng has, by the node that is its own. */
static int fake_newer_ioctl(int fd, unsigned long request, void *arg)
{
	if (!fake.ours || strcmp(fake_lookup(fd).name, fake.ours_name) != 0)
		return fake_error(ENOTTY);
	switch (request) {
	case UDMABUF_QUERY:
		return fake_query(arg);
	case UDMABUF_CREATE_RANGES:
		return fake_create_ranges(arg);
	case UDMABUF_INFO:
		return fake_info(arg);
	default:
		return fake_error(ENOTTY);
	}
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	switch (fake_lookup(fd).type) {
	case FAKE_DEVICE:
		if (request == UDMABUF_CREATE)
			return fake_create(arg);
		if (request == UDMABUF_CREATE_LIST)
			return fake_create_list(arg);
		return fake_newer_ioctl(fd, request, arg);
	case FAKE_HEAP:
		return fake_heap_ioctl(request, arg);
	case FAKE_DMABUF:
		return fake_dmabuf_ioctl(fd, request, arg);
	default:
		return fake_error(fake_inode(fd) ? ENOTTY : EBADF);
	}
}
