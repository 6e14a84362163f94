# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Test Anything Protocol for test scripts in bash. To be sourced. A test is a
# function test_NAME; it makes any number of claims, each a line of output.

set -euo pipefail

# shellcheck disable=SC2034 # for the test script
tap_top=$(cd "$(dirname "$0")/../.." && pwd -P)
tap_count=0
tap_failed=0

tap_help() {
	awk 'NR < 3 { next } !/^#/ || /^# shellcheck/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

tap_say() {
	printf '# %s\n' "${1//$'\n'/$'\n'# }"
}

# tap_result STATUS CLAIM
tap_result() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# tap_ok CLAIM COMMAND...: the command succeeds.
tap_ok() {
	local claim=$1 output status=0

	shift
	output=$("$@" 2>&1) || status=$?
	tap_result "$status" "$claim"
	[ "$status" -eq 0 ] || tap_say "'$*' returned $status: $output"
}

# tap_is FOUND EXPECTED CLAIM
tap_is() {
	if [ "$1" = "$2" ]; then
		tap_result 0 "$3"
	else
		tap_result 1 "$3"
		tap_say "found '$1', expected '$2'"
	fi
}

# The end of a file, for who has to find out why.
tap_file() {
	tail -n 20 "$1" | sed 's/^/#   /'
}

# A test that does not get to its end is a failure of its own. set -e holds
# inside: the function is not part of a condition.
tap_run() {
	local name=$1

	if ! declare -F "test_$name" >/dev/null; then
		tap_result 1 "there is a test '$name'"
		return
	fi
	echo "# $name"
	tap_unfinished=$name
	"test_$name"
	tap_unfinished=
}

tap_unfinished=
tap_at_exit() {
	if [ -n "$tap_unfinished" ]; then
		tap_result 1 "test '$tap_unfinished' gets to its end"
		tap_end
	fi
}
trap tap_at_exit EXIT

tap_end() {
	tap_unfinished=
	echo "1..$tap_count"
	echo "$((tap_count - tap_failed)) passed, $tap_failed failed, 0 skipped"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
