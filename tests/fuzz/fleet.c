// SPDX-License-Identifier: GPL-2.0-only
/* Processes that run programs: see fleet.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fleet.h"
#include "watch.h"

#define FOUND		3 /* exit status */
#define NO_WORLD	4
#define TRY_SECONDS	120
#define KILL_SECONDS	20

/* One for each process: a child has a copy that it uses as its own. */
static struct fuzz_world world;

void *fuzz_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void worker_report(struct fuzz_worker *worker)
{
	memcpy(worker->what, world.what, sizeof(worker->what));
	atomic_store(&worker->found, true);
}

static int worker_open(struct fuzz_fleet *fleet)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	world.counts = fleet->counts;
	return fuzz_world_open(&world, fleet->device) ? 0 : NO_WORLD;
}

static int worker_run(struct fuzz_fleet *fleet, uint32_t number)
{
	struct fuzz_worker *worker = &fleet->worker[number];
	uint64_t base = fuzz_mix(fleet->seed, number, worker->epoch), nr;
	static struct fuzz_program program;
	int ret = worker_open(fleet);

	for (nr = 0; !ret && !atomic_load(&fleet->stop); nr++) {
		fuzz_program_make(&program, fuzz_mix(base, nr, 0));
		atomic_store(&worker->recent[nr % FUZZ_RECENT], program.seed);
		if (!fuzz_world_run(&world, &program)) {
			worker_report(worker);
			return FOUND;
		}
		atomic_fetch_add(&worker->nr_programs, 1);
	}
	return ret;
}

static bool wait_until(pid_t pid, int *status, time_t end)
{
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) == 0 && time(NULL) < end)
		usleep(2000);
	return got == pid;
}

bool fuzz_fleet_start(struct fuzz_fleet *fleet, uint32_t number)
{
	struct fuzz_worker *worker = &fleet->worker[number];
	uint32_t i;
	pid_t pid;

	worker->epoch++;
	for (i = 0; i < FUZZ_RECENT; i++)
		atomic_store(&worker->recent[i], 0);
	/* The memory is shared: only the parent may write it down. */
	pid = fork();
	if (!pid)
		_exit(worker_run(fleet, number));
	worker->pid = pid;
	return pid > 0;
}

void fuzz_fleet_kill(struct fuzz_fleet *fleet, uint32_t number)
{
	struct fuzz_worker *worker = &fleet->worker[number];
	int status;

	if (worker->pid <= 0)
		return;
	kill(worker->pid, SIGKILL);
	/* Who waits in the kernel for one that crashed there never goes. */
	wait_until(worker->pid, &status, time(NULL) + KILL_SECONDS);
	worker->pid = 0;
}

void fuzz_fleet_kill_all(struct fuzz_fleet *fleet)
{
	uint32_t i;

	for (i = 0; i < fleet->nr_workers; i++)
		fuzz_fleet_kill(fleet, i);
}

static bool describe_end(struct fuzz_worker *worker, int status, char *what,
			 size_t size)
{
	if (atomic_load(&worker->found))
		snprintf(what, size, "%s", worker->what);
	else if (WIFSIGNALED(status))
		snprintf(what, size, "a worker died: %s",
			 strsignal(WTERMSIG(status)));
	else
		snprintf(what, size, "a worker ended with status %d",
			 WEXITSTATUS(status));
	return false;
}

bool fuzz_fleet_tend(struct fuzz_fleet *fleet, char *what, size_t size,
		     uint32_t *number)
{
	uint32_t i;
	int status;

	for (i = 0; i < fleet->nr_workers; i++) {
		struct fuzz_worker *worker = &fleet->worker[i];

		*number = i;
		if (worker->pid > 0 &&
		    waitpid(worker->pid, &status, WNOHANG) == worker->pid) {
			worker->pid = 0;
			return describe_end(worker, status, what, size);
		}
		if (worker->pid <= 0 && !fuzz_fleet_start(fleet, i)) {
			snprintf(what, size, "fork: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

bool fuzz_fleet_stop(struct fuzz_fleet *fleet, unsigned int seconds, char *what,
		     size_t size, uint32_t *number)
{
	time_t end = time(NULL) + seconds;
	int status;

	atomic_store(&fleet->stop, true);
	for (*number = 0; *number < fleet->nr_workers; ++*number) {
		struct fuzz_worker *worker = &fleet->worker[*number];

		if (worker->pid <= 0)
			continue;
		if (!wait_until(worker->pid, &status, end)) {
			snprintf(what, size, "a worker does not end");
			return false;
		}
		worker->pid = 0;
		if (status)
			return describe_end(worker, status, what, size);
	}
	return true;
}

uint64_t fuzz_fleet_ops(const struct fuzz_fleet *fleet)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < fuzz_nr_kinds; i++)
		sum += atomic_load(&fleet->counts[i]);
	return sum;
}

uint64_t fuzz_fleet_programs(const struct fuzz_fleet *fleet)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < fleet->nr_workers; i++)
		sum += atomic_load(&fleet->worker[i].nr_programs);
	return sum;
}

static int try_run(struct fuzz_fleet *fleet, const struct fuzz_program *program)
{
	int ret = worker_open(fleet);

	if (ret || fuzz_world_run(&world, program))
		return ret;
	worker_report(&fleet->worker[0]);
	return FOUND;
}

/* The log first: what it says is more than what the child can tell. */
bool fuzz_fleet_try(struct fuzz_fleet *fleet,
		    const struct fuzz_program *program, char *what, size_t size)
{
	struct fuzz_worker *worker = &fleet->worker[0];
	int status = 0;
	bool ended;
	pid_t pid;

	atomic_store(&worker->found, false);
	fuzz_watch_again();
	pid = fork();
	if (!pid)
		_exit(try_run(fleet, program));
	ended = wait_until(pid, &status, time(NULL) + TRY_SECONDS);
	if (!ended)
		kill(pid, SIGKILL);
	if (fuzz_watch(what, size))
		return true;
	if (!ended)
		snprintf(what, size, "the program does not end");
	else if (status)
		describe_end(worker, status, what, size);
	return !ended || status;
}
