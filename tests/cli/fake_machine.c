// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command on a machine that is made up: tests/lib/fake.c is its driver, and
 * the folder FAKE_ROOT has its /proc and /sys. FAKE says what is different from a
 * Linux 6.12 with its own driver, in words:
 *
 *	none no-node denied forbidden refused	why there are no buffers
 *	ours beside				udmabuf_ng has the name; is a second node
 *	no-sysfs no-thp no-hugetlb heap
 *	memlock					buffers count against RLIMIT_MEMLOCK
 */
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"

/* cli/root.c's, in place of that. */
const char *cli_root(void);

const char *cli_root(void)
{
	const char *root = getenv("FAKE_ROOT");

	return root ? root : "/nowhere";
}

static void machine_driver(const char *word)
{
	if (!strcmp(word, "none")) {
		fake.udmabuf = ENOENT;
		fake.no_sysfs = true;
	} else if (!strcmp(word, "no-node")) {
		fake.udmabuf = ENOENT;
	} else if (!strcmp(word, "denied")) {
		fake.udmabuf = EACCES;
	} else if (!strcmp(word, "forbidden")) {
		fake.udmabuf = EPERM;
	} else if (!strcmp(word, "refused")) {
		fake_fail(FAKE_IOCTL, 2, EPERM);
	} else if (!strcmp(word, "ours")) {
		fake.ours = true;
		fake.ours_name = "udmabuf";
		fake.size_limit_mb = INT32_MAX;
		fake.list_limit = 65536;
	} else if (!strcmp(word, "beside")) {
		fake.ours = true;
		fake.ours_name = "udmabuf-ng";
		fake.udmabuf_ng = 0;
	}
}

static void machine_memory(const char *word)
{
	if (!strcmp(word, "no-sysfs"))
		fake.no_sysfs = true;
	else if (!strcmp(word, "no-thp"))
		fake.no_thp = true;
	else if (!strcmp(word, "no-hugetlb"))
		fake.no_hugetlb = true;
	else if (!strcmp(word, "heap"))
		fake.heap = 0;
	else if (!strcmp(word, "memlock"))
		fake.account = UDMABUF_ACCOUNT_MEMLOCK;
}

__attribute__((constructor)) static void machine_begin(void)
{
	const char *words = getenv("FAKE");
	char *copy, *word, *rest = NULL;

	fake_begin();
	if (!words)
		return;
	copy = strdup(words);
	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		machine_driver(word);
		machine_memory(word);
	}
	free(copy);
}
