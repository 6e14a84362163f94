// SPDX-License-Identifier: MIT
/*
 * Allocating the pages of a memfd, by several threads. The kernel is asked to do
 * it, since touching memory that cannot be had ends in SIGBUS.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "private.h"

/* Those of kernels, in case the C library is older. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/* What one thread does at a time, so that all end at about the same time. */
#define UDB_POPULATE_STEP	(16 * UDB_MIB)

/*
 * One job for all threads. They take steps in turn until one fails; then @error
 * is set and nobody takes another.
 */
struct udb_job {
	char *addr;
	size_t size;
	size_t step;
	int (*work)(char *addr, size_t size);
	atomic_size_t next;
	atomic_int error;
};

/**
 * udb_populate_step() - allocate the pages of a piece of a mapping
 * @addr: where it begins.
 * @size: bytes.
 *
 * Return: 0; -ENOMEM, also where touching the page would have been a signal; or
 * another negative error number.
 */
int udb_populate_step(char *addr, size_t size)
{
	int ret;

	do {
		ret = madvise(addr, size, MADV_POPULATE_WRITE);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	if (!ret)
		return 0;
	return errno == EFAULT ? -ENOMEM : -errno;
}

/* A page that is in use for a moment cannot be moved: it is tried again. */
static int udb_populate_collapse(char *addr, size_t size)
{
	int tries = 3;

	while (madvise(addr, size, MADV_COLLAPSE)) {
		if (errno != EAGAIN || !--tries)
			return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * udb_populate_huge_step() - allocate one huge page
 * @addr: where it begins, in a mapping at an address that fits.
 * @size: of it.
 *
 * Its first byte is enough where the kernel gives huge pages to who asks; elsewhere
 * the small page that came is collapsed into a huge one.
 *
 * Return: 0; -EOPNOTSUPP: there is none to be had; or as udb_populate_step().
 */
int udb_populate_huge_step(char *addr, size_t size)
{
	int ret = udb_populate_step(addr, udb_page_size());

	return ret ? ret : udb_populate_collapse(addr, size);
}

static void udb_job_work(struct udb_job *job)
{
	size_t at, size;
	int ret;

	while (!atomic_load(&job->error)) {
		at = atomic_fetch_add(&job->next, job->step);
		if (at >= job->size)
			return;
		size = job->size - at;
		ret = job->work(job->addr + at,
				size < job->step ? size : job->step);
		if (ret)
			atomic_store(&job->error, ret);
	}
}

static void *udb_job_thread(void *job)
{
	udb_job_work(job);
	return NULL;
}

/* Signals are for the program's own threads. */
static uint32_t udb_job_start(struct udb_job *job, pthread_t *threads,
			      uint32_t nr)
{
	sigset_t all, old;
	uint32_t i;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old))
		return 0;
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, udb_job_thread, job))
			break;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return i;
}

/* To ask costs reading a file: only where the answer counts. */
static uint32_t udb_job_processors(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors > 0 ? (uint32_t)processors : 1;
}

static uint32_t udb_job_threads(const struct udb_job *job, uint32_t wanted)
{
	size_t steps = (job->size + job->step - 1) / job->step;

	if (!wanted)
		wanted = udb_job_processors();
	if (wanted > UDB_THREADS_MAX)
		wanted = UDB_THREADS_MAX;
	return wanted > steps ? (uint32_t)steps : wanted;
}

/* The calling thread works, too; a thread that does not start is not missed. */
static int udb_job_run(struct udb_job *job, uint32_t wanted)
{
	pthread_t threads[UDB_THREADS_MAX];
	uint32_t nr = udb_job_threads(job, wanted);

	nr = nr > 1 ? udb_job_start(job, threads, nr - 1) : 0;
	udb_job_work(job);
	for (uint32_t i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&job->error);
}

/**
 * udb_populate() - allocate the pages that are missing
 * @fd: a memfd.
 * @begin: where to begin, a multiple of its page.
 * @end: where to end.
 * @threads: how many; 0: as many as there are processors.
 *
 * Return: 0 or a negative error number.
 */
int udb_populate(int fd, size_t begin, size_t end, uint32_t threads)
{
	struct udb_job job = {
		.size = end - begin,
		.step = UDB_POPULATE_STEP,
		.work = udb_populate_step,
	};
	void *addr;
	int ret;

	if (begin >= end)
		return 0;
	ret = udb_map_huge(fd, begin, job.size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, &addr);
	if (ret)
		return ret;
	job.addr = addr;
	ret = udb_job_run(&job, threads);
	munmap(addr, job.size);
	return ret;
}

/**
 * udb_populate_huge() - make the beginning of a memfd of huge pages
 * @fd: a memfd of shmem.
 * @end: where to end, a multiple of @huge.
 * @huge: bytes of a huge page.
 * @threads: how many; 0: as many as there are processors.
 *
 * Return: 0; -EOPNOTSUPP: the kernel has no such page to give; or another negative
 * error number.
 */
int udb_populate_huge(int fd, size_t end, size_t huge, uint32_t threads)
{
	struct udb_job job = {
		.size = end,
		.step = huge,
		.work = udb_populate_huge_step,
	};
	void *addr;
	int ret;

	ret = udb_map_huge(fd, 0, end, PROT_READ | PROT_WRITE, MAP_SHARED,
			   &addr);
	if (ret)
		return ret;
	/* Where it is not allowed, collapsing still is. */
	madvise(addr, end, MADV_HUGEPAGE);
	job.addr = addr;
	ret = udb_job_run(&job, threads);
	munmap(addr, end);
	return ret;
}
