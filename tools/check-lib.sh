# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the checkers in tools/check.d share.
#
# A checker defines check_files (prints the files of the tree that it judges)
# and check_judge FILE... (prints findings, non-zero exit status when there are
# any), names its tools and canaries, and calls check_main "$@":
#
#   tools/check.d/NN-name            canaries first, then the whole tree
#   tools/check.d/NN-name FILE...    only these files, no canary
#   tools/check.d/NN-name --list     print the files that it judges
#
# Exit status: 0 clean, 1 findings, 2 the checker itself could not do its work.
#
# A canary is a small file with a known finding. A checker that does not find
# it is broken (a tool that switched itself off, a wrong option, an empty list
# of files), and its silence about the tree would be worth nothing.
#
# A checker that calls check_once does not judge again what it found clean before:
# the cache keeps the sums of such files. UDMABUF_AGAIN=1: it judges all again.

check_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
check_canary_dir=tests/tools/canary
check_canaries=()
check_versions=
check_basis=()
check_what=files
cd "$check_top" || exit 2
. vm/lib.sh

check_broken() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# All files of the tree but the canaries: what git tracks, and what is new and
# not ignored. A tarball without git has nothing but the product in it.
check_tracked() {
	if [[ -e .git ]]; then
		git -c safe.directory='*' ls-files -co --exclude-standard
	else
		find . \( -path ./build -o -path ./.git \) -prune -o -type f \
			-printf '%P\n'
	fi | grep -v "^$check_canary_dir/" | sort | while IFS= read -r file; do
		[[ ! -f $file ]] || printf '%s\n' "$file"
	done
}

# C files whose names fit one of the given beginnings.
check_c_files() {
	local IFS='|'

	check_tracked | grep -P "^($*)" | grep '\.[ch]$'
}

# Shell scripts, told by their first line or their name.
check_scripts() {
	local file line

	check_tracked | check_text_only | while IFS= read -r file; do
		IFS= read -r line <"$file" || continue
		if [[ $line =~ ^#!.*[/\ ](ba)?sh || $file == *.sh ]]; then
			printf '%s\n' "$file"
		fi
	done
}

# Of the file names on standard input, those of text files.
check_text_only() {
	xargs -r -d '\n' grep -IlE '' --
}

# check_version NAME TEXT: TEXT, what the tool says about itself, must hold a
# version that fits tools/versions.
check_version() {
	local want have

	want=$(awk -v name="$1" '$1 == name { print $2 }' tools/versions)
	have=$(grep -Eo '[0-9]+(\.[0-9]+)+' <<<"$2" | head -n 1 || true)
	[[ -n $want ]] || check_broken "tools/versions does not name $1"
	[[ $have =~ ^($want)$ ]] ||
		check_broken "$1 is version ${have:-unknown}, wanted $want (tools/versions)"
	check_versions+=" $1 $have"
}

# check_tool NAME: the tool is there, in the version the tree is judged by.
check_tool() {
	command -v "$1" >/dev/null ||
		check_broken "$1 is not installed; tools/setup installs it"
	check_version "$1" "$("$1" --version 2>&1)"
}

# check_chroot COMMAND...: in the image of a kernel. That of 6.12 has all tools;
# a checker that has to look at each kernel sets check_kernel.
check_kernel=6.12
check_chroot() {
	vm/chroot --kernel "$check_kernel" -- "$@"
}

# check_chroot_tool NAME: as check_tool, of the image.
check_chroot_tool() {
	check_version "$1" "$(check_chroot "$1" --version 2>&1)"
}

# check_module_folders: where the kernel modules of the tree lie.
check_module_folders() {
	check_tracked | sed -n 's,/Kbuild$,,p' | grep -Ev '/(compat|tests)$'
}

# check_all_kernels COMMAND...: for each kernel of the tree; false if one failed.
check_all_kernels() {
	local status=0

	for check_kernel in $(cd vm/kernels && echo *); do
		echo "# Linux $check_kernel"
		"$@" || status=1
	done
	return "$status"
}

# check_kbuild FOLDER ARGUMENT...: build the module in FOLDER, from a copy, with
# every warning an error. Two checkers that use the same copy one after another
# compile only once.
check_kbuild() {
	local folder=$1 copy=build/check/kbuild-$check_kernel

	mkdir -p "$copy"
	cp -a --parents -- "$folder" include/uapi "$copy"
	# shellcheck disable=SC2016 # for the shell in the image
	check_chroot sh -c 'folder=$1; shift
		exec make -C "/lib/modules/$UDMABUF_RELEASE/build" \
			M="/src/$folder" W=1 KCFLAGS=-Werror -j2 modules "$@"' \
		make "$copy/$folder" "${@:2}"
}

# check_once FILE...: what else a verdict about a file depends on, besides the
# checker, its tools, and the file itself.
check_once() {
	check_basis=(tools/check-lib.sh "tools/check.d/${0##*/}" "$@")
}

# What the programs and headers in the images of these kernels are.
check_images() {
	local kernel root

	for kernel; do
		root=$(vm/root --kernel "$kernel") || check_broken "no image of $kernel"
		sha256sum <"$root/var/lib/dpkg/status"
	done
}

# Prints a line "SUM  NAME" for each of what check_judge takes.
check_sums() {
	sha256sum -- "$@"
}

# The same for folders: of all files in them that belong to the tree.
check_folder_sums() {
	local folder

	for folder; do
		printf '%s  %s\n' "$(check_tracked | grep "^$folder/" |
			xargs -d '\n' sha256sum | sha256sum | cut -c1-64)" "$folder"
	done
}

# Where the lines of check_sums are kept that were clean.
check_proof() {
	udb_cache proven "${0##*/}-$(udb_key "$check_versions" "${check_basis[@]}")" touch
}

# Judges what was not judged before; that is all where check_once was not called.
check_judge_new() {
	local proof sums
	local -a new

	if ((!${#check_basis[@]})) || [[ -n ${UDMABUF_AGAIN-} ]]; then
		check_judge "$@"
		return
	fi
	proof=$(check_proof)
	sums=$(check_sums "$@")
	mapfile -t new < <(grep -vxFf "$proof" <<<"$sums")
	((${#new[@]})) || return 0
	check_judge "${new[@]#*  }" || return
	printf '%s\n' "${new[@]}" >>"$proof"
}

# check_canary REGEX FILE: judging this file must give a finding like REGEX.
check_canary() {
	check_canaries+=("$1"$'\t'"$check_canary_dir/$2")
}

check_one_canary() {
	local regex=$1 file=$2 output

	[[ -e $file ]] || check_broken "canary $file does not exist"
	if output=$(check_judge "$file" 2>&1); then
		check_broken "canary $file was not found"
	fi
	grep -Eq -- "$regex" <<<"$output" ||
		check_broken "canary $file: nothing like '$regex' in: $output"
}

# Canaries, then the tree.
check_all() {
	local canary
	local -a files

	((${#check_canaries[@]})) || check_broken "has no canary"
	for canary in "${check_canaries[@]}"; do
		check_one_canary "${canary%%$'\t'*}" "${canary#*$'\t'}"
	done

	mapfile -t files < <(check_files)
	((${#files[@]})) || check_broken "found no file to check"
	check_judge_new "${files[@]}" || exit 1
	echo "checked ${#files[@]} $check_what"
}

check_main() {
	case ${1-} in
	"") check_all ;;
	--list) check_files ;;
	*) check_judge "$@" || exit 1 ;;
	esac
}
