# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts that vm/system runs: claims as lines "ok - TEXT" and "not ok - TEXT",
# which tests/system/tap.sh counts on the host. To be sourced. A claim that fails
# does not end the step.

claim_result() {
	if [ "$1" -eq 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
	fi
}

claim_say() {
	printf '# %s\n' "${1//$'\n'/$'\n'# }"
}

# claim STATUS TEXT COMMAND...: the command ends with this status. What it says is
# in claim_output.
claim() {
	local want=$1 text=$2 status=0

	shift 2
	claim_output=$("$@" 2>&1) || status=$?
	claim_result "$((status != want))" "$text"
	[ "$status" -eq "$want" ] || claim_say "'$*' returned $status, not $want: $claim_output"
}

# claim_is FOUND EXPECTED TEXT
claim_is() {
	if [ "$1" = "$2" ]; then
		claim_result 0 "$3"
	else
		claim_result 1 "$3"
		claim_say "found '$1', expected '$2'"
	fi
}

# claim_says WORDS: the command of the last claim said so.
claim_says() {
	if grep -q -F -e "$1" <<<"$claim_output"; then
		claim_result 0 "it says '$1'"
	else
		claim_result 1 "it says '$1'"
		claim_say "it said: $claim_output"
	fi
}
