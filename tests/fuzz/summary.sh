# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The file of all runs of the fuzzer, build/results/fuzz/summary.json: an array with
# a row for each. To be sourced in the checkout.

summary_file=build/results/fuzz/summary.json

# summary_add KERNEL DRIVER STATUS JSON: the numbers that a run left in JSON.
summary_add() {
	[ -s "$4" ] || return 0
	mkdir -p "${summary_file%/*}"
	[ -s "$summary_file" ] || echo '[]' >"$summary_file"
	jq --arg kernel "$1" --arg driver "$2" --argjson status "$3" \
		--arg date "$(date -u +%FT%TZ)" --slurpfile run "$4" \
		'. + [$run[0] + {kernel: $kernel, driver: $driver, status: $status, date: $date}]' \
		"$summary_file" >"$summary_file.new"
	mv "$summary_file.new" "$summary_file"
}

# How many operations there were until now, on each kernel, and in all.
summary_show() {
	[ -s "$summary_file" ] || return 0
	jq -r '(group_by([.kernel, .driver])[] |
		"# so far: \(map(.operations) | add) operations on \(.[0].kernel), \(.[0].driver)"),
		"# so far: \(map(.operations) | add) operations in all"' "$summary_file"
}
