// SPDX-License-Identifier: GPL-2.0-only
/*
 * The examples, as they lie beside this program, with a real driver.
 */
#include <stdio.h>
#include <sys/wait.h>

#include "real.h"

FIXTURE(example) {
	char path[256];
};

FIXTURE_VARIANT(example) {
	const char *name;
	const char *says;
};

FIXTURE_VARIANT_ADD(example, quickstart) {
	.name = "quickstart",
	.says = "a dma-buf: ",
};

FIXTURE_VARIANT_ADD(example, share) {
	.name = "share",
	.says = "640x480, first pixel 128\n",
};

FIXTURE_VARIANT_ADD(example, frames) {
	.name = "frames",
	.says = "100 frames\n",
};

FIXTURE_SETUP(example)
{
	char self_path[200];
	ssize_t length =
		readlink("/proc/self/exe", self_path, sizeof(self_path) - 1);

	ASSERT_GT(length, 0);
	self_path[length] = '\0';
	*strrchr(self_path, '/') = '\0';
	snprintf(self->path, sizeof(self->path), "%s/example-%s", self_path,
		 variant->name);
}

FIXTURE_TEARDOWN(example)
{
}

TEST_F(example, runs)
{
	char text[256] = "";
	FILE *output = popen(self->path, "re");

	ASSERT_NE(NULL, output);
	EXPECT_NE(0, fread(text, 1, sizeof(text) - 1, output));
	EXPECT_EQ(0, pclose(output));
	EXPECT_EQ(0, strncmp(variant->says, text, strlen(variant->says)))
	TH_LOG("it said: %s", text);
}

TEST_HARNESS_MAIN
