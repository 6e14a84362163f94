// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine whose /proc and /sys are read: this one. A file of its own, so that
 * the tests can be linked with another one and make up a machine.
 */
#include "cli.h"

const char *cli_root(void)
{
	return "";
}
