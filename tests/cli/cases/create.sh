# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for another shell
#
# udmabuf create: the buffer gets to the command, and to nobody else; and what is said
# when there is none. A dma-buf of the machine that is made up is a memfd.

# --- --exec ------------------------------------------------------------------

test_exec() {
	udmabuf create 5000 --exec sh -c 'stat -Lc %s "/proc/self/fd/$1"; echo "$UDMABUF_FD" "$UDMABUF_SIZE" "$1"' sh {}
	said 0 "--exec"
	tap_is "$(sed -n 1p <<<"$out")" 8192 "the file is the buffer, rounded up to pages"
	tap_is "$(sed -n 2p <<<"$out" | awk '{ print $1 == $3, $2 }')" "1 8192" \
		"{} and the environment agree"
}

test_braces() {
	udmabuf create 4K --exec printf '%s\n' a{}b {}{} '{ }' '{' --help --json
	said 0 "braces"
	tap_ok "each {} is replaced, and nothing else" grep -q -E '^a([0-9]+)b$' "$cli_work/out"
	tap_ok "twice in a word" grep -q -E '^([0-9]+)\1$' "$cli_work/out"
	tap_is "$(tail -n 4 <<<"$out" | paste -sd' ')" "{ } { --help --json" "all that follows is the command's"
}

# Only the buffer is handed on: no device, no memfd behind it.
test_exec_files() {
	udmabuf create 4K --exec sh -c 'find /proc/$$/fd -lname "/memfd:*" -printf "%f\n"; echo "$UDMABUF_FD"'
	tap_is "$(sed -n 1p <<<"$out")" "$(sed -n '$p' <<<"$out")" "the command has the buffer"
	tap_is "$(wc -l <"$cli_work/out")" 2 "the command has no other file of ours"
}

test_exec_status() {
	udmabuf create 4K --exec sh -c 'exit 42'
	said 42 "the command's status"
	udmabuf create 4K --exec sh -c 'kill -KILL $$'
	tap_is "$status" 137 "the command's signal"
	udmabuf create 4K --exec /nowhere/command
	complained 127 "udmabuf create: cannot run '/nowhere/command': No such file or directory" "no such command"
	udmabuf create 4K --exec "$cli_work"
	complained 126 "udmabuf create: cannot run '$cli_work': Permission denied" "not a command"
}

# hold SIGNAL ARGUMENT...: until that signal; then the line that it printed is in $out.
hold() {
	local signal=$1 pid

	shift
	status=0
	: >"$cli_work/out"
	"$fake" create "$@" >"$cli_work/out" 2>"$cli_work/err" </dev/null &
	pid=$!
	timeout 20 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh "$cli_work/out" || true
	held=$(stat -Lc %s "/proc/$pid/fd/$(grep -o '[0-9]*$' "$cli_work/out" || true)" 2>&1 || true)
	kill -s "$signal" "$pid"
	wait "$pid" || status=$?
	out=$(<"$cli_work/out")
	err=$(<"$cli_work/err")
	out=${out//\/$pid\//\/PID\/}
}

# --- what is made -------------------------------------------------------------

test_read_only() {
	FAKE=ours hold INT 4M --read-only --json
	json '[.read_only, .backing, .size] | tojson' '[true,"thp",4194304]' "--read-only"
	FAKE=ours hold INT 4M --json
	json .read_only false "without --read-only"
	FAKE=ours hold INT --read-only --small --from "$tap_top/README.md"
	tap_ok "--read-only: the line says so" grep -q -E '^read-only dma-buf of .* of small pages: ' <<<"$out"
	FAKE=ours udmabuf create 8K --read-only --exec sh -c 'stat -Lc %s "/proc/self/fd/$1"' sh {}
	tap_is "$status $out" "0 8192" "--read-only --exec"
	udmabuf create 4K --read-only --exec true
	complained 1 "udmabuf create: the driver makes no read-only buffers: see udmabuf info" \
		"--read-only, and a driver that cannot"
	FAKE="none heap" udmabuf create 4K --read-only --fallback heap --exec true
	complained 1 "udmabuf create: the driver makes no read-only buffers: see udmabuf info" \
		"--read-only, and no driver"
}

test_backing() {
	local words

	for words in "thp 4M" "small 4M --small" "hugetlb-2M 4M --hugetlb 2M" "hugetlb-1G 1G --hugetlb=1G" "thp 2M --exact"; do
		# shellcheck disable=SC2086 # words
		FAKE=ours hold INT ${words#* } --json
		json .backing "${words%% *}" "create ${words#* }"
	done
	FAKE="no-hugetlb no-thp" hold INT --hugetlb 2M --json 4M
	json .backing small "the next best"
	FAKE="no-hugetlb" udmabuf create --hugetlb 2M --exact 4M
	complained 1 "udmabuf create: there are no such pages for 4 MiB: leave --exact out, or see udmabuf info" \
		"--exact: that or nothing"
}

test_from() {
	seq 100 >"$cli_work/file"
	udmabuf create --from "$cli_work/file" --exec sh -c 'head -c 292 "/proc/self/fd/$1"; stat -Lc %s "/proc/self/fd/$1" >&2' sh {}
	tap_is "$out" "$(seq 100)" "--from: the bytes of the file"
	tap_is "$err" 4096 "--from: the size of the file"
	udmabuf create --from "$cli_work/file" 8K --exec sh -c 'stat -Lc %s "/proc/self/fd/$1"' sh {}
	tap_is "$out" 8192 "--from and a size"
	udmabuf create --from "$cli_work/file" 291
	complained 1 "udmabuf create: '$cli_work/file' has 292 bytes, and SIZE is less: leave it out" "--from, and too small"
	run "$real" create --fallback memfd --from /sys/devices/system/cpu/online
	complained 1 "udmabuf create: '/sys/devices/system/cpu/online' has become shorter while it was read" \
		"--from what has not as many bytes as it says"
	udmabuf create --from "$cli_work/nothing"
	complained 1 "udmabuf create: cannot open '$cli_work/nothing': No such file or directory" "--from, and no file"
	udmabuf create --from "$cli_work"
	complained 1 "udmabuf create: '$cli_work' is no file: --from needs one" "--from a folder"
	: >"$cli_work/file"
	udmabuf create --from "$cli_work/file"
	complained 1 "udmabuf create: '$cli_work/file' is empty: say a SIZE" "--from what is empty"
}

# --- without --exec -------------------------------------------------------------

test_hold() {
	local signal

	for signal in TERM HUP; do
		hold "$signal" 4M --name thing
		said 0 "held until $signal"
		tap_is "${out%/*}" "dma-buf of 4 MiB of transparent huge pages: /proc/PID/fd" "it says which file"
		tap_is "$held" 4194304 "and that is the buffer"
	done
}

test_hold_json() {
	hold TERM 64K --json
	tap_ok "--json: all that a program needs" jq -e '.size == 65536 and .backing == "small" and
		.dma_buf == true and .exporter == "udmabuf" and .inode > 0 and
		.path == "/proc/\(.pid)/fd/\(.fd)"' "$cli_work/out"
	run timeout -s TERM 0.3 "$fake" create 64K --quiet
	tap_is "$out$err" '' "--quiet: nothing"
}

test_hold_terminal() {
	terminal 1 "$fake" create 4M
	tap_is "$status" 0 "Ctrl-C is no failure"
	has "It is there until Ctrl-C." "it says how it ends"
}

# --- no driver ------------------------------------------------------------------

test_no_driver() {
	FAKE=none udmabuf create 4K
	complained 1 "udmabuf create: The kernel has no udmabuf driver: install udmabuf-ng, or load it with 'modprobe udmabuf_ng'." \
		"no driver"
	FAKE=denied udmabuf create 4K
	complained 1 "udmabuf create: /dev/udmabuf belongs to the group root (mode 0660) and may not be opened: become a member, or sit at the machine." \
		"not allowed"
	FAKE=beside udmabuf create 4K --device /dev/udmabuf-ng --exec true
	said 0 "another device"
}

test_fallback() {
	FAKE="none heap" hold INT 4K --fallback heap --json
	json '[.dma_buf, .exporter] | tojson' '[true,"system"]' "--fallback heap"
	FAKE="none" hold INT 4K --fallback heap,memfd --json
	json .dma_buf false "--fallback heap,memfd"
	FAKE="none" udmabuf create 4K --fallback memfd --exec sh -c 'stat -Lc %s "/proc/self/fd/$1"' sh {}
	tap_is "$out" 4096 "--fallback memfd, handed on"
	FAKE="none" udmabuf create 4K --fallback heap
	tap_is "$status" 1 "--fallback heap, and there is none"
}

test_limits() {
	udmabuf create 65M
	complained 1 "udmabuf create: 65 MiB is above the driver's limit of 64 MiB: see udmabuf info" "above the limit"
	udmabuf create 15E
	tap_is "$status" 1 "what no machine has"
	tap_is "$(wc -l <"$cli_work/err")" 1 "what no machine has: one line"
}

# --- wrong usage ------------------------------------------------------------------

test_usage() {
	local help="(see udmabuf create --help)"

	udmabuf create
	complained 2 "udmabuf create: SIZE is missing, such as 64M $help" "no size"
	udmabuf create 4K --hugetlb 4M
	complained 2 "udmabuf create: --hugetlb is '4M', and should be 2M or 1G $help" "--hugetlb 4M"
	udmabuf create 4K --hugetlb 2M --small
	complained 2 "udmabuf create: --hugetlb and --small exclude each other $help" "two kinds"
	udmabuf create 4K --threads 2
	complained 2 "udmabuf create: --threads is for --populate $help" "--threads alone"
	udmabuf create 4K --populate --threads 65
	complained 2 "udmabuf create: --threads is 65, and should be 1 to 64 $help" "--threads 65"
	udmabuf create 4K --name 12345678901234567890123456789012
	complained 2 "udmabuf create: --name is longer than 31 bytes $help" "a long name"
	udmabuf create 4K --fallback disk
	complained 2 "udmabuf create: --fallback is 'disk', and should be heap, memfd or heap,memfd $help" "--fallback disk"
	udmabuf create 4K --exec
	complained 2 "udmabuf create: --exec needs COMMAND $help" "--exec nothing"
	udmabuf create 4K --json --exec true
	complained 2 "udmabuf create: --json is of no use with --exec $help" "--json --exec"
}
