# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Step of tests/takeover/boot.sh for a kernel that has no driver of its own.
# shellcheck disable=SC2154 # takeover is of boot.sh

step_1() {
	local before

	before=$(find /etc /boot/grub -type f -print0 | sort -z | xargs -0 sha256sum)
	claim 1 "status without any driver" "$takeover" status
	claim_says "/dev/udmabuf:  nobody"
	claim_says "takeover is not needed"
	boot_install
	claim 0 "enable" "$takeover" enable
	claim_says "not needed"
	claim 0 "disable" "$takeover" disable
	claim_is "$(find /etc /boot/grub -type f -print0 | sort -z | xargs -0 sha256sum)" "$before" \
		"neither changes anything"
	claim 0 "udmabuf_ng loads" modprobe udmabuf_ng
	claim 0 "its node is /dev/udmabuf" test -c /dev/udmabuf
	claim 0 "status with udmabuf_ng" "$takeover" status
	claim_says "/dev/udmabuf:  udmabuf_ng"
	claim 0 "a buffer can be made" boot_smoke /dev/udmabuf
}
