# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Showing how far something is, for scripts that run a program in a virtual machine.
# To be sourced; $quiet is yes where nothing is to be shown.

quiet=${quiet-no}
progress_width=30

progress_bar() {
	local done=$(($1 * progress_width / 100)) full

	printf -v full '%*s' "$done" ''
	printf '\r\033[K[%-*s] %3d%% %s' "$progress_width" "${full// /#}" "$1" "${2:0:60}"
}

# Lines "progress PERCENT TEXT" of standard input become a bar on a terminal, text in
# a log; there once for each text. All others are passed on.
progress_show() {
	local line bar=no text=

	while IFS= read -r line; do
		if [[ $line =~ ^progress\ ([0-9]+)\ (.*)$ ]]; then
			if [ "$quiet" = yes ]; then
				continue
			elif [ -t 1 ]; then
				progress_bar "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
				bar=yes
			elif [ "${BASH_REMATCH[2]}" != "$text" ]; then
				text=${BASH_REMATCH[2]}
				printf '%3d%% %s\n' "${BASH_REMATCH[1]}" "$text"
			fi
			continue
		fi
		[ "$bar" = no ] || printf '\n'
		bar=no
		printf '%s\n' "$line"
	done
	[ "$bar" = no ] || printf '\n'
}
