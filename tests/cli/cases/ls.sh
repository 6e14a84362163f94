# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for others
#
# udmabuf ls: what it makes of /proc and debugfs, also when names in there lie, and
# what it says about what it could not see.

# --- a machine ---------------------------------------------------------------

# process PID NAME
process() {
	mkdir -p "$root/proc/$1/fd" "$root/proc/$1/fdinfo"
	printf '%b\n' "$2" >"$root/proc/$1/comm"
	echo "$1 ($2) S 1 1 1 0 -1 4194304 0 0" >"$root/proc/$1/stat"
	: >"$root/proc/$1/maps"
	ln -s /dev/null "$root/proc/$1/fd/0"
	printf 'pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t5\n' >"$root/proc/$1/fdinfo/0"
}

# holds PID FD INODE SIZE EXPORTER NAME
holds() {
	ln -s "/dmabuf:$(printf '%b' "$6")" "$root/proc/$1/fd/$2"
	printf 'pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t%s\nsize:\t%s\ncount:\t2\nexp_name:\t%s\n' \
		"$3" "$4" "$5" >"$root/proc/$1/fdinfo/$2"
	[ -z "$6" ] || printf 'name:\t%b\n' "$6" >>"$root/proc/$1/fdinfo/$2"
}

# maps PID INODE BEGIN END NAME [DEVICE]
maps() {
	printf '%s-%s rw-s 00000000 %s %s                          /dmabuf:%s\n' \
		"$3" "$4" "${6-00:0c}" "$2" "$5" >>"$root/proc/$1/maps"
}

# bufinfo LINE...: the kernel's table.
bufinfo() {
	{
		printf '\nDma-buf Objects:\nsize    \tflags   \tmode    \tcount   \texp_name\tino     \tname    \n'
		printf '%b\n' "$@"
		printf '\nTotal 2 objects, 12288 bytes\n'
	} >"$root/sys/kernel/debug/dma_buf/bufinfo"
}

# Two programs share a buffer, one of them has another, too; a driver has a third.
machine() {
	cli_machine
	process 1 init
	process 812 weston
	process 901 mpv
	holds 812 7 31 8294400 udmabuf frame
	holds 812 8 31 8294400 udmabuf frame
	holds 901 3 31 8294400 udmabuf frame
	holds 901 4 32 67108864 system ''
	maps 812 31 7f0000000000 7f00007e9000 frame
	maps 901 32 7f1000000000 7f1004000000 ''
	maps 901 32 7f2000000000 7f2000001000 ''
	echo '7f3000000000-7f3000001000 r--p 00000000 08:01 99 /usr/bin/mpv' >>"$root/proc/901/maps"
	bufinfo '08294400\t00000002\t00080007\t00000005\tudmabuf\t00000031\tframe' \
		'\tkernel fence:drm_sched ring seq 4 signalled' \
		'\tAttached Devices:' '\tvgem' '\t0000:00:02.0' 'Total 2 devices attached\n' \
		'67108864\t00000002\t00080007\t00000003\tsystem\t00000032\t<none>' \
		'\tAttached Devices:' 'Total 0 devices attached\n' \
		'00004096\t00000002\t00080007\t00000001\ti915\t00000033\t' \
		'\tAttached Devices:' '\ti915' 'Total 1 devices attached\n'
}

# --- what it shows -----------------------------------------------------------

test_table() {
	machine
	udmabuf ls
	said 0 "ls"
	tap_is "$out" "INODE     SIZE  EXPORTER  NAME   PID  COMMAND       FDS    MAPPED  DEVICES
   31  7.9 MiB  udmabuf   frame  812  weston          2   7.9 MiB  vgem
                                 901  mpv             1         -  0000:00:02.0
   32   64 MiB  system    -      901  mpv             1  64.0 MiB  -
   33    4 KiB  i915      -           (no process)                 i915
3 dma-bufs, 71.9 MiB" "the table"
}

test_json() {
	machine
	udmabuf ls --json
	said 0 "ls --json"
	json '.dma_bufs[0] | del(.processes) | tojson' \
		'{"inode":31,"size":8294400,"exporter":"udmabuf","name":"frame","references":5,"devices":["vgem","0000:00:02.0"]}' \
		"a buffer"
	json '.dma_bufs[1].processes | tojson' \
		'[{"pid":901,"command":"mpv","fds":1,"mappings":2,"mapped":67112960}]' "its processes"
	json '[.dma_bufs[].name] | tojson' '["frame",null,null]' "no name is null"
	json '[.total, .hidden_processes, .devices_known] | tojson' '[75407360,0,true]' "the whole"
}

test_none() {
	cli_machine
	process 1 init
	bufinfo ''
	udmabuf ls
	said 0 "no buffer"
	tap_is "$out" "no dma-buf" "no buffer: it says so"
	udmabuf ls --json
	json '.dma_bufs | length' 0 "no buffer, for programs"
}

# The driver's table adds what only it knows.
test_ours() {
	machine
	write sys/kernel/debug/udmabuf_ng/buffers 'inode size runs orders attachments huge creator
31 8294400 3 0:1,9:4 2 4 812:wes\040ton'
	udmabuf ls --json
	json '.dma_bufs[0].udmabuf_ng | tojson' \
		'{"runs":3,"orders":"0:1,9:4","huge_entries":4,"attachments":2,"mode":null,"creator_pid":812,"creator":"wes\\040ton"}' \
		"what udmabuf_ng says"
	json '.dma_bufs[1] | has("udmabuf_ng")' false "nothing about those of others"
	udmabuf ls --verbose
	said 0 "ls --verbose"
	tap_is "$out" "INODE     SIZE  EXPORTER  NAME   PID  COMMAND       FDS    MAPPED  DEVICES       RUNS  FOLIOS   HUGE  MODE
   31  7.9 MiB  udmabuf   frame  812  weston          2   7.9 MiB  vgem             3  0:1,9:4     4  ?
                                 901  mpv             1         -  0000:00:02.0
   32   64 MiB  system    -      901  mpv             1  64.0 MiB  -
   33    4 KiB  i915      -           (no process)                 i915
3 dma-bufs, 71.9 MiB" "ls --verbose: the table"
}

# --- filters -----------------------------------------------------------------

# shows INODES ARGUMENT...
shows() {
	local inodes=$1

	shift
	udmabuf ls --json "$@"
	said 0 "ls $*"
	json '[.dma_bufs[].inode] | join(" ")' "$inodes" "ls $*: these buffers"
}

test_filters() {
	machine
	shows "31 32" --pid 901
	shows "31" --pid=812
	shows "32" --exporter system
	shows "" --exporter none
	shows "31" --name frame
	shows "32" --pid 901 --exporter system
	udmabuf ls --pid 812
	has "1 dma-buf, 7.9 MiB" "the sum is of what is shown"
	udmabuf ls --pid 77
	complained 1 "udmabuf ls: there is no process 77" "a process that is not there"
}

# --- what cannot be seen -----------------------------------------------------

# All that root alone may read is hidden.
test_not_root() {
	machine
	process 66 kthread
	echo "66 (k) S 2 0 0 0 -1 2129984 0 0" >"$root/proc/66/stat"
	chmod 0 "$root/proc/812/fd" "$root/proc/66/fd" "$root/sys/kernel/debug"
	run cli_as_nobody "$fake" ls
	tap_is "$status" 0 "not root: status 0"
	tap_is "$err" "udmabuf ls: 1 process could not be looked into: run it as root
udmabuf ls: devices are not known: run it as root" "not root: it says what is missing"
	tap_is "$out" "INODE     SIZE  EXPORTER  NAME   PID  COMMAND  FDS    MAPPED  DEVICES
   31  7.9 MiB  udmabuf   frame  901  mpv        1         -  ?
   32   64 MiB  system    -      901  mpv        1  64.0 MiB  ?
2 dma-bufs, 71.9 MiB" "not root: the rest"
	run cli_as_nobody "$fake" ls --json
	json '[.hidden_processes, .devices_known, .dma_bufs[0].devices] | tojson' \
		'[1,false,null]' "not root, for programs"
	tap_is "$err" '' "programs are not told in words"
	chmod 755 "$root/proc/812/fd" "$root/proc/66/fd" "$root/sys/kernel/debug"
}

test_no_debugfs() {
	machine
	rm -r "$root/sys/kernel/debug"
	udmabuf ls
	tap_is "$err" "udmabuf ls: devices are not known: sudo mount -t debugfs none /sys/kernel/debug" \
		"no debugfs: what to do"
}

test_no_proc() {
	FAKE_ROOT=$cli_work/nowhere udmabuf ls
	complained 1 "udmabuf ls: cannot read /proc: No such file or directory" "no /proc"
}

# A process whose file is closed still has its mapping.
test_only_mapped() {
	cli_machine
	process 40 hold
	maps 40 77 7f0000000000 7f0000004000 only
	rm -r "$root/sys/kernel/debug"
	udmabuf ls --json
	json '.dma_bufs[0] | [.inode, .size, .exporter, .name, .processes[0].mapped] | tojson' \
		'[77,null,null,"only",16384]' "only a mapping: what it tells"
}

# --- names that lie ----------------------------------------------------------

# What a program chose as a name must not control a terminal.
test_names() {
	cli_machine
	process 50 'e\033[2Jvil\xff'
	holds 50 3 60 4096 udmabuf 'a\033]0;x\007b'
	holds 50 4 61 4096 udmabuf 'Bild ü'
	udmabuf ls
	has '\x1b]0;x\x07b' "a name: no control characters"
	has 'e\x1b[2Jvil\xff' "a command: no control characters"
	has 'Bild ü' "letters stay"
	tap_is "$(grep -c $'\033' "$cli_work/out" || true)" 0 "no escape"
	udmabuf ls --json
	json '.dma_bufs[0].name' 'a\x1b]0;x\x07b' "JSON stays JSON"
}

# A file of a disk that is called as a dma-buf is none.
test_files() {
	cli_machine
	process 51 liar
	ln -s /dmabuf:liar "$root/proc/51/fd/9"
	printf 'pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t5\n' >"$root/proc/51/fdinfo/9"
	maps 51 5 7f0000000000 7f0000004000 liar 08:01
	udmabuf ls
	tap_is "$out" "no dma-buf" "a file of that name is none"
}

# A name may hold ends of lines. What comes after them is not the kernel's.
test_lines() {
	cli_machine
	process 52 liar
	holds 52 3 70 4096 udmabuf 'x\nexp_name:\tsystem\nsize:\t9'
	bufinfo '00004096\t00000002\t00080007\t00000001\tudmabuf\t00000070\tx\n1\t1\t1\t1\ta\t71\tx' \
		'\tAttached Devices:' '\tvgem' 'Total 1 devices attached\n'
	udmabuf ls --json
	json '[.dma_bufs[] | [.inode, .size, .exporter]] | tojson' '[[70,4096,"udmabuf"]]' \
		"lines in a name make no buffer"
}

# A process may end while it is looked at.
test_gone() {
	cli_machine
	process 53 gone
	rm -r "$root/proc/53/fd"
	ln -s /dmabuf:x "$root/proc/53/fdinfo/9"
	process 54 half
	ln -s /dmabuf:x "$root/proc/54/fd/9"
	bufinfo ''
	udmabuf ls
	said 0 "a process that ends"
	tap_is "$out" "no dma-buf" "a process that ends has nothing"
}

# --- again and again ---------------------------------------------------------

# watched NUMBER PATTERN ARGUMENT...: let it go on until so many lines are like that.
# Sets took, in hundredths of a second.
watched() {
	local number=$1 pattern=$2 pid began=${EPOCHREALTIME/./}

	shift 2
	: >"$cli_work/out"
	"$fake" ls "$@" >"$cli_work/out" 2>"$cli_work/err" </dev/null &
	pid=$!
	tap_ok "ls $*: again" timeout 30 sh -c 'until [ "$(grep -c -e "$2" "$1")" -ge "$3" ]; do sleep 0.05; done' \
		sh "$cli_work/out" "$pattern" "$number"
	took=$(((${EPOCHREALTIME/./} - began) / 10000))
	kill "$pid"
	wait "$pid" 2>"$cli_work/wait" || true
	out=$(<"$cli_work/out")
}

test_watch() {
	machine
	watched 3 '^3 dma-bufs' --watch 0.2
	tap_is "$(grep -c $'\033' <<<"$out" || true)" 0 "--watch in a pipe: no escapes"
	tap_ok "--watch 0.2: not at once" test "$took" -ge 40
	watched 2 '^{.*}$' --json --watch=0.2
	tap_ok "--watch --json: a document each line" sh -c 'head -n 2 "$1" | jq -e .total' sh "$cli_work/out"
	watched 2 '^{.*}$' --watch --json
	tap_ok "--watch alone: a second" test "$took" -ge 100
}

test_watch_terminal() {
	machine
	terminal 1 "$fake" ls --watch 0.3
	tap_is "$status" 130 "Ctrl-C ends it"
	tap_is "${out:0:7}" $'\033[H\033[2J' "a terminal: from the top"
}
