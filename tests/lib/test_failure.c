// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call that the library makes, made to fail, one after the other: a function
 * that fails says so and leaves nothing behind, and one that can do without the
 * call succeeds. Each test is one public function that does something, run again
 * with the first, second, third ... call failing until none is left.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"

#define MIB	(1024 * 1024UL)

/* More calls than any function makes. */
#define CALLS_MAX	500

FIXTURE(failure) {
	struct udb_device *dev;
	struct udb_buffer *buf;
	struct udb_pool *pool;
	int socket[2];
};

/*
 * @run returns what the function did, after having undone it when it succeeded.
 * @untouched: what is returned through a pointer, by a function that failed.
 */
FIXTURE_VARIANT(failure) {
	int (*run)(FIXTURE_DATA(failure) *self);
	void (*machine)(void);
};

static void *const untouched = (void *)0x5a;

static int undo_device(int ret, struct udb_device *dev)
{
	if (ret)
		return dev == untouched ? ret : -EPROTO;
	udb_device_unref(dev);
	return 0;
}

static int undo_buffer(int ret, struct udb_buffer *buf)
{
	if (ret)
		return buf == untouched ? ret : -EPROTO;
	udb_buffer_free(buf);
	return 0;
}

static int run_probe(FIXTURE_DATA(failure) *self UDB_UNUSED)
{
	struct udb_probe probe = { .struct_size = sizeof(probe) };

	return udb_probe(NULL, &probe);
}

static int run_open(FIXTURE_DATA(failure) *self UDB_UNUSED)
{
	struct udb_device_opts opts = {
		.struct_size = sizeof(opts),
		.fallback = UDB_FALLBACK_HEAP | UDB_FALLBACK_MEMFD,
	};
	struct udb_device *dev = untouched;
	int ret = udb_device_open(&opts, &dev);

	return undo_device(ret, dev);
}

static int run_adopt_device(FIXTURE_DATA(failure) *self UDB_UNUSED)
{
	struct udb_device *dev = untouched;
	int fd = fake_device(), ret = udb_device_adopt(fd, &dev);

	if (ret)
		close(fd);
	return undo_device(ret, dev);
}

static int run_limits(FIXTURE_DATA(failure) *self)
{
	uint64_t size;
	uint32_t list;

	return udb_device_limits(self->dev, &size, &list);
}

static int run_query(FIXTURE_DATA(failure) *self)
{
	struct udb_query query = { .struct_size = sizeof(query) };

	return udb_device_query(self->dev, &query);
}

static int run_inspect(FIXTURE_DATA(failure) *self)
{
	struct udb_inspect inspect = { .struct_size = sizeof(inspect) };

	return udb_device_inspect(self->dev, udb_buffer_fd(self->buf),
				  &inspect);
}

static int run_alloc_with(
	FIXTURE_DATA(failure) *self, uint32_t backing, uint32_t flags)
{
	struct udb_alloc_opts opts = {
		.struct_size = sizeof(opts),
		.backing = backing,
		.flags = flags,
		.threads = flags & UDB_ALLOC_POPULATE ? 2 : 0,
	};
	struct udb_buffer *buf = untouched;
	int ret = udb_buffer_alloc(self->dev, 5 * MIB, &opts, &buf);

	return undo_buffer(ret, buf);
}

static int run_alloc(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_AUTO, 0);
}

static int run_alloc_small(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_SMALL, UDB_ALLOC_DROP_MEMFD);
}

static int run_alloc_hugetlb(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_HUGETLB_2M, 0);
}

static int run_alloc_exact(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_HUGETLB_2M, UDB_ALLOC_EXACT);
}

static int run_alloc_threads(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_AUTO, UDB_ALLOC_POPULATE);
}

static int run_alloc_read_only(FIXTURE_DATA(failure) *self)
{
	return run_alloc_with(self, UDB_BACKING_AUTO, UDB_ALLOC_READ_ONLY);
}

static int run_alloc_image(FIXTURE_DATA(failure) *self)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	struct udb_buffer *buf = untouched;
	int ret = udb_layout_compute(UDB_FOURCC('N', 'V', '1', '2'), 64, 64, 0,
				     &layout);

	if (!ret)
		ret = udb_buffer_alloc_image(self->dev, &layout, NULL, &buf);
	return undo_buffer(ret, buf);
}

static int run_wrap_with(FIXTURE_DATA(failure) *self, uint32_t flags)
{
	struct udb_wrap_opts opts = { .struct_size = sizeof(opts),
				      .name = "wrapped",
				      .flags = flags };
	struct udb_range range = { .memfd = udb_buffer_memfd(self->buf),
				   .size = fake_page() };
	struct udb_buffer *buf = untouched;
	int ret = udb_buffer_wrap(self->dev, &range, 1, &opts, &buf);

	return undo_buffer(ret, buf);
}

static int run_wrap(FIXTURE_DATA(failure) *self)
{
	return run_wrap_with(self, 0);
}

static int run_wrap_read_only(FIXTURE_DATA(failure) *self)
{
	return run_wrap_with(self, UDB_WRAP_READ_ONLY | UDB_WRAP_SEAL_WRITE);
}

static int run_split(FIXTURE_DATA(failure) *self)
{
	struct udb_range range = { .memfd = udb_buffer_memfd(self->buf),
				   .size = 3 * MIB };
	struct udb_buffer *bufs[3] = { untouched, untouched, untouched };
	int ret;

	ret = udb_buffer_wrap_split(self->dev, &range, 1, NULL, bufs, 3);
	for (int i = 0; i < 3; i++)
		if (undo_buffer(ret < 0 ? ret : 0, bufs[i]) == -EPROTO)
			return -EPROTO;
	return ret < 0 ? ret : 0;
}

static int run_adopt_buffer(FIXTURE_DATA(failure) *self)
{
	struct udb_buffer *buf = untouched;
	int fd = udb_buffer_dup_fd(self->buf), ret;

	if (fd < 0)
		return fd;
	ret = udb_buffer_adopt(fd, &buf);
	if (ret)
		close(fd);
	return undo_buffer(ret, buf);
}

static int run_map(FIXTURE_DATA(failure) *self)
{
	void *addr = untouched;
	int ret = udb_buffer_map(self->buf, NULL, &addr);

	if (ret)
		return addr == untouched ? ret : -EPROTO;
	return udb_unmap(addr, udb_buffer_size(self->buf));
}

static int run_sync(FIXTURE_DATA(failure) *self)
{
	int ret = udb_buffer_sync_begin(self->buf, UDB_READ);

	return ret ? ret : udb_buffer_sync_end(self->buf, UDB_READ);
}

static int run_sync_files(FIXTURE_DATA(failure) *self)
{
	int fd = udb_buffer_fd(self->buf), fence, ret;

	fence = udb_sync_export(fd, UDB_READ);
	if (fence < 0)
		return fence;
	ret = udb_sync_import(fd, UDB_READ, fence);
	if (!ret)
		ret = udb_sync_wait(fence, UDB_READ, -1);
	close(fence);
	return ret;
}

static int run_info(FIXTURE_DATA(failure) *self)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	int fd = udb_buffer_fd(self->buf), ret;

	ret = udb_info_set_name(fd, "name");
	if (!ret)
		ret = udb_info_get(fd, &info);
	if (!ret)
		ret = udb_info_is_udmabuf(fd);
	return ret < 0 ? ret : !ret;
}

/* What was sent and not taken is taken out of the socket. */
static int run_pass(FIXTURE_DATA(failure) *self)
{
	struct udb_buffer *buf = untouched, *rest;
	int ret = udb_pass_send(self->socket[0], self->buf);

	if (!ret)
		ret = udb_pass_receive(self->socket[1], -1, NULL, &buf);
	if (!udb_pass_receive(self->socket[1], 0, NULL, &rest))
		udb_buffer_free(rest);
	return undo_buffer(ret, buf);
}

static int run_pool_new(FIXTURE_DATA(failure) *self)
{
	struct udb_pool *pool = untouched;
	int ret = udb_pool_new(self->dev, fake_page(), NULL, &pool);

	if (ret)
		return pool == untouched ? ret : -EPROTO;
	udb_pool_free(pool);
	return 0;
}

/* What did come back from the pool must not count as left behind. */
static int run_pool_get(FIXTURE_DATA(failure) *self)
{
	struct udb_buffer *buf = untouched;
	int ret = udb_pool_get(self->pool, 0, &buf);

	if (ret)
		return buf == untouched ? ret : -EPROTO;
	ret = udb_pool_put(self->pool, buf);
	udb_pool_trim(self->pool, 0);
	fake_fail_any(0);
	udb_pool_trim(self->pool, 0);
	return ret;
}

static void only_heap(void)
{
	fake.udmabuf = ENOENT;
	fake.heap = 0;
}

static void one_mebibyte(void)
{
	fake.size_limit_mb = 1;
}

static void driver_of_ours(void)
{
	fake.ours = true;
	fake.ours_name = "udmabuf";
}

#define FAILURE(name)							\
	FIXTURE_VARIANT_ADD(failure, name) {				\
		.run = run_##name,					\
	}

FAILURE(probe);
FAILURE(open);
FAILURE(adopt_device);
FAILURE(limits);
FAILURE(alloc);
FAILURE(alloc_small);
FAILURE(alloc_hugetlb);
FAILURE(alloc_exact);
FAILURE(alloc_threads);
FAILURE(alloc_image);
FAILURE(wrap);
FAILURE(adopt_buffer);
FAILURE(map);
FAILURE(sync);
FAILURE(sync_files);
FAILURE(info);
FAILURE(pass);
FAILURE(pool_new);
FAILURE(pool_get);

FIXTURE_VARIANT_ADD(failure, open_heap) {
	.run = run_open,
	.machine = only_heap,
};

FIXTURE_VARIANT_ADD(failure, split) {
	.run = run_split,
	.machine = one_mebibyte,
};

#define FAILURE_OF_OURS(name)						\
	FIXTURE_VARIANT_ADD(failure, name) {				\
		.run = run_##name,					\
		.machine = driver_of_ours,				\
	}

FAILURE_OF_OURS(query);
FAILURE_OF_OURS(inspect);
FAILURE_OF_OURS(alloc_read_only);
FAILURE_OF_OURS(wrap_read_only);

FIXTURE_SETUP(failure)
{
	fake_begin();
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	ASSERT_EQ(0, udb_buffer_alloc(self->dev, 3 * MIB, NULL, &self->buf));
	ASSERT_EQ(0, udb_pool_new(self->dev, fake_page(), NULL, &self->pool));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				self->socket));
	if (variant->machine)
		variant->machine();
}

FIXTURE_TEARDOWN(failure)
{
	udb_pool_free(self->pool);
	udb_buffer_free(self->buf);
	udb_device_unref(self->dev);
	close(self->socket[0]);
	close(self->socket[1]);
}

/* The test of all of them; that no call fails is part of it, at its end. */
TEST_F_TIMEOUT(failure, of_each_call, 100)
{
	const struct fake_held before = fake_held();
	unsigned int nth = 0, failed = 0;
	int ret;

	do {
		ASSERT_LT(nth, CALLS_MAX);
		fake_fail_any(++nth);
		ret = variant->run(self);
		failed += ret < 0;
		EXPECT_LE(ret, 0);
		EXPECT_NE(-EPROTO, ret);
		EXPECT_HELD(before);
		if (fake_failed() == FAKE_NR_CALLS)
			EXPECT_EQ(0, ret);
	} while (nth <= fake_calls_all());
	EXPECT_GT(nth, 1);
	if (variant->run != run_probe)
		EXPECT_GT(failed, 0);
}

TEST_HARNESS_MAIN
