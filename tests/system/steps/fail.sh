# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Steps for tests/system/run: what goes wrong is the argument.

step_1() {
	echo "before"
	case $1 in
	status) bash -c 'exit 7' ;;
	warn) echo "WARNING: made up" >/dev/kmsg; return 0 ;;
	panic) echo c >/proc/sysrq-trigger ;;
	hang) sleep 600 ;;
	reboot) systemctl reboot; sleep 600 ;;
	esac
	echo "after"
}

step_2() {
	echo "second step"
}
