# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where packages come from, for mmdebstrap. To be sourced after lib.sh. A recipe
# is a file of vm/suites: its lines 'archive' and 'security' name suites of the
# archive and of the security archive; the first 'archive' is the base.

# The address of an archive (its label is $1) that this machine's own apt uses.
archive_mirror() {
	command -v apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt's own format, not the shell's
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null |
		awk -v label="$1" '$1 == label && $2 ~ /^https?:/ { print $2; exit }'
}

# archive_base RECIPE: the suite that mmdebstrap is to make.
archive_base() {
	udb_field "$1" archive | head -n 1
}

# archive_sources RECIPE: lines for mmdebstrap. None: it uses its built-in ones,
# which lack what is not of the base (backports).
archive_sources() {
	local file=$1 main security name

	main=$(archive_mirror Debian)
	security=$(archive_mirror Debian-Security)
	[ -n "$main" ] && [ -n "$security" ] || return 0
	for name in $(udb_field "$file" archive); do
		printf 'deb %s %s main\n' "$main" "$name"
	done
	for name in $(udb_field "$file" security); do
		printf 'deb %s %s main\n' "$security" "$name"
	done
}

# What this machine's apt was told about the way to the archive holds for ours.
archive_apt_options() {
	local name value

	for name in Acquire::http::Proxy Acquire::https::Proxy \
		Acquire::Check-Valid-Until Acquire::Check-Date; do
		value=
		eval "$(apt-config shell value "$name" 2>/dev/null)"
		if [ -n "$value" ]; then
			printf -- '--aptopt=%s "%s"\n' "$name" "$value"
		fi
	done
}

# archive_unpack RECIPE FOLDER PACKAGES OPTION...: has mmdebstrap make FOLDER, and
# shows what it said only if it failed. Our own mount namespace: whatever happens,
# no mount is left in the folder. What a crash of this machine would leave of it
# has a temporary name, so dpkg need not wait for the disk.
archive_unpack() {
	local file=$1 tmp=$2 include=$3 sources options=() log=$2.log

	shift 3
	udb_need_program mmdebstrap setpriv
	[ "$(dpkg --print-architecture)" = amd64 ] ||
		udb_die 125 "this machine is no amd64: its mmdebstrap cannot make ${file##*/} for amd64"
	sources=$(archive_sources "$file")
	mapfile -t options < <(archive_apt_options)
	setpriv --pdeathsig TERM unshare --mount --propagation private mmdebstrap \
		--mode=root --format=directory --include="$include" \
		--aptopt='Apt::Install-Recommends "false"' \
		"${options[@]}" --dpkgopt=force-unsafe-io "$@" \
		"$(archive_base "$file")" "$tmp" ${sources:+-} <<<"$sources" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		udb_die 125 "mmdebstrap failed for ${file##*/} (see above)"
	}
	rm -f "$log"
}
