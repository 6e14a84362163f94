# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For vm/system, started by tests/takeover/machine: 'udmabuf takeover' on a machine
# that really reboots. What there is to see depends on whether the machine's kernel
# has a driver of its own.

. tests/system/claims.sh

takeover=/src/cli/takeover/takeover

# As a package would leave it, without the package.
boot_install() {
	local dir

	dir=/lib/modules/$(uname -r)/updates
	mkdir -p "$dir"
	cp "$UDMABUF_KO" "$dir/"
	depmod
}

# What a program does with the device first; for one kind of memory there must be
# huge pages.
boot_smoke() {
	echo 16 >/proc/sys/vm/nr_hugepages
	UDMABUF_DEVICE=$1 "$UDMABUF_USER/tests/selftests/selftest-create_smoke"
}

boot_no_unit_failed() {
	claim_is "$(systemctl list-units --failed --plain --no-legend)" "" "no unit failed at boot"
}

boot_name() {
	cat /sys/module/udmabuf_ng/parameters/name 2>/dev/null || echo "not loaded"
}

if grep -q '^CONFIG_UDMABUF=y' "/boot/config-$(uname -r)"; then
	. tests/takeover/steps/stock.sh
else
	. tests/takeover/steps/none.sh
fi
