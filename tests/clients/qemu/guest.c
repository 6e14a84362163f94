// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU from end to end: a Linux guest in it draws with its virtio-gpu driver (see
 * painter.c), and the screen of QEMU shows the picture, pixel by pixel. Its frame is a
 * blob resource, which QEMU has as a dma-buf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "painter.h"
#include "picture.h"
#include "udb_harness.h"
#include "vmm.h"

#define GUEST_RAM	(256UL << 20)
#define GUEST_SCREEN	"/tmp/guest.ppm"
#define GUEST_LOOK_EACH	5 /* s */

/* Emulated by an emulated machine: a boot takes a quarter of an hour. The case has a limit, too. */
#define GUEST_LIMIT	1800
#define GUEST_LOOKS	(GUEST_LIMIT / GUEST_LOOK_EACH)

FIXTURE(guest) {
	struct vmm vmm;
	char why[128];
};

FIXTURE_SETUP(guest)
{
	const struct vmm_setup setup = { .ram_size = GUEST_RAM,
					 .kernel = getenv("CLIENT_KERNEL"),
					 .initramfs =
						 getenv("CLIENT_INITRAMFS") };

	ASSERT_TRUE(setup.kernel && setup.initramfs);
	ASSERT_EQ(0, vmm_start(&self->vmm, &setup))
	TH_LOG("QEMU does not start, see %s", self->vmm.log);
}

FIXTURE_TEARDOWN(guest)
{
	vmm_stop(&self->vmm);
}

/* What it said goes among the results, and what it shows. */
static void guest_keep(struct vmm *vmm)
{
	const char *folder = getenv("UDMABUF_RESULTS");
	char path[256], command[512];

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/qemu-guest.png", folder);
	vmm_screendump(vmm, path, "png");
	snprintf(command, sizeof(command), "cp %s %s/qemu-guest.log", vmm->log,
		 folder);
	if (system(command))
		perror("cp");
}

TEST_F_TIMEOUT(guest, picture_is_on_the_screen, GUEST_LIMIT)
{
	long wrong = -1;
	int look;

	for (look = 0; look < GUEST_LOOKS && wrong; look++) {
		sleep(GUEST_LOOK_EACH);
		ASSERT_EQ(0, vmm_screendump(&self->vmm, GUEST_SCREEN, "ppm"));
		wrong = picture_compare(GUEST_SCREEN, PAINTER_PICTURE,
					PAINTER_WIDTH, PAINTER_HEIGHT,
					self->why);
	}
	guest_keep(&self->vmm);
	EXPECT_EQ(0, wrong) TH_LOG("the screen: %s", self->why);
	EXPECT_GE(vmm_count_buffers(&self->vmm), 1);
}

TEST_HARNESS_MAIN
