#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The life of the packages on an installed machine, for tests/packages/run: each
# step_N is run as root in a boot of its own (vm/system). Building the module takes
# a minute in an emulator, so it is upgraded once: in use where the kernel has a
# driver of its own, else where the kernel refuses the new one. What a user does is done
# with "user", in the words of docs/install.md; a claim is a line of TAP, without
# a number, in $UDMABUF_RESULTS/tap. A claim that fails ends nothing, so that the
# rest is seen, too.
set -euo pipefail

release=$(uname -r)
node=/dev/udmabuf
module=/sys/module/udmabuf_ng
docs=/src/docs
tap=${UDMABUF_RESULTS:?is set by vm/system only}/tap
out=$UDMABUF_RESULTS/out
before=$UDMABUF_RESULTS/before
sig_enforce=/etc/default/grub.d/90-sig-enforce.cfg
old=$(echo /src/build/deb/udmabuf-ng-dkms_*_all.deb)
old=${old#*dkms_} old=${old%_all.deb}
new=$(echo /src/build/deb-next/udmabuf-ng-dkms_*_all.deb)
new=${new#*dkms_} new=${new%_all.deb}

# A user would say yes, and not look at the progress.
export APT_CONFIG=/run/apt.conf
printf '%s\n' 'APT::Get::Assume-Yes "true";' 'Dpkg::Use-Pty "false";' >$APT_CONFIG

# --- claims --------------------------------------------------------------------

say() {
	printf '%s\n' "$*" | tee -a "$tap"
}

# check CLAIM COMMAND...: the command succeeds. What it says is told otherwise.
check() {
	local claim=$1 status=0

	shift
	"$@" >"$out.check" 2>&1 || status=$?
	if [ "$status" -eq 0 ]; then
		say "ok - $claim"
	else
		say "not ok - $claim"
		say "# '$*' returned $status"
		tail -n 40 "$out.check" | sed 's/^/#   /' | tee -a "$tap"
	fi
}

# equal CLAIM FOUND EXPECTED
equal() {
	check "$1" test "$2" = "$3"
}

not() {
	! "$@"
}

# user COMMAND: what the documentation has a user do. Its output is in $out.
user() {
	local began=$SECONDS status=0

	say "# $1"
	bash -c "$1" </dev/null >"$out" 2>&1 || status=$?
	sed 's/^/    | /' "$out"
	say "# took $((SECONDS - began)) s"
	equal "it succeeds: $1" "$status" 0
}

# The user's last command said so.
said() {
	check "it said: $1" grep -q -e "$1" "$out"
}

# --- looking at the machine ----------------------------------------------------

has_stock() {
	grep -q '^CONFIG_UDMABUF=y' "/lib/modules/$release/build/.config"
}

is_loaded() {
	[ "$(cat $module/version)" = "$1" ]
}

is_installed() {
	dkms status -m udmabuf-ng -v "$1" -k "$release" | grep ': installed'
}

nobody_failed() {
	[ -z "$(systemctl list-units --failed --plain --no-legend | tee /dev/stderr)" ]
}

# Group, mode, and the tag with which logind gives it to who sits at the machine.
access() {
	udevadm settle
	stat -c '%G %a' "$1"
	udevadm info --query=property --property=TAGS --value "$1"
}

may_open() {
	access "$1" | paste -sd' ' | grep -x 'kvm 660 .*:uaccess:.*'
}

# Everything that a package may have put somewhere, with a sum where a file is
# small enough to be a setting. Not: what apt, dpkg, the journal and GRUB's menu
# write about themselves, and the key that DKMS makes once for all its packages.
inventory() {
	find /boot /etc /lib/modules /usr /var -xdev -type d \
		\( -path /var/log -o -path /var/cache -o -path /var/lib/apt \
		-o -path /var/lib/systemd -o -path /var/tmp \) -prune \
		-o \( -type f -o -type l -o -type d \) -print |
		grep -v -x -e '/var/lib/dkms/mok\.\(key\|pub\)' \
			-e '/var/lib/dpkg/\(status\|available\|diversions\|statoverride\|lock.*\|triggers/.*\)\(-old\)\?' \
			-e '/boot/initrd\.img-.*' -e '/lib/modules/.*/modules\..*' | sort
	find /etc -xdev -type f -exec sha256sum {} + | sort -k 2
}

# The indexes of depmod are left out above: they are written anew. None may know it.
no_index_knows() {
	! grep -l udmabuf_ng "/lib/modules/$release"/modules.*
}

# --- steps -----------------------------------------------------------------------

# Whatever keeps the module from being built, apt has done its work.
step_1_trouble() {
	local build=/lib/modules/$release/build

	mv "$build" /opt/build
	user 'apt-get install /src/build/deb/udmabuf-ng-dkms_*_all.deb'
	said "udmabuf-ng-dkms: no module for the running kernel, its headers are missing: 'apt-get install linux-headers-$release'"
	mv /opt/build "$build"
	user 'apt-get purge udmabuf-ng-dkms'
	mv /usr/bin/make /opt/make
	user 'apt-get install /src/build/deb/udmabuf-ng-dkms_*_all.deb'
	said 'udmabuf-ng-dkms: the module was not built for each kernel'
	check "apt has nothing left to do" apt-get check
	mv /opt/make /usr/bin/make
	user 'apt-get purge udmabuf-ng-dkms'
}

# Nobody may open the device, until they are in the group.
step_1_group() {
	local file nobody=(setpriv --reuid nobody --regid nogroup --init-groups)

	for file in /etc/{group,gshadow}{,-}; do
		[ ! -e "$file" ] || cp -a "$file" "$file.before"
	done
	check "nobody may not open $1" not "${nobody[@]}" sh -c ": <$1"
	user 'usermod -a -G kvm nobody'
	check "in the group kvm they may" "${nobody[@]}" sh -c ": <$1"
	for file in /etc/{group,gshadow}{,-}; do
		rm -f "$file"
		[ ! -e "$file.before" ] || mv "$file.before" "$file"
	done
}

step_1_install() {
	local ours=$node

	! has_stock || ours=$node-ng
	cd /src/build/deb
	user 'apt-get install ./udmabuf-ng-dkms_*.deb ./udmabuf-tools_*.deb ./libudmabuf0_*.deb ./libudmabuf-load0_*.deb'
	check "the module is loaded" is_loaded "$old"
	check "DKMS has installed it" is_installed "$old"
	check "there is $ours" test -c "$ours"
	user 'dkms status udmabuf-ng'
	said ': installed'
	user 'ls -l /dev/udmabuf*'
	said "$ours\$"
	check "kvm, 0660 and uaccess for $ours" may_open "$ours"
	step_1_group "$ours"
	check "DKMS has signed it" test "$(modinfo -F signer udmabuf_ng)" = 'DKMS module signing key'
	user 'modinfo -F signer udmabuf_ng'
	check "and the documentation shows that" grep -qx "    $(cat "$out")" $docs/secure-boot.md
	! has_stock || check "the kernel's own driver still has $node" test -c $node
	step_1_develop
}

# What is built with the installed headers runs with the installed library, with a
# driver: the kernel's own, or ours.
step_1_develop() {
	user 'apt-get install ./libudmabuf-dev_*.deb'
	cd /tmp
	user 'cc /usr/share/doc/libudmabuf-dev/examples/quickstart.c -ludmabuf'
	user './a.out'
	said '^a dma-buf: [0-9]'
	check "the program takes the library of the package" sh -c 'ldd ./a.out | grep "libudmabuf.so.0 => /"'
	rm -f ./a.out
}

step_1() {
	: >"$tap"
	inventory >"$before"
	step_1_trouble
	step_1_install
	if has_stock; then
		user 'udmabuf takeover enable'
	fi
}

# What they want of the machine is what tests/guest/run-selftests gives them.
selftests() {
	local suite

	mount -t tmpfs tmpfs /tmp
	echo advise >/sys/kernel/mm/transparent_hugepage/shmem_enabled
	echo 384 >/proc/sys/vm/nr_hugepages
	for suite in create_smoke create_basic create_errno data_list mmap sync lifetime; do
		check "selftests: $suite" timeout 300 env UDMABUF_DEVICE=$node \
			UDB_TIMEOUT_FACTOR=4 "$UDMABUF_USER/tests/selftests/selftest-$suite"
		say "# $(tail -n 1 "$out.check")"
	done
	echo 0 >/proc/sys/vm/nr_hugepages
	umount /tmp
}

upgrade() {
	cd /src/build/deb-next
	user 'apt-get install ./udmabuf-ng-dkms_*.deb ./udmabuf-tools_*.deb ./libudmabuf0_*.deb ./libudmabuf-load0_*.deb ./libudmabuf-dev_*.deb'
	check "DKMS has installed the new one" is_installed "$new"
	check "and not the old one" not is_installed "$old"
	check "nothing of the old one is in /usr/src" test ! -e "/usr/src/udmabuf-ng-$old"
}

# A program has the device open meanwhile.
upgrade_in_use() {
	exec 9<$node
	upgrade
	exec 9<&-
	said "udmabuf-ng-dkms: the module of the version before is in use; $new comes with the next boot"
	check "the old one still runs" is_loaded "$old"
	user 'modprobe -r udmabuf_ng'
	user 'modprobe udmabuf_ng'
	check "the new one runs" is_loaded "$new"
	check "and has $node" test -c $node
}

# The kernel does not take the new module.
upgrade_refused() {
	upgrade
	said "udmabuf-ng-dkms: the module cannot be loaded: $1"
	said 'udmabuf-ng-dkms: with Secure Boot, see .*secure-boot.md'
}

step_2() {
	user 'udmabuf takeover status'
	check "the module was loaded at boot" is_loaded "$old"
	check "no unit failed" nobody_failed
	check "kvm, 0660 and uaccess for $node" may_open $node
	check "there is no second device" test ! -e $node-ng
	selftests
	! has_stock || upgrade_in_use
	# shellcheck disable=SC2016 # for update-grub
	echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX module.sig_enforce=1"' >$sig_enforce
	check "the next boot wants signatures" update-grub
}

# documented LINE: a line of the documentation, as an example of it has it.
documented() {
	grep -qx "    $1" $docs/secure-boot.md
}

# refused FILE-OR-MODULE COMMAND LINE: the error has LINE, and so has the kernel's log.
refused() {
	dmesg --clear
	check "signatures: $1 is not loaded" not "$2" "$1"
	cp "$out.check" "$UDMABUF_RESULTS/refused-$2"
	dmesg >"$UDMABUF_RESULTS/refused-$2.dmesg"
	check "signatures: the kernel says '$3'" grep -q -F "$3" "$UDMABUF_RESULTS/refused-$2.dmesg"
	check "signatures: the documentation has that line" documented "$3"
}

step_3() {
	check "the kernel wants signatures" grep -qx Y /sys/module/module/parameters/sig_enforce
	check "the module was not loaded" test ! -e $module
	check "only systemd-modules-load.service failed" test \
		"$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1)" = systemd-modules-load.service
	refused udmabuf_ng modprobe 'Loading of module with unavailable key is rejected'
	check "and modprobe's words are those of the documentation" \
		documented "$(head -n 1 "$UDMABUF_RESULTS/refused-modprobe")"
	has_stock || upgrade_refused "$(head -n 1 "$UDMABUF_RESULTS/refused-modprobe")"
	refused "$UDMABUF_KO" insmod 'Loading of unsigned module is rejected'
	rm $sig_enforce
	check "the next boot wants no signatures" update-grub
}

step_4() {
	check "the new module was loaded at boot" is_loaded "$new"
	check "and has $node" test -c $node
	user 'apt-get purge udmabuf-ng-dkms udmabuf-tools libudmabuf0 libudmabuf-load0 libudmabuf-dev'
	check "the module is unloaded" test ! -e $module
	inventory >"$UDMABUF_RESULTS/after"
	check "nothing is left behind" diff "$before" "$UDMABUF_RESULTS/after"
	check "no index of modules knows it" no_index_knows
	check "DKMS knows nothing of it" test -z "$(dkms status -m udmabuf-ng)"
	check "apt has nothing left to do" apt-get check
}

# The machine is as it was.
step_5() {
	check "no unit failed" nobody_failed
	check "our module is not loaded" test ! -e $module
	check "there is no $node-ng" test ! -e $node-ng
	if has_stock; then
		check "the kernel's own driver has $node again" test -c $node
		echo 8 >/proc/sys/vm/nr_hugepages
		check "and works" env UDMABUF_DEVICE=$node \
			"$UDMABUF_USER/tests/selftests/selftest-create_smoke"
	else
		check "there is no $node" test ! -e $node
	fi
	echo integrity >/sys/kernel/security/lockdown
	refused "$UDMABUF_KO" insmod 'Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7'
	check "signatures: not permitted" grep -q 'Operation not permitted' "$UDMABUF_RESULTS/refused-insmod"
	say "# done"
}
