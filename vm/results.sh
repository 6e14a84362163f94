# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What vm/run and vm/system share besides the machine: the folder for results
# ($results), and what the kernel log in it tells. To be sourced after
# lib.sh and machine.sh. The caller sets results, taint and leak.
# shellcheck disable=SC2154 # variables of lib.sh

results=
taint=0		# bits of /proc/sys/kernel/tainted
leak=no		# did kmemleak find something?

results_usage() {
	udb_die 125 "--results '$results' $1 (see $udb_me --help)"
}

# The folder gets emptied: nothing but results may be in it. A folder that was
# made here has a kernel.log.
results_check() {
	local home

	results=$(realpath -m -- "$results")
	home=$(realpath -m -- "${HOME:?is not set}")
	case $udb_top/ in
	"$results"/*) results_usage "holds the checkout" ;;
	esac
	case $home/ in
	"${results%/}"/*) results_usage "holds the home directory" ;;
	esac
	case $results in
	"$udb_top"/build/?*) return 0 ;;
	"$udb_top"/*) results_usage "is in the checkout, but not below build/" ;;
	esac
	if [ -e "$results" ] && [ ! -e "$results/kernel.log" ] &&
		[ -n "$(ls -A "$results")" ]; then
		results_usage "is not empty and is not from vm/run or vm/system"
	fi
}

results_open() {
	mkdir -p "$results"
	exec {results_lock}<"$results"
	flock -n "$results_lock" || udb_die 125 "another vm/run or vm/system writes to $results"
	find "$results" -xdev -mindepth 1 -delete
	: >"$results/kernel.log"
}

# What the console said, or what of it counts.
results_log() {
	tr -d '\r' <"$machine_dir/console.log"
}

results_keep_log() {
	[ ! -e "$machine_dir/console.log" ] || results_log >"$results/kernel.log"
}

results_panic_reason() {
	sed -n 's/.*Kernel panic - not syncing: //p' "$results/kernel.log" | head -n 1
}

# The lines of the log that count, and what the kernel says in other ways.
# Bits of the taint that a defect sets: a bad page (5), an oops (7), a warning
# (9), a soft lockup (14).
results_splats() {
	local status=0

	"$udb_vm/log-gate" "$results/kernel.log" || status=$?
	[ "$status" -le 1 ] || udb_die 125 "the kernel log cannot be checked"
	if ((taint & (1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))); then
		echo "the kernel is tainted: $taint"
	fi
	if [ "$leak" = yes ]; then
		echo "memory leak: see kmemleak.txt"
	fi
}

# A log without the marks of the guest is no log that can be checked.
results_check_marks() {
	local mark

	for mark; do
		grep -q -a -F "udmabuf-vm: $mark" "$results/kernel.log" ||
			udb_die 125 "the kernel log is not whole: it lacks '$mark'"
	done
}

# A line of the kernel log that tells why it did not boot.
results_boot_reason() {
	grep -a -o -e 'udmabuf-vm: boot: .*' -e 'Kernel panic.*' \
		"$machine_dir/console.log" | head -n 1 | tr -d '\r' || true
}

# Only the first lines are for people; the log has the rest.
results_show_splats() {
	head -n 40 <<<"$1" | sed 's/^/    /' >&2
}

# To be called when the script ends, in whatever way.
results_cleanup() {
	trap '' INT TERM HUP
	machine_stop
	if [ -n "$machine_dir" ]; then
		results_keep_log
		udb_give_back "$udb_top/build" "$results"
		udb_rmtree "$machine_dir"
	fi
}
