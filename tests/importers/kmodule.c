// SPDX-License-Identifier: GPL-2.0-only
/* Loads and unloads modules by kmod's programs: see kmodule.h. */
#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmodule.h"

#define MAX_ARGUMENTS	16

int kmodule_run(char *const argv[])
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (err)
		return -err;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* posix_spawn() wants strings that it could write to, and does not. */
static char *kmodule_argument(const char *text)
{
	return (char *)(uintptr_t)text;
}

int kmodule_load(const char *const argv[])
{
	char *args[MAX_ARGUMENTS + 2] = { kmodule_argument("modprobe") };
	int i;

	for (i = 0; argv[i]; i++) {
		if (i == MAX_ARGUMENTS)
			return -E2BIG;
		args[i + 1] = kmodule_argument(argv[i]);
	}
	return kmodule_run(args) ? -ENOENT : 0;
}

int kmodule_unload(const char *name)
{
	char *const args[] = { kmodule_argument("rmmod"),
			       kmodule_argument(name), NULL };

	return kmodule_run(args) ? -EBUSY : 0;
}

bool kmodule_is_loaded(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

bool kmodule_is_held_by(const char *name, const char *user)
{
	char path[512];

	snprintf(path, sizeof(path), "/sys/module/%s/holders/%s", name, user);
	return !access(path, F_OK);
}

long kmodule_users_of_driver(void)
{
	const char *module = getenv("UDMABUF_MODULE");
	char path[256], text[32] = "";
	long users = -EIO;
	FILE *file;

	if (!module)
		return 0;
	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fgets(text, sizeof(text), file))
		users = strtol(text, NULL, 10);
	fclose(file);
	return users;
}
