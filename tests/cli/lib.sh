# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the command share: running it, and claims about what it said. To
# be sourced after tests/vm/tap.sh. All is in a folder of its own, $cli_work, that
# anybody may read; the machine that is made up has its /proc and /sys in $root.

export LC_ALL=C.UTF-8 TERM=xterm
unset NO_COLOR FAKE

# shellcheck disable=SC2034 # for the cases
cli_begin() {
	build=$(realpath "$1")
	cli_work=$(mktemp -d)
	chmod 755 "$cli_work"
	root=$cli_work/root
	export FAKE_ROOT=$root
	# not in the checkout, which others may not be able to read
	cp "$build/tests/cli/udmabuf-fake" "$cli_work/udmabuf"
	fake=$cli_work/udmabuf
	real=$build/cli/udmabuf
	pty=$build/tests/cli/pty
	cli_machine
}

cli_end() {
	rm -rf "$cli_work"
}

# write FILE TEXT: a file of the machine.
write() {
	mkdir -p "$root/$(dirname "$1")"
	printf '%s\n' "$2" >"$root/$1"
}

# A machine with memory and no process.
cli_machine() {
	rm -rf "$root"
	write proc/sys/kernel/osrelease 6.12.9-test
	cli_pool 2048 16 7 3
	write sys/kernel/mm/transparent_hugepage/hpage_pmd_size 2097152
	write sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'
	write sys/kernel/mm/transparent_hugepage/shmem_enabled 'always within_size advise [never] deny force'
	write sys/kernel/debug/dma_buf/bufinfo ''
}

# cli_pool KILOBYTES TOTAL FREE RESERVED
cli_pool() {
	local pool=sys/kernel/mm/hugepages/hugepages-$1kB

	write "$pool/nr_hugepages" "$2"
	write "$pool/free_hugepages" "$3"
	write "$pool/resv_hugepages" "$4"
}

# run COMMAND...: sets status; its output is in $out and $err.
run() {
	status=0
	"$@" >"$cli_work/out" 2>"$cli_work/err" </dev/null || status=$?
	out=$(<"$cli_work/out")
	err=$(<"$cli_work/err")
}

# udmabuf ARGUMENT...: the command on the machine that is made up.
udmabuf() {
	run "$fake" "$@"
}

# said STATUS CLAIM: it ended with that status, and said nothing on standard error.
said() {
	tap_is "$status" "$1" "$2: status $1"
	tap_is "$err" '' "$2: no error"
}

# complained STATUS LINE CLAIM: it ended with that, printed nothing, and said that.
complained() {
	tap_is "$status" "$1" "$3: status $1"
	tap_is "$err" "$2" "$3: one line"
	tap_is "$out" '' "$3: and nothing else"
}

# has TEXT CLAIM: the output has this piece.
has() {
	tap_ok "$2" grep -q -F -e "$1" "$cli_work/out"
}

# json FILTER EXPECTED CLAIM: the output is JSON, and jq finds this in it.
json() {
	tap_is "$(jq -r "$1" "$cli_work/out" 2>&1)" "$2" "$3"
}

# terminal SECONDS COMMAND...: as run, at a terminal; both outputs are in $out.
terminal() {
	run "$pty" "$@"
	out=${out//$'\r'/}
}

# cli_as_nobody COMMAND...: without the rights of root.
cli_as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
	else
		"$@"
	fi
}
