# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# udmabuf takeover enable|disable|status [--dry-run] [--root DIR] [--json]
#
# Debian's kernels since 6.12 have a driver for /dev/udmabuf built in, so that
# udmabuf_ng is /dev/udmabuf-ng beside it. 'enable' gives the name to udmabuf_ng from
# the next boot on, 'disable' gives it back; both say what they change. 'status' tells
# who has the name now and after a reboot.
#
#   --dry-run    say what would be done, and do nothing
#   --root DIR   the system in DIR instead of the one that runs
#   --json       print JSON
#
# Exit status:
#   0  done, or there was nothing to do; status: udmabuf_ng has /dev/udmabuf
#   1  failed, and all is as it was before; status: udmabuf_ng has it not
#   2  wrong usage
#   3  status: a reboot changes who has it
#   4  the boot loader has no folder for settings: what to add by hand is printed

# Sourced by the command udmabuf. A parameter of the kernel keeps its driver from
# starting; a line for modprobe gives udmabuf_ng the name where it is free, so that a
# boot without the parameter works as before; a third file loads udmabuf_ng.

# shellcheck source-path=SCRIPTDIR source=takeover-boot.sh
. "${udmabuf_share:?}/takeover-boot.sh"

takeover_parameter=initcall_blacklist=udmabuf_dev_init
takeover_modprobe=/etc/modprobe.d/udmabuf-ng-takeover.conf
takeover_load=/etc/modules-load.d/udmabuf-ng-takeover.conf
takeover_mark='# Written by "udmabuf takeover enable"; "udmabuf takeover disable" removes it.'
takeover_root=
takeover_dry=no
takeover_form=text
takeover_saved=		# folder with the files as they were
takeover_made=()	# folders that were not there
takeover_result=unchanged	# what enable and disable tell programs

takeover_die() {
	local status=$1

	shift
	udmabuf_die "$status" "takeover: $*"
}

# --- what is there -----------------------------------------------------------

# takeover_stock RELEASE: this kernel has a driver of its own, which is never a
# module. What is built in is named where its parameters are described.
takeover_stock() {
	grep -q -a -z '^udmabuf\.' \
		"$takeover_root/lib/modules/$1/modules.builtin.modinfo" 2>/dev/null
}

takeover_kernels() {
	local dir

	for dir in "$takeover_root"/lib/modules/*/; do
		[ ! -e "$dir/modules.builtin" ] || basename "$dir"
	done
}

# takeover_installed RELEASE: udmabuf_ng is there for this kernel.
takeover_installed() {
	grep -q '/udmabuf_ng\.ko[.a-z]*:' "$takeover_root/lib/modules/$1/modules.dep" 2>/dev/null
}

takeover_running() {
	cat "$takeover_root/proc/sys/kernel/osrelease" 2>/dev/null || true
}

# The kernels that take the name for themselves, and those without udmabuf_ng.
takeover_look_kernels() {
	local release

	taking=()
	lacking=()
	while read -r release; do
		! takeover_stock "$release" || taking+=("$release")
		takeover_installed "$release" || lacking+=("$release")
	done < <(takeover_kernels)
}

# Who has /dev/udmabuf: ours, stock, nobody.
takeover_owner() {
	local name=$takeover_root/sys/module/udmabuf_ng/parameters/name

	if [ ! -e "$takeover_root/sys/class/misc/udmabuf" ]; then
		echo nobody
	elif [ "$(cat "$name" 2>/dev/null || true)" = udmabuf ]; then
		echo ours
	else
		echo stock
	fi
}

# The boot that is going on was told to leave the kernel's driver out.
takeover_told() {
	boot_has_parameter "$takeover_parameter" "$takeover_root/proc/cmdline" 2>/dev/null
}

# --- the files ---------------------------------------------------------------

# takeover_text FILE: what is to be in it.
takeover_text() {
	printf '%s\n' "$takeover_mark"
	case $1 in
	"$boot_file") printf '%s\n' "$boot_text" ;;
	"$takeover_load") echo udmabuf_ng ;;
	"$takeover_modprobe")
		echo "# A boot without $takeover_parameter leaves the name to the kernel's driver."
		# shellcheck disable=SC2016 # for modprobe
		echo 'install udmabuf_ng if test -e /sys/class/misc/udmabuf; then exec /sbin/modprobe --ignore-install udmabuf_ng $CMDLINE_OPTS; else exec /sbin/modprobe --ignore-install udmabuf_ng name=udmabuf $CMDLINE_OPTS; fi'
		;;
	esac
}

takeover_explain_file() {
	case $1 in
	"$boot_file") echo "the kernel is told $takeover_parameter" ;;
	"$takeover_load") echo "udmabuf_ng is loaded at boot" ;;
	"$takeover_modprobe") echo "udmabuf_ng takes the name where it is free" ;;
	esac
}

takeover_files() {
	[ -z "$boot_file" ] || printf '%s\n' "$boot_file"
	printf '%s\n' "$takeover_modprobe" "$takeover_load"
}

# takeover_is FILE: it is as it should be.
takeover_is() {
	[ -f "$takeover_root$1" ] && takeover_text "$1" | cmp -s - "$takeover_root$1"
}

# A file of that name which somebody else wrote is not ours to touch.
takeover_check_foreign() {
	local file

	for file in $(takeover_files); do
		if [ -e "$takeover_root$file" ] &&
			! grep -q -x -F "$takeover_mark" "$takeover_root$file"; then
			takeover_die 1 "$file is there, but not from this command: move it away"
		fi
	done
}

# Sets wrong (files that are missing or different) and present (files there).
takeover_look_files() {
	local file

	wrong=()
	present=()
	while read -r file; do
		takeover_is "$file" || wrong+=("$file")
		[ ! -e "$takeover_root$file" ] || present+=("$file")
	done < <(takeover_files)
}

# The parameter is where the next boot finds it.
takeover_menu_ready() {
	if [ "$boot_kind" = hand ]; then
		takeover_told || boot_hand_has "$takeover_parameter"
	else
		boot_menu_has "$takeover_parameter"
	fi
}

# --- doing and undoing -------------------------------------------------------

# The files and the menu, as they are before anything is changed.
takeover_save() {
	local path

	takeover_saved=$(mktemp -d)
	for path in $(takeover_files) $boot_menu; do
		[ ! -e "$takeover_root$path" ] || {
			mkdir -p "$takeover_saved${path%/*}"
			cp -p "$takeover_root$path" "$takeover_saved$path"
		}
	done
}

# takeover_put_back PATH: it was not as it is now.
takeover_put_back() {
	if [ ! -e "$takeover_saved$1" ]; then
		rm -f "$takeover_root$1"
	elif ! cmp -s "$takeover_saved$1" "$takeover_root$1"; then
		cp -p "$takeover_saved$1" "$takeover_root$1.udmabuf" &&
			mv -f "$takeover_root$1.udmabuf" "$takeover_root$1"
	fi
}

takeover_restore() {
	local path

	for path in $(takeover_files) $boot_menu; do
		takeover_put_back "$path" ||
			takeover_die 1 "cannot put back $path: it was as in $takeover_saved$path"
	done
	for path in "${takeover_made[@]}"; do
		rmdir "$path" || true
	done
}

takeover_forget() {
	[ -z "$takeover_saved" ] || rm -rf -- "$takeover_saved"
	takeover_saved=
}

# takeover_fail MESSAGE: everything back, and the end.
takeover_fail() {
	trap '' INT TERM HUP
	trap - EXIT
	takeover_restore
	takeover_forget
	takeover_die 1 "$1; everything is as it was before"
}

# An end that nobody planned is a failure, too.
takeover_begin() {
	takeover_save
	trap 'takeover_fail "interrupted"' INT TERM HUP
	trap 'takeover_fail "failed"' EXIT
}

takeover_end() {
	trap - EXIT INT TERM HUP
	takeover_forget
}

# takeover_mkdir FOLDER: and those above it, remembered with the lowest first.
takeover_mkdir() {
	[ ! -d "$1" ] || return 0
	takeover_mkdir "${1%/*}" && mkdir "$1" || return 1
	takeover_made=("$1" "${takeover_made[@]}")
}

# Whole or not at all: other programs may read the folder at any time.
takeover_write() {
	local path=$takeover_root$1

	if ! { takeover_mkdir "${path%/*}" && takeover_text "$1" >"$path.udmabuf" &&
		mv -f "$path.udmabuf" "$path"; }; then
		rm -f "$path.udmabuf"
		takeover_fail "cannot write $1"
	fi
}

takeover_update() {
	[ "$boot_kind" != hand ] || return 0
	boot_update || takeover_fail "$boot_command failed (see above)"
}

# takeover_print_plan VERB FILE...
takeover_print_plan() {
	local verb=$1 file

	shift
	for file; do
		printf '  %s %-44s %s\n' "$verb" "$file" "$(takeover_explain_file "$file")"
	done
	[ "$boot_kind" = hand ] || printf '  run %s\n' "$boot_command"
}

takeover_only_dry() {
	[ "$takeover_dry" = yes ] || return 1
	takeover_result=would-change
	echo "--dry-run: nothing was changed"
}

takeover_by_hand() {
	takeover_result=by-hand
	takeover_report
	cat >&2 <<-TEXT
		udmabuf: takeover: this machine's boot loader has no folder for settings (GRUB and
		u-boot-menu have one). Nothing was changed. Add this parameter of the kernel:

		    $takeover_parameter

		With systemd-boot: add it to the line in /etc/kernel/cmdline (where there is none, start
		with the words of /proc/cmdline), and run
		    kernel-install add "\$(uname -r)" "/boot/vmlinuz-\$(uname -r)"
		Then run 'udmabuf takeover enable' again.
	TEXT
	exit 4
}

# A module may be there and not load: Secure Boot wants it signed by a key that the
# machine knows. This changes nothing, it is loaded beside the kernel's driver.
takeover_try_load() {
	if [ -n "$takeover_root" ] || [ "$takeover_dry" = yes ] || [ -d /sys/module/udmabuf_ng ]; then
		return
	fi
	modprobe udmabuf_ng || takeover_die 1 \
		"udmabuf_ng does not load (see above, and 'dmesg'); with Secure Boot, enroll its key first"
	modprobe -r udmabuf_ng
}

# Without udmabuf_ng there would be no /dev/udmabuf at all.
takeover_check_installed() {
	local running

	running=$(takeover_running)
	if [ -n "$running" ] && ! takeover_installed "$running"; then
		takeover_die 1 "udmabuf_ng is not installed for Linux $running: install udmabuf-ng-dkms first"
	fi
	takeover_try_load
	[ "${#lacking[@]}" -eq 0 ] ||
		echo "note: udmabuf_ng is not installed for ${lacking[*]}: no /dev/udmabuf when that boots"
}

takeover_enable() {
	takeover_look_files
	if [ "${#taking[@]}" -eq 0 ]; then
		takeover_result=not-needed
		echo "not needed: no kernel of this machine has a driver of its own for /dev/udmabuf"
		[ "${#present[@]}" -eq 0 ] || echo "it is enabled nevertheless; 'disable' undoes that"
		return
	fi
	if [ "${#wrong[@]}" -eq 0 ] && takeover_menu_ready; then
		echo "already enabled$(takeover_told || echo '; reboot to make it effective')"
		return
	fi
	takeover_check_installed
	takeover_check_foreign
	[ "$boot_kind" != hand ] || takeover_menu_ready || takeover_by_hand
	cat <<-TEXT
		From the next boot on the kernel's own driver for /dev/udmabuf is not started
		(${taking[*]}), and udmabuf_ng gets the name:
	TEXT
	takeover_print_plan write "${wrong[@]}"
	! takeover_only_dry || return 0
	takeover_do_enable
	echo "Done. It is effective after a reboot. To undo it: udmabuf takeover disable, and reboot."
}

takeover_do_enable() {
	local file

	takeover_begin
	for file in "${wrong[@]}"; do
		takeover_write "$file"
	done
	takeover_update
	takeover_result=changed
	takeover_menu_ready || takeover_fail \
		"$boot_command ran, but $boot_menu lacks $takeover_parameter (does a file in ${boot_file%/*} replace what others set?)"
	takeover_end
}

takeover_disable() {
	takeover_look_files
	if [ "${#present[@]}" -eq 0 ]; then
		echo "not enabled: nothing to do"
	else
		takeover_check_foreign
		echo "From the next boot on the kernel's own driver, where there is one, has /dev/udmabuf:"
		takeover_print_plan remove "${present[@]}"
		! takeover_only_dry || return 0
		takeover_do_disable
		echo "Done. It is effective after a reboot."
	fi
	if [ "$boot_kind" = hand ] && takeover_menu_ready; then
		echo "note: the parameter $takeover_parameter was added by hand: remove it where it was added"
	fi
}

takeover_do_disable() {
	local file

	takeover_begin
	for file in "${present[@]}"; do
		rm -f "$takeover_root$file" || takeover_fail "cannot remove $file"
	done
	takeover_result=changed
	takeover_update
	takeover_end
}

# For programs: what enable or disable has done. Paths are this script's own, and have no
# character that JSON would have to escape. A menu is as it was when nothing changes.
takeover_report() {
	local files=() command=

	[ "$takeover_form" = json ] || return 0
	case $takeover_result,$takeover_verb in
	changed,enable | would-change,enable) files=("${wrong[@]}") command=$boot_command ;;
	changed,disable | would-change,disable) files=("${present[@]}") command=$boot_command ;;
	esac
	[ "${#files[@]}" -eq 0 ] || files=("${files[@]/#/\"}")
	[ "${#files[@]}" -eq 0 ] || files=("${files[@]/%/\"}")
	printf '{ "verb": "%s", "result": "%s", "files": [%s], "command": "%s", "parameter": "%s" }\n' \
		"$takeover_verb" "$takeover_result" "$(IFS=,; echo "${files[*]-}")" "$command" \
		"$takeover_parameter" >&3
}

# --- status ------------------------------------------------------------------

takeover_status_owner() {
	case $1 in
	ours) echo "/dev/udmabuf:  udmabuf_ng" ;;
	stock) echo "/dev/udmabuf:  the kernel's own driver" ;;
	nobody) echo "/dev/udmabuf:  nobody" ;;
	esac
}

takeover_status_kernel() {
	if ! takeover_stock "$1"; then
		echo "Linux $1: has no driver of its own; takeover is not needed"
	elif takeover_told; then
		echo "Linux $1: has a driver of its own, and was told not to start it"
	else
		echo "Linux $1: has a driver of its own"
	fi
}

# Prints enabled, incomplete or disabled.
takeover_state() {
	if [ "${#wrong[@]}" -eq 0 ] && takeover_menu_ready; then
		echo enabled
	elif [ "${#present[@]}" -gt 0 ]; then
		echo incomplete
	else
		echo disabled
	fi
}

# takeover_pending OWNER STATE RELEASE: a reboot of this kernel changes the owner.
takeover_pending() {
	takeover_stock "$3" || return 1
	case $2 in
	enabled) [ "$1" != ours ] && ! takeover_told ;;
	disabled) takeover_told && ! takeover_menu_ready ;;
	*) return 1 ;;
	esac
}

takeover_status_text() {
	takeover_status_owner "$1"
	[ -z "$3" ] || takeover_status_kernel "$3"
	echo "takeover:      $2"
	[ "$2" != incomplete ] ||
		echo "               run 'udmabuf takeover enable' or 'disable' to get it right"
	[ "$4" = false ] || echo "reboot:        pending"
	[ "$1" != nobody ] || [ "$4" = true ] || echo "               load udmabuf_ng: modprobe udmabuf_ng"
}

# What is known has no character that JSON would have to escape.
takeover_status_json() {
	printf '{ "owner": "%s", "takeover": "%s", "kernel": "%s", "reboot_pending": %s }\n' "$@"
}

takeover_status() {
	local owner state running pending=false

	owner=$(takeover_owner)
	running=$(takeover_running)
	takeover_look_files
	state=$(takeover_state)
	! takeover_pending "$owner" "$state" "$running" || pending=true
	"takeover_status_$takeover_form" "$owner" "$state" "$running" "$pending"
	[ "$pending" = false ] || exit 3
	[ "$owner" != ours ] || exit 0
	exit 1
}

# --- usage -------------------------------------------------------------------

takeover_usage() {
	udmabuf_die 2 "takeover: $1 (see udmabuf takeover --help)"
}

takeover_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help) udmabuf_help "$udmabuf_share/takeover.sh"; exit 0 ;;
		--dry-run) takeover_dry=yes ;;
		--json) takeover_form=json ;;
		--root)
			[ $# -ge 2 ] || takeover_usage "--root needs a folder"
			[ -d "$2" ] || takeover_usage "no folder '$2'"
			takeover_root=$(realpath -- "$2")
			[ "$takeover_root" != / ] || takeover_root=
			shift
			;;
		enable | disable | status)
			[ -z "$takeover_verb" ] || takeover_usage "more than one of enable, disable, status"
			takeover_verb=$1
			;;
		*) takeover_usage "unknown argument '$1'" ;;
		esac
		shift
	done
	[ -n "$takeover_verb" ] || takeover_usage "one of enable, disable, status is missing"
}

# What people are told, programs are not: they get their own words, through file 3.
takeover_quiet() {
	exec 3>&1
	[ "$takeover_form" = text ] || exec >/dev/null
}

takeover_main() {
	local taking lacking wrong present

	takeover_verb=
	takeover_options "$@"
	if [ "$takeover_verb" != status ] && [ "$takeover_dry" = no ] && [ "$(id -u)" -ne 0 ]; then
		takeover_die 1 "needs root: sudo udmabuf takeover $takeover_verb"
	fi
	umask 022
	boot_find "$takeover_root" "$takeover_parameter"
	takeover_look_kernels
	[ "$takeover_verb" = status ] || takeover_quiet
	"takeover_$takeover_verb"
	takeover_report
}
