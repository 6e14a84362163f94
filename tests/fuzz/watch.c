// SPDX-License-Identifier: GPL-2.0-only
/* Watches the kernel's log: see watch.h. */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

#define PATTERNS	128
#define RECORD		8192 /* the longest that the kernel gives */

static regex_t pattern[PATTERNS];
static size_t nr_patterns;
static int log_fd = -1;

static bool read_patterns(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[256];

	if (!file)
		return false;
	while (fgets(text, sizeof(text), file) && nr_patterns < PATTERNS) {
		text[strcspn(text, "\n")] = 0;
		if (!text[0] || text[0] == '#')
			continue;
		if (regcomp(&pattern[nr_patterns], text,
			    REG_EXTENDED | REG_NOSUB))
			break;
		nr_patterns++;
	}
	fclose(file);
	return nr_patterns > 0;
}

bool fuzz_watch_open(const char *patterns)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return log_fd >= 0 && lseek(log_fd, 0, SEEK_END) >= 0 &&
	       read_patterns(patterns);
}

static bool is_defect(const char *text)
{
	size_t i;

	for (i = 0; i < nr_patterns; i++)
		if (!regexec(&pattern[i], text, 0, NULL, 0))
			return true;
	return false;
}

/* A record: numbers, a semicolon, the text, and more lines about its origin. */
static const char *text_of(char *record)
{
	char *text = strchr(record, ';');

	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = 0;
	return text;
}

bool fuzz_watch(char *line, size_t size)
{
	char record[RECORD + 1];
	bool found = false;
	const char *text;
	ssize_t nr;

	for (;;) {
		nr = read(log_fd, record, RECORD);
		if (nr < 0 && errno == EPIPE)
			continue; /* some were lost: the rest is still there */
		if (nr <= 0)
			return found;
		record[nr] = 0;
		text = text_of(record);
		if (!found && is_defect(text)) {
			snprintf(line, size, "kernel log: %s", text);
			found = true;
		}
	}
}

void fuzz_watch_again(void)
{
	int fd =
		open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		fprintf(stderr, "fuzz: clear_warn_once: %s\n", strerror(errno));
	close(fd);
}
