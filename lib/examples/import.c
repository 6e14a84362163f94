// SPDX-License-Identifier: MIT
/*
 * Weights that another program has loaded, for a device: imports each dma-buf into a
 * DRM device, which is what a GPU's driver wants.
 *
 *	udmabuf load --serve /run/weights model.gguf &
 *	import /dev/dri/renderD128 /run/weights
 *
 * or, without a server: udmabuf load model.gguf --exec import /dev/dri/renderD128
 *
 * cc import.c $(pkg-config --cflags --libs libudmabuf-load)
 */
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libudmabuf-load.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int get(const char *socket, struct udb_load **load)
{
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	int ret;

	ret = socket ? udb_load_fetch(socket, NULL, &why, load) :
		       udb_load_inherit(&why, load);
	if (ret)
		fprintf(stderr, "import: %s\n", why.text);
	return ret;
}

/* A handle is the device's name for the buffer; commands for it take that. */
static int import(int device, const struct udb_buffer *buf, uint32_t *handle)
{
	struct drm_prime_handle prime = { .fd = udb_buffer_fd(buf) };

	if (ioctl(device, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return -errno;
	*handle = prime.handle;
	return 0;
}

static void forget(int device, uint32_t handle)
{
	struct drm_gem_close gem = { .handle = handle };

	ioctl(device, DRM_IOCTL_GEM_CLOSE, &gem);
}

static int import_all(int device, const struct udb_load *load)
{
	uint32_t handle = 0;
	size_t i;
	int ret;

	for (i = 0; i < udb_load_nr_buffers(load); i++) {
		const struct udb_buffer *buf = udb_load_buffer(load, i);

		ret = import(device, buf, &handle);
		if (ret) {
			fprintf(stderr,
				"import: the device does not want it: %s\n",
				strerror(-ret));
			return ret;
		}
		printf("%zu bytes: handle %u\n", udb_buffer_size(buf), handle);
		forget(device, handle);
	}
	if (!i)
		fprintf(stderr, "import: there is no dma-buf\n");
	return i ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct udb_load *load;
	int device, ret;

	if (argc < 2) {
		fprintf(stderr,
			"import: which device, such as /dev/dri/renderD128?\n");
		return 2;
	}
	device = open(argv[1], O_RDWR | O_CLOEXEC);
	if (device < 0) {
		fprintf(stderr, "import: cannot open %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	ret = get(argc > 2 ? argv[2] : NULL, &load);
	if (!ret) {
		ret = import_all(device, load);
		udb_load_free(load);
	}
	close(device);
	return ret ? 1 : 0;
}
