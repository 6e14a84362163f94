#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of tests/debug/coverage and tests/debug/counters, in a small tree of their own
# with a made-up gcov: lines that did not run, exceptions that are none, and parts that
# nobody ran must not be overlooked. TAP on standard output.
# shellcheck source-path=SCRIPTDIR
# Tests are called by their names; what is in single quotes is for other shells.
# shellcheck disable=SC2317,SC2016
source "$(dirname "$0")/../vm/tap.sh"

tree=$(mktemp -d)
trap 'tap_at_exit; rm -rf "$tree"' EXIT
results=$tree/build/results

# put FILE LINE...
put() {
	mkdir -p "$tree/$(dirname "$1")"
	printf '%s\n' "${@:2}" >"$tree/$1"
}

# gcov_says COUNT...: of the lines of a file with a branch in line 2.
gcov_says() {
	jq -n -c '$ARGS.positional | map(tonumber) | . as $counts | {
		files: [ {
			file: "drivers/dma-buf/udmabuf/a.c",
			lines: [ range(length) | {
				line_number: (. + 1), function_name: "f", count: $counts[.],
				branches: (if . == 1 then [ { count: $counts[2] }, { count: $counts[3] } ] else [] end)
			} ]
		}, { file: "include/linux/list.h", lines: [
			{ line_number: 1, function_name: "g", count: 0, branches: [] } ] } ]
	}' --args "$@"
}

# A tree in which one machine ran lines 1 and 2, and another 2 and 3.
new_tree() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/tests/debug" "$results/selftests-7.3-debug-intree/"{a,b}/gcov
	cp "$tap_top"/tests/debug/{coverage,counters} "$tree/tests/debug/"
	put vm/kernel '#!/bin/bash' \
		'[ "$1" = --gcov ] || { echo "$PWD/kernel"; exit; }' \
		'[ ! -e "$3/stamp" ] || echo "a.gcda: stamp mismatch with notes file" >&2' \
		'cat "$3/says"'
	chmod +x "$tree/vm/kernel"
	put kernel/gcov/a.c 'int f(void)' '{ if (a)' $'\treturn 1;' $'\treturn 2;'
	gcov_says 1 1 0 0 >"$results/selftests-7.3-debug-intree/a/gcov/says"
	gcov_says 0 1 1 0 >"$results/selftests-7.3-debug-intree/b/gcov/says"
	put tests/expected/coverage '# comment' 'a.c | f | return 2; | there is no way'
}

# run NAME: sets status and output
run() {
	status=0
	output=$("$tree/tests/debug/$1" 2>&1) || status=$?
}

# ends STATUS TEXT CLAIM
ends() {
	local matched=no

	[[ $output != *"$2"* ]] || matched=yes
	tap_is "$status $matched" "$1 yes" "$3"
	[[ "$status $matched" == "$1 yes" ]] || tap_say "$output"
}

test_coverage_sums() {
	new_tree
	run coverage
	ends 0 'all               4      3      75 %         2      1      50 %' \
		"what two machines ran is summed, and nothing but the driver"
	tap_is "$(jq -c '.files[0] | [ .not_run, .branches_not_taken ]' "$results/coverage/coverage.json")" \
		'[[{"line":4,"function":"f"}],[{"line":2,"function":"f","taken":1,"of":2}]]' \
		"the lines that did not run are told, and the branches"
	tap_is "$(sed -n 's/^ *//;2p' "$results/coverage/a.c.txt" | tr -s ' ')" \
		'2 1/2 2: { if (a)' "how often a line ran stands beside it"
}

test_coverage_judges() {
	new_tree
	put tests/expected/coverage '# none'
	run coverage
	ends 1 'did not run: a.c | f | return 2;' "a line that did not run"
	put tests/expected/coverage 'a.c | f | return 2; | why' 'a.c | f | return 1; | why'
	run coverage
	ends 1 'ran, or is gone, and is excepted: a.c | f | return 1;' "an exception that ran"
	put tests/expected/coverage 'a.c | f | return 2;'
	run coverage
	tap_is "$([[ $status -ne 0 && $output == *'no reason in: a.c'* ]] && echo yes)" yes \
		"an exception without a reason"
}

test_coverage_needs_counters() {
	new_tree
	: >"$results/selftests-7.3-debug-intree/b/gcov/stamp"
	run coverage
	ends 2 'is of another build of the driver' "counters of another build"
	rm -r "$results/selftests-7.3-debug-intree"
	run coverage
	ends 2 "run 'tests/debug/run kunit intree'" "nothing to count"
}

test_counters() {
	new_tree
	run counters
	ends 1 'selftests          not run' "tests that were not run"
	put build/results/selftests-7.3-debug-intree/results.tsv $'mmap\ta\tpass\t' \
		$'mmap\tb\tskip\twhy' $'sync\t(kmemleak)\tfail\t2 objects are lost'
	put build/results/selftests-7.3-debug-intree/a/gates.tsv $'boot\tkmemleak=0\tlockdep=900' \
		$'mmap\tkmemleak=2\tlockdep=901'
	put build/results/selftests-7.3-debug-intree/a/fail_nth.tap \
		'# faults: 12 points, of which 9 were told' '# faults: 5 points, of which 0 were told'
	run counters
	ends 1 'selftests          2 tests in 1 suites: 1 passed, 0 failed, 1 skipped; 1 reports' \
		"tests are counted, and reports"
	ends 1 'gate kmemleak      2 times asked, 2 reports' "gates are counted"
	ends 1 'gate lockdep       2 times asked, 0 reports' "classes of locks are no reports"
	ends 1 'failure points     17 in 2 calls, of which 9 were told' "points of failure are counted"
	ends 1 'coverage           not run' "what is missing is told"
}

cd "$tree"
for test in coverage_sums coverage_judges coverage_needs_counters counters; do
	tap_run "$test"
done
tap_end
