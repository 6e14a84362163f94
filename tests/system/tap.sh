# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests whose claims come from steps of vm/system (tests/system/claims.sh). To be
# sourced after tests/vm/tap.sh.
# shellcheck disable=SC2154 # tap_top is of tests/vm/tap.sh

# system_tap WORK ARGUMENT...: runs vm/system with these arguments, and passes on
# what the steps print, with each claim numbered and counted. Its own end, and that
# there were claims at all, are claims, too.
system_tap() {
	local work=$1 status=0 line first=$tap_count

	shift
	mkdir -p "$work"
	while IFS= read -r line; do
		case $line in
		'ok - '*) tap_result 0 "${line#ok - }" ;;
		'not ok - '*) tap_result 1 "${line#not ok - }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done < <(exec "$tap_top/vm/system" --results "$work/results" "$@" 2>"$work/err")
	wait "$!" || status=$?
	tap_result "$((tap_count == first))" "the steps make claims"
	tap_result "$status" "all steps get to their end, and the kernel log is clean"
	[ "$status" -eq 0 ] || { tap_say "vm/system ended with $status"; tap_file "$work/err"; }
}
