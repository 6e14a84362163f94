# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of the command udmabuf for bash. What options a verb has, its --help
# says, so that there is no list here that could be wrong.

_udmabuf_options() {
	"$1" "$2" --help 2>/dev/null | sed -n 's/^  *\(--[a-z-]*\) .*/\1/p'
}

_udmabuf_verbs() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p'
}

# _udmabuf_words WORDS: those that fit what is there.
_udmabuf_words() {
	local word

	COMPREPLY=()
	while read -r word; do
		COMPREPLY+=("$word")
	done < <(compgen -W "$1" -- "$cur")
}

# _udmabuf_value OPTION: complete its value; false when it has none.
_udmabuf_value() {
	case $1 in
	--hugetlb) _udmabuf_words "2M 1G" ;;
	--fallback) _udmabuf_words "heap memfd heap,memfd" ;;
	--pages) _udmabuf_words "small thp hugetlb-2M hugetlb-1G" ;;
	--exporter) _udmabuf_words "udmabuf system" ;;
	--pid) _udmabuf_words "$(cd /proc && echo [0-9]*)" ;;
	--device) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "${cur:-/dev/udmabuf}") ;;
	--direct) _udmabuf_words "auto require never" ;;
	--engine) _udmabuf_words "auto uring threads" ;;
	--hash) _udmabuf_words "xxh3 sha256" ;;
	--allow) _udmabuf_words "all $(compgen -u) $(compgen -g | sed 's/^/@/')" ;;
	--check | --from | --serve) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--root) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	--name | --threads | --size | --seconds | --block | --depth | --range | --tensor | --mode | --clients | --timeout)
		COMPREPLY=()
		;;
	*) return 1 ;;
	esac
}

# What follows --exec is a command line of its own.
_udmabuf_exec() {
	local i

	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == --exec ]] || continue
		if ((i + 1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return 0
	done
	return 1
}

_udmabuf() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-}

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_udmabuf_words "$(_udmabuf_verbs "$1") --help --version"
		return
	fi
	_udmabuf_exec && return
	_udmabuf_value "${COMP_WORDS[COMP_CWORD - 1]}" && return
	if [[ $verb == @(fetch|load|tensors) && $cur != -* ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ $verb == takeover && $cur != -* ]]; then
		_udmabuf_words "enable disable status"
	elif [[ $cur == -* ]]; then
		_udmabuf_words "$(_udmabuf_options "$1" "$verb")"
	fi
}

complete -F _udmabuf udmabuf
