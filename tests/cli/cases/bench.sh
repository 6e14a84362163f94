# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# udmabuf bench: what it prints, and how it shows how far it is. The times are of a
# machine that is made up: only their order can be judged.

test_table() {
	udmabuf bench --seconds 0.1 --size 2M --quiet
	said 0 "bench"
	tap_is "$(sed -n 1p <<<"$out")" "/dev/udmabuf (stock), Linux 6.12.9-test, a buffer of 2 MiB" "what was measured"
	tap_is "$(sed -n 2p <<<"$out" | xargs)" "PAGES ROUNDS STEP MEDIAN 10 % 90 %" "the heads"
	tap_is "$(awk '$1 ~ /^(small|thp|hugetlb-2M)$/ { print $1 }' <<<"$out" | xargs)" "small thp hugetlb-2M" "the kinds"
	tap_is "$(sed -n 3,8p <<<"$out" | sed -E 's/^small +[0-9]+//; s/  +[0-9].*//' | sed 's/^ *//' | paste -sd,)" \
		"create,first touch,SYNC begin,SYNC end,unmap,close" "the steps"
	has "hugetlb-1G: left out: the buffer is smaller than such a page" "what was left out"
}

test_json() {
	udmabuf bench --seconds 0.1 --size 2M --quiet --json
	said 0 "bench --json"
	json '[.driver, .node, .size] | tojson' '["stock","/dev/udmabuf",2097152]' "what was measured"
	json '[.results[] | .pages + ":" + (.rounds >= 3 | tostring)] | join(" ")' \
		"small:true thp:true hugetlb-2M:true hugetlb-1G:false" "rounds of each kind"
	json '[.results[].steps[] | .min_ns <= .p10_ns and .p10_ns <= .median_ns and .median_ns <= .p90_ns and .p90_ns <= .max_ns] | all' \
		true "the times are in order"
	json '[.results[0].steps[] | .max_ns > 0] | all' true "nothing takes no time"
	json '.results[0].steps | keys | length' 6 "all steps"
	FAKE=ours udmabuf bench --seconds 0.1 --size 2M --quiet --json --pages small
	json '[.driver, .driver_version, (.results | length)] | tojson' '["udmabuf_ng","0.1.0",1]' "ours, one kind"
}

test_left_out() {
	FAKE=no-hugetlb udmabuf bench --seconds 0.1 --size 2M --json --quiet
	json '.results[2].left_out' "no such pages, or too few that are free" "no pages in the pool"
	FAKE=no-hugetlb udmabuf bench --seconds 0.1 --pages hugetlb-2M --quiet
	complained 1 "udmabuf bench: hugetlb-2M: no such pages, or too few that are free" "nothing left to measure"
}

test_progress() {
	local escape=$'\033'

	udmabuf bench --seconds 0.1 --size 2M --json
	tap_is "$err" "udmabuf bench: small
udmabuf bench: thp
udmabuf bench: hugetlb-2M" "in a log: a line for each kind"
	terminal 0 "$fake" bench --seconds 0.1 --size 2M
	tap_ok "at a terminal: a bar" grep -q -F -e '[##' "$cli_work/out"
	tap_ok "and it is gone at the end" grep -q -F -e "${escape}[K/dev/udmabuf (stock)" "$cli_work/out"
	terminal 0 "$fake" bench --seconds 0.1 --size 2M --quiet
	tap_is "$(grep -c -F -e '[##' <<<"$out" || true)" 0 "--quiet: none"
}

test_fails() {
	FAKE=none udmabuf bench
	complained 1 "udmabuf bench: The kernel has no udmabuf driver: install udmabuf-ng, or load it with 'modprobe udmabuf_ng'." \
		"no driver"
	udmabuf bench --size 65M --quiet
	complained 1 "udmabuf bench: 65 MiB is above the driver's limit: choose a smaller --size, or see udmabuf info" \
		"above the limit"
	udmabuf bench --pages huge
	complained 2 "udmabuf bench: --pages is 'huge', and should be small, thp, hugetlb-2M or hugetlb-1G (see udmabuf bench --help)" \
		"a kind that there is not"
}

# A second is a second, with all kinds of pages.
test_seconds() {
	local began=$EPOCHREALTIME

	udmabuf bench --seconds 1 --size 2M --quiet
	tap_ok "--seconds 1 takes about one" \
		awk -v took="$(awk -v a="$EPOCHREALTIME" -v b="$began" 'BEGIN { print a - b }')" \
		'BEGIN { print took; exit !(took > 0.9 && took < 10) }'
}
