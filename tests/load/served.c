// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server for tests (served.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "served.h"

/* Times 10 ms: far more than any client needs. */
#define SERVED_PATIENCE	2000

static void served_note(void *data, const struct udb_load_event *event)
{
	struct served *served = data;
	unsigned int nr = served->nr;

	if (nr == SERVED_EVENTS)
		abort();
	served->events[nr] = *event;
	served->nr = nr + 1;
}

static void *served_run(void *arg)
{
	struct served *served = arg;

	served->ret = udb_load_server_run(served->server, -1);
	return NULL;
}

int served_begin(struct served *served, const char *path,
		 const struct udb_load *load,
		 const struct udb_load_server_opts *opts,
		 const struct udb_load_tensors *const *tensors, size_t nr)
{
	struct udb_load_server_opts known = { .struct_size = sizeof(known) };
	int ret;

	if (opts)
		known = *opts;
	known.event = served_note;
	known.data = served;
	memset(served, 0, sizeof(*served));
	served->why.struct_size = sizeof(served->why);
	ret = udb_load_server_new(path, &known, &served->why, &served->server);
	if (ret)
		return ret;
	ret = udb_load_server_offer(served->server, load, tensors, nr);
	if (!ret && pthread_create(&served->thread, NULL, served_run, served))
		abort();
	if (ret)
		served->server = udb_load_server_free(served->server);
	return ret;
}

int served_end(struct served *served)
{
	if (!served->server)
		return 0;
	udb_load_server_stop(served->server);
	pthread_join(served->thread, NULL);
	served->server = udb_load_server_free(served->server);
	return served->ret;
}

const struct udb_load_event *served_event(struct served *served,
					  unsigned int nr)
{
	for (int i = 0; served->nr <= nr && i < SERVED_PATIENCE; i++)
		usleep(10000);
	return served->nr > nr ? &served->events[nr] : NULL;
}

typedef int served_call(int fd, const struct sockaddr *address, socklen_t size);

static int served_socket(const char *path, int type, served_call *call)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || call(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(path);
		abort();
	}
	return fd;
}

int served_bind(const char *path, int type)
{
	return served_socket(path, type, bind);
}

int served_connect(const char *path)
{
	return served_socket(path, SOCK_SEQPACKET, connect);
}
