# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of tests/clients share. A case is a program tests/clients/cases/NAME,
# run in a virtual machine; it prints TAP as the C tests do. Its first comment tells what
# it is, in lines "# KEY: VALUE":
#   title    the program, for people
#   root     whose user space it needs, a name in vm/suites (see vm/userland)
#   package  the package that the program comes from; none: it is one of ours
#   does     what it does with the driver
#   prepare  a program of ours to run first, on the host, with the name of the kernel
#   limit    seconds after which it is stopped, if they are not 900
#   creator  a process that must have made a dma-buf with it (may be repeated)

# client_field CASE KEY: the values, one a line.
client_field() {
	sed -n "/^#/!q; s/^# $2: //p" "tests/clients/cases/$1"
}

# client_limit CASE: seconds. Emulated machines are slow, those with other work more so.
client_limit() {
	local limit

	limit=$(client_field "$1" limit)
	echo "${limit:-900}"
}

client_cases() {
	(cd tests/clients/cases && printf '%s\n' *)
}

client_roots() {
	local name

	for name in $(client_cases); do
		client_field "$name" root
	done | sort -u
}

# client_cases_of ROOT
client_cases_of() {
	local name

	for name in $(client_cases); do
		[ "$(client_field "$name" root)" != "$1" ] || echo "$name"
	done
}
