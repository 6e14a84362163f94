# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How a kernel is built from Debian's package with its source: vm/kernel and the
# tests of the series do it. To be sourced after upstream/lib.sh, which has the
# package and the compiler: series_root_path is what series_root printed. A FOLDER
# holds the source, tree/, and folders of OBJECTS beside it; OBJECTS tree stands
# for objects among the sources. The script defines kernel_config OBJECTS, which
# prints lines of a configuration. Functions start with kernel_.
# shellcheck disable=SC2154 # variables of lib.sh and upstream/lib.sh

# kernel_chroot FOLDER COMMAND...: in the root with the compiler, FOLDER at /src.
kernel_chroot() {
	local folder=$1

	shift
	setpriv --pdeathsig KILL unshare --mount --pid --net --fork --kill-child \
		--propagation private "$udb_vm/hooks/chroot" "$series_root_path" "$folder" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 "$@"
}

# kernel_make FOLDER OBJECTS ARGUMENT...
kernel_make() {
	kernel_chroot "$1" make -s -j "$(nproc)" -C /src/tree "O=/src/$2" W=1 \
		KBUILD_BUILD_USER=nobody KBUILD_BUILD_HOST=nowhere "${@:3}"
}

# kernel_configure FOLDER OBJECTS
kernel_configure() {
	local line option

	kernel_config "$2" >"$1/config"
	kernel_make "$1" "$2" KCONFIG_ALLCONFIG=/src/config allnoconfig
	while read -r line; do
		option=${line#\# }
		if [[ $line == CONFIG* ]]; then
			grep -q -x "$line" "$1/$2/.config"
		else
			! grep -q "^${option%% *}=" "$1/$2/.config"
		fi || udb_die 125 "the configuration '$2' does not take: $line"
	done <"$1/config"
	rm "$1/config"
}
