// SPDX-License-Identifier: GPL-2.0-only
/*
 * soak NODE SECONDS FOLDER
 *
 * Eight processes allocate frames of four sizes, draw them, give them to devices and
 * let them go, for SECONDS. 120 times meanwhile they pause between two frames, and
 * the kernel's counters of memory go, as a line, to FOLDER/samples.tsv: nothing is
 * in use at that moment. tests/soak/trend judges them.
 *
 * Exit status: 0 all frames were right, 1 one was not, 2 usage, 3 it cannot run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

#define SAMPLES		120
#define PAUSE_SECONDS	300 /* at most, until all wait */

static pid_t pid[SOAK_WORKERS];

static unsigned long frames(const struct soak *soak)
{
	unsigned long sum = 0;
	uint32_t i;

	for (i = 0; i < SOAK_SIZES; i++)
		sum += atomic_load(&soak->nr_frames[i]);
	return sum;
}

/* False: not all of them came to the end of a frame. */
static bool pause_all(struct soak *soak)
{
	time_t end = time(NULL) + PAUSE_SECONDS;

	atomic_store(&soak->pause, true);
	while (atomic_load(&soak->nr_waiting) < SOAK_WORKERS) {
		if (atomic_load(&soak->failed) || time(NULL) > end)
			return false;
		usleep(2000);
	}
	return true;
}

static void resume_all(struct soak *soak)
{
	atomic_store(&soak->pause, false);
	while (atomic_load(&soak->nr_waiting))
		usleep(1000);
}

static void ask_kernel(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "soak: %s: %s\n", path, strerror(errno));
	close(fd);
}

static bool sample(struct soak *soak, FILE *file, time_t began)
{
	char line[512];

	if (!pause_all(soak))
		return false;
	/* What is only kept as long as nobody wants the memory is not counted. */
	ask_kernel("/proc/sys/vm/drop_caches", "3");
	ask_kernel("/proc/sys/vm/stat_refresh", "1");
	soak_counter_values(line, sizeof(line));
	fprintf(file, "%ld\t%lu\t%s\n", (long)(time(NULL) - began),
		frames(soak), line);
	fflush(file);
	resume_all(soak);
	return true;
}

static bool run(struct soak *soak, FILE *file, time_t seconds)
{
	time_t began = time(NULL), next, now;
	char line[512];
	int i;

	soak_counter_names(line, sizeof(line));
	fprintf(file, "seconds\tframes\t%s\n", line);
	for (i = 1; i <= SAMPLES; i++) {
		next = began + seconds * i / SAMPLES;
		while ((now = time(NULL)) < next && !atomic_load(&soak->failed))
			usleep(100000);
		if (!sample(soak, file, began))
			return false;
		if (i % (SAMPLES / 12) == 0) {
			printf("# %ld s: %lu frames\n", (long)(now - began),
			       frames(soak));
			fflush(stdout);
		}
	}
	return true;
}

static bool start(struct soak *soak)
{
	uint32_t i;

	for (i = 0; i < SOAK_WORKERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(soak_work(soak, i));
		if (pid[i] < 0)
			return false;
	}
	return true;
}

/* True: all of them ended as they should. */
static bool stop(struct soak *soak)
{
	bool ok = true;
	int i, status;

	atomic_store(&soak->stop, true);
	atomic_store(&soak->pause, false);
	for (i = 0; i < SOAK_WORKERS; i++)
		if (waitpid(pid[i], &status, 0) < 0 || status)
			ok = false;
	return ok;
}

static int soak_for(struct soak *soak, FILE *file, time_t seconds)
{
	uint32_t i;
	bool ok;

	if (!start(soak))
		return 3;
	ok = run(soak, file, seconds);
	ok = stop(soak) && ok;
	for (i = 0; i < SOAK_SIZES; i++)
		printf("# frames of %s: %lu\n", soak_size_name(i),
		       atomic_load(&soak->nr_frames[i]));
	if (!ok)
		printf("# a frame failed: %s\n", soak->why);
	return ok ? 0 : 1;
}

static FILE *open_samples(const char *folder)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/samples.tsv", folder);
	file = fopen(path, "we");
	if (!file)
		fprintf(stderr, "soak: %s: %s\n", path, strerror(errno));
	return file;
}

int main(int argc, char **argv)
{
	struct soak *soak;
	FILE *file;
	int ret;

	if (argc != 4 || strtol(argv[2], NULL, 10) <= 0) {
		fprintf(stderr, "usage: soak NODE SECONDS FOLDER\n");
		return 2;
	}
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak == MAP_FAILED)
		return 3;
	soak->device = argv[1];
	file = open_samples(argv[3]);
	if (!file)
		return 3;
	ret = soak_for(soak, file, strtol(argv[2], NULL, 10));
	fclose(file);
	return ret;
}
