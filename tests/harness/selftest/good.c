// SPDX-License-Identifier: GPL-2.0-only
/* A program whose tests pass or skip: the one that must end with status 0. */
#include "udb_harness.h"

TEST(passes)
{
	EXPECT_TRUE(true);
}

TEST(skips)
{
	SKIP(return, "always");
}

TEST_HARNESS_MAIN
