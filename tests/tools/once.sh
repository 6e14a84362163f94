# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests of what a checker keeps about files that it found clean (check_once of
# tools/check-lib.sh). To be sourced by tests/tools/run, which has the helpers.
# shellcheck disable=SC2154 # output: see there

# A checker that tells which files it judges.
new_once_tree() {
	new_word_tree
	put basis 'first'
	put_checker 'check_judge() {
			echo "judging: $*"
			! grep -n wrong /dev/null "$@"
		}' 'check_tool bash' 'check_once basis' 'check_canary "1:this is" word.text'
	rm -rf "$UDMABUF_CACHE"
}

# judges CLAIM FILE...: the checker runs, and judges these.
judges() {
	local claim=$1 judged

	shift
	run tools/check.d/10-word
	judged=$(sed -n 's/^judging: //p' <<<"$output")
	tap_is "$judged" "$*" "$claim"
}

test_once() {
	new_once_tree
	put other.text 'this is right, too'
	judges "all files, the first time" good.text other.text
	judges "none of them again"
	ends 0 "checked 2 files" "but they count"
	put other.text 'this is still right'
	judges "one that changed" other.text
	mv "$tree/other.text" "$tree/third.text"
	judges "one of another name" third.text
	put basis 'second'
	judges "all, when something changed that the verdict depends on" good.text third.text
	sed -i 's/grep -n/grep -n -e/' "$tree/tools/check.d/10-word"
	judges "all, when the checker changed" good.text third.text
	UDMABUF_AGAIN=1 judges "all, when that is asked for" good.text third.text
}

test_once_finding() {
	new_once_tree
	put bad.text 'that is wrong'
	run tools/check.d/10-word
	ends 1 "bad.text:1:that is wrong" "a finding"
	judges "is found again, with all that was judged beside it" bad.text good.text
	ends 1 "bad.text:1:that is wrong" "and again an error"
}

test_once_canary() {
	new_once_tree
	judges "all files are clean" good.text
	put tests/tools/canary/word.text 'this is right'
	run tools/check.d/10-word
	ends 2 "was not found" "the canary is judged each time"
}
