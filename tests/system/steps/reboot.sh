# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Steps for tests/system/run: what an installed machine keeps over a reboot, and
# what a step finds.

step_1() {
	printf '%s\n' "$@" >/results/arguments
	pwd >/results/directory
	env >/results/environment
	uname -r >/results/release
	ps -p 1 -o comm= >/results/process-1
	cp /proc/cmdline /results/cmdline-1
	cp /proc/sys/kernel/random/boot_id /results/boot-1
	systemctl list-units --failed --plain --no-legend >/results/failed-1
	touch /src/written 2>/dev/null && echo yes >/results/src-written
	echo kept >/var/lib/kept
	# shellcheck disable=SC2016 # GRUB's script expands it
	echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX udmabuf_test=yes"' \
		>/etc/default/grub.d/50-test.cfg
	update-grub
	echo "step one: done"
}

step_2() {
	cp /proc/cmdline /results/cmdline-2
	cp /proc/sys/kernel/random/boot_id /results/boot-2
	cat /var/lib/kept >/results/kept
	systemctl list-units --failed --plain --no-legend >/results/failed-2
	echo "step two: done"
}
