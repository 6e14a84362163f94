# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# An installed machine: one QEMU process that goes through several boots, with a
# step of a script in each. To be sourced after lib.sh, machine.sh, results.sh.
# The caller sets the variables below and machine_args; vm/guest/system-agent is
# the other side of the control port.
# shellcheck disable=SC2154 # variables of lib.sh

system_script=()	# the script in /src, and arguments for its steps
system_environment=	# lines NAME=VALUE for the steps
system_timeout=600	# seconds for a step
system_boot_timeout=600	# for a boot, with the way down before it
system_down_timeout=90	# for the last way down
system_silence=60	# for a kernel that says nothing and has no process yet
system_status=0		# of the last step
system_ended=		# down, gone, late, stuck (on the way down), noboot

# What the guest finds in /run/vm.
system_guest_folder() {
	local dir=$machine_dir/guest

	mkdir -p "$dir"
	cp "$udb_vm/guest/system-agent" "$dir/agent"
	printf '%s\0' "${system_script[@]}" >"$dir/command"
	printf '%s\n' "$system_environment" >"$dir/environment"
}

# system_describe CPUS MEMORY: all but the disk and what boots from it. Unlike
# vm/run's, this machine goes on after a reboot.
system_describe() {
	local argument args=()

	machine_describe "$1" "$2"
	for argument in "${machine_args[@]}"; do
		[ "$argument" = -no-reboot ] || args+=("$argument")
	done
	machine_args=("${args[@]}")
	machine_share run "$machine_dir/guest" readonly=on
	machine_share src "$udb_top" readonly=on
	machine_share results "$results"
}

# system_read SECONDS: the next line of the agent. Sets system_ended when there
# will be none; $1 is what that is called when time is up.
system_read() {
	local deadline=$((SECONDS + $2)) status=0

	machine_read "$deadline" || status=$?
	case $status in
	0) ;;
	2) system_ended=$1 ;;
	*) system_ended=gone ;;
	esac
	return "$status"
}

# On a busy machine the emulated processors lose each other now and then, early in
# a boot (see vm/run): the kernel crashes, and the machine starts again, or it hangs.
# Nothing of ours runs then, and the disk is not touched: such boots do not count.
# system_boots SELECT: the log's boots for which SELECT, an expression of awk,
# holds; "early" says that this boot never got to its first process, "last" that
# it is the last.
system_boots() {
	tr -d '\r' <"$machine_dir/console.log" | awk '
		function flush(last) {
			if ('"$1"')
				printf "%s", text
			text = ""
		}
		/Linux version [0-9]/ { flush(0); early = 1 }
		/Run \/init as init process/ { early = 0 }
		{ text = text $0 "\n" }
		END { flush(1) }'
}

# In place of those of results.sh and machine.sh.
results_log() {
	system_boots '!early || last'
}

machine_panicked() {
	[ -n "$(system_boots '!early' | grep -a -F 'Kernel panic - not syncing' || true)" ]
}

system_lost_boots() {
	system_boots 'early && !last' | grep -c 'Linux version [0-9]' || true
}

# What the agent has to say when it cannot start.
system_boot_reason() {
	system_boots '!early' | grep -a -o -m 1 -e 'udmabuf-vm: boot: .*' || true
}

# A kernel that hangs before its first process gets a reset.
system_reset_silent() {
	local now

	now=$(stat -c %s "$machine_dir/console.log")
	if [ "$now" -ne "$system_said" ]; then
		system_said=$now
		system_said_at=$SECONDS
	elif ((SECONDS - system_said_at >= system_silence)) &&
		[ -n "$(system_boots 'early && last')" ]; then
		udb_say "the kernel hangs early in its boot: reset"
		machine_monitor '{"execute": "qmp_capabilities"}' >/dev/null || true
		machine_monitor '{"execute": "system_reset"}'
		system_said_at=$SECONDS
	fi
}

# A service that says why it cannot start the steps need not be waited for.
system_wait_ready() {
	local deadline=$((SECONDS + system_boot_timeout)) status

	system_said=0 system_said_at=$SECONDS
	while :; do
		status=0
		machine_read $((SECONDS + 2)) || status=$?
		case $status in
		0) break ;;
		2) system_reset_silent ;;
		*) system_ended=gone; return 1 ;;
		esac
		if [ "$SECONDS" -ge "$deadline" ] || [ -n "$(system_boot_reason)" ] ||
			[ "$(system_lost_boots)" -gt 3 ]; then
			system_ended=noboot
			return 1
		fi
	done
	[[ $machine_line =~ ^ready\ [0-9]+$ ]] ||
		udb_die 125 "the guest says '$machine_line' instead of 'ready'"
}

# system_step NUMBER: has it run, and sets system_status. Status: 1 it did not
# get to its end.
system_step() {
	local deadline=$((SECONDS + system_timeout))

	machine_tell "step $1"
	while :; do
		system_read late $((deadline - SECONDS)) || return 1
		case $machine_line in
		'taint '*) taint=$((taint | ${machine_line#* })) ;;
		'exit '*)
			system_status=${machine_line#* }
			return 0
			;;
		# The machine restarted all by itself.
		'ready '*) system_ended=gone; return 1 ;;
		*) udb_say "unknown message of the guest: '$machine_line'" ;;
		esac
	done
}

system_progress() {
	[ "${quiet-no}" = yes ] || udb_say "$*"
}

# Steps one after another, a boot for each, up to the first that fails.
system_steps() {
	local step=0 count=1 began

	while [ "$step" -lt "$count" ] && [ "$system_status" -eq 0 ]; do
		began=$SECONDS
		[ "$step" -eq 0 ] || machine_tell reboot
		step=$((step + 1))
		system_wait_ready || return 0
		count=${machine_line#* }
		[ "$count" -gt 0 ] || udb_die 125 "no step_1 in ${system_script[0]#/src/} (or see above)"
		system_progress "step $step of $count (booted in $((SECONDS - began)) s)"
		system_step "$step" || return 0
	done
	[ "$(system_lost_boots)" -eq 0 ] ||
		udb_say "boots that crashed before their first process: $(system_lost_boots)"
	machine_tell poweroff
	system_ended=down
	machine_wait "$system_down_timeout" || system_ended=stuck
}

system_run() {
	machine_start
	system_steps
	machine_stop
	results_keep_log
}

# Ends the script, unless all went well as far as the machine is concerned.
# expect_splat: "yes" when the log must have one.
system_verdict() {
	local splats reason

	splats=$(results_splats)
	if [ -n "$splats" ] && [ "$expect_splat" = no ]; then
		results_show_splats "$splats"
	fi
	! machine_panicked ||
		udb_die 121 "kernel panic: $(results_panic_reason) (see $results/kernel.log)"
	case $system_ended in
	gone) udb_die 121 "the machine went down by itself (see $results/kernel.log)" ;;
	late) udb_die 122 "time limit: a step ran for more than $system_timeout s" ;;
	stuck) udb_die 122 "time limit: the machine did not shut down within $system_down_timeout s" ;;
	noboot)
		reason=$(system_boot_reason)
		udb_die 123 "boot failure: ${reason:-not ready in time} (see $results/kernel.log)"
		;;
	esac
	results_check_marks 'step 1 begins' 'step 1 ended'
	if [ -n "$splats" ] && [ "$expect_splat" = no ]; then
		udb_die 120 "kernel log: the lines above tell of a defect (see $results/kernel.log)"
	elif [ -z "$splats" ] && [ "$expect_splat" = yes ]; then
		udb_die 120 "kernel log: a splat was expected, and there is none"
	fi
}
