# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a kernel that looks for mistakes knows after a suite, besides its log. To
# be sourced in the virtual machine; gates_begin once, gates_suite after each
# suite. The gates of a kernel are in its file, vm/source-kernels/KERNEL. In
# $UDMABUF_RESULTS are left:
#   SUITE.gates     a line for each mistake: what noticed it, a tab, what it says
#   SUITE.kmemleak  the whole of what kmemleak says, where it says anything
#   gates.tsv       a line for each suite: its name, then as far as the kernel has
#                   them leaks, classes of locks, wrong uses of the DMA interface,
#                   data races / accesses that were watched for one
# A gate that cannot be asked is a mistake, too: it would let everything through.
# $gates_left_out names those that a machine cannot have.

gates_kmemleak=/sys/kernel/debug/kmemleak
gates_dma=/sys/kernel/debug/dma-api
gates_dma_seen=0
gates_kcsan=/sys/kernel/debug/kcsan
gates_races_seen=0
gates_watched_seen=0
gates_found=	# what the last gate found, for gates.tsv
gates_left_out=

gates_of_kernel() {
	awk -v out=" $gates_left_out " '
		$1 == "gate" && !index(out, " " $2 " ") { print $2 }
	' "vm/source-kernels/$UDMABUF_KERNEL"
}

# gates_report NAME TEXT: a mistake.
gates_report() {
	printf '%s\t%s\n' "$1" "$2" >>"$UDMABUF_RESULTS/$gates_suite.gates"
}

# The first scan remembers what objects hold. The second reports those that
# nobody points to, that did not change in between, and that are 5 s old.
gates_scan() {
	local begin=$SECONDS

	{ echo scan >"$gates_kmemleak"; } || return
	sleep $((SECONDS - begin < 6 ? 6 - SECONDS + begin : 0))
	{ echo scan >"$gates_kmemleak"; }
}

# The functions on top of the first report.
gates_who() {
	sed -n -E 's/^ +([A-Za-z_][A-Za-z0-9_.]*)\+0x.*/\1/p' "$1" | head -n 6 | paste -sd' '
}

# What was reported once is not to be reported for the next suite.
gate_kmemleak() {
	local report=$UDMABUF_RESULTS/$gates_suite.kmemleak

	if ! gates_scan || ! cat "$gates_kmemleak" >"$report"; then
		gates_report kmemleak "cannot look for leaks"
		return
	fi
	gates_found=$(grep -c '^unreferenced object' "$report" || true)
	if [ -s "$report" ]; then
		gates_report kmemleak "$gates_found objects are lost: $(gates_who "$report")"
		echo clear >"$gates_kmemleak"
	else
		rm "$report"
	fi
}

gates_lock_number() {
	awk -F: -v name="$1" '{ gsub(/^ +/, "", $1) } $1 == name { print $2 + 0 }' /proc/lockdep_stats
}

# After its first report lockdep looks no further.
gate_lockdep() {
	gates_found=$(gates_lock_number lock-classes) || true
	[ "$(gates_lock_number debug_locks)" = 1 ] ||
		gates_report lockdep "locks are not checked any more, see the kernel log"
}

# The checker gives up when it has no memory for its table.
gate_dma-api() {
	local count

	count=$(cat "$gates_dma/error_count") || count=0
	gates_found=$((count - gates_dma_seen))
	gates_dma_seen=$count
	if [ "$(cat "$gates_dma/disabled")" != N ]; then
		gates_report dma-api "the use of the DMA interface is not checked any more"
	elif [ "$gates_found" -ne 0 ]; then
		gates_report dma-api "$gates_found wrong uses, see the kernel log"
	fi
}

gates_kcsan_number() {
	awk -F': ' -v names=" $* " 'index(names, " " $1 " ") { sum += $2 } END { print sum + 0 }' \
		"$gates_kcsan"
}

# The watchpoints are a sample: a suite that had none would prove nothing. The boot is
# no suite: it may have gone by without one.
gate_kcsan() {
	local races watched

	if ! races=$(gates_kcsan_number data_races races_unknown_origin assert_failures) ||
		! watched=$(gates_kcsan_number setup_watchpoints); then
		gates_report kcsan "cannot ask for data races"
		return
	fi
	gates_found=$((races - gates_races_seen))/$((watched - gates_watched_seen))
	if [ "${gates_found%/*}" -ne 0 ]; then
		gates_report kcsan "${gates_found%/*} data races, see the kernel log"
	elif [ "$(gates_kcsan_number enabled)" != 1 ]; then
		gates_report kcsan "nobody looks for data races any more"
	elif [[ ${gates_found#*/} -eq 0 && $gates_suite != boot ]]; then
		gates_report kcsan "no access was watched"
	fi
	gates_races_seen=$races
	gates_watched_seen=$watched
}

gates_suite() {
	local gate line=$1

	gates_suite=$1
	: >"$UDMABUF_RESULTS/$1.gates"
	for gate in $(gates_of_kernel); do
		gates_found=-
		"gate_$gate"
		line+=$'\t'$gate=$gates_found
	done
	printf '%s\n' "$line" >>"$UDMABUF_RESULTS/gates.tsv"
}

# Each wrong use is told, not only the first. What the boot did is no suite's.
gates_begin() {
	[ ! -e "$gates_dma/all_errors" ] || echo 1 >"$gates_dma/all_errors"
	gates_suite boot
}
