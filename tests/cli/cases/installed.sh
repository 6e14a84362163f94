# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# The command as a distribution would have it: what is installed, and that it works
# from there, wherever that is.

test_installed() {
	local prefix where=$cli_work/where

	prefix=$(meson introspect --buildoptions "$build" | jq -r '.[] | select(.name == "prefix").value')
	tap_ok "it installs" meson install -C "$build" --no-rebuild --quiet --tags command,runtime --destdir "$where"
	tap_is "$(cd "$where$prefix" && find bin libexec share ! -type d -printf '%m %p\n' | sort -k 2)" \
		"$(printf '%s\n' "755 bin/udmabuf" "755 libexec/udmabuf/takeover" \
			"644 libexec/udmabuf/takeover-boot.sh" "644 libexec/udmabuf/takeover.sh" \
			"644 share/bash-completion/completions/udmabuf" "644 share/man/man1/udmabuf-bench.1" \
			"644 share/man/man1/udmabuf-create.1" "644 share/man/man1/udmabuf-fetch.1" \
			"644 share/man/man1/udmabuf-info.1" "644 share/man/man1/udmabuf-load.1" "644 share/man/man1/udmabuf-ls.1" \
			"644 share/man/man1/udmabuf-takeover.1" "644 share/man/man1/udmabuf-tensors.1" \
			"644 share/man/man1/udmabuf.1" "644 share/man/man4/udmabuf.4" \
			"644 share/zsh/site-functions/_udmabuf")" \
		"all files of it, with their modes"
	mv "$where$prefix" "$cli_work/moved"
	LD_LIBRARY_PATH=$(dirname "$(find "$cli_work/moved" -name 'libudmabuf.so.0')")
	export LD_LIBRARY_PATH
	run "$cli_work/moved/bin/udmabuf" --version
	said 0 "it runs"
	run "$cli_work/moved/bin/udmabuf" takeover --help
	said 0 "it finds its script"
	has "udmabuf takeover enable|disable|status" "and that is the one"
	ln -s moved/bin/udmabuf "$cli_work/link"
	run "$cli_work/link" takeover --help
	said 0 "through a link, too"
	rm "$cli_work/moved/libexec/udmabuf/takeover"
	run "$cli_work/moved/bin/udmabuf" takeover status
	complained 1 "udmabuf takeover: its script ../libexec/udmabuf/takeover is missing: install the command again" \
		"without its script"
	unset LD_LIBRARY_PATH
}

# The script gets all arguments, and its status is the command's.
test_takeover() {
	run "$real" takeover frob
	complained 2 "udmabuf takeover: unknown argument 'frob' (see udmabuf takeover --help)" "wrong usage"
	run "$real" takeover status --root "$root"
	said 1 "status"
	has "/dev/udmabuf:  nobody" "status of the machine that was named"
}
