# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Counting tests, for the scripts that run suites. A suite tells its result in
# its last line, "N passed, N failed, N skipped"; what it amounts to is kept in
# build/results/summary.json, an array with a row per suite.

results_file=build/results/summary.json
results_passed=0
results_failed=0
results_skipped=0
results_last=()

results_die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# results_seconds BEGAN: seconds since then (an earlier $EPOCHREALTIME).
results_seconds() {
	awk -v from="$1" -v to="$EPOCHREALTIME" \
		'BEGIN { printf "%.1f", to - from }'
}

# results_count PASSED FAILED SKIPPED: add to the sum.
results_count() {
	results_passed=$((results_passed + $1))
	results_failed=$((results_failed + $2))
	results_skipped=$((results_skipped + $3))
}

# results_is_count LINE
results_is_count() {
	[[ $1 =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]
}

# results_take STATUS LINE: count a suite by its exit status and its last line,
# in results_last too. No such line, no passed test, or a bad end without a
# failed test: one failure, whatever it says. False when anything failed.
results_take() {
	results_last=(0 1 0)
	if results_is_count "$2"; then
		local -a said=("${BASH_REMATCH[@]:1}")

		if ((said[1] > 0 || ($1 == 0 && said[0] > 0))); then
			results_last=("${said[@]}")
		fi
	fi
	results_count "${results_last[@]}"
	((results_last[1] == 0))
}

results_line() {
	echo "$results_passed passed, $results_failed failed, $results_skipped skipped"
}

# results_add KERNEL DRIVER SUITE PASSED FAILED SKIPPED SECONDS: a row, in
# place of an older one about the same. Who else writes the file has its lock.
results_add() {
	local lock

	mkdir -p "${results_file%/*}"
	exec {lock}>"${results_file%/*}/.lock"
	flock "$lock"
	[[ -s $results_file ]] || echo '[]' >"$results_file"
	jq --arg kernel "$1" --arg driver "$2" --arg suite "$3" \
		--argjson passed "$4" --argjson failed "$5" \
		--argjson skipped "$6" --argjson seconds "$7" \
		'map(select([.kernel, .driver, .suite] != [$kernel, $driver, $suite]))
			+ [$ARGS.named]' "$results_file" >"$results_file.new"
	mv "$results_file.new" "$results_file"
	exec {lock}>&-
}

# What was made with sudo is the user's all the same.
results_give_back() {
	(. vm/lib.sh && udb_give_back "$PWD/build")
}
