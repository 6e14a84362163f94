/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A port is what a well-known program does with /dev/udmabuf, without the rest of
 * that program. Each is there twice: NAME_hand.c as it is done by hand, with ioctls,
 * and NAME_lib.c with libudmabuf. Both do the same work, which main.c looks at: it
 * gives them what the rest of the program would (world.c), has their system calls
 * counted (count.c), and looks at the bytes in the dma-buf.
 *
 * A port does a piece of work several times: port_begin() leaves a dma-buf with the
 * bytes of port_byte(), port_end() gives up all that belongs to it.
 */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * struct port_shown - what port_begin() has made
 * @fd: the dma-buf.
 * @size: bytes in it that have been drawn.
 * @map: where the program itself sees them, or NULL.
 * @fence: a sync file that is signalled, or -1.
 */
struct port_shown {
	int fd;
	size_t size;
	const void *map;
	int fence;
};

/* What a port is; 0 or -1. */
int port_open(void);
int port_begin(unsigned int nr, struct port_shown *shown);
int port_end(unsigned int nr);
void port_close(void);

/* A frame of 1920 x 1080 pixels of 4 bytes, and the program that draws it. */
#define PORT_WIDTH	1920
#define PORT_HEIGHT	1080
#define PORT_FRAME	((size_t)PORT_WIDTH * PORT_HEIGHT * 4)

void port_draw(void *mem, size_t size, unsigned int nr);

/*
 * A virtual machine: its memory is a sealed memfd. The pages of a blob are where the
 * guest has put them. port_guest_block() tells where in the memfd an address is, as
 * the emulator's own tables do.
 */
#define PORT_BLOB_PAGES	64

const struct iovec *port_guest_blob(unsigned int nr, unsigned int *nr_pages);
int port_guest_block(const void *host, uint64_t *offset);

/* A client of a compositor: a sealed pool of wl_shm, and a frame somewhere in it. */
struct port_shm {
	int pool;
	uint64_t offset;
	size_t size;
};

struct port_shm port_client_frame(unsigned int nr);

#endif /* PORT_H */
