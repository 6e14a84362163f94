# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For cases that are scripts: TAP as the C tests print it. To be sourced.

set -euo pipefail

case_number=0
case_failed=0

# case_ok TEST COMMAND...: passes when the command succeeds; what it says is for people.
case_ok() {
	local test=$1 said

	shift
	case_number=$((case_number + 1))
	if said=$("$@" 2>&1); then
		echo "ok $case_number $test"
	else
		case_failed=$((case_failed + 1))
		printf '# %s\n' "$(tail -n 1 <<<"${said:-"'$*' failed"}")"
		echo "not ok $case_number $test"
	fi
}

case_end() {
	echo "1..$case_number"
	echo "$((case_number - case_failed)) passed, $case_failed failed, 0 skipped"
	[ "$case_failed" -eq 0 ] || exit 1
	exit 0
}
