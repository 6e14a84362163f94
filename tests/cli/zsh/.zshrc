# SPDX-License-Identifier: GPL-2.0-only
#
# Settings of the zsh that is asked: what it offers at Tab goes to the file $CLI_FOUND.
fpath=($CLI_COMPLETION $fpath)
autoload -U compinit && compinit -D -u
compadd() {
	local -a found
	builtin compadd -O found "$@"
	(( $#found )) && print -rl -- $found >>$CLI_FOUND
	builtin compadd "$@"
}
offer() { zle complete-word; exit }
zle -N offer
bindkey '^I' offer
print ready
