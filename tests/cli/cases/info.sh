# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# udmabuf info: what it says of each kind of machine; each problem comes with what to
# do, and the status tells whether buffers can be had.

test_stock() {
	udmabuf info
	said 0 "stock"
	tap_is "$out" "/dev/udmabuf  works
  driver            the one of Linux 6.12.9-test
  may be opened     root, and group root (mode 0660)
  largest buffer    64 MiB
  longest list      1024 ranges
  sync files        yes
memory
  transparent huge  2 MiB (shmem_enabled is never; the library asks for each buffer)
  hugetlb 2 MiB     16 pages, 7 free, 3 of them reserved
  system heap       no
note: /dev/udmabuf makes no buffer above 64 MiB
  to do: echo 4096 | sudo tee /sys/module/udmabuf/parameters/size_limit_mb (for good: the kernel parameter udmabuf.size_limit_mb=4096)
note: /dev/udmabuf takes no list above 1024 ranges
  to do: echo 65536 | sudo tee /sys/module/udmabuf/parameters/list_limit (for good: the kernel parameter udmabuf.list_limit=65536)" \
		"stock: all that it says"
}

# Nothing is wrong with ours, so nothing is said.
test_ours() {
	cli_pool 1048576 0 0 0
	FAKE="ours heap" udmabuf info
	said 0 "ours"
	tap_is "$out" "/dev/udmabuf  works
  driver            udmabuf_ng 0.1.0
  may be opened     root, and group root (mode 0660)
  largest buffer    no limit
  longest list      65536 ranges
  sync files        yes
  huge entries      2 MiB
  read-only buffers yes
  counts against    no limit of the user
memory
  transparent huge  2 MiB (shmem_enabled is never; the library asks for each buffer)
  hugetlb 2 MiB     16 pages, 7 free, 3 of them reserved
  hugetlb 1 GiB     none set aside
  system heap       yes" "ours: all that it says"
	cli_machine
}

# What a driver says of itself, and one that says nothing.
test_query() {
	FAKE="ours" udmabuf info --json
	json '.devices[0].query | tojson' \
		'{"read_only":true,"inspect":true,"account":"none","huge_sizes":2097152}' "ours: what it says of itself"
	FAKE="ours memlock" udmabuf info
	has "counts against    RLIMIT_MEMLOCK of the user" "ours: buffers are limited"
	FAKE="ours memlock" udmabuf info --json
	json '.devices[0].query.account' memlock "ours: buffers are limited, for programs"
	udmabuf info --json
	json '.devices[0].query' null "stock: it says nothing of itself"
	FAKE="beside" udmabuf info --json
	json '[.devices[].query != null] | tojson' '[false,true]' "both: one says something of itself"
}

# Where both are there, programs get the kernel's, and ours is shown as well.
test_beside() {
	write lib/modules/6.12.9-test/modules.dep updates/dkms/udmabuf_ng.ko.xz:
	FAKE="beside" udmabuf info --json
	said 0 "both"
	json '[.devices[] | .node + " " + .driver] | join(", ")' \
		"/dev/udmabuf stock, /dev/udmabuf-ng udmabuf_ng" "both nodes are told apart"
	json '.problems[] | select(.text | startswith("udmabuf_ng is")) | .to_do' \
		"sudo udmabuf takeover enable, and reboot" "takeover is recommended"
	cli_machine
}

# problem FAKE STATUS TEXT REMEDY CLAIM
problem() {
	FAKE=$1 udmabuf info --json
	tap_is "$status" "$2" "$5: status $2"
	json '.problems[0].text' "$3" "$5: what it is"
	json '.problems[0].to_do' "$4" "$5: what to do"
	FAKE=$1 udmabuf info
	has "$3" "$5: the same for people"
}

test_problems() {
	problem none 3 "The kernel has no udmabuf driver" \
		"install the package udmabuf-ng-dkms for Linux 6.12.9-test, then: sudo modprobe udmabuf_ng" \
		"no driver"
	write lib/modules/6.12.9-test/modules.dep updates/dkms/udmabuf_ng.ko.xz:
	problem none 3 "The kernel has no udmabuf driver" "sudo modprobe udmabuf_ng" \
		"no driver is loaded"
	cli_machine
	problem no-node 3 "The driver is there, but /dev/udmabuf is not" \
		"let the container or the sandbox have the device (podman run --device /dev/udmabuf)" \
		"a container"
	problem refused 3 "/dev/udmabuf refuses a buffer of a page (error 1)" \
		"look for a seccomp filter, or a limit of memory or files." "a filter"
	problem no-sysfs 0 "it cannot be told whose driver /dev/udmabuf is, nor its limits" \
		"mount /sys" "no /sys"
}

# A person has to know the group, and the command that adds to it.
test_denied() {
	problem denied 3 "/dev/udmabuf belongs to the group root (mode 0660) and may not be opened" \
		"let the container or the sandbox have the device (podman run --device /dev/udmabuf)" \
		"root may not"
	FAKE=denied USER=jo run cli_as_nobody "$fake" info --json
	tap_is "$status" 3 "a person may not: status 3"
	json '.problems[0].to_do' "sudo usermod -a -G root jo, and log in again" \
		"a person may not: what to do"
	FAKE=forbidden USER=jo run cli_as_nobody "$fake" info --json
	json '.problems[0].to_do' "let the container or the sandbox have the device (podman run --device /dev/udmabuf)" \
		"a rule, and not the group"
	FAKE=denied USER=jo run cli_as_nobody "$fake" info --json
	json '.devices[0] | .reason + " " + .error + " " + .group + " " + .mode' \
		"permission EACCES root 0660" "a person may not: for programs"
}

test_json() {
	local key

	udmabuf info --json
	said 0 "--json"
	for key in '.version' '.kernel == "6.12.9-test"' '.usable == true' \
		'.devices[0].size_limit == 67108864' '.devices[0].list_limit == 1024' \
		'.devices[0].features.sync_file == true' '.devices[0].driver_version == null' \
		'.memory.hugetlb[0] == {"page_size":2097152,"total":16,"free":7,"reserved":3}' \
		'.memory.thp == {"page_size":2097152,"enabled":"madvise","shmem_enabled":"never"}' \
		'.problems | length == 2'; do
		tap_ok "--json: $key" jq -e "$key" "$cli_work/out"
	done
	FAKE=no-sysfs udmabuf info --json
	json '.devices[0] | [.size_limit, .list_limit] | tostring' '[null,null]' "what is not known is null"
}

# Colours are for terminals, and for those who want them.
test_colours() {
	local escape=$'\033'

	terminal 0 "$fake" info
	tap_is "$status" 0 "at a terminal: status 0"
	tap_is "${out%%$'\n'*}" "${escape}[1m/dev/udmabuf${escape}[0m  ${escape}[32mworks${escape}[0m" \
		"at a terminal: colours"
	NO_COLOR=1 terminal 0 "$fake" info
	tap_is "${out%%$'\n'*}" "/dev/udmabuf  works" "NO_COLOR: none"
	NO_COLOR='' terminal 0 "$fake" info
	has "${escape}[32m" "an empty NO_COLOR says nothing"
	TERM=dumb terminal 0 "$fake" info
	tap_is "${out%%$'\n'*}" "/dev/udmabuf  works" "TERM=dumb: none"
	terminal 0 "$fake" info --json
	tap_is "$(grep -c "$escape" <<<"$out" || true)" 0 "JSON has none, ever"
}

# A node that is named is the only one that is looked at.
test_device() {
	udmabuf info --device /dev/not-udmabuf
	tap_is "$status" 3 "another device: status 3"
	has "problem: /dev/not-udmabuf is not a udmabuf device" "another device: what it is"
	FAKE=beside udmabuf info --device=/dev/udmabuf-ng --json
	json '[.devices[].node] | tostring' '["/dev/udmabuf-ng"]' "the one that was named"
}
