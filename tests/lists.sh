# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lists of the tests that have to run, tests/expected/selftests-KERNEL, and what is
# different from them. To be sourced by tests/run, whose say(), give_up() and without()
# are called here; and by tests/bugs, for stock_release_is_documented() alone.
# tests/run sets kernel, driver, suites, machines, results, expected and like; shellcheck
# looks at this file by itself, too, and would call them unassigned.
# shellcheck disable=SC2154

# Lines "suite test" or "suite test skip: reason" of this run, sorted.
tests_that_ran() {
	awk -F'\t' '$2 !~ /^\(/ {
		print $1, $2 ($3 == "skip" ? " skip: " $4 : "")
	}' "$results/results.tsv" | sort
}

# wanted_lines: of lines that begin with a suite, those of the suites that were to
# run.
wanted_lines() {
	awk -v suites="${suites[*]}" -v machines="${machines[*]}" '
		BEGIN { n = split(suites, name, " ")
			for (i = 1; i <= n; i++) suite[name[i]]
			m = split(machines, name, " ")
			for (i = 1; i <= m; i++) machine[name[i]] }
		{ at = "main"; if (split($1, part, "@") > 1) at = part[2] }
		n + m == 0 || $1 in suite || at in machine'
}

# Whether our module was loaded in the main machine: its suite goes with that.
module_ran() {
	[[ $driver == ours && -e $results/main.status ]]
}

# The kernel's own list, and that of the kernel that it is like, which has what both
# run. Of a test that is in both the first one tells.
lines_expected() {
	awk '!/^(#|$)/ && !had[$1, $2]++' "$expected" ${like:+"tests/expected/selftests-$like"}
}

tests_expected() {
	lines_expected | grep -v '^module ' | wanted_lines |
		{
			cat
			! module_ran || lines_expected | grep '^module '
		} | sort
}

# A test that is missing, new, or skips unannounced is a failure of its own.
# An announced skip that ran after all is none.
check_the_set() {
	[ -e "$expected" ] || give_up "$expected is missing (--update-expected)"
	awk -v OFS='\t' '
		{ key = $1 " " $2 }
		list == "expected" { announced[key] = $0; next }
		{ ran[key]; if (!(key in announced))
			print $1, $2, "fail", "is not in the list of expected tests"
		  else if (/ skip: / && $0 != announced[key])
			print $1, $2, "fail", "skips unannounced" }
		END { for (key in announced) if (!(key in ran)) {
			split(key, part, " ")
			print part[1], part[2], "fail", "is missing" } }
	' list=expected <(tests_expected) list=ran <(tests_that_ran) |
		if [ "$driver" = stock ]; then without skips:; else cat; fi \
		>"$results/set.tsv"
}

write_expected() {
	{
		echo "# SPDX-License-Identifier: GPL-2.0-only"
		echo "# The selftests that must run on $kernel: suite, test, and"
		echo "# 'skip: reason' where it may skip. Made by tests/run --update-expected."
		tests_that_ran | awk 'list == "like" { theirs[$0]; next } !($0 in theirs)' \
			list=like ${like:+"tests/expected/selftests-$like"} list=ran -
	} >"$expected"
	say "wrote $expected"
}

# stock_release KERNEL: which one ran, as the machines that were booted tell.
stock_release() {
	sort -u "build/results/selftests-$1-stock"/*/release
}

# stock_release_is_documented KERNEL: whether docs/stock-KERNEL.md was made with it.
# Debian repairs its kernels, and an image that is made today has the newest: what
# stock fails no more in another release is no mistake of ours.
stock_release_is_documented() {
	grep -qxF "$(stock_release "$1")." "docs/stock-$1.md"
}

# Takes what did not fail though it is listed out of a table, and tells it.
tell_repaired() {
	awk -F'\t' -v release="$(stock_release "$kernel")" '
		$4 != "is listed, but did not fail" { print; next }
		{ printf "tests/run: %s %s does not fail any more in %s (--update-expected)\n",
			$1, $2, release >"/dev/stderr" }'
}
