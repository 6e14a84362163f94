// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf takeover: a script does it, since boot loaders are files and commands
 * (takeover/). Here it is found and becomes this process.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What is said, as far as it is long. */
#define TAKEOVER_MISSING \
	"its script %s/takeover is missing: install the command again"

/*
 * Where the script is, seen from the command: installed, and in a build folder. By
 * the command's own place, so that an installation can be moved.
 */
static const char *const takeover_places[] = {
	UDMABUF_LIBEXEC "/takeover",
	"takeover/takeover",
};

static const char *takeover_find(char *path, size_t size)
{
	char self[PATH_MAX];
	const char *here;
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return NULL;
	self[length] = '\0';
	here = dirname(self);
	for (size_t i = 0; i < CLI_COUNT(takeover_places); i++) {
		snprintf(path, size, "%s/%s", here, takeover_places[i]);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

int cli_takeover(int argc, char **argv)
{
	char path[PATH_MAX + 64];

	if (argc > 1 && !strcmp(argv[1], "--version"))
		return cli_print_version();
	if (!takeover_find(path, sizeof(path)))
		return cli_fail(TAKEOVER_MISSING, UDMABUF_LIBEXEC);
	execv(path, argv);
	return cli_fail("cannot run %s: %s", path, strerror(errno));
}
