// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a program that knows nothing of the made-up machine: an example.
 */
#include "fake.h"

UDB_CONSTRUCTOR static void fake_start(void)
{
	fake_begin();
}
