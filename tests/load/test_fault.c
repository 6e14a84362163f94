// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads that go wrong. The linker puts a function in front of the one that judges
 * what the kernel answered (--wrap), for both engines: it changes the answer, or the
 * file. A load is right, or it fails with the place, and leaves nothing.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault.h"
#include "files.h"
#include "job.h"

#define SIZE	(16 * MIB + 123)
#define BLOCK	(256 * KIB)

/* What happens at the @at'th answer, and at those after it if @always. */
static struct {
	unsigned int at;
	bool always;
	int64_t (*change)(int64_t res);
	atomic_uint answers;
	const char *path;
} fault;

/* One that never comes to the judge. */
#define SWALLOW	INT64_MIN

bool __wrap_udb_load_finish(struct udb_load_job *job,
			    struct udb_load_block *block, int64_t res)
{
	unsigned int answer = ++fault.answers;

	if (fault.at &&
	    (answer == fault.at || (fault.always && answer > fault.at)))
		res = fault.change(res);
	/* what did not come is not there */
	if (res >= 0 && (uint64_t)res < block->ask - block->done)
		memset(job->memory.addr + block->at + block->done + res, 0xee,
		       block->ask - block->done - res);
	if (res == SWALLOW)
		return false;
	return __real_udb_load_finish(job, block, res);
}

FIXTURE(fault) {
	struct udb_device *dev;
	struct udb_load_opts opts;
	struct udb_load_failure why;
	const char *path;
	struct udb_load *load;
	struct files_held before;
};

FIXTURE_VARIANT(fault) {
	uint32_t engine;
};

FIXTURE_VARIANT_ADD(fault, uring) {
	.engine = UDB_LOAD_ENGINE_URING,
};

FIXTURE_VARIANT_ADD(fault, threads) {
	.engine = UDB_LOAD_ENGINE_THREADS,
};

FIXTURE_SETUP(fault)
{
	files_begin();
	self->dev = files_device();
	self->path = files_make("a", SIZE);
	self->opts = (struct udb_load_opts){
		.struct_size = sizeof(self->opts),
		.engine = variant->engine,
		.block_size = BLOCK,
		.depth = 4,
		.flags = UDB_LOAD_XXH3,
	};
	self->why = (struct udb_load_failure){
		.struct_size = sizeof(self->why),
	};
	fault.path = self->path;
	self->before = files_held();
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_NOTHING_LEFT(self->before);
	udb_device_unref(self->dev);
	files_end();
}

static int load_with(FIXTURE_DATA(fault) *self, unsigned int at, bool always,
		     int64_t (*change)(int64_t res))
{
	struct udb_load_source source = { .path = self->path };
	int ret;

	fault.answers = 0;
	fault.change = change;
	fault.always = always;
	fault.at = at;
	ret = udb_load_files(self->dev, &source, 1, &self->opts, &self->why,
			     &self->load);
	fault.at = 0;
	if (ret)
		printf("# %s\n", self->why.text);
	return ret;
}

/* It goes on as if nothing had been: the bytes are there. */
#define EXPECT_RIGHT() do {						\
		const uint8_t *all_ = files_map(self->load);		\
									\
		EXPECT_EQ(SIZE, files_wrong(all_, 0, SIZE));		\
		udb_unmap((void *)all_, udb_load_size(self->load));	\
		self->load = udb_load_free(self->load);			\
	} while (0)

#define EXPECT_FAULT(_error, _fault) do {				\
		EXPECT_NULL(self->load);				\
		EXPECT_EQ(_error, self->why.error);			\
		EXPECT_EQ(_fault, self->why.fault);			\
		EXPECT_STREQ(self->path, self->why.path);		\
	} while (0)

static int64_t eio(int64_t res)
{
	(void)res;
	return -EIO;
}

static int64_t eintr(int64_t res)
{
	(void)res;
	return -EINTR;
}

static int64_t eagain(int64_t res)
{
	(void)res;
	return -EAGAIN;
}

static int64_t einval(int64_t res)
{
	(void)res;
	return -EINVAL;
}

static int64_t half(int64_t res)
{
	return res > 8192 ? res / 2 : res;
}

static int64_t some(int64_t res)
{
	return res > 8192 ? 4096 + 100 : res;
}

static int64_t swallow(int64_t res)
{
	(void)res;
	return SWALLOW;
}

/* A bad sector. The place is a multiple of the block that was being read. */
TEST_F(fault, eio_has_its_offset)
{
	EXPECT_EQ(-EIO, load_with(self, 20, false, eio));
	EXPECT_FAULT(-EIO, UDB_LOAD_FAULT_READ);
	EXPECT_EQ(0, self->why.offset % BLOCK);
	EXPECT_LT(0, self->why.offset);
	EXPECT_LT(self->why.offset, SIZE);
}

TEST_F(fault, eio_of_the_first_read)
{
	EXPECT_EQ(-EIO, load_with(self, 1, true, eio));
	EXPECT_FAULT(-EIO, UDB_LOAD_FAULT_READ);
}

TEST_F(fault, signals_are_no_errors)
{
	ASSERT_EQ(0, load_with(self, 5, false, eintr));
	EXPECT_RIGHT();
	ASSERT_EQ(0, load_with(self, 5, false, eagain));
	EXPECT_RIGHT();
}

/* A kernel that never has time must not hold the caller up for ever. */
TEST_F(fault, eagain_for_ever)
{
	EXPECT_EQ(-EAGAIN, load_with(self, 5, true, eagain));
	EXPECT_FAULT(-EAGAIN, UDB_LOAD_FAULT_READ);
}

/* Weights were corrupted by loaders that took a short read for a whole one. */
TEST_F(fault, short_reads_go_on)
{
	ASSERT_EQ(0, load_with(self, 1, false, half));
	EXPECT_RIGHT();
}

/* Each of them, and not at a place that direct I/O can begin at. */
TEST_F(fault, all_reads_are_short)
{
	ASSERT_EQ(0, load_with(self, 1, true, some));
	EXPECT_RIGHT();
}

/* "Drivers take O_DIRECT when opening, and say EINVAL when reading." */
TEST_F(fault, direct_is_refused_when_reading)
{
	struct udb_load_report report = { .struct_size = sizeof(report) };

	ASSERT_EQ(0, load_with(self, 3, false, einval));
	EXPECT_EQ(0, udb_load_report_get(self->load, &report));
	EXPECT_NE(UDB_LOAD_WAY_DIRECT, report.way);
	EXPECT_LE(report.cache_grown, SIZE / 100);
	EXPECT_RIGHT();
}

TEST_F(fault, required_direct_is_refused_when_reading)
{
	self->opts.direct = UDB_LOAD_DIRECT_REQUIRE;
	EXPECT_EQ(-EOPNOTSUPP, load_with(self, 3, false, einval));
	EXPECT_FAULT(-EOPNOTSUPP, UDB_LOAD_FAULT_DIRECT);
}

/* When no way is left, EINVAL is the answer and not a loop. */
TEST_F(fault, einval_for_ever)
{
	EXPECT_EQ(-EINVAL, load_with(self, 3, true, einval));
	EXPECT_FAULT(-EINVAL, UDB_LOAD_FAULT_READ);
}

/* Whatever an engine forgets: bytes are counted. */
TEST_F(fault, forgotten_block_is_no_success)
{
	EXPECT_EQ(-EIO, load_with(self, 7, false, swallow));
	EXPECT_NULL(self->load);
	EXPECT_EQ(SIZE, self->why.wanted);
	EXPECT_LT(self->why.had, SIZE);
}

/*
 * The file changes
 */

static int64_t truncate_file(int64_t res)
{
	if (truncate(fault.path, SIZE / 2))
		abort();
	return res;
}

static int64_t truncate_unaligned(int64_t res)
{
	if (truncate(fault.path, 9 * MIB + 100))
		abort();
	return res;
}

static int64_t grow_file(int64_t res)
{
	if (truncate(fault.path, SIZE + 1))
		abort();
	return res;
}

static int64_t write_file(int64_t res)
{
	int fd = open(fault.path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, "x", 1, 0) != 1 || close(fd))
		abort();
	return res;
}

TEST_F(fault, truncated)
{
	EXPECT_EQ(-ENODATA, load_with(self, 2, false, truncate_file));
	EXPECT_FAULT(-ENODATA, UDB_LOAD_FAULT_TRUNCATED);
	EXPECT_EQ(SIZE / 2, self->why.offset);
	EXPECT_EQ(SIZE, self->why.wanted);
}

/* To a length that no block ends at: the last bytes come again and again. */
TEST_F(fault, truncated_anywhere)
{
	EXPECT_EQ(-ENODATA, load_with(self, 2, false, truncate_unaligned));
	EXPECT_FAULT(-ENODATA, UDB_LOAD_FAULT_TRUNCATED);
}

TEST_F(fault, grown)
{
	EXPECT_EQ(-ESTALE, load_with(self, 2, false, grow_file));
	EXPECT_FAULT(-ESTALE, UDB_LOAD_FAULT_CHANGED);
}

/* Half of the bytes old, half of them new. The clock of files ticks slowly. */
TEST_F(fault, written)
{
	usleep(20000);
	EXPECT_EQ(-ESTALE, load_with(self, 60, false, write_file));
	EXPECT_FAULT(-ESTALE, UDB_LOAD_FAULT_CHANGED);
}

/*
 * io_uring is refused, as containers do it
 */

static int refuse_call(int number, int error)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(rules) / sizeof(rules[0]),
		.filter = rules,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

FIXTURE(refused) {
	int unused;
};

FIXTURE_VARIANT(refused) {
	int call;
	int error;
};

FIXTURE_VARIANT_ADD(refused, setup_eperm) {
	.call = SYS_io_uring_setup,
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(refused, setup_eacces) {
	.call = SYS_io_uring_setup,
	.error = EACCES,
};

FIXTURE_VARIANT_ADD(refused, enter_eperm) {
	.call = SYS_io_uring_enter,
	.error = EPERM,
};

FIXTURE_SETUP(refused)
{
	files_begin();
	ASSERT_EQ(0, refuse_call(variant->call, variant->error));
}

FIXTURE_TEARDOWN(refused)
{
	files_end();
}

static int load_refused(uint32_t engine, struct udb_load_failure *why,
			struct udb_load **load)
{
	struct udb_load_opts opts = { .struct_size = sizeof(opts),
				      .engine = engine };
	struct udb_load_source source = { .path = files_make("a", SIZE) };
	struct udb_device *dev = files_device();
	int ret = udb_load_files(dev, &source, 1, &opts, why, load);

	udb_device_unref(dev);
	return ret;
}

TEST_F(refused, threads_take_over)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct udb_load_report report = { .struct_size = sizeof(report) };
	struct udb_load *load;
	const uint8_t *all;

	ASSERT_EQ(0, load_refused(UDB_LOAD_ENGINE_AUTO, &why, &load));
	all = files_map(load);
	EXPECT_EQ(SIZE, files_wrong(all, 0, SIZE));
	EXPECT_EQ(0, udb_load_report_get(load, &report));
	EXPECT_EQ(UDB_LOAD_ENGINE_THREADS, report.engine);
	udb_unmap((void *)all, udb_load_size(load));
	udb_load_free(load);
}

TEST_F(refused, who_insists_is_told)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct udb_load *load = NULL;

	EXPECT_EQ(-EOPNOTSUPP,
		  load_refused(UDB_LOAD_ENGINE_URING, &why, &load));
	EXPECT_NULL(load);
	EXPECT_EQ(UDB_LOAD_FAULT_ENGINE, why.fault);
}

TEST_HARNESS_MAIN
