# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Steps for tests/system/run: one that does nothing.

step_1() {
	uname -r
}
