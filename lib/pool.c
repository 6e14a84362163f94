// SPDX-License-Identifier: MIT
/*
 * A pool of buffers of one size.
 *
 * A buffer is out (a user has it) or in. One that is in may still be used by
 * a device: it is busy until its dma-buf polls as writable, which means that no
 * fence is left.
 *
 * Locks: @lock protects all that changes. It is held neither while a buffer is
 * made nor while anybody waits. Of the threads that wait, one at a time polls the
 * buffers that are in (the watcher) and an eventfd with which udb_pool_put() wakes
 * it; the others wait for @changed. So no wakeup is lost and none is for many.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

/* How many busy buffers are polled at once: the oldest ones. */
#define UDB_POOL_WATCHED	32
#define UDB_POOL_GLANCE_MS	10

struct udb_pool {
	struct udb_device *dev;
	struct udb_alloc_opts alloc;
	char name[UDB_NAME_MAX];
	struct udb_layout layout;
	bool has_layout;
	size_t size;
	uint32_t max;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	int wake;
	bool watched;
	bool closed;
	uint32_t nr;
	uint32_t nr_out;
	struct udb_buffer *in;
};

/* Whether no device uses it any more; a memfd alone has no devices. */
static bool udb_pool_is_idle(const struct udb_buffer *buf)
{
	return buf->fd < 0 || udb_poll(buf->fd, POLLOUT, 0) != -ETIMEDOUT;
}

/* Takes the oldest idle buffer out of the list. */
static struct udb_buffer *udb_pool_find_locked(struct udb_pool *pool)
{
	struct udb_buffer **at = &pool->in, *buf;

	while (*at && !udb_pool_is_idle(*at))
		at = &(*at)->next;
	buf = *at;
	if (!buf)
		return NULL;
	*at = buf->next;
	buf->next = NULL;
	buf->out = true;
	pool->nr_out++;
	return buf;
}

static void udb_pool_append_locked(struct udb_pool *pool,
				   struct udb_buffer *buf)
{
	struct udb_buffer **at = &pool->in;

	while (*at)
		at = &(*at)->next;
	*at = buf;
}

/* The place was taken by the caller: nr counts the buffer already. */
static int udb_pool_make(struct udb_pool *pool, struct udb_buffer **ret_buf)
{
	struct udb_buffer *buf;
	int ret;

	if (pool->has_layout)
		ret = udb_buffer_alloc_image(pool->dev, &pool->layout,
					     &pool->alloc, &buf);
	else
		ret = udb_buffer_alloc(pool->dev, pool->size, &pool->alloc,
				       &buf);
	if (ret)
		return ret;
	buf->pool = pool;
	buf->out = true;
	*ret_buf = buf;
	return 0;
}

/* Whoever waits has to look again. */
static void udb_pool_tell_locked(struct udb_pool *pool)
{
	if (pool->watched)
		eventfd_write(pool->wake, 1);
	pthread_cond_broadcast(&pool->changed);
}

/* Gives up the lock for as long as it takes. */
static int udb_pool_grow_locked(struct udb_pool *pool,
				struct udb_buffer **ret_buf)
{
	int ret;

	pool->nr++;
	pool->nr_out++;
	pthread_mutex_unlock(&pool->lock);
	ret = udb_pool_make(pool, ret_buf);
	pthread_mutex_lock(&pool->lock);
	if (ret) {
		pool->nr--;
		pool->nr_out--;
		udb_pool_tell_locked(pool);
	}
	return ret;
}

/* The others: until the watcher is done, or something came back. */
static void udb_pool_queue_locked(struct udb_pool *pool, int64_t deadline)
{
	struct timespec until = {
		.tv_sec = deadline / 1000,
		.tv_nsec = deadline % 1000 * 1000000,
	};

	if (deadline < 0)
		pthread_cond_wait(&pool->changed, &pool->lock);
	else
		pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

static nfds_t udb_pool_list_locked(const struct udb_pool *pool,
				   struct pollfd *fds)
{
	nfds_t nr = 0;

	fds[nr++] = (struct pollfd){ .fd = pool->wake, .events = POLLIN };
	for (const struct udb_buffer *buf = pool->in;
	     buf && nr <= UDB_POOL_WATCHED; buf = buf->next)
		fds[nr++] = (struct pollfd){ .fd = buf->fd, .events = POLLOUT };
	return nr;
}

/* When more are busy than are watched, the others are looked at now and then. */
static int udb_pool_patience(nfds_t nr, int64_t deadline)
{
	int left = udb_time_left(deadline);

	if (nr <= UDB_POOL_WATCHED || (left >= 0 && left < UDB_POOL_GLANCE_MS))
		return left;
	return UDB_POOL_GLANCE_MS;
}

/*
 * The watcher. udb_pool_trim() may close a buffer meanwhile; it wakes the watcher
 * then, so that nobody waits for a file that came by the same number.
 */
static void udb_pool_watch_locked(struct udb_pool *pool, int64_t deadline)
{
	struct pollfd fds[UDB_POOL_WATCHED + 1];
	nfds_t nr = udb_pool_list_locked(pool, fds);
	eventfd_t count;

	pool->watched = true;
	pthread_mutex_unlock(&pool->lock);
	/* A signal is as good a reason to look again as any. */
	poll(fds, nr, udb_pool_patience(nr, deadline));
	pthread_mutex_lock(&pool->lock);
	eventfd_read(pool->wake, &count);
	pool->watched = false;
	pthread_cond_broadcast(&pool->changed);
}

static bool udb_pool_may_grow_locked(const struct udb_pool *pool)
{
	return pool->nr < pool->max;
}

int udb_pool_get(struct udb_pool *pool, int timeout_ms,
		 struct udb_buffer **ret_buf)
{
	int64_t deadline = udb_time_deadline(timeout_ms);
	struct udb_buffer *buf;
	int ret = 0;

	pthread_mutex_lock(&pool->lock);
	while (!(buf = udb_pool_find_locked(pool))) {
		if (udb_pool_may_grow_locked(pool)) {
			ret = udb_pool_grow_locked(pool, &buf);
			break;
		}
		if (!udb_time_left(deadline)) {
			ret = -ETIMEDOUT;
			break;
		}
		if (pool->watched)
			udb_pool_queue_locked(pool, deadline);
		else
			udb_pool_watch_locked(pool, deadline);
	}
	pthread_mutex_unlock(&pool->lock);
	if (!ret)
		*ret_buf = buf;
	return ret;
}

static void udb_pool_free_in_locked(struct udb_pool *pool)
{
	struct udb_buffer *buf;

	while ((buf = pool->in)) {
		pool->in = buf->next;
		pool->nr--;
		udb_buffer_free(buf);
	}
}

static void udb_pool_destroy(struct udb_pool *pool)
{
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	udb_fd_close(pool->wake);
	udb_device_unref(pool->dev);
	free(pool);
}

static void udb_pool_return_locked(struct udb_pool *pool,
				   struct udb_buffer *buf)
{
	buf->out = false;
	pool->nr_out--;
	udb_pool_append_locked(pool, buf);
	if (pool->closed)
		udb_pool_free_in_locked(pool);
	udb_pool_tell_locked(pool);
}

int udb_pool_put(struct udb_pool *pool, struct udb_buffer *buf)
{
	bool last;

	if (!buf)
		return 0;
	pthread_mutex_lock(&pool->lock);
	if (buf->pool != pool || !buf->out) {
		pthread_mutex_unlock(&pool->lock);
		return -EINVAL;
	}
	udb_pool_return_locked(pool, buf);
	last = pool->closed && !pool->nr_out;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		udb_pool_destroy(pool);
	return 0;
}

uint32_t udb_pool_trim(struct udb_pool *pool, uint32_t keep)
{
	struct udb_buffer **at = &pool->in, *buf;
	uint32_t idle = 0, freed = 0;

	pthread_mutex_lock(&pool->lock);
	while ((buf = *at)) {
		if (!udb_pool_is_idle(buf) || idle++ < keep) {
			at = &buf->next;
			continue;
		}
		*at = buf->next;
		pool->nr--;
		freed++;
		udb_buffer_free(buf);
	}
	udb_pool_tell_locked(pool);
	pthread_mutex_unlock(&pool->lock);
	return freed;
}

struct udb_pool *udb_pool_free(struct udb_pool *pool)
{
	bool last;

	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	udb_pool_free_in_locked(pool);
	last = !pool->nr_out;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		udb_pool_destroy(pool);
	return NULL;
}

/* Time limits are by the clock that nobody sets. */
static int udb_pool_init_locks(struct udb_pool *pool)
{
	pthread_condattr_t attr;
	int ret = pthread_condattr_init(&attr);

	if (ret)
		return -ret;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(&pool->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (ret)
		return -ret;
	ret = pthread_mutex_init(&pool->lock, NULL);
	if (ret)
		pthread_cond_destroy(&pool->changed);
	return -ret;
}

static int udb_pool_take(struct udb_pool *pool, size_t size,
			 const struct udb_pool_opts *opts)
{
	struct udb_pool_opts known;
	int ret = udb_opts_take(&known, sizeof(known), sizeof(known), opts);

	if (!ret && known.reserved)
		ret = -EINVAL;
	if (!ret)
		ret = udb_alloc_take(&pool->alloc, known.alloc);
	if (!ret)
		ret = udb_name_copy(pool->name, pool->alloc.name);
	if (!ret && known.layout) {
		ret = udb_layout_take(&pool->layout, known.layout);
		if (!ret)
			ret = udb_layout_check(&pool->layout,
					       pool->layout.size);
		pool->has_layout = true;
		if (!ret && size && size != pool->layout.size)
			ret = -EINVAL;
	} else if (!ret && !size) {
		ret = -EINVAL;
	}
	pool->alloc.struct_size = sizeof(pool->alloc);
	pool->alloc.name = pool->name;
	pool->size = size;
	pool->max = known.max ? known.max : UINT32_MAX;
	return ret;
}

int udb_pool_new(struct udb_device *dev, size_t size,
		 const struct udb_pool_opts *opts, struct udb_pool **ret_pool)
{
	struct udb_pool *pool = calloc(1, sizeof(*pool));
	int ret;

	if (!pool)
		return -ENOMEM;
	ret = udb_pool_take(pool, size, opts);
	if (ret)
		goto free_pool;
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->wake < 0) {
		ret = -errno;
		goto free_pool;
	}
	ret = udb_pool_init_locks(pool);
	if (ret)
		goto close_wake;
	pool->dev = udb_device_ref(dev);
	*ret_pool = pool;
	return 0;

close_wake:
	close(pool->wake);
free_pool:
	free(pool);
	return ret;
}
