# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for another shell
#
# Completion, by the shells themselves: what they offer after some words.

# in_bash WORD...: what bash offers for the last word; in one line, sorted.
in_bash() {
	PATH=$cli_work/bin:$PATH bash --norc -c '
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		spec=$(complete -p udmabuf)
		[[ $spec =~ -F\ ([a-z_]+) ]]
		"${BASH_REMATCH[1]}" udmabuf "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$tap_top/cli/completion/udmabuf.bash" "$@" | sort | xargs
}

# in_zsh LINE: what zsh offers when Tab is pressed at the end of it, sorted.
in_zsh() {
	: >"$cli_work/found"
	PATH=$cli_work/bin:$PATH ZDOTDIR=$tap_top/tests/cli/zsh CLI_FOUND=$cli_work/found \
		CLI_COMPLETION=$tap_top/cli/completion timeout 30 \
		zsh -f "$tap_top/tests/cli/zsh/ask" "$1" </dev/null >"$cli_work/shown" 2>&1
	sort -u "$cli_work/found" | xargs
}

commands() {
	mkdir -p "$cli_work/bin"
	ln -sf "$real" "$cli_work/bin/udmabuf"
}

test_bash() {
	commands
	tap_is "$(in_bash udmabuf '')" "--help --version bench create fetch info load ls takeover tensors" "bash: the verbs"
	tap_is "$(in_bash udmabuf c)" "create" "bash: a verb"
	tap_is "$(in_bash udmabuf ls --)" "$("$real" ls --help | sed -n 's/^  \(--[a-z-]*\) .*/\1/p' | sort | xargs)" \
		"bash: the options of ls"
	tap_is "$(in_bash udmabuf create 4M --hug)" "--hugetlb" "bash: an option"
	tap_is "$(in_bash udmabuf create --hugetlb '')" "1G 2M" "bash: values of an option"
	tap_is "$(in_bash udmabuf fetch /bin/fals)" "/bin/false" "bash: files of fetch"
	tap_is "$(in_bash udmabuf load --serve /bin/fals)" "/bin/false" "bash: the file of --serve"
	tap_is "$(in_bash udmabuf load --allow roo)" "root" "bash: users of --allow"
	tap_is "$(in_bash udmabuf takeover '')" "disable enable status" "bash: takeover"
	tap_is "$(in_bash udmabuf takeover enable --)" "--dry-run --json --root" "bash: options of takeover"
	tap_is "$(in_bash udmabuf ls --pid $$)" "$$" "bash: processes"
	tap_is "$(in_bash udmabuf create 4K --exec /bin/fals)" "/bin/false" "bash: commands"
	tap_is "$(in_bash udmabuf create 4K --exec true --hel)" "" "bash: not options, once it is the command's line"
}

# The file is found by its name, where it is installed.
test_bash_installed() {
	local share=$cli_work/share

	commands
	mkdir -p "$share/bash-completion/completions"
	cp "$tap_top/cli/completion/udmabuf.bash" "$share/bash-completion/completions/udmabuf"
	tap_ok "bash-completion loads it" env XDG_DATA_HOME="$share" bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		_completion_loader udmabuf || [ $? -eq 124 ]
		complete -p udmabuf | grep -q _udmabuf'
}

test_zsh() {
	commands
	tap_is "$(in_zsh 'udmabuf ')" "--help --version bench create fetch info load ls takeover tensors" "zsh: the verbs"
	tap_is "$(in_zsh 'udmabuf ls --')" "$("$real" ls --help | sed -n 's/^  \(--[a-z-]*\) .*/\1/p' | sort | xargs)" \
		"zsh: the options of ls"
	tap_is "$(in_zsh 'udmabuf create --fallback ')" "heap heap,memfd memfd" "zsh: values of an option"
	tap_is "$(in_zsh 'udmabuf takeover ')" "disable enable status" "zsh: takeover"
}
