// SPDX-License-Identifier: GPL-2.0-only
/* A program without tests, which must not count as a success. */
#include "udb_harness.h"

TEST_HARNESS_MAIN
