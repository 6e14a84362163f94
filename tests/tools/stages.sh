# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests of how tools/check runs its stages, sums what they count and tells what
# failed. To be sourced by tests/tools/run, which has the helpers.
# status, output and last are set by its run(), and tree by itself.
# shellcheck disable=SC2154
# What is in single quotes is for the scripts that put_stages() writes.
# shellcheck disable=SC2016

# put_stages CHECK-FAST VM SELFTESTS: what each says at its end; there are two
# kernels, one with a driver of its own.
put_stages() {
	put vm/kernels/6.1 ''
	put vm/kernels/6.12 ''
	put tests/expected/stock-6.12-notes ''
	local stage

	for stage in demo/test tests/takeover/{run,machine} tests/packages/{run,host-tests} \
		tests/upstream/run tests/system/run tests/kernel-selftests/run tests/debug/run tests/cli/machine \
		tests/clients/ports/run tests/load/machine bench/count; do
		put "$stage" '#!/bin/bash' 'echo "1 passed, 0 failed, 0 skipped"'
	done
	put tools/check-fast '#!/bin/bash' "$1"
	put tests/vm/run-tests '#!/bin/bash' "$2"
	put tests/run '#!/bin/bash' 'echo "selftests: $*"' "$3"
}

test_check_sums_stages() {
	new_tree
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' \
		'echo "4 passed, 0 failed, 1 skipped"' \
		'echo "5 passed, 0 failed, 0 skipped"'
	run tools/check --kernel 6.12 --driver ours
	tap_is "$status: $last" "0: 22 passed, 0 failed, 1 skipped" "the sum"
	ends 0 "selftests: --kernel 6.12 --driver ours" "the driver of this tree"
	tap_is "$(jq -c '.[] | [.kernel, .driver, .suite, .passed]' \
		"$tree/build/results/summary.json" | sort | paste -sd' ')" \
		"$(printf '["%s","ours","%s",%s]\n' host check-fast 3 host takeover 1 \
			host packages 1 host upstream 1 6.12 vm 4 6.12 demo 1 \
			6.12 kernel-selftests 1 6.12 takeover-machine 1 6.12 packages-machine 1 \
			6.12 cli 1 6.12 ports 1 6.12 load 1 |
			sort | paste -sd' ')" \
		"a row for each stage that has none by itself"
	run tools/check --kernel 6.12
	tap_is "$status: $last" "0: 27 passed, 0 failed, 1 skipped" \
		"the stock driver besides"
	run tools/check --kernel 6.12 --driver stock
	ends 0 "== selftests (6.12, stock): tests/run" "the stock driver"
	tap_is "$status: $last" "0: 22 passed, 0 failed, 1 skipped" "and not ours"
	run tools/check --driver ours
	tap_is "$status: $last" "0: 30 passed, 0 failed, 1 skipped" "all kernels"
	run tools/check
	tap_is "$status: $last" "0: 35 passed, 0 failed, 1 skipped" \
		"the stock driver where there is one"
	put vm/kernels/7.3 ''
	run tools/check
	tap_is "$status: $last" "0: 50 passed, 0 failed, 1 skipped" \
		"7.3 stands for the kernel that looks for mistakes, too"
	rm "$tree/vm/kernels/7.3"
	run tools/check --machines
	tap_is "$status: $last" "0: 5 passed, 0 failed, 0 skipped" \
		"installed machines, with all kernels"
	run tools/check --machines --kernel 6.1
	tap_is "$status: $last" "0: 3 passed, 0 failed, 0 skipped" \
		"installed machines, with one kernel"
	run tools/check --minutes 0
	ends 2 "--minutes is 1 to 9999, not '0'" "no time at all"
	run tools/check --driver other
	ends 2 "--driver is both, ours or stock, not 'other'" "no other driver"
	run tools/check --kernel 6.2
	ends 2 "no kernel '6.2' (known: 6.1 6.12)" "no other kernel"
}

test_check_distrusts_stages() {
	new_tree
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' 'echo ok; exit 0' \
		'echo "failed: boot: why"; echo "5 passed, 1 failed, 0 skipped"; exit 1'
	run tools/check --kernel 6.12 --driver ours
	tap_is "$status: $last" "1: 18 passed, 2 failed, 0 skipped" \
		"a stage without a count is a failure, and the others still run"
	output=${output##*== what failed:}
	ends 1 "selftests (6.12, ours): exit status 1" "the end tells which stage failed"
	ends 1 "failed: boot: why" "and what it said"
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' 'echo "4 passed, 0 failed, 0 skipped"' \
		'for n in 1 2 3 4 5 6 7 8 9; do echo "tests/run: machine $n"; done
		echo "failed: main: why"; echo "5 passed, 1 failed, 0 skipped"; exit 1'
	run tools/check --kernel 6.12 --driver ours
	output=${output##*== what failed:}
	ends 1 "failed: main: why" "also where many machines were begun before"
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' 'exit 3' \
		'echo "5 passed, 0 failed, 0 skipped"; exit 120'
	run tools/check --kernel 6.12 --driver ours
	tap_is "$status: $last" "1: 13 passed, 2 failed, 0 skipped" \
		"a count does not hide a bad end"
}

# A script takes over the clock of who runs it.
test_check_minutes() {
	new_tree
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' \
		'echo "4 passed, 0 failed, 1 skipped"' \
		'echo "5 passed, 0 failed, 0 skipped"'
	run env SECONDS=50 tools/check --minutes 2
	tap_is "$status: $last" "0: 35 passed, 0 failed, 1 skipped" "there is time for all"
	put tests/run '#!/bin/bash' 'echo "5 passed, 0 failed, 0 skipped"' \
		'[[ $* != *6.12*ours* ]] || sleep 15'
	run env SECONDS=106 tools/check --minutes 2
	ends 0 'selftests (6.12, stock)' "what is left is no failure"
	output=${output##*== left out for lack of time:}
	ends 0 'selftests (6.12, stock)' "and named at the end"
	put tools/check-fast '#!/bin/bash' 'sleep 15; echo "3 passed, 0 failed, 0 skipped"'
	put tests/run '#!/bin/bash' 'echo "5 passed, 0 failed, 0 skipped"'
	run env SECONDS=106 tools/check --minutes 2
	tap_is "$status" 0 "they do not wait for the checkers"
	run env SECONDS=130 tools/check --minutes 2
	ends 1 'selftests (6.12, ours): no time for it' "but the driver's own tests are wanted"
}

# The selftests of the first lane wait for a stage that neither lane owns.
test_check_shares_the_last_stages() {
	new_tree
	put_stages 'echo "3 passed, 0 failed, 0 skipped"' \
		'echo "4 passed, 0 failed, 1 skipped"' \
		'for n in {1..150}; do [ -e upstream-ran ] && break; sleep 0.1; done
		[ -e upstream-ran ] && echo "5 passed, 0 failed, 0 skipped"'
	put tests/upstream/run '#!/bin/bash' 'echo run >>upstream-ran' \
		'echo "1 passed, 0 failed, 0 skipped"'
	run tools/check --kernel 6.12 --driver ours
	tap_is "$status: $last" "0: 22 passed, 0 failed, 1 skipped" \
		"the lane that is done first takes what is left"
	tap_is "$(wc -l <"$tree/upstream-ran")" 1 "and the other does not run it again"
}
