// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is refused before it is asked for: by the machine, and by a control
 * group of either generation. The linker puts a function in front of open() (--wrap),
 * which has other files in /proc and /sys/fs/cgroup.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "files.h"

/* Files of the machine that is made up. */
static struct {
	const char *path;
	const char *text;
} made_up[12];

static const char *text_of(const char *path)
{
	for (size_t i = 0; i < sizeof(made_up) / sizeof(made_up[0]); i++)
		if (made_up[i].path && !strcmp(made_up[i].path, path))
			return made_up[i].text;
	return NULL;
}

int __wrap_open64(const char *path, int flags, ...)
{
	const char *text = text_of(path);
	va_list list;
	int fd, mode;

	va_start(list, flags);
	mode = va_arg(list, int);
	va_end(list);
	if (!text && (!strncmp(path, "/sys/fs/cgroup", 14) ||
		      !strcmp(path, "/proc/meminfo"))) {
		errno = ENOENT;
		return -1;
	}
	if (!text)
		return __real_open64(path, flags, mode);
	fd = memfd_create("made-up", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		abort();
	return fd;
}

#define MEMINFO(kib)	"MemTotal: 99999999 kB\nMemAvailable:   " kib " kB\n"

FIXTURE(limits) {
	struct udb_device *dev;
	struct udb_load_failure why;
	const char *path;
	size_t nr;
};

FIXTURE_SETUP(limits)
{
	files_begin();
	self->dev = files_device();
	self->path = files_make("a", 8 * MIB);
	self->why.struct_size = sizeof(self->why);
	memset(made_up, 0, sizeof(made_up));
}

FIXTURE_TEARDOWN(limits)
{
	udb_device_unref(self->dev);
	files_end();
}

static void has(FIXTURE_DATA(limits) *self, const char *path, const char *text)
{
	made_up[self->nr].path = path;
	made_up[self->nr++].text = text;
}

static int load_it(FIXTURE_DATA(limits) *self)
{
	struct udb_load_source source = { .path = self->path };
	struct udb_load *load = NULL;
	int ret =
		udb_load_files(self->dev, &source, 1, NULL, &self->why, &load);

	udb_load_free(load);
	return ret;
}

#define EXPECT_LIMIT(_had) do {						\
		EXPECT_EQ(-ENOMEM, load_it(self));			\
		EXPECT_EQ(UDB_LOAD_FAULT_MEMORY, self->why.fault);	\
		EXPECT_EQ(8 * MIB, self->why.wanted);			\
		EXPECT_EQ(_had, self->why.had);				\
	} while (0)

/* Nobody says anything: then it is tried. */
TEST_F(limits, none)
{
	EXPECT_EQ(0, load_it(self));
}

TEST_F(limits, machine)
{
	has(self, "/proc/meminfo", MEMINFO("8191"));
	EXPECT_LIMIT(8191 * KIB);
}

TEST_F(limits, machine_with_just_enough)
{
	has(self, "/proc/meminfo", MEMINFO("8192"));
	EXPECT_EQ(0, load_it(self));
}

TEST_F(limits, group)
{
	has(self, "/proc/self/cgroup", "0::/box/inner\n");
	has(self, "/sys/fs/cgroup/box/inner/memory.max", "9000000\n");
	has(self, "/sys/fs/cgroup/box/inner/memory.current", "1000000\n");
	EXPECT_LIMIT(8000000);
	EXPECT_NE(NULL, strstr(self->why.text, "control group"));
}

/* Pages of files in the group go before anything is killed. */
TEST_F(limits, group_with_file_pages)
{
	has(self, "/proc/self/cgroup", "0::/box\n");
	has(self, "/sys/fs/cgroup/box/memory.max", "9000000\n");
	has(self, "/sys/fs/cgroup/box/memory.current", "1000000\n");
	has(self, "/sys/fs/cgroup/box/memory.stat",
	    "anon 500\ninactive_file 300000\nactive_file 100000\n");
	EXPECT_EQ(0, load_it(self));
}

/* The limit of a group above counts, too, and "max" is none. */
TEST_F(limits, group_above)
{
	has(self, "/proc/self/cgroup", "0::/box/inner\n");
	has(self, "/sys/fs/cgroup/box/inner/memory.max", "max\n");
	has(self, "/sys/fs/cgroup/box/inner/memory.current", "1000000\n");
	has(self, "/sys/fs/cgroup/box/memory.max", "4000000\n");
	has(self, "/sys/fs/cgroup/box/memory.current", "1000000\n");
	EXPECT_LIMIT(3000000);
}

TEST_F(limits, group_of_the_first_generation)
{
	has(self, "/proc/self/cgroup", "5:cpu:/\n4:memory:/box\n0::/other\n");
	has(self, "/sys/fs/cgroup/memory/box/memory.limit_in_bytes",
	    "5000000\n");
	has(self, "/sys/fs/cgroup/memory/box/memory.usage_in_bytes",
	    "6000000\n");
	EXPECT_LIMIT(0);
}

TEST_HARNESS_MAIN
