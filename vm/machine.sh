# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# One QEMU process of vm/run: start, a line from the guest, a request to the
# monitor, stop. To be sourced after lib.sh. All its files lie in $machine_dir:
#   console.log       first serial port: the kernel's log
#   output            second: a FIFO, what the command prints
#   control.{in,out}  third: FIFOs, lines to and from vm/guest/init
#   qmp.{in,out}      QEMU's monitor

machine_dir=
machine_pid=
machine_cat=
# shellcheck disable=SC2034 # for the script that sources this
machine_line=
machine_part=
machine_control_in=
machine_control_out=
machine_qmp_in=
machine_qmp_out=
machine_args=()
# yes: all clocks of the machine, and the time stamp counter of its processor, tell
# how many instructions that has run, at a billion a second. Idle time takes none.
machine_count=no

# A comma separates QEMU's sub-options, and is doubled inside of one.
machine_escape() {
	printf '%s' "${1//,/,,}"
}

# machine_share TAG FOLDER [SUB-OPTION]: a folder that the guest can mount.
machine_share() {
	machine_args+=(
		-fsdev "local,id=$1,path=$(machine_escape "$2"),security_model=none,multidevs=remap${3:+,$3}"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1"
	)
}

machine_disk() {
	machine_args+=(
		-drive "file=$(machine_escape "$1"),format=raw,if=none,id=disk,snapshot=on"
		-device "virtio-blk-pci,drive=disk"
	)
}

# machine_describe CPUS MEMORY: the parts that every machine has.
#
# Emulation of the processor only: a /dev/kvm that opens may still not work.
machine_describe() {
	local thread=multi

	[ "$machine_count" = no ] || thread=single
	machine_args=(
		-machine q35 -accel "tcg,thread=$thread" -cpu max
		-smp "$1" -m "$2"
		-no-user-config -nodefaults -display none -vga none -no-reboot
		-chardev "file,id=console,path=console.log" -serial chardev:console
		-chardev "file,id=output,path=output" -serial chardev:output
		-chardev "pipe,id=control,path=control" -serial chardev:control
		-chardev "pipe,id=qmp,path=qmp" -mon "chardev=qmp,mode=control"
	)
	[ "$machine_count" = no ] || machine_args+=(-icount "shift=0,sleep=off")
}

# The FIFOs are opened for reading and writing, so that no open has to wait.
# Both processes get a signal when this shell dies in whatever way. QEMU's
# temporary files (what the guest writes to the disk) go to $machine_dir.
machine_start() {
	cd "$machine_dir" || exit
	rm -f console.log output {control,qmp}.{in,out}
	mkfifo output {control,qmp}.{in,out}
	: >console.log
	machine_part=
	exec {machine_control_in}<>control.in {machine_control_out}<>control.out
	exec {machine_qmp_in}<>qmp.in {machine_qmp_out}<>qmp.out
	setpriv --pdeathsig KILL -- cat "$machine_dir/output" &
	machine_cat=$!
	TMPDIR=$machine_dir setpriv --pdeathsig KILL -- \
		"${udb_vm:?}/qemu" "${machine_args[@]}" </dev/null >qemu.log 2>&1 &
	machine_pid=$!
	cd "$OLDPWD" || exit
}

machine_alive() {
	kill -0 "$machine_pid" 2>/dev/null
}

machine_panicked() {
	grep -q -a -F 'Kernel panic - not syncing' "$machine_dir/console.log"
}

# Waits until the clock (SECONDS) shows $1 for a line of the guest, and puts it
# into machine_line. Status: 0, 1 QEMU has ended, 2 time is up, 3 the kernel
# panicked and hangs.
# shellcheck disable=SC2034
machine_read() {
	local deadline=$1 part panicked=0 ended=0

	while :; do
		part=
		if IFS= read -r -t 1 -u "$machine_control_out" part; then
			machine_line=$machine_part$part
			machine_part=
			return 0
		fi
		machine_part+=$part
		# What it said before it ended is still to be read.
		[ "$ended" -eq 0 ] || return 1
		machine_alive || ended=1
		[ "$SECONDS" -lt "$deadline" ] || return 2
		if machine_panicked; then
			panicked=$((panicked + 1))
			[ "$panicked" -lt 10 ] || return 3
		fi
	done
}

machine_tell() {
	printf '%s\n' "$*" >&"$machine_control_in"
}

# Sends a command to the monitor; the answer is the next line that is no event.
# Status: 0, 1 it failed and says why.
machine_monitor() {
	local answer deadline=$((SECONDS + 30))

	printf '%s\n' "$1" >&"$machine_qmp_in"
	while IFS= read -r -t "$((deadline - SECONDS + 1))" -u "$machine_qmp_out" answer; do
		case $answer in
		'{"return"'*) return 0 ;;
		'{"error"'*)
			printf '%s\n' "$answer" | sed -E 's/.*"desc": "([^"]*)".*/\1/'
			return 1
			;;
		esac
	done
	echo "QEMU's monitor does not answer"
	return 1
}

# Saves the screen as $1, a file name in $machine_dir.
machine_screendump() {
	machine_monitor '{"execute": "qmp_capabilities"}' >/dev/null || true
	machine_monitor "{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"$1\", \"format\": \"png\"}}"
}

# Waits some seconds ($1) for QEMU to end by itself. Status: 1 it does not.
machine_wait() {
	local deadline=$((SECONDS + $1))

	while machine_alive; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# Afterwards QEMU is gone and all that the command printed has been passed on.
machine_stop() {
	local fd

	[ -n "$machine_pid" ] || return 0
	kill -KILL "$machine_pid" 2>/dev/null || true
	wait "$machine_pid" 2>/dev/null || true
	# Had QEMU never opened it, the reader would wait for ever.
	exec {fd}<>"$machine_dir/output"
	exec {fd}>&-
	wait "$machine_cat" 2>/dev/null || true
	machine_pid=
	for fd in "$machine_control_in" "$machine_control_out" "$machine_qmp_in" "$machine_qmp_out"; do
		exec {fd}>&-
	done
}
