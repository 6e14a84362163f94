/* SPDX-License-Identifier: MIT */
/*
 * Part of libudmabuf.h: buffers that are used again.
 */
#ifndef LIBUDMABUF_POOL_H
#define LIBUDMABUF_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct udb_alloc_opts;
struct udb_buffer;
struct udb_device;
struct udb_layout;
struct udb_pool;

/**
 * struct udb_pool_opts - options of udb_pool_new()
 * @struct_size: sizeof(struct udb_pool_opts).
 * @alloc: how buffers are made, or NULL. Is copied.
 * @layout: of the picture in each buffer, or NULL. Is copied.
 * @max: how many buffers at most; 0: as many as are needed.
 * @reserved: 0.
 */
struct udb_pool_opts {
	size_t struct_size;
	const struct udb_alloc_opts *alloc;
	const struct udb_layout *layout;
	uint32_t max;
	uint32_t reserved;
};

/**
 * udb_pool_new() - make a pool of buffers of one size
 * @dev: a device; the pool is one more owner.
 * @size: bytes of each buffer; 0 with a layout: as it says.
 * @opts: options or NULL.
 * @ret_pool: receives a pool, to be given back with udb_pool_free().
 *
 * To make a buffer costs more than to use one again; that is what a pool is for.
 * It makes buffers when it has no idle one.
 *
 * Return: 0; as udb_buffer_alloc() says of the options, and udb_layout_check().
 */
int udb_pool_new(struct udb_device *dev, size_t size,
		 const struct udb_pool_opts *opts, struct udb_pool **ret_pool);

/**
 * udb_pool_get() - take a buffer that nobody uses
 * @pool: a pool.
 * @timeout_ms: how long to wait for one when there are @max; 0: not at all; below
 *              0: for ever.
 * @ret_buf: receives a buffer, to be given back with udb_pool_put(). What is in
 *           it is what its last user left.
 *
 * A buffer that was put back while a device still works with it (a fence or a
 * sync file that was imported) is handed out when that is done.
 *
 * Return: 0; -ETIMEDOUT; as udb_buffer_alloc().
 */
int udb_pool_get(struct udb_pool *pool, int timeout_ms,
		 struct udb_buffer **ret_buf);

/**
 * udb_pool_put() - give a buffer back to its pool
 * @pool: the pool that it came from.
 * @buf: a buffer, or NULL. Other processes must not use it any more, but devices
 *       may.
 *
 * Return: 0; -EINVAL: @buf is not from @pool, or has been given back before.
 */
int udb_pool_put(struct udb_pool *pool, struct udb_buffer *buf);

/**
 * udb_pool_trim() - free idle buffers
 * @pool: a pool.
 * @keep: how many idle buffers to leave.
 *
 * Return: how many were freed.
 */
uint32_t udb_pool_trim(struct udb_pool *pool, uint32_t keep);

/**
 * udb_pool_free() - give a pool back
 * @pool: a pool in which no thread waits, or NULL. Buffers that are out stay
 *        usable; the last udb_pool_put() frees the pool.
 *
 * Return: NULL.
 */
struct udb_pool *udb_pool_free(struct udb_pool *pool);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_POOL_H */
