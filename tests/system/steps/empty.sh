# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests/system/run: a script without a first step.

step_2() {
	true
}
