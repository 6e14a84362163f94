// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf create: a dma-buf, which a command gets as an open file, or which is
 * held until a signal comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libudmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* What is said, as far as it is long. */
#define CREATE_BAD_HUGETLB "--hugetlb is '%s', and should be 2M or 1G"
#define CREATE_EXCLUDE "--hugetlb and --small exclude each other"
#define CREATE_BAD_THREADS "--threads is %u, and should be 1 to 64"
#define CREATE_BAD_FALLBACK \
	"--fallback is '%s', and should be heap, memfd or heap,memfd"
#define CREATE_TOO_LONG \
	"'%s' has %lld bytes, and SIZE is less: leave it out"
#define CREATE_SHORTER "'%s' has become shorter while it was read"
#define CREATE_ABOVE_LIMIT \
	"%s is above the driver's limit of %s: see udmabuf info"
#define CREATE_NO_PAGES \
	"there are no such pages for %s: leave --exact out, or see udmabuf info"
#define CREATE_NO_MEMORY \
	"there is not enough memory for %s of such pages: see udmabuf info"
#define CREATE_NO_READ_ONLY \
	"the driver makes no read-only buffers: see udmabuf info"
#define CREATE_NOT_SEALED "cannot keep everybody from writing: %s"
#define CREATE_BAD_SIZE "SIZE is '%s', and should be a size like 64M"

#define CREATE_NAME_MAX	31
#define CREATE_STEP	(1UL << 20)

struct create_opts {
	const char *hugetlb;
	bool small;
	bool exact;
	bool populate;
	unsigned int threads;
	const char *name;
	const char *from;
	bool read_only;
	const char *fallback;
	const char *device;
	bool quiet;
	bool json;
	char **exec;
};

#define CREATE_OPTION(field)	offsetof(struct create_opts, field)

static const struct cli_option create_options[] = {
	{ "hugetlb", CLI_TEXT, CREATE_OPTION(hugetlb), "2M|1G",
	  "of hugetlb pages; the next best where there are none" },
	{ "small", CLI_FLAG, CREATE_OPTION(small), NULL,
	  "of small pages, not of transparent huge ones" },
	{ "exact", CLI_FLAG, CREATE_OPTION(exact), NULL,
	  "these pages or none" },
	{ "populate", CLI_FLAG, CREATE_OPTION(populate), NULL,
	  "have all pages allocated by threads first" },
	{ "threads", CLI_NUMBER, CREATE_OPTION(threads), "N",
	  "so many (with --populate; as many as processors)" },
	{ "name", CLI_TEXT, CREATE_OPTION(name), "NAME",
	  "name of the buffer, at most 31 bytes (udmabuf)" },
	{ "from", CLI_TEXT, CREATE_OPTION(from), "FILE",
	  "put the file's bytes in; SIZE may be left out" },
	{ "read-only", CLI_FLAG, CREATE_OPTION(read_only), NULL,
	  "nobody can change a byte of it, ever" },
	{ "fallback", CLI_TEXT, CREATE_OPTION(fallback), "heap|memfd",
	  "what will do without a driver; heap,memfd: in this order" },
	{ "device", CLI_TEXT, CREATE_OPTION(device), "NODE",
	  "the driver's node (/dev/udmabuf, then /dev/udmabuf-ng)" },
	{ "quiet", CLI_FLAG, CREATE_OPTION(quiet), NULL,
	  "do not say what was made" },
	{ "json", CLI_FLAG, CREATE_OPTION(json), NULL, "say it as JSON" },
	{ "exec", CLI_REST, CREATE_OPTION(exec), "COMMAND",
	  "run COMMAND with all that follows; must be last" },
	{ 0 },
};

static const struct cli_usage create_usage = {
	.synopsis = "[OPTION]... SIZE [--exec COMMAND [ARGUMENT]...]",
	.about =
		"Makes a dma-buf of SIZE bytes (K, M, G: powers of 1024), of the largest pages\n"
		"that can be had. With --exec, COMMAND takes the place of this one and has the\n"
		"buffer as an open file; each {} in its arguments becomes the number of that file,\n"
		"and its environment has UDMABUF_FD and UDMABUF_SIZE. Without, the buffer is held\n"
		"until a signal comes (Ctrl-C).",
	.options = create_options,
	.words = 1,
	.exits = "  0    done\n"
		 "  1    it failed\n"
		 "  2    wrong usage\n"
		 "  126  --exec: COMMAND cannot be run\n"
		 "  127  --exec: there is no COMMAND\n"
		 "With --exec otherwise that of COMMAND.",
};

/* A buffer, the file that stands for it, and whether it is a dma-buf. */
struct create {
	const struct create_opts *opts;
	uint64_t size;
	uint64_t from_size;
	int from;
	struct udb_device *dev;
	struct udb_buffer *buf;
	enum udb_backing backing;
	int fd;
	bool is_dmabuf;
};

static const char *const create_backings[] = {
	[UDB_BACKING_SMALL] = "small",
	[UDB_BACKING_THP] = "thp",
	[UDB_BACKING_HUGETLB_2M] = "hugetlb-2M",
	[UDB_BACKING_HUGETLB_1G] = "hugetlb-1G",
	[UDB_BACKING_UNKNOWN] = "unknown",
};

static int create_judge(const struct create_opts *opts, const char *size)
{
	if (!size && !opts->from)
		return cli_misuse("SIZE is missing, such as 64M");
	if (opts->hugetlb && strcmp(opts->hugetlb, "2M") != 0 &&
	    strcmp(opts->hugetlb, "1G") != 0)
		return cli_misuse(CREATE_BAD_HUGETLB, opts->hugetlb);
	if (opts->hugetlb && opts->small)
		return cli_misuse(CREATE_EXCLUDE);
	if (opts->threads && !opts->populate)
		return cli_misuse("--threads is for --populate");
	if (opts->threads > 64)
		return cli_misuse(CREATE_BAD_THREADS, opts->threads);
	if (opts->exec && opts->json)
		return cli_misuse("--json is of no use with --exec");
	if (opts->name && strlen(opts->name) > CREATE_NAME_MAX)
		return cli_misuse("--name is longer than %d bytes",
				  CREATE_NAME_MAX);
	return CLI_GO_ON;
}

/* A list of words, in any order, with commas. */
static int create_fallback(const char *text, uint32_t *fallback)
{
	if (!text)
		return CLI_GO_ON;
	if (!strcmp(text, "heap"))
		*fallback = UDB_FALLBACK_HEAP;
	else if (!strcmp(text, "memfd"))
		*fallback = UDB_FALLBACK_MEMFD;
	else if (!strcmp(text, "heap,memfd"))
		*fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD;
	else
		return cli_misuse(CREATE_BAD_FALLBACK, text);
	return CLI_GO_ON;
}

/* The file to copy, and the size from its own. */
static int create_open_from(struct create *c)
{
	struct stat st;

	c->from = open(c->opts->from, O_RDONLY | O_CLOEXEC);
	if (c->from < 0 || fstat(c->from, &st))
		return cli_fail("cannot open '%s': %s", c->opts->from,
				strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cli_fail("'%s' is no file: --from needs one",
				c->opts->from);
	if (!c->size && !st.st_size)
		return cli_fail("'%s' is empty: say a SIZE", c->opts->from);
	c->from_size = st.st_size;
	if (!c->size)
		c->size = c->from_size;
	if (c->from_size > c->size)
		return cli_fail(CREATE_TOO_LONG, c->opts->from,
				(long long)st.st_size);
	return CLI_GO_ON;
}

static int create_open_device(struct create *c)
{
	uint32_t fallback = 0;
	struct udb_probe probe;
	int ret = create_fallback(c->opts->fallback, &fallback);

	if (ret != CLI_GO_ON)
		return ret;
	return cli_device_open(c->opts->device, fallback, &probe, &c->dev);
}

static uint32_t create_backing(const struct create_opts *opts)
{
	if (opts->small)
		return UDB_BACKING_SMALL;
	if (!opts->hugetlb)
		return opts->exact ? UDB_BACKING_THP : UDB_BACKING_AUTO;
	return opts->hugetlb[0] == '2' ? UDB_BACKING_HUGETLB_2M :
					 UDB_BACKING_HUGETLB_1G;
}

static int create_fail(const struct create *c, int error)
{
	char size[CLI_SIZE_TEXT], limit_text[CLI_SIZE_TEXT];
	uint64_t limit;
	uint32_t list;

	cli_size_text(size, c->size);
	if (error == -EFBIG && !udb_device_limits(c->dev, &limit, &list))
		return cli_fail(CREATE_ABOVE_LIMIT, size,
				cli_size_text(limit_text, limit));
	if (error == -EOPNOTSUPP)
		return cli_fail(CREATE_NO_PAGES, size);
	if (error == -ENOMEM || error == -ENOSPC)
		return cli_fail(CREATE_NO_MEMORY, size);
	return cli_fail("cannot make a buffer of %s: %s", size,
			strerror(-error));
}

/* Before anything is allocated and read. */
static int create_check_read_only(const struct create *c)
{
	struct udb_query query = { .struct_size = sizeof(query) };

	if (!udb_device_query(c->dev, &query) &&
	    query.features & UDB_QUERY_READ_ONLY)
		return CLI_GO_ON;
	return cli_fail(CREATE_NO_READ_ONLY);
}

static const char *create_name(const struct create *c)
{
	return c->opts->name ? c->opts->name : "udmabuf";
}

/*
 * What is in the memfd becomes a buffer that nobody can write. The one that could be
 * written has to go first: as long as it is there, the memfd cannot be sealed.
 */
static int create_seal(struct create *c)
{
	struct udb_wrap_opts opts = {
		.struct_size = sizeof(opts),
		.name = create_name(c),
		.flags = UDB_WRAP_READ_ONLY | UDB_WRAP_SEAL_WRITE,
	};
	struct udb_range range = { .size = udb_buffer_size(c->buf) };
	int ret;

	range.memfd = fcntl(udb_buffer_memfd(c->buf), F_DUPFD_CLOEXEC, 0);
	if (range.memfd < 0)
		return cli_fail("cannot have one more open file: %s",
				strerror(errno));
	c->buf = udb_buffer_free(c->buf);
	ret = udb_buffer_wrap(c->dev, &range, 1, &opts, &c->buf);
	close(range.memfd);
	if (ret)
		return cli_fail(CREATE_NOT_SEALED, strerror(-ret));
	return CLI_GO_ON;
}

static int create_alloc(struct create *c)
{
	const struct create_opts *opts = c->opts;
	struct udb_alloc_opts alloc = {
		.struct_size = sizeof(alloc),
		.name = create_name(c),
		.backing = create_backing(opts),
		.flags = (opts->exact ? UDB_ALLOC_EXACT : 0) |
			 (opts->populate ? UDB_ALLOC_POPULATE : 0),
		.threads = opts->threads,
	};
	int ret = udb_buffer_alloc(c->dev, c->size, &alloc, &c->buf);

	if (ret)
		return create_fail(c, ret);
	c->backing = udb_buffer_backing(c->buf);
	return CLI_GO_ON;
}

/* The file that stands for the buffer: the dma-buf, or a memfd where that will do. */
static int create_open_file(struct create *c)
{
	c->fd = udb_buffer_dup_fd(c->buf);
	c->is_dmabuf = c->fd >= 0;
	if (c->fd == -EOPNOTSUPP)
		c->fd = fcntl(udb_buffer_memfd(c->buf), F_DUPFD_CLOEXEC, 0);
	if (c->fd < 0)
		return cli_fail("cannot have one more open file: %s",
				strerror(c->is_dmabuf ? -c->fd : errno));
	return CLI_GO_ON;
}

/* 0: all is there; above: an error number; below: the file has become shorter. */
static int create_read_all(int fd, char *to, uint64_t size)
{
	uint64_t have = 0;
	ssize_t got;

	while (have < size) {
		got = read(fd, to + have,
			   size - have < CREATE_STEP ? size - have :
						       CREATE_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? errno : -1;
		have += got;
	}
	return 0;
}

static int create_fill(struct create *c)
{
	void *mem;
	int ret = udb_buffer_map(c->buf, NULL, &mem);

	if (ret)
		return cli_fail("cannot map the buffer: %s", strerror(-ret));
	udb_buffer_sync_begin(c->buf, UDB_WRITE);
	ret = create_read_all(c->from, mem, c->from_size);
	udb_buffer_sync_end(c->buf, UDB_WRITE);
	udb_unmap(mem, udb_buffer_size(c->buf));
	if (ret < 0)
		return cli_fail(CREATE_SHORTER, c->opts->from);
	if (ret)
		return cli_fail("cannot read '%s': %s", c->opts->from,
				strerror(ret));
	return CLI_GO_ON;
}

static void create_show_json(const struct create *c)
{
	struct json_object *object = json_object_new_object();
	struct udb_info info = { .struct_size = sizeof(info) };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), c->fd);
	cli_json_number(object, "pid", getpid());
	cli_json_number(object, "fd", c->fd);
	cli_json_text(object, "path", path);
	cli_json_number(object, "size", udb_buffer_size(c->buf));
	cli_json_text(object, "backing", create_backings[c->backing]);
	cli_json_bool(object, "dma_buf", c->is_dmabuf);
	cli_json_bool(object, "read_only", c->opts->read_only);
	if (c->is_dmabuf && !udb_info_get(c->fd, &info)) {
		cli_json_number(object, "inode", info.inode);
		cli_json_text(object, "exporter", info.exporter);
	}
	cli_json_print(object, true);
}

static void create_show(const struct create *c)
{
	static const char *const pages[] = {
		[UDB_BACKING_SMALL] = "small pages",
		[UDB_BACKING_THP] = "transparent huge pages",
		[UDB_BACKING_HUGETLB_2M] = "hugetlb pages of 2 MiB",
		[UDB_BACKING_HUGETLB_1G] = "hugetlb pages of 1 GiB",
		[UDB_BACKING_UNKNOWN] = "the kernel's choice of pages",
	};
	char size[CLI_SIZE_TEXT];

	printf("%s%s of %s of %s: /proc/%d/fd/%d\n",
	       c->opts->read_only ? "read-only " : "",
	       c->is_dmabuf ? "dma-buf" : "memfd",
	       cli_size_text(size, udb_buffer_size(c->buf)), pages[c->backing],
	       getpid(), c->fd);
	fflush(stdout);
}

/* @word with each {} replaced. */
static char *create_fill_in(const char *word, const char *number)
{
	char *text = cli_alloc(strlen(word) * strlen(number) + 1);
	size_t used = 0;

	while (*word) {
		if (word[0] == '{' && word[1] == '}') {
			used += sprintf(text + used, "%s", number);
			word += 2;
		} else {
			text[used++] = *word++;
		}
	}
	return text;
}

/* Only the buffer goes along: a device would let the command make others. */
static int create_exec(const struct create *c)
{
	char number[16], size[24];

	snprintf(number, sizeof(number), "%d", c->fd);
	snprintf(size, sizeof(size), "%zu", udb_buffer_size(c->buf));
	setenv("UDMABUF_FD", number, 1);
	setenv("UDMABUF_SIZE", size, 1);
	for (char **word = c->opts->exec + 1; *word; word++)
		*word = create_fill_in(*word, number);
	if (fcntl(c->fd, F_SETFD, 0))
		return cli_fail("cannot hand the buffer on: %s",
				strerror(errno));
	return cli_exec(c->opts->exec);
}

static int create_make(struct create *c)
{
	int ret = CLI_GO_ON;

	if (c->opts->from)
		ret = create_open_from(c);
	if (ret == CLI_GO_ON)
		ret = create_open_device(c);
	if (ret == CLI_GO_ON && c->opts->read_only)
		ret = create_check_read_only(c);
	if (ret == CLI_GO_ON)
		ret = create_alloc(c);
	if (ret == CLI_GO_ON && c->opts->from)
		ret = create_fill(c);
	if (ret == CLI_GO_ON && c->opts->read_only)
		ret = create_seal(c);
	if (ret == CLI_GO_ON)
		ret = create_open_file(c);
	return ret;
}

static int create_use(struct create *c)
{
	if (c->opts->exec)
		return create_exec(c);
	cli_hold_begin();
	if (c->opts->json)
		create_show_json(c);
	else if (!c->opts->quiet)
		create_show(c);
	cli_hold(!c->opts->quiet && !c->opts->json);
	return CLI_DONE;
}

static void create_end(struct create *c)
{
	udb_buffer_free(c->buf);
	udb_device_unref(c->dev);
	if (c->fd >= 0)
		close(c->fd);
	if (c->from >= 0)
		close(c->from);
}

int cli_create(int argc, char **argv)
{
	struct create_opts opts = { 0 };
	struct create c = { .opts = &opts, .fd = -1, .from = -1 };
	const char *size = NULL;
	int ret;

	ret = cli_parse(&create_usage, argc, argv, &opts, &size);
	if (ret == CLI_GO_ON)
		ret = create_judge(&opts, size);
	if (ret == CLI_GO_ON && size && !cli_size_parse(size, &c.size))
		ret = cli_misuse(CREATE_BAD_SIZE, size);
	if (ret == CLI_GO_ON)
		ret = create_make(&c);
	if (ret == CLI_GO_ON)
		ret = create_use(&c);
	create_end(&c);
	return ret;
}
