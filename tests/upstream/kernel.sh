# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A kernel's source tree and its object files: unpacked and built once, as the
# kernel was before the series, and kept in the cache; every run works in a copy
# of it, in which a step of the series costs only what the step changes. To be
# sourced; functions start with kernel_.
#
#   tree/   the source, without most of what this configuration cannot need
#   full/   objects with all that the driver has a use for: this one is booted
#   small/  32 bit, with as little as possible: the driver is compiled only
#
# shellcheck source-path=SCRIPTDIR/../..
. "$(dirname "${BASH_SOURCE[0]}")/../../upstream/lib.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/source.sh"

kernel_here=$udb_top/tests/upstream

# Left out: other processors, and drivers by the thousand. Their Kconfig files
# have to stay, all of them are read.
kernel_left_out=(
	'*/arch/'{[!x],xt}'*/*.'{c,h,S,dts,dtsi} '*/Documentation/*.'{rst,yaml,txt,svg}
	'*/drivers/'{gpu,infiniband,media,net,scsi,staging,usb}'/*.[ch]'
	'*/drivers/'{clk,iio,input,pinctrl,platform,soc,video}'/*.[ch]'
	'*/fs/'{bcachefs,btrfs,ceph,ext4,f2fs,ocfs2,smb,xfs}'/*.[ch]'
	'*/net/'{bluetooth,mac80211,netfilter,wireless}'/*.[ch]'
	'*/sound/*.[ch]' '*/tools/perf/*' '*/tools/testing/selftests/[!dk]*/*'
)

# Options of the small configuration are said once, not first y and then n.
kernel_config() {
	local file=$kernel_here/config

	if [ "$1" = small ]; then
		grep -v -x -F -f <(sed -n 's/^# \(CONFIG_.*\) is not set$/\1=y/p' "$file-small") "$file"
		file+=-small
	fi
	grep CONFIG_ "$file"
}

kernel_base_make() {
	local options=()

	udb_need_root
	udb_say "building the kernel before the series (some minutes, once)"
	mkdir -p "$1/tree"
	mapfile -t options < <(printf -- '--exclude=%s\n' "${kernel_left_out[@]}")
	tar -xJf "$(series_tarball "$series_root_path")" -C "$1/tree" --strip-components=1 \
		--wildcards "${options[@]}"
	# A warning of the kernel itself is not ours to judge; to look at the comments of
	# a thousand files took longer than to compile them.
	kernel_configure "$1" full
	kernel_make "$1" full KERNELDOC=/dev/null bzImage headers 2>"$1/full.log" || {
		tail -n 20 "$1/full.log" >&2
		udb_die 125 "the kernel does not build (see above)"
	}
	kernel_configure "$1" small
	kernel_make "$1" small KERNELDOC=/dev/null drivers/dma-buf/ 2>"$1/small.log" || {
		tail -n 20 "$1/small.log" >&2
		udb_die 125 "drivers/dma-buf does not build (see above)"
	}
}

kernel_base() {
	local key

	key=$(udb_key "${series_root_path##*/} ${kernel_left_out[*]} $(declare -f kernel_chroot \
		kernel_make kernel_config kernel_configure kernel_base_make)" \
		"$kernel_here/config" "$kernel_here/config-small")
	udb_cache source-built "$key" kernel_base_make
}

# kernel_image FOLDER NUMBER: builds what boots, with NUMBER in /proc/version.
kernel_image() {
	kernel_make "$1" full "KBUILD_BUILD_VERSION=$2" bzImage headers
	cp "$1/full/arch/x86/boot/bzImage" "$1/bzImage"
}

# kernel_initramfs FOLDER: the kernel's selftest, built against FOLDER's headers.
kernel_initramfs() {
	rm -rf "$1/initramfs"
	mkdir -p "$1"/initramfs/{bin,dev,proc}
	cp "$series_root_path/bin/busybox" "$1/initramfs/bin/"
	cp "$kernel_here/init" "$1/initramfs/init"
	kernel_chroot "$1" gcc -static -O2 -isystem /src/full/usr/include \
		-I /src/tree/tools/testing/selftests -o /src/initramfs/bin/udmabuf-selftest \
		/src/tree/tools/testing/selftests/drivers/dma-buf/udmabuf.c
	(cd "$1/initramfs" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$1/initramfs.gz"
}

# kernel_boot FOLDER: leaves console.log, what the kernel said, and selftest.log.
# 1024 huge pages are what the selftest fills.
kernel_boot() {
	(
		cd "$1" || exit
		rm -f console.log selftest.log
		exec timeout --foreground 300 setpriv --pdeathsig KILL "$udb_vm/qemu" \
			-machine pc -accel tcg,thread=multi -cpu max,avx2=off -smp 2 -m 3G \
			-no-user-config -nodefaults -display none -vga none -no-reboot \
			-serial file:console.log -serial file:selftest.log \
			-kernel bzImage -initrd initramfs.gz \
			-append "console=ttyS0,115200 panic=-1 oops=panic reboot=t hugepages=1030" </dev/null
	)
}
