# SPDX-License-Identifier: GPL-2.0-only
#
# Turns the TAP output of one suite into a table: suite, test, pass|fail|skip,
# and the reason of a skip or the first diagnosis of a failure; tabs between.
# A suite that does not end as it should adds a failed test "(suite)".
#
#	awk -v suite=NAME -v status=EXIT-STATUS -f tap.awk NAME.tap
#
# status is the exit status of the program, "none" when it did not end.

function clean(text)
{
	gsub(/[\t\r|]/, " ", text)
	return text
}

function row(test, result, text)
{
	printf "%s\t%s\t%s\t%s\n", suite, test, result, clean(text)
	seen[result]++
}

# The tests that are said to have run are counted, not the lines.
function result(name, outcome, text)
{
	count++
	row(name, outcome, text)
	diagnosis = ""
}

BEGIN { plan = -1 }

/^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0; next }

/^ok [0-9]+ / {
	if (match($0, / # SKIP ?/))
		result($3, "skip", substr($0, RSTART + RLENGTH))
	else
		result($3, "pass", "")
	next
}

/^not ok [0-9]+ / { result($4, "fail", diagnosis); next }

/^Bail out!/ { bail = $0; next }

/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { summary = $0; next }

/^# / {
	if (/^# [^ ]+ took [0-9]+ s$/)
		next
	if (diagnosis == "")
		diagnosis = substr($0, 3)
}

END {
	want = (seen["fail"] + 0) ? 1 : 0
	if (bail != "")
		row("(suite)", "fail", bail)
	else if (status == "none")
		row("(suite)", "fail", "did not come to its end")
	else if (plan < 0 || plan != count)
		row("(suite)", "fail", "planned " plan " tests, ran " count + 0)
	else if (summary == "" || status != want)
		row("(suite)", "fail", "ended with status " status)
}
