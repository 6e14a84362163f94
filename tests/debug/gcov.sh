# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# To be sourced in the virtual machine: which lines of the driver in the kernel's tree
# ran so far.

gcov_counters=/sys/kernel/debug/gcov/src/tree/drivers/dma-buf/udmabuf

# gcov_keep: leaves the counters in $UDMABUF_RESULTS/gcov, where the kernel has any.
# They are read by cat, because their size is not known before.
gcov_keep() {
	local file

	[ -d "$gcov_counters" ] || return 0
	mkdir -p "$UDMABUF_RESULTS/gcov"
	find "$gcov_counters" -name '*.gcda' | while read -r file; do
		cat "$file" >"$UDMABUF_RESULTS/gcov/${file##*/}"
	done
}
