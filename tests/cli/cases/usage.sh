# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# Wrong usage is one line that says what to do, and status 2; nothing is done. Help
# and versions are there for each verb.

verbs=(info ls create bench takeover)

# bad LINE ARGUMENT...: this usage is wrong, and that is what it says.
bad() {
	local line=$1

	shift
	udmabuf "$@"
	complained 2 "$line" "udmabuf $*"
}

test_no_verb() {
	bad "udmabuf: no verb (see udmabuf --help)"
	bad "udmabuf: unknown verb 'dance' (see udmabuf --help)" dance
	bad "udmabuf: unknown verb '--frob' (see udmabuf --help)" --frob
}

test_options() {
	bad "udmabuf ls: there is no option --frob (see udmabuf ls --help)" ls --frob
	bad "udmabuf ls: there is no option --js (see udmabuf ls --help)" ls --js
	bad "udmabuf ls: there is no option -x (see udmabuf ls --help)" ls -x
	bad "udmabuf ls: there is no use for 'word' (see udmabuf ls --help)" ls word
	bad "udmabuf ls: there is no use for '--json' (see udmabuf ls --help)" ls -- --json
	bad "udmabuf ls: --json takes no '=yes' (see udmabuf ls --help)" ls --json=yes
	bad "udmabuf info: there is no use for 'word' (see udmabuf info --help)" info word
	bad "udmabuf create: there is no use for '5' (see udmabuf create --help)" create 4K 5
}

test_values() {
	local number="and should be a whole number above 0 (see udmabuf ls --help)"
	local value

	bad "udmabuf ls: --pid needs a whole number above 0 (see udmabuf ls --help)" ls --pid
	for value in 0 -1 +1 x 1x '' ' 1' 2147483648 99999999999999999999; do
		bad "udmabuf ls: --pid is '$value', $number" ls --pid "$value"
	done
	bad "udmabuf ls: --name is '', and should be a value (see udmabuf ls --help)" ls --name=
	bad "udmabuf ls: --exporter needs a value (see udmabuf ls --help)" ls --exporter
}

test_seconds() {
	local seconds="and should be seconds, 0.01 to 86400 (see udmabuf"
	local value

	for value in 0 0.001 -1 nan inf 1e3 0x10 86401 1s ''; do
		bad "udmabuf ls: --watch is '$value', $seconds ls --help)" ls --watch="$value"
		bad "udmabuf bench: --seconds is '$value', $seconds bench --help)" bench --seconds "$value"
	done
	bad "udmabuf ls: there is no use for 'x' (see udmabuf ls --help)" ls --watch x
}

test_sizes() {
	local size

	for size in 0 x 64X 64MB 64kib -1 '1 M' 1.5G 16777216T 99999999999999999999 0x10; do
		bad "udmabuf create: SIZE is '$size', and should be a size like 64M (see udmabuf create --help)" \
			create -- "$size"
		bad "udmabuf bench: --size is '$size', and should be a size like 64M (see udmabuf bench --help)" \
			bench --size "$size"
	done
}

test_device() {
	local path verb

	path=/dev/$(printf '%060d' 0)
	for verb in 'info' 'create 4K' 'bench'; do
		# shellcheck disable=SC2086 # words
		bad "udmabuf ${verb%% *}: --device is '$path', and should be a path below 64 bytes (see udmabuf ${verb%% *} --help)" \
			$verb --device "$path"
	done
}

# A help names all options, statuses, and how to call it; within 100 columns.
test_help() {
	local verb

	udmabuf --help
	said 0 "--help"
	for verb in "${verbs[@]}"; do
		has "  $verb " "--help names $verb"
	done
	for verb in info ls create bench; do
		udmabuf "$verb" --help
		said 0 "$verb --help"
		tap_is "${out%%$'\n'*}" "$(grep -m 1 "^udmabuf $verb " <<<"$out")" "$verb --help begins with how to call it"
		has "Exit status:" "$verb --help: exit statuses"
		tap_ok "$verb --help: no line is too long" \
			awk 'length > 100 { print; bad = 1 } END { exit bad }' "$cli_work/out"
		cp "$cli_work/out" "$cli_work/help"
		udmabuf "$verb" -h
		tap_ok "$verb -h is the same" cmp "$cli_work/help" "$cli_work/out"
	done
}

# There is one version, that of meson.build, and the library's agrees.
test_version() {
	local verb version

	version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$tap_top/meson.build")
	run "$real" --version
	tap_is "$out" "udmabuf $version" "the version is that of meson.build"
	for verb in "${verbs[@]}"; do
		run "$real" "$verb" --version
		said 0 "$verb --version"
		tap_is "$out" "udmabuf $version" "$verb --version"
	done
	run "$real" info --json
	json .library "$version" "the library has the same"
}

# What does not get to its reader was not done. A disk that is full is one.
test_full() {
	status=0
	"$fake" info >/dev/full 2>"$cli_work/err" || status=$?
	tap_is "$status" 1 "nobody can read it: status 1"
	tap_is "$(<"$cli_work/err")" "udmabuf info: cannot write: No space left on device" "one line"
}
