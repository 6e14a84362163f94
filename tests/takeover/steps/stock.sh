# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Steps of tests/takeover/boot.sh for a kernel that has a driver of its own: on, a
# boot from an entry without the parameter, off.
# shellcheck disable=SC2154 # takeover is of boot.sh

parameter=initcall_blacklist=udmabuf_dev_init

stock_files() {
	find /etc /boot/grub -type f ! -name machine-id -print0 | sort -z | xargs -0 sha256sum
}

# A name that is taken makes the kernel print a trace, for which the log's gate
# looks; so loading beside the kernel's driver is a claim of its own.
stock_loads_beside() {
	modprobe -r udmabuf_ng && modprobe udmabuf_ng && [ -c /dev/udmabuf-ng ]
}

# Before and after 'enable', without a reboot.
step_1() {
	claim 1 "status" "$takeover" status
	claim_says "/dev/udmabuf:  the kernel's own driver"
	claim_says "has a driver of its own"
	claim 1 "enable is refused while udmabuf_ng is not installed" "$takeover" enable
	boot_install
	cp "$0" "$(modinfo -n udmabuf_ng)"
	claim 1 "enable is refused while udmabuf_ng does not load" "$takeover" enable
	claim_says "does not load"
	boot_install
	stock_files >/var/lib/files-before
	claim 0 "a buffer by the kernel's driver" boot_smoke /dev/udmabuf
	claim 0 "enable" "$takeover" enable
	claim_says "run update-grub"
	claim 0 "the menu has the parameter" grep -q -e "linux.* $parameter" /boot/grub/grub.cfg
	claim 3 "status: a reboot is pending" "$takeover" status
	claim 0 "until then udmabuf_ng is another node" stock_loads_beside
	claim_is "$(boot_name)" udmabuf-ng "its name is udmabuf-ng"
}

step_2() {
	local before

	claim 0 "the kernel was told" grep -q -w -e "$parameter" /proc/cmdline
	boot_no_unit_failed
	claim_is "$(boot_name)" udmabuf "udmabuf_ng was loaded at boot, with the name udmabuf"
	claim 0 "status" "$takeover" status
	claim_says "/dev/udmabuf:  udmabuf_ng"
	claim_says "told not to start it"
	claim 0 "a buffer by udmabuf_ng" boot_smoke /dev/udmabuf
	before=$(stock_files)
	claim 0 "enable again" "$takeover" enable
	claim_says "already enabled"
	claim_is "$(stock_files)" "$before" "enable again changes nothing"
	# As if somebody had edited the entry while it was shown.
	sed -i "s/ $parameter//" /boot/grub/grub.cfg
}

# The files are there, the parameter is not.
step_3() {
	claim 1 "the kernel was not told" grep -q -w -e "$parameter" /proc/cmdline
	boot_no_unit_failed
	claim_is "$(boot_name)" udmabuf-ng "udmabuf_ng was loaded at boot, beside the kernel's driver"
	claim 1 "status" "$takeover" status
	claim_says "/dev/udmabuf:  the kernel's own driver"
	claim_says "incomplete"
	claim 0 "a buffer by the kernel's driver" boot_smoke /dev/udmabuf
	claim 0 "a buffer by udmabuf_ng" boot_smoke /dev/udmabuf-ng
	claim 0 "disable" "$takeover" disable
	claim 1 "status after disable" "$takeover" status
	claim_is "$(stock_files)" "$(cat /var/lib/files-before)" "each file is as it was at first"
}

step_4() {
	claim 1 "the kernel was not told" grep -q -w -e "$parameter" /proc/cmdline
	boot_no_unit_failed
	claim_is "$(boot_name)" "not loaded" "udmabuf_ng is not loaded by itself any more"
	claim 1 "status" "$takeover" status
	claim_says "/dev/udmabuf:  the kernel's own driver"
	claim_says "disabled"
	claim 0 "a buffer by the kernel's driver" boot_smoke /dev/udmabuf
}
