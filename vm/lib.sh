# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of vm/ share: messages, the data files, the cache. To be
# sourced. Functions start with udb_; udb_top is the checkout.

set -euo pipefail
shopt -s inherit_errexit

umask 022
udb_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
udb_vm=$udb_top/vm
udb_me=vm/${0##*/}
export LC_ALL=C.UTF-8

udb_say() {
	printf '%s: %s\n' "$udb_me" "$*" >&2
}

# udb_die STATUS MESSAGE
udb_die() {
	local status=$1

	shift
	udb_say "$*"
	exit "$status"
}

udb_need_root() {
	[ "$(id -u)" -eq 0 ] ||
		udb_die 125 "needs root (mmdebstrap, chroot, mounts): run with sudo"
}

udb_need_program() {
	local program

	for program; do
		command -v "$program" >/dev/null ||
			udb_die 125 "$program is missing: run tools/setup"
	done
}

# Prints the comment block at the top of the running script: its --help.
udb_help() {
	awk 'NR < 3 { next } !/^#/ || /^# shellcheck/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

# A data file holds lines "KEY VALUE"; '#' starts a comment.
# udb_field FILE KEY: the values, one a line.
udb_field() {
	awk -v key="$2" '
		{ sub(/#.*/, "") }
		$1 == key { sub(/^[ \t]*[^ \t]+[ \t]+/, ""); sub(/[ \t]+$/, ""); print }
	' "$1"
}

# udb_data KIND NAME: the path of a data file, vm/KINDs/NAME.
udb_data() {
	local file=$udb_vm/$1s/$2

	if [[ ! $2 =~ ^[a-z0-9.-]+$ ]] || [ ! -f "$file" ]; then
		udb_die 125 "unknown $1 '$2' (known: $(cd "$udb_vm/$1s" && echo *))"
	fi
	printf '%s\n' "$file"
}

udb_suite_file() {
	udb_data suite "$1"
}

# Debian's kernels are in vm/kernels: the matrix of the tests. Those of
# vm/source-kernels are built here.
udb_kernel_from_source() {
	[[ $1 =~ ^[a-z0-9.-]+$ ]] && [ -f "$udb_vm/source-kernels/$1" ]
}

udb_kernel_file() {
	if udb_kernel_from_source "$1"; then
		printf '%s\n' "$udb_vm/source-kernels/$1"
	else
		udb_data kernel "$1"
	fi
}

udb_kernel_suite() {
	local file

	file=$(udb_kernel_file "$1")
	udb_field "$file" suite
}

# The kernel files of a suite, one a line.
udb_suite_kernels() {
	local file

	for file in "$udb_vm"/kernels/*; do
		if [ "$(udb_field "$file" suite)" = "$1" ]; then
			printf '%s\n' "$file"
		fi
	done
}

# udb_kernel_release KERNEL ROOT: the release name (uname -r) of KERNEL.
udb_kernel_release() {
	local file glob found tree

	if udb_kernel_from_source "$1"; then
		tree=$("$udb_vm/kernel" --tree "$1")
		cat "$tree/include/config/kernel.release"
		return
	fi
	file=$(udb_kernel_file "$1")
	glob=$(udb_field "$file" release)
	found=$(cd "$2/usr/lib/modules" && compgen -G "$glob") || true
	if [ -z "$found" ] || [[ $found == *$'\n'* ]]; then
		udb_die 125 "kernel $1: not one release '$glob' in $2, but: '$found'"
	fi
	printf '%s\n' "$found"
}

# udb_kernel_image KERNEL ROOT RELEASE: the path of what boots.
udb_kernel_image() {
	local file image

	if udb_kernel_from_source "$1"; then
		printf '%s/bzImage\n' "$("$udb_vm/kernel" "$1")"
		return
	fi
	file=$(udb_kernel_file "$1")
	image=$(udb_field "$file" image)
	printf '%s\n' "$2/${image//RELEASE/$3}"
}

# Everything that is made once and kept lies here, outside the checkout.
udb_cache_dir() {
	local dir=${UDMABUF_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/udmabuf-ng}

	[[ $dir == /* ]] || udb_die 125 "cache directory '$dir' is not an absolute path"
	case $dir/ in
	"$udb_top"/*) udb_die 125 "cache directory '$dir' is inside the checkout" ;;
	esac
	mkdir -p "$dir"
	printf '%s\n' "$dir"
}

# A key for the content of files and further words: what a cached thing is
# named by. Where the checkout lies is not part of it.
# udb_key WORDS FILE...
udb_key() {
	local words=$1

	shift
	{
		printf '%s\n' "$words"
		(cd "$udb_top" && sha256sum -- "${@#"$udb_top"/}")
	} | sha256sum | cut -c1-16
}

# Prints the path of a cached thing; has it made when it is missing. It is made
# under a temporary name, and renamed when whole, so that an interrupted run
# leaves nothing that looks finished; a lock for each thing lets two runs share.
# The time of the lock is that of the last use, for vm/clean.
# udb_cache KIND KEY MAKER: MAKER is called as: MAKER TEMPORARY-PATH
udb_cache() {
	local dir path lock

	dir=$(udb_cache_dir)
	path=$dir/$1-$2
	mkdir -p "$dir/lock"
	touch "$dir/lock/$1-$2"
	if [ ! -e "$path" ]; then
		exec {lock}>"$dir/lock/$1-$2"
		flock -n "$lock" || {
			udb_say "waiting for another run that makes $1-$2"
			flock "$lock"
		}
		[ -e "$path" ] || udb_cache_fill "$path" "$3"
		exec {lock}>&-
	fi
	printf '%s\n' "$path"
}

udb_cache_fill() {
	local path=$1 maker=$2

	udb_rmtree "$path.tmp"
	"$maker" "$path.tmp" >&2
	mv -T "$path.tmp" "$path"
}

# udb_disk_make FOLDER FILE: a disk image (ext4) with what is in the folder, and a
# quarter on top: metadata, and room for what a guest writes.
udb_disk_make() {
	local kib

	udb_need_program mke2fs
	kib=$(du -sk --one-file-system "$1" | cut -f1)
	rm -f "$2"
	truncate -s "$((kib + kib / 4 + 65536))K" "$2"
	mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$1" "$2" ||
		udb_die 125 "mke2fs failed for $1 (see above)"
}

# Never crosses into something that is still mounted below.
udb_rmtree() {
	rm -rf --one-file-system -- "$1"
}

# What root wrote into the checkout belongs to the checkout's owner, so that
# somebody who used sudo can still remove it without.
udb_give_back() {
	local owner path

	owner=$(stat -c %u:%g "$udb_top")
	[ "$owner" != 0:0 ] || return 0
	for path; do
		[ ! -e "$path" ] || chown -hR --from=0 "$owner" "$path"
	done
}
