/* SPDX-License-Identifier: MIT */
/*
 * Part of libudmabuf.h: dma-bufs of others, and for others.
 */
#ifndef LIBUDMABUF_SHARE_H
#define LIBUDMABUF_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct udb_buffer;

/**
 * struct udb_info - what the kernel says about a dma-buf
 * @struct_size: sizeof(struct udb_info), set by the caller.
 * @size: bytes.
 * @inode: number that no other dma-buf has while this one lives.
 * @exporter: name of the driver that made it, "udmabuf" for those of a memfd.
 * @name: what udb_info_set_name() has set; empty without.
 */
struct udb_info {
	size_t struct_size;
	uint64_t size;
	uint64_t inode;
	char exporter[64];
	char name[32];
};

/**
 * udb_info_get() - look at a dma-buf
 * @fd: any file descriptor.
 * @info: filled in; the caller sets its struct_size.
 *
 * Return: 0; -EBADF; -ENOTTY: @fd is no dma-buf; -ENOENT: there is no /proc.
 */
int udb_info_get(int fd, struct udb_info *info);

/**
 * udb_info_is_udmabuf() - whether a dma-buf is memory of a memfd
 * @fd: any file descriptor.
 *
 * If so, reading it cannot raise SIGBUS, and is as fast as reading other memory.
 *
 * Return: 1 yes; 0 no; as udb_info_get() when that cannot be told.
 */
int udb_info_is_udmabuf(int fd);

/**
 * udb_info_set_name() - name a dma-buf, for those who look for memory
 * @fd: a dma-buf.
 * @name: 31 bytes at most.
 *
 * Return: 0; -ENAMETOOLONG; -EBADF; -ENOTTY: @fd is no dma-buf.
 */
int udb_info_set_name(int fd, const char *name);

/* &udb_receive_opts.flags */
#define UDB_RECEIVE_ANY		(1U << 0) /* dma-bufs of other exporters, too */
#define UDB_RECEIVE_MEMFD	(1U << 1) /* memfds that cannot shrink, too */

/**
 * struct udb_receive_opts - options of udb_pass_receive()
 * @struct_size: sizeof(struct udb_receive_opts).
 * @flags: bits UDB_RECEIVE_*.
 * @reserved: 0.
 */
struct udb_receive_opts {
	size_t struct_size;
	uint32_t flags;
	uint32_t reserved;
};

/**
 * udb_pass_send() - send a buffer to another process, with size and layout
 * @socket: a connected Unix socket of type SOCK_STREAM or SOCK_SEQPACKET. On a
 *          stream, one thread at a time.
 * @buf: a buffer; both sides have it afterwards.
 *
 * Return: 0; -EAGAIN: the socket does not block and is full; -EPIPE; -ENOTCONN.
 */
int udb_pass_send(int socket, const struct udb_buffer *buf);

/**
 * udb_pass_receive() - receive what udb_pass_send() sent
 * @socket: as in udb_pass_send().
 * @timeout_ms: 0: only look; below 0: for ever.
 * @opts: options or NULL: only buffers that udmabuf made.
 * @ret_buf: receives a buffer.
 *
 * The sender is not trusted: there is one dma-buf, of the promised exporter, it is
 * as large as it is said to be, and the layout fits into it.
 *
 * Return: 0; -ETIMEDOUT; -ECONNRESET: the other side has closed the socket;
 * -EBADMSG: that was no such message, or it lied; a stream is out of step then;
 * -EPROTONOSUPPORT: of a newer version; -EPERM: a buffer that @opts do not allow.
 */
int udb_pass_receive(int socket, int timeout_ms,
		     const struct udb_receive_opts *opts,
		     struct udb_buffer **ret_buf);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBUDMABUF_SHARE_H */
