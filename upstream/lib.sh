# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The series of patches: from the steps in this folder to a git tree, and back.
# README.md tells what a step looks like. To be sourced; functions start with
# series_.
# shellcheck source-path=SCRIPTDIR/..
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
# shellcheck source-path=SCRIPTDIR/..
. "$(dirname "${BASH_SOURCE[0]}")/../vm/archive.sh"

series_recipe=$udb_vm/suites/source-7.3
series_dir=$udb_top/upstream
series_root_path=	# what series_root and series_stock print
series_stock_path=
series_tree=		# the git tree in work

# What the series changes, what tools/intree looks at, and the judge.
series_files=(
	MAINTAINERS
	Makefile
	drivers/dma-buf/Kconfig
	drivers/dma-buf/Makefile
	drivers/dma-buf/dma-buf.c
	drivers/dma-buf/udmabuf.c
	include/linux/huge_mm.h
	include/linux/mm.h
	include/linux/pagemap.h
	include/linux/slab.h
	include/uapi/linux/udmabuf.h
	mm/memfd.c
	scripts/checkpatch.pl
	scripts/const_structs.checkpatch
	scripts/spelling.txt
)

# The root file system with the kernel's source and what builds it.
series_root() {
	local key

	key=$(udb_key "$(declare -f series_root_make)" "$series_recipe" "$udb_vm/archive.sh")
	udb_cache root-source "$key" series_root_make
}

series_root_make() {
	local packages

	udb_need_root
	udb_say "fetching the source of the kernel and its compiler (about two minutes, once)"
	packages=$(udb_field "$series_recipe" package | paste -sd,)
	# shellcheck disable=SC2016 # for the shell that mmdebstrap starts
	archive_unpack "$series_recipe" "$1" "$packages" --variant=minbase \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--customize-hook='mkdir -p "$1/src"'
}

# series_tarball ROOT: the archive of the source.
series_tarball() {
	echo "$1"/usr/src/linux-source-*.tar.xz
}

# Name and version of the package with the source.
series_version() {
	awk '/^Package: linux-source-[0-9]/ { found = $2 }
		found && /^Version: / { print found, $2; exit }' "$1/var/lib/dpkg/status"
}

# A folder with the stock kernel's series_files.
series_stock() {
	local key

	series_root_path=$(series_root)
	key=$(udb_key "$(declare -f series_stock_make) ${series_files[*]}" "$series_recipe")
	udb_cache source-stock "$key" series_stock_make
}

series_stock_make() {
	local tarball name

	tarball=$(series_tarball "$series_root_path")
	name=$(basename "$tarball" .tar.xz)
	mkdir "$1"
	tar -xJf "$tarball" -C "$1" --strip-components=1 "${series_files[@]/#/$name/}"
}

# The steps, one a line, in their order.
series_steps() {
	(cd "$series_dir" && ls [0-9]*.patch)
}

# A step is: comments, message from the Subject on, a line ---, a diff.
series_step_final() {
	sed -n -E -e '/^Subject: /q' -e 's/^# final: ([^ ]+).*/\1/p' "$1"
}

# series_sum FINAL FILE: what a step remembers of a final file.
series_sum() {
	if [ -e "$1/$2" ]; then
		sha256sum <"$1/$2" | cut -c1-12
	else
		echo gone
	fi
}

# Tells which steps get text that nobody has looked at as a part of them.
series_stale() {
	local final=$1 step file sum

	for step in $(series_steps); do
		sed -n -E '/^Subject: /q; s/^# final: //p' "$series_dir/$step" |
			while read -r file sum; do
				[ "$sum" = "$(series_sum "$final" "$file")" ] ||
					printf '%s in upstream/%s\n' "$file" "$step"
			done
	done
}

series_step_message() {
	sed -n -e '/^---$/q' -e '/^Subject: /,$p' "$1" | sed 's/^Subject: //'
}

series_step_diff() {
	sed '1,/^---$/d' "$1"
}

series_git() {
	git -c safe.directory='*' -c core.hooksPath=/dev/null -c core.autocrlf=false \
		-c commit.gpgSign=false -C "$series_tree" "$@"
}

# Where the commits are no more than a means, nobody needs to have written them.
series_name=tools/upstream
series_email=tools/upstream
series_commit() {
	GIT_AUTHOR_NAME=$series_name GIT_AUTHOR_EMAIL=$series_email \
		GIT_COMMITTER_NAME=$series_name GIT_COMMITTER_EMAIL=$series_email \
		series_git commit -q --allow-empty "$@"
}

# series_final FOLDER: the tree that the series has to end with.
series_final() {
	cp -r "$series_stock_path/." "$1"
	"$udb_top/tools/intree" "$1" 2>"$1.log" || {
		cat "$1.log" >&2
		udb_die 1 "tools/intree does not work on the stock tree"
	}
}

# series_apply STEP FINAL: one more commit.
series_apply() {
	local step=$series_dir/$1 final=$2 file

	if [ -n "$(series_step_diff "$step")" ]; then
		series_step_diff "$step" | series_git apply --index --whitespace=nowarn - ||
			udb_die 1 "upstream/$1 does not apply to $(series_version "$series_root_path"): see 'When a step does not apply' in upstream/README.md"
	fi
	for file in $(series_step_final "$step"); do
		rm -f "${series_tree:?}/$file"
		if [ -e "$final/$file" ]; then
			install -D -m 644 "$final/$file" "$series_tree/$file"
		fi
	done
	series_git add -A
	series_step_message "$step" | series_commit -F -
}

# A git tree with nothing but the kernel's own files, tag stock.
series_begin() {
	mkdir -p "$series_tree"
	series_git init -q -b series
	cp -r "$series_stock_path/." "$series_tree"
	series_git add -A
	series_commit -m "$(series_version "$series_root_path")"
	series_git tag stock
}

# series_build FOLDER FINAL: a commit for each step; for those that are missing,
# where FOLDER has some already.
series_build() {
	local final=$2 step have

	series_tree=$1
	[ -e "$series_tree/.git" ] || series_begin
	have=$(series_git rev-list --count stock..HEAD)
	for step in $(series_steps | tail -n "+$((have + 1))"); do
		series_apply "$step" "$final"
	done
}

# The names of files in which tree and final tree differ.
series_differences() {
	diff -rq --exclude=.git "$series_tree" "$1" |
		sed -E -e "s|^Files $series_tree/(.*) and .*|\\1 (differs)|" \
			-e "s|^Only in $1/?([^:]*): |\\1/|; t" \
			-e "s|^Only in $series_tree/?([^:]*): (.*)|\\1/\\2 (the driver has none)|"
}

series_check_end() {
	local differences

	differences=$(series_differences "$1") || true
	[ -z "$differences" ] || udb_die 1 "the series does not end with what tools/intree makes of module/; see 'When the driver changed' in upstream/README.md:"$'\n'"$differences"
}
