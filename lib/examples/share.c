// SPDX-License-Identifier: MIT
/*
 * Two processes and a picture: one draws into it, the other gets it over a socket,
 * believes nothing, and looks.
 *
 * cc share.c $(pkg-config --cflags --libs libudmabuf)
 */
#include <libudmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NV12	UDB_FOURCC('N', 'V', '1', '2')

/* Grey is 128 in all planes. */
static int draw(const struct udb_buffer *buf)
{
	void *mem;
	int ret = udb_buffer_map(buf, NULL, &mem);

	if (ret)
		return ret;
	ret = udb_buffer_sync_begin(buf, UDB_WRITE);
	if (!ret) {
		memset(mem, 128, udb_buffer_size(buf));
		ret = udb_buffer_sync_end(buf, UDB_WRITE);
	}
	udb_unmap(mem, udb_buffer_size(buf));
	return ret;
}

static int send_picture(int socket)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };
	struct udb_device *dev;
	struct udb_buffer *buf;
	int ret;

	ret = udb_layout_compute(NV12, 640, 480, 0, &layout);
	if (ret)
		return ret;
	ret = udb_device_open(NULL, &dev);
	if (ret)
		return ret;
	ret = udb_buffer_alloc_image(dev, &layout, NULL, &buf);
	if (!ret) {
		ret = draw(buf);
		if (!ret)
			ret = udb_pass_send(socket, buf);
		udb_buffer_free(buf);
	}
	udb_device_unref(dev);
	return ret;
}

static int look(const struct udb_buffer *buf)
{
	const struct udb_layout *layout = udb_buffer_layout(buf);
	struct udb_map_opts opts = { .struct_size = sizeof(opts),
				     .access = UDB_READ };
	const unsigned char *mem;
	void *addr;
	int ret;

	if (!layout || layout->format != NV12)
		return -1;
	ret = udb_buffer_map(buf, &opts, &addr);
	if (ret)
		return ret;
	mem = addr;
	udb_buffer_sync_begin(buf, UDB_READ);
	printf("%ux%u, first pixel %d\n", layout->width, layout->height,
	       mem[layout->offset[0]]);
	udb_buffer_sync_end(buf, UDB_READ);
	return udb_unmap(addr, udb_buffer_size(buf));
}

static int receive_picture(int socket)
{
	struct udb_buffer *buf;
	int ret = udb_pass_receive(socket, 5000, NULL, &buf);

	if (ret)
		return ret;
	ret = look(buf);
	udb_buffer_free(buf);
	return ret;
}

int main(void)
{
	int sockets[2], status = 1;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (!child)
		return receive_picture(sockets[1]) ? 1 : 0;
	if (send_picture(sockets[0]))
		fprintf(stderr, "cannot send a picture\n");
	close(sockets[0]);
	close(sockets[1]);
	waitpid(child, &status, 0);
	return status ? 1 : 0;
}
