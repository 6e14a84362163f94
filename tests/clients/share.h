/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two processes that share dma-bufs: a second process, file descriptors between them,
 * and a look at what a file descriptor is. An int that is returned is 0 or a negative
 * error number unless said otherwise.
 */
#ifndef CLIENTS_SHARE_H
#define CLIENTS_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the other process has to know of a picture. */
struct share_layout {
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t offset;
	uint32_t fourcc;
	uint64_t modifier;
	uint64_t size;
};

/**
 * share_start() - a second process
 * @other: runs there, with a socket to this one; what it returns is the exit status
 * @socket: result: a socket to it
 *
 * Return: its process id, or a negative error number.
 */
pid_t share_start(int (*other)(int socket), int *socket);

/* Waits for its end. Its exit status, 128 and more after a signal. */
int share_end(pid_t pid);

/* A dma-buf (or -1) and what it is. The receiver owns the file descriptor. */
int share_send(int socket, int fd, const struct share_layout *layout);
int share_receive(int socket, int *fd, struct share_layout *layout);

/* Whether udmabuf has exported this dma-buf; the same of a file /proc/PID/fdinfo/FD. */
bool share_is_udmabuf(int fd);
bool share_tells_udmabuf(const char *fdinfo);

/*
 * Maps the dma-buf as a program without a GPU does; @size is a result. NULL on failure.
 */
uint8_t *share_map(int fd, size_t *size);

#endif /* CLIENTS_SHARE_H */
