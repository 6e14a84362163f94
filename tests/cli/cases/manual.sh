# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# The manual pages say the same as --help, and what they say to type works.

verbs=(info ls create bench load tensors)

page_of() {
	echo "$tap_top/man/udmabuf-$1.1.scd"
}

# Words of a page without its marks.
plain() {
	sed 's/[*_\\]//g; s/++$//' "$1"
}

test_pages() {
	local page verb

	for page in "$tap_top"/man/udmabuf*.[14].scd; do
		tap_ok "scdoc takes ${page##*/}" sh -c 'scdoc <"$1" >/dev/null' sh "$page"
	done
	for verb in "${verbs[@]}" takeover; do
		tap_ok "udmabuf(1) names $verb" grep -q "^\*$verb\*\$" "$tap_top/man/udmabuf.1.scd"
		tap_ok "udmabuf(1) refers to the page of $verb" \
			grep -q -F "*udmabuf-$verb*(1)" "$tap_top/man/udmabuf.1.scd"
	done
}

# Requests, flags and errors of the device's page are those of the header.
test_device_page() {
	local header=$tap_top/include/uapi/linux/udmabuf.h page word

	page=$(plain "$tap_top/man/udmabuf.4.scd")
	while read -r word; do
		tap_ok "udmabuf(4) knows $word" grep -q -w "${word//_/}" <<<"$page"
	done < <({
		grep -o '^#define UDMABUF_[A-Z_]*' "$header" | cut -d' ' -f2 |
			grep -v -e '_FEATURE_' -e '_ACCOUNT_' -e '_ORDERS$'
		grep -o '%E[A-Z0-9]*\b' "$header" | tr -d %
	} | sort -u)
}

# options_of_page, options_of_help: their names, sorted.
options_of_page() {
	plain "$(page_of "$1")" | awk '/^# /{ in_options = $0 == "# OPTIONS" } in_options && /^--/' |
		grep -o -e '--[a-z-]*' | sort -u
}

options_of_help() {
	"$fake" "$1" --help | sed -n 's/^  \(--[a-z-]*\) .*/\1/p' | sort -u
}

test_options() {
	local verb

	for verb in "${verbs[@]}"; do
		tap_is "$(options_of_page "$verb")" "$(options_of_help "$verb")" "$verb: page and --help have the same options"
		tap_is "$(plain "$(page_of "$verb")" | awk '/^# /{ on = $0 == "# EXIT STATUS" } on && /^[0-9]+$/' | xargs)" \
			"$("$fake" "$verb" --help | sed -n 's/^  \([0-9][0-9]*\)  .*/\1/p' | xargs)" \
			"$verb: page and --help have the same exit statuses"
	done
}

# Each line of an example that begins with a prompt.
test_examples() {
	local page line count=0

	export FAKE="ours beside"
	mkdir -p "$cli_work/bin"
	ln -sf "$fake" "$cli_work/bin/udmabuf"
	for page in "$tap_top"/man/udmabuf{,-info,-ls,-create,-bench}.1.scd; do
		while read -r line; do
			count=$((count + 1))
			[[ $line != *bench* ]] || line+=" --seconds 0.1 --size 2M"
			PATH=$cli_work/bin:$PATH run timeout 20 sh -c "$line"
			tap_is "$status" 0 "${page##*/}: $line"
		done < <(sed -n 's/^\t[$#] \(udmabuf .*\)/\1/p' "$page" | grep -v -e '--device\|takeover')
	done
	unset FAKE
	tap_ok "there are examples" test "$count" -ge 8
}

# Keys that a page names are keys that there are, and the other way round.
test_keys() {
	local key

	run "$fake" bench --quiet --json --seconds 0.1 --size 2M
	for key in $(jq -r 'keys[], (.results[0] | keys[])' "$cli_work/out" | grep -v -x version); do
		tap_ok "the page of bench knows $key" grep -q -w "${key//_/}" <(plain "$(page_of bench)")
	done
	run "$fake" ls --json
	for key in $(jq -r 'keys[]' "$cli_work/out"); do
		tap_ok "the page of ls knows $key" grep -q -w "${key//_/}" <(plain "$(page_of ls)")
	done
	run "$fake" info --json
	for key in $(jq -r 'keys[], (.devices[0] | keys[]), (.problems[0] | keys[])' "$cli_work/out" | grep -v -x 'version\|library\|kernel'); do
		tap_ok "the page of info knows $key" grep -q -w "${key//_/}" <(plain "$(page_of info)")
	done
}
