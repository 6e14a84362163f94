# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of bench/ share. To be sourced from the top of the checkout.
# Lines "record ..." of udmabuf-bench have these fields, with tabs in between:
#   2 operation  3 backing  4 MiB  5 driver  6 median  7 min  8 max  9 limit  10 unit
#   11 rounds

bench_die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

bench_need() {
	local program

	for program; do
		command -v "$program" >/dev/null ||
			bench_die "$program is missing: run tools/setup"
	done
}

bench_help() {
	awk 'NR < 3 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

# The name that a kernel gives itself.
bench_release() {
	# shellcheck source=/dev/null
	(source vm/lib.sh && udb_kernel_release "$1" "$(vm/root --kernel "$1")")
}

# bench_count KERNEL MODULE DRIVERS FOLDER: counts instructions in a machine whose
# clock is the number of instructions, so that nothing depends on this one. Records
# go to standard output, all that was said and the kernel log to FOLDER. MODULE is a
# path below /src, or "-".
bench_count() {
	local kernel=$1 module=$2 drivers=$3 folder=$4

	mkdir -p "$folder"
	vm/run --kernel "$kernel" --count --memory 2G --quiet \
		--append "hugepages=32 nokaslr" --boot-timeout 1800 --timeout 1200 \
		--device "edu,dma_mask=0xffffffffffffffff" \
		--results "$folder/machine" -- \
		bench/guest "$module" --count --drivers "$drivers" --sizes 16 \
		--backings shmem,shmem-fragmented,thp,hugetlb --rounds 3 \
		>"$folder/output" || return
	grep '^record' "$folder/output"
}
