# SPDX-License-Identifier: GPL-2.0-only
#
# Which tests of a results.tsv (see tests/run) belong to which claim, and how
# they ended. For scripts that judge more than one test at a time.
#
#	awk -f judge.awk list=claims CLAIMS [list=notes NOTES] list=results RESULTS
#
# CLAIMS and NOTES: lines of suite, pattern of tests (* matches anything), text;
# "#" begins a comment. Prints for each line of CLAIMS, in their order, and each
# test that it names a line, with tabs between:
#
#	text of the claim, pass|fail|skip, suite, test, what the test said, and
#	the text of the first line of NOTES that names the test
#
# A claim's line that names no test prints "none" in place of the result, and
# its pattern in place of the test.

function regex(pattern)
{
	gsub(/[.()]/, "\\\\&", pattern)
	gsub(/\*/, ".*", pattern)
	return "^" pattern "$"
}

function text_of(line)
{
	sub(/^[^ ]+ +[^ ]+ +/, "", line)
	return line
}

function note_of(suite, test,    i)
{
	for (i = 1; i <= nr_notes; i++)
		if (suite == note_suite[i] && test ~ note_regex[i])
			return note[i]
	return ""
}

BEGIN { FS = "\t"; OFS = "\t" }

list != "results" && (/^#/ || !NF) { next }

list == "claims" {
	split($0, word, " ")
	suite[++nr] = word[1]
	pattern[nr] = word[2]
	claim[nr] = text_of($0)
	next
}

list == "notes" {
	split($0, word, " ")
	note_suite[++nr_notes] = word[1]
	note_regex[nr_notes] = regex(word[2])
	note[nr_notes] = text_of($0)
	next
}

{
	for (i = 1; i <= nr; i++)
		if ($1 == suite[i] && $2 ~ regex(pattern[i]))
			found[i] = found[i] claim[i] OFS $3 OFS $1 OFS $2 OFS \
				$4 OFS note_of($1, $2) "\n"
}

END {
	for (i = 1; i <= nr; i++)
		printf "%s", i in found ? found[i] : \
			claim[i] OFS "none" OFS suite[i] OFS pattern[i] OFS OFS "\n"
}
