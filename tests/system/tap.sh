# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests whose claims come from steps of vm/system (tests/system/claims.sh). To be
# sourced after tests/vm/tap.sh.
# shellcheck disable=SC2154 # tap_top is of tests/vm/tap.sh

# Passes on what the steps print, with each claim numbered and counted.
# system_tap_count FILE: gets "CLAIMS FAILED".
system_tap_count() {
	awk -v n="$tap_count" -v file="$1" '
		/^ok - /     { n++; claims++; sub(/^ok/, "ok " n) }
		/^not ok - / { n++; claims++; failed++; sub(/^not ok/, "not ok " n) }
		{ print; fflush() }
		END { print claims + 0, failed + 0 >file }'
}

# system_tap WORK ARGUMENT...: runs vm/system with these arguments. Its own end, and
# that there were claims at all, are claims, too.
system_tap() {
	local work=$1 status=0 claims failed

	shift
	mkdir -p "$work"
	{
		"$tap_top/vm/system" --results "$work/results" "$@" 2>"$work/err" ||
			echo "$?" >"$work/status"
	} | system_tap_count "$work/count"
	[ ! -e "$work/status" ] || status=$(cat "$work/status")
	rm -f "$work/status"
	read -r claims failed <"$work/count"
	tap_count=$((tap_count + claims))
	tap_failed=$((tap_failed + failed))
	tap_result "$status" "all steps get to their end, and the kernel log is clean"
	[ "$status" -eq 0 ] || { tap_say "vm/system ended with $status"; tap_file "$work/err"; }
	tap_result "$((claims == 0))" "the steps make claims"
}
