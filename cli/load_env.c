// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was loaded, for a command that takes the place of this one: open files, and an
 * environment that tells what they are. It is the same whether this program has loaded
 * it or got it from a server.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load.h"

/* The kernel takes no variable that is longer than 128 KiB. */
#define LOAD_LAYOUT_MAX	100000

static int load_env_fail(void)
{
	return cli_fail("cannot hand the buffer on: %s", strerror(errno));
}

static void load_env_number(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	setenv(name, text, 1);
}

/* A file that outlives this program; the memfd where there is no dma-buf. */
static int load_env_file(const struct load *load, size_t index)
{
	struct udb_buffer *buf = udb_load_buffer(load->loaded, index);
	int fd = buf ? udb_buffer_fd(buf) : udb_load_memfd(load->loaded);

	return fcntl(fd, F_DUPFD, 0);
}

static int load_env_files(const struct load *load, int *fds, size_t nr)
{
	size_t room = 12 * nr, used = 0;
	char *list = cli_alloc(room);

	for (size_t i = 0; i < nr; i++) {
		fds[i] = load_env_file(load, i);
		if (fds[i] < 0)
			return load_env_fail();
		used += snprintf(list + used, room - used, "%s%d", i ? "," : "",
				 fds[i]);
	}
	load_env_number("UDMABUF_FD", fds[0]);
	setenv("UDMABUF_FDS", list, 1);
	free(list);
	return CLI_GO_ON;
}

static bool load_env_write(int fd, const char *text)
{
	size_t size = strlen(text), done = 0;

	while (done < size) {
		ssize_t put = write(fd, text + done, size - done);

		if (put < 0 && errno != EINTR)
			return false;
		done += put > 0 ? put : 0;
	}
	return lseek(fd, 0, SEEK_SET) == 0;
}

/* As a variable unless it is too long, and as a file in any case. */
static int load_env_json(const struct load *load, const int *fds)
{
	struct json_object *object = json_object_new_object();
	const int style = JSON_C_TO_STRING_NOSLASHESCAPE;
	int fd = memfd_create("udmabuf-layout", 0);
	const char *text;
	char path[40];
	bool written;

	load_add_layout(load, object, fds);
	text = json_object_to_json_string_ext(object, style);
	unsetenv("UDMABUF_LAYOUT");
	if (strlen(text) < LOAD_LAYOUT_MAX)
		setenv("UDMABUF_LAYOUT", text, 1);
	written = fd >= 0 && load_env_write(fd, text);
	json_object_put(object);
	if (!written)
		return load_env_fail();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	setenv("UDMABUF_LAYOUT_FILE", path, 1);
	return CLI_GO_ON;
}

/* For udb_load_inherit(). */
static int load_env_layout(const struct load *load)
{
	int fd =
		udb_load_layout_fd(load->loaded, load->tables, load->nr_tables);

	if (fd < 0 || fcntl(fd, F_SETFD, 0)) {
		errno = fd < 0 ? -fd : errno;
		return load_env_fail();
	}
	load_env_number("UDMABUF_LAYOUT_FD", fd);
	return CLI_GO_ON;
}

static int load_env(const struct load *load)
{
	size_t nr = udb_load_nr_buffers(load->loaded);
	int *fds, ret;

	nr = nr ? nr : 1;
	fds = cli_alloc(nr * sizeof(*fds));
	ret = load_env_files(load, fds, nr);
	if (ret == CLI_GO_ON)
		ret = load_env_json(load, fds);
	if (ret == CLI_GO_ON)
		ret = load_env_layout(load);
	load_env_number("UDMABUF_SIZE", udb_load_size(load->loaded));
	free(fds);
	return ret;
}

/**
 * load_exec() - become another command, which has what was loaded
 * @load: which.
 * @command: its words, with NULL at the end.
 *
 * Return: an exit status, when that fails.
 */
int load_exec(const struct load *load, char **command)
{
	int ret = load_env(load);

	return ret == CLI_GO_ON ? cli_exec(command) : ret;
}
