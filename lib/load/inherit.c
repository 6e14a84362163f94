// SPDX-License-Identifier: MIT
/*
 * What another program has loaded before it became this one: its files are open, and
 * the environment tells their numbers.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fetch.h"

/* A number, and where it ends; -1 when there is none. */
static int udb_inherit_number(const char *text, const char **end)
{
	long value = 0;
	const char *at = text;

	while (*at >= '0' && *at <= '9' && value <= INT32_MAX)
		value = 10 * value + (*at++ - '0');
	*end = at;
	return at == text || value > INT32_MAX ? -1 : (int)value;
}

/* A file that is open stays open, and is not for programs that this one runs. */
static int udb_inherit_add(struct udb_fetch *fetch, int fd)
{
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -EBADF;
	fetch->files[fetch->nr++] = fd;
	return 0;
}

static uint32_t udb_inherit_count(const char *list)
{
	uint32_t nr = 1;

	for (; *list; list++)
		nr += *list == ',';
	return nr;
}

static int udb_inherit_list(struct udb_fetch *fetch, const char *list)
{
	int ret;

	do {
		ret = udb_inherit_add(fetch, udb_inherit_number(list, &list));
	} while (!ret && *list++ == ',' && fetch->nr < fetch->total);
	if (!ret && list[-1])
		return udb_fetch_bad(fetch, "UDMABUF_FDS is no list of files");
	return ret;
}

static int udb_inherit_run(struct udb_fetch *fetch)
{
	const char *layout = getenv("UDMABUF_LAYOUT_FD");
	const char *list = getenv("UDMABUF_FDS");
	struct stat st;
	int ret;

	if (!layout || !list)
		return -ENOENT;
	fetch->total = 1 + udb_inherit_count(list);
	fetch->files = calloc(fetch->total, sizeof(*fetch->files));
	if (!fetch->files)
		return -ENOMEM;
	ret = udb_inherit_add(fetch, udb_inherit_number(layout, &layout));
	if (!ret)
		ret = udb_inherit_list(fetch, list);
	if (!ret && fstat(fetch->files[0], &st))
		ret = -errno;
	if (ret)
		return ret;
	fetch->layout_size = st.st_size;
	return udb_fetch_take(fetch);
}

int udb_load_inherit(struct udb_load_failure *failure,
		     struct udb_load **ret_load)
{
	struct udb_fetch fetch = {
		.flags = UDB_LOAD_FETCH_ANY | UDB_LOAD_FETCH_MEMFD,
		.start_ns = udb_load_now(),
		.socket = -1,
	};
	int ret = udb_load_failure_give(failure, NULL);

	if (ret)
		return ret;
	return udb_fetch_end(&fetch, udb_inherit_run(&fetch), failure,
			     ret_load);
}
