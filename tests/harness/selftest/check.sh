#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of the harness itself: what it makes of tests that end in every
# way. Arguments: the programs harness-cases, harness-empty, harness-good.
# Exit status: 0 all as expected, 1 a difference (shown), 2 usage.
set -euo pipefail

[ $# -eq 3 ] || { echo "usage: ${0##*/} CASES EMPTY GOOD" >&2; exit 2; }
cases=$1 empty=$2 good=$3
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0
wrong=0

# expect NAME STATUS PROGRAM ARG...: runs it; its output is compared with the
# text on standard input. Line numbers of diagnostics do not matter.
expect()
{
	local name=$1 status=$2 seen=0
	shift 2
	grep -v '^# SPDX-' >"$work/expected"
	ran=$((ran + 1))
	"$@" >"$work/out" 2>&1 || seen=$?
	sed -i 's/^\(# [a-z]*\.c\):[0-9]*:/\1:/' "$work/out"
	if [ "$seen" -ne "$status" ]; then
		echo "$name: exit status $seen, expected $status"
	elif ! diff -u "$work/expected" "$work/out"; then
		echo "$name: the output differs (see above, - expected, + seen)"
	else
		return 0
	fi
	wrong=$((wrong + 1))
}

expect 'every end of a test' 1 "$cases" <"$here/cases.expected"

expect 'no test at all' 1 "$empty" <<'END'
TAP version 14
Bail out! there is no such test
0 passed, 1 failed, 0 skipped
END

expect 'a good program' 0 "$good" <<'END'
TAP version 14
1..2
ok 1 global.passes
ok 2 global.skips # SKIP always
1 passed, 0 failed, 1 skipped
END

expect 'a list' 0 "$good" -l <<'END'
global.passes
global.skips
END

expect 'one test' 0 "$cases" -t varied.good.body <<'END'
TAP version 14
1..1
# cases.c: body: value 1
# cases.c: body: teardown
ok 1 varied.good.body
1 passed, 0 failed, 0 skipped
END

expect 'tests by pattern' 0 "$cases" -l -t 'varied.*' -t 'global.pass*' <<'END'
global.passes
varied.good.body
varied.bad_setup.body
varied.no_setup.body
varied.bad_teardown.body
END

expect 'a name that no test has' 1 "$good" -t nonsense <<'END'
TAP version 14
Bail out! there is no such test
0 passed, 1 failed, 0 skipped
END

expect 'a bad factor' 2 env UDB_TIMEOUT_FACTOR=0 "$good" <<'END'
UDB_TIMEOUT_FACTOR must be 1 to 1000, not "0"
END

expect 'a longer time limit' 1 env UDB_TIMEOUT_FACTOR=2 \
	"$cases" -t global.hangs <<'END'
TAP version 14
1..1
# global.hangs: killed after 2 s
not ok 1 global.hangs
0 passed, 1 failed, 0 skipped
END

echo "$((ran - wrong)) passed, $wrong failed, 0 skipped"
[ "$wrong" -eq 0 ]
