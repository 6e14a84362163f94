# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The virtual machines that the selftests run in, for tests/run and, inside of a
# machine, tests/guest/run-selftests. To be sourced in the checkout.
#
# A file tests/machines/NAME describes one, in lines KEY VALUE; '#' begins a
# comment:
#   append ARGUMENTS    further kernel arguments
#   device DEVICE       a further device, as vm/run --device takes it (repeatable)
#   global PROPERTY     of all devices of a kind, as vm/run --global takes it
#                       (repeatable)
#   memory SIZE         memory, as vm/run --memory takes it (2G)
#   hugepages NUMBER    pages of 2 MiB to set aside (64)
#   timeout SECONDS     time for all suites (900)
#   kernel KERNEL       only for this kernel (repeatable)
#   module NAME [PARAMETER=VALUE...]
#                       of tests/modules, loaded before the suites (repeatable)
#   suite NAME          runs there (repeatable)
#   no-gate NAME        a gate of vm/source-kernels that the kernel cannot have there
#   include NAME        the lines of tests/machines/parts/NAME besides: what
#                       machines have in common
# The machine "main" comes first and runs what the build lists as selftests. The
# suites of the others are known as SUITE@MACHINE in results and lists.

machine_files=tests/machines

# machine_lines MACHINE: its description, and the parts that it includes.
machine_lines() {
	local part

	cat "$machine_files/$1"
	while read -r part; do
		cat "$machine_files/parts/$part"
	done < <(awk '$1 == "include" { print $2 }' "$machine_files/$1")
}

# machine_values MACHINE KEY: the values, a line each.
machine_values() {
	machine_lines "$1" | awk -v key="$2" '
		{ sub(/(^|[ \t]+)#.*/, "") }
		$1 == key { sub(/^[^ \t]+[ \t]+/, ""); print }'
}

# machine_value MACHINE KEY DEFAULT
machine_value() {
	local value

	value=$(machine_values "$1" "$2" | paste -sd' ')
	echo "${value:-$3}"
}

# machine_names KERNEL: those that exist for it.
machine_names() {
	local name kernels

	echo main
	for name in "$machine_files"/*; do
		name=${name##*/}
		[[ $name != main && -f $machine_files/$name ]] || continue
		kernels=" $(machine_value "$name" kernel "$1") "
		[[ $kernels != *" $1 "* ]] || echo "$name"
	done
}

# machine_label SUITE MACHINE: the name of the suite in results and lists.
machine_label() {
	if [ "$2" = main ]; then echo "$1"; else echo "$1@$2"; fi
}

# machine_check NAME: refuses what would be ignored silently.
machine_check() {
	local keys='append|device|global|memory|hugepages|timeout|kernel|module|suite|no-gate|include'
	local lines

	[ -f "$machine_files/$1" ] || {
		echo "no machine '$1' in $machine_files" >&2
		return 1
	}
	lines=$(machine_lines "$1") || return 1
	! grep -v -E "^(#|\$|($keys)[ ])" <<<"$lines" >&2 || {
		echo "$machine_files/$1: the lines above have no known key" >&2
		return 1
	}
}
