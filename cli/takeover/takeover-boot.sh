# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Boot loaders: which one this machine has, and the file in its folder of settings
# that adds a parameter to what the kernel is told. To be sourced. Paths lie in
# the folder $boot_root.
#
# boot_find sets boot_kind (grub, u-boot, or hand: no folder that we know) and
#   boot_name     for people
#   boot_file     the file
#   boot_text     what is to be in it
#   boot_command  brings the menu up to date
#   boot_menu     the menu
#   boot_entry    extended regular expression: its lines for the kernel
# shellcheck disable=SC2034 # for the script that sources this

boot_root=
boot_kind=hand
boot_name=
boot_file=
boot_text=
boot_command=
boot_menu=
boot_entry=

# A menu that is there is one that is in use; the command may be there without.
boot_has() {
	[ -e "$boot_root$1" ] && { [ -x "$boot_root/usr/sbin/$2" ] || [ -x "$boot_root/sbin/$2" ]; }
}

# What started this machine says so in a variable of its firmware, and beats a menu
# that another loader left behind. The text has two bytes for a letter.
boot_is_systemd() {
	local file

	for file in "$boot_root"/sys/firmware/efi/efivars/LoaderInfo-*; do
		if [ -r "$file" ] && tr -d '\0' <"$file" | grep -c -a systemd-boot >/dev/null; then
			return 0
		fi
	done
	return 1
}

# The user's own parameters stay in front, whatever they are: the kernel heeds each
# initcall_blacklist= of several.
boot_set_grub() {
	boot_kind=grub
	boot_name=GRUB
	boot_file=/etc/default/grub.d/udmabuf-ng.cfg
	boot_text="GRUB_CMDLINE_LINUX=\"\$GRUB_CMDLINE_LINUX $1\""
	boot_command=update-grub
	boot_menu=/boot/grub/grub.cfg
	boot_entry='^[[:space:]]*linux(16|efi)?[[:space:]]'
}

# A value of our own replaces u-boot-update's default, which is "ro quiet".
boot_set_u_boot() {
	boot_kind=u-boot
	boot_name=u-boot-menu
	boot_file=/etc/u-boot-menu/conf.d/udmabuf-ng.conf
	boot_text="U_BOOT_PARAMETERS=\"\${U_BOOT_PARAMETERS:-ro quiet} $1\""
	boot_command=u-boot-update
	boot_menu=/boot/extlinux/extlinux.conf
	boot_entry='^[[:space:]]*append[[:space:]]'
}

# u-boot-update prefers /etc/kernel/cmdline to its default, but not to a value of
# ours: where there is one, it is for a person to edit.
# boot_find ROOT PARAMETER
boot_find() {
	boot_root=$1
	boot_kind=hand
	if boot_is_systemd; then
		return
	elif boot_has /boot/grub/grub.cfg update-grub; then
		boot_set_grub "$2"
	elif boot_has /boot/extlinux/extlinux.conf u-boot-update &&
		[ ! -e "$boot_root/etc/kernel/cmdline" ]; then
		boot_set_u_boot "$2"
	fi
}

# boot_has_parameter NAME=VALUE [FILE]: a line of words (standard input without
# FILE) has it; VALUE may be one of several with commas between them.
boot_has_parameter() {
	awk -v name="${1%%=*}=" -v value="${1#*=}" '{
		for (i = 1; i <= NF; i++) {
			if (index($i, name) != 1)
				continue
			n = split(substr($i, length(name) + 1), part, ",")
			for (j = 1; j <= n; j++)
				if (part[j] == value)
					found = 1
		}
	} END { exit !found }' "${@:2}"
}

# The menu starts a kernel with the parameter.
boot_menu_has() {
	local menu=$boot_root$boot_menu

	[ -r "$menu" ] || return 1
	{ grep -E "$boot_entry" "$menu" || true; } | boot_has_parameter "$1"
}

# Where there is no folder of settings: what a person wrote for the next boot.
boot_hand_has() {
	[ -r "$boot_root/etc/kernel/cmdline" ] &&
		boot_has_parameter "$1" "$boot_root/etc/kernel/cmdline"
}

boot_update() {
	if [ -n "$boot_root" ]; then
		chroot "$boot_root" "$boot_command"
	else
		"$boot_command"
	fi
}
