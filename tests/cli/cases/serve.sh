# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016 # variables of lib.sh; what is for another shell
#
# udmabuf load --serve and udmabuf fetch, and an example program that uses what they
# hand over. There is no driver here, and one that is made up is so in one process only:
# so it is a memfd. tests/cli/machine has dma-bufs.

# In front of each test: a file, and a place for the socket that others can reach.
serve_begin() {
	socket=$cli_work/socket
	events=$cli_work/events
	notes=$cli_work/notes
	sum=$cli_work/sum
	rm -f "$socket"* "$events" "$notes"
	cp "$build/tests/load/example-sum" "$sum"
	cp "$real" "$cli_work/loader"
	chmod 755 "$sum" "$cli_work/loader"
	loader=$cli_work/loader
	# found by name, not where it was built
	LD_LIBRARY_PATH=$cli_work/lib
	export LD_LIBRARY_PATH
	mkdir -p "$LD_LIBRARY_PATH"
	cp -L "$build"/lib/libudmabuf.so.0 "$build"/lib/load/libudmabuf-load.so.0 "$LD_LIBRARY_PATH"
	[ -e "$cli_work/weights" ] || head -c 3000123 /dev/urandom >"$cli_work/weights"
	weights=$cli_work/weights
}

# serve OPTION...: a server in the background; waits until there is something to fetch.
serve() {
	: >"$events"
	"$loader" load --memfd --json --verbose "$@" --serve "$socket" >"$events" 2>"$notes" &
	server=$!
	serve_waits '"serving"'
}

# serve_waits PIECE: until a line of the server has it.
serve_waits() {
	timeout 60 sh -c 'until grep -q -e "$1" "$2"; do sleep 0.05; done' sh "$1" "$events"
}

# serve_ends: by a signal, as a person or a service manager would end it.
serve_ends() {
	status=0
	kill -TERM "$server"
	wait "$server" || status=$?
	tap_is "$status" 0 "the server ends well"
	tap_ok "it leaves no file" sh -c '! ls "$1"*' sh "$socket"
}

events_are() {
	tap_is "$(jq -c "$1" "$events" | paste -sd' ')" "$2" "$3"
}

fetch() {
	run "$loader" fetch --memfd "$@"
}

test_same_buffer() {
	serve_begin
	serve "$weights"
	fetch "$socket" --exec sh -c 'stat -L -c %i "/proc/self/fd/$UDMABUF_FD"'
	said 0 "the first program"
	first=$out
	fetch "$socket" --exec sh -c 'stat -L -c %i "/proc/self/fd/$UDMABUF_FD"'
	said 0 "it starts again"
	tap_is "$out" "$first" "and gets the same buffer"
	fetch "$socket" --exec sh -c 'head -c 3000123 "/proc/self/fd/$UDMABUF_FD" | cmp - "$1"' sh "$weights"
	said 0 "with the bytes of the file"
	serve_waits '"handed":3'
	events_are 'select(.event == "serving") | .report.bytes' 3000123 "it was loaded once"
	events_are 'select(.event == "client") | [.result, .uid, .handed]' \
		"[\"handed\",$UID,1] [\"handed\",$UID,2] [\"handed\",$UID,3]" "each program is told of"
	tap_is "$(grep -c "of user $UID: handed" "$notes")" 3 "--verbose: a line for each"
	serve_ends
}

# A program need not care which way it came.
test_same_environment() {
	local names='env | sed -n "s/^\(UDMABUF_[A-Z_]*\)=.*/\1/p" | sort'

	serve_begin
	serve --hash sha256 "$weights"
	run "$loader" load --memfd --quiet --hash sha256 "$weights" --exec sh -c "$names"
	said 0 "variables of load"
	want=$out
	fetch "$socket" --exec sh -c "$names"
	said 0 "variables of fetch"
	tap_is "$out" "$want" "they are the same"
	run "$loader" load --memfd --quiet --hash sha256 "$weights" --exec sh -c 'cat "$UDMABUF_LAYOUT_FILE"'
	want=$(jq -S -c 'del(.parts[].fd, .access)' "$cli_work/out")
	fetch "$socket" --exec sh -c 'printf %s "$UDMABUF_LAYOUT"'
	tap_is "$(jq -S -c 'del(.parts[].fd, .access)' "$cli_work/out")" "$want" "and the layout is"
	json '.files[0].sha256' "$(sha256sum "$weights" | cut -c 1-64)" "with the checksum"
	json '.access' read "it is read-only"
	fetch "$socket" --exec sh -c '[ "$UDMABUF_FDS" = "$UDMABUF_FD" ] && [ "$(echo "$UDMABUF_LAYOUT" | jq .parts[0].fd)" = "$UDMABUF_FD" ]'
	said 0 "the number of the file is where it should be"
	serve_ends
}

# The example: from a server, by fetch, and by load.
test_example_sum() {
	local want

	serve_begin
	want="$(od -An -v -tu1 "$weights" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }') 3000123 $weights"
	serve "$weights"
	run "$sum" "$socket"
	said 0 "from the server"
	tap_is "$out" "$want" "the sum is right"
	fetch "$socket" --exec "$sum"
	said 0 "by fetch"
	tap_is "$out" "$want" "it is the same"
	run "$loader" load --memfd --quiet "$weights" --exec "$sum"
	said 0 "by load"
	tap_is "$out" "$want" "it is the same"
	run "$sum"
	complained 1 "sum: nothing was handed over: No such file or directory" "from nobody"
	serve_ends
}

# model NAME TENSORS: a safetensors file of so many tensors of a byte each.
model() {
	local header i

	header=$(for ((i = 0; i < $2; i++)); do
		printf '"blk.%d":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]},' "$i" "$i" $((i + 1))
	done)
	header="{${header%,}}"
	{
		printf '%016x' "${#header}" | sed 's/../& /g' | tr ' ' '\n' | tac | xargs printf '\\x%s' | xargs -0 printf '%b'
		printf %s "$header"
		head -c "$2" /dev/zero | tr '\0' '\2'
	} >"$cli_work/$1"
}

# A variable of the environment cannot be longer than 128 KiB.
test_many_tensors() {
	serve_begin
	model many.safetensors 4000
	serve --tensor '*' "$cli_work/many.safetensors"
	run "$loader" load --memfd --quiet --tensor '*' "$cli_work/many.safetensors" --exec sh -c \
		'echo "${UDMABUF_LAYOUT-none}"; jq ".tensors | length" "$UDMABUF_LAYOUT_FILE"'
	said 0 "load"
	tap_is "$out" $'none\n4000' "load: the layout is a file"
	fetch "$socket" --exec sh -c 'echo "${UDMABUF_LAYOUT-none}"; jq ".tensors | length" "$UDMABUF_LAYOUT_FILE"'
	said 0 "fetch"
	tap_is "$out" $'none\n4000' "fetch: the layout is a file"
	fetch --once --json --tensor 'blk.39*' "$socket"
	json '.tensors | length' 111 "--tensor: some of them"
	run "$sum" "$socket"
	tap_is "$(grep -c '^2 1 blk\.' "$cli_work/out")" 4000 "the example gets them all"
	serve_ends
}

test_others() {
	if [ "$UID" -ne 0 ]; then
		tap_say "only root can become somebody else: nothing is tested"
		return
	fi
	serve_begin
	serve "$weights"
	run cli_as_nobody "$loader" fetch --memfd --once "$socket"
	complained 1 "udmabuf fetch: no server at $socket: Permission denied" "another user"
	serve_ends
	serve --mode 666 "$weights"
	run cli_as_nobody "$loader" fetch --memfd --once "$socket"
	complained 1 "udmabuf fetch: the server at $socket is not for this user" "another user who can connect"
	serve_waits '"refused"'
	events_are 'select(.event == "client") | [.result, .uid, .error]' \
		'["refused",65534,"Permission denied"]' "is told of"
	serve_ends
	serve --allow daemon,65534 "$weights"
	run cli_as_nobody "$loader" fetch --memfd --once --quiet "$socket"
	said 0 "--allow: a user"
	serve_ends
	serve --allow @65534 "$weights"
	tap_is "$(stat -c %a:%g "$socket")" "660:65534" "--allow: the socket is the group's"
	run cli_as_nobody "$loader" fetch --memfd --once --quiet "$socket"
	said 0 "--allow: a group"
	serve_ends
	serve --allow all "$weights"
	run cli_as_nobody "$loader" fetch --memfd --once --quiet "$socket"
	said 0 "--allow: all"
	serve_ends
}

test_one_server() {
	serve_begin
	serve "$weights"
	run "$loader" load --memfd --serve "$socket" "$weights"
	complained 1 "udmabuf load: somebody serves at $socket already" "a second server"
	fetch --once --quiet "$socket"
	said 0 "the first one goes on"
	serve_ends
	: >"$socket"
	run "$loader" load --memfd --serve "$socket" "$weights"
	complained 1 "udmabuf load: $socket is there, and is no socket" "a file in the way"
	run "$loader" load --memfd --serve "$cli_work/none/socket" "$weights"
	complained 1 "udmabuf load: cannot make the socket $cli_work/none/socket: $cli_work/none/socket.lock: No such file or directory" \
		"no folder"
}

# Whenever a signal comes, while it loads or while it serves.
test_signal_at_any_time() {
	local i pid

	serve_begin
	for i in {0..15}; do
		"$loader" load --memfd --quiet --block 4K --depth 1 --hash sha256 --serve "$socket" "$weights" 2>"$notes" &
		pid=$!
		sleep "0.0$((i * 6))"
		kill -TERM "$pid"
		wait "$pid" 2>/dev/null || true
	done
	tap_ok "a signal at any time leaves no file" sh -c '! ls "$1"*' sh "$socket"
}

# What a program has stays when its server is killed; the next server is not kept out.
test_killed() {
	local holder

	serve_begin
	serve "$weights"
	"$loader" fetch --memfd "$socket" --exec sh -c \
		'echo; until [ -e "$1.go" ]; do sleep 0.05; done; head -c 3000123 "/proc/self/fd/$UDMABUF_FD" | cmp - "$2"' \
		sh "$socket" "$weights" >"$cli_work/held" &
	holder=$!
	timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.05; done' sh "$cli_work/held"
	kill -KILL "$server"
	wait "$server" 2>/dev/null || true
	fetch --once "$socket"
	complained 1 "udmabuf fetch: no server at $socket: Connection refused" "it is gone"
	: >"$socket.go"
	status=0
	wait "$holder" || status=$?
	tap_is "$status" 0 "who has it keeps it"
	rm "$socket.go"
	serve "$weights"
	fetch --once --quiet "$socket"
	said 0 "the next server"
	serve_ends
}

# A client that says nothing holds nobody up.
test_silent() {
	local silent

	serve_begin
	serve --timeout 0.3 --clients 1 "$weights"
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_SEQPACKET, 0) && connect(S, pack_sockaddr_un($ARGV[0])) || die; sleep 60' \
		"$socket" &
	silent=$!
	serve_waits '"failed"'
	fetch --once --quiet "$socket"
	said 0 "another gets its turn"
	events_are 'select(.result == "failed") | .error' '"Connection timed out"' "the silent one is told of"
	kill "$silent"
	wait "$silent" 2>/dev/null || true
	serve_ends
}

test_wait() {
	local waiter

	serve_begin
	"$loader" fetch --memfd --wait --once --quiet "$socket" 2>"$cli_work/err" &
	waiter=$!
	sleep 0.3
	serve "$weights"
	status=0
	wait "$waiter" || status=$?
	tap_is "$status" 0 "--wait: it comes"
	serve_ends
	fetch --once --wait --timeout 0.2 "$socket"
	complained 1 "udmabuf fetch: no server at $socket: No such file or directory" "--wait: it does not come"
}

# systemd's datagram, and its socket.
test_service_manager() {
	local listener

	serve_begin
	perl -MIO::Socket::UNIX -MSocket -e '$| = 1;
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
		print "there\n"; for (1, 2) { $s->recv(my $said, 99); print "$said\n" }' "$socket.notify" >"$cli_work/said" &
	listener=$!
	timeout 60 sh -c 'until grep -q there "$1"; do sleep 0.05; done' sh "$cli_work/said"
	NOTIFY_SOCKET=$socket.notify serve "$weights"
	kill -TERM "$server"
	wait "$server"
	wait "$listener"
	rm -f "$socket.notify"
	tap_is "$(xargs <"$cli_work/said")" "there READY=1 STOPPING=1" "NOTIFY_SOCKET"
	: >"$events"
	perl -MSocket -MPOSIX=dup2 -e 'BEGIN { $^F = 9 } # file 3 outlives exec
		socket(S, AF_UNIX, SOCK_SEQPACKET, 0) && bind(S, pack_sockaddr_un($ARGV[0])) && listen(S, 5) || die;
		dup2(fileno(S), 3); $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec @ARGV[1 .. $#ARGV]' \
		"$socket" "$loader" load --memfd --json --serve other "$weights" >"$events" 2>"$notes" &
	server=$!
	serve_waits '"serving"'
	fetch --once --quiet "$socket"
	said 0 "LISTEN_FDS"
	kill -TERM "$server"
	wait "$server"
	tap_ok "its socket is left to it" test -S "$socket"
}

test_wrong_usage() {
	serve_begin
	run "$loader" load --memfd --serve "$socket" "$weights" --exec true
	complained 2 "udmabuf load: --serve and --exec exclude each other (see udmabuf load --help)" "--exec"
	run "$loader" load --memfd --serve "$socket" --once "$weights"
	complained 2 "udmabuf load: --serve and --once exclude each other (see udmabuf load --help)" "--once"
	run "$loader" load --memfd --allow all "$weights"
	complained 2 "udmabuf load: --allow, --mode, --writable, --clients, --timeout and --verbose are for --serve (see udmabuf load --help)" \
		"--allow alone"
	run "$loader" load --memfd --serve "$socket" --allow no-such-user "$weights"
	complained 2 "udmabuf load: --allow: there is no user 'no-such-user' (see udmabuf load --help)" "no such user"
	run "$loader" load --memfd --serve "$socket" --allow @no-such-group "$weights"
	complained 2 "udmabuf load: --allow: there is no group 'no-such-group' (see udmabuf load --help)" "no such group"
	run "$loader" load --memfd --serve "$socket" --mode 888 "$weights"
	complained 2 "udmabuf load: --mode is '888', and should be permissions such as 660 (see udmabuf load --help)" "--mode"
	run "$loader" load --memfd --serve "$socket" --clients 2000 "$weights"
	complained 2 "udmabuf load: --clients is above 1024 (see udmabuf load --help)" "--clients"
	run "$loader" load --memfd --serve "$(printf 'x%.0s' {1..200})" "$weights"
	tap_is "$status" 1 "a long path"
	run "$loader" fetch
	complained 2 "udmabuf fetch: SOCKET is missing (see udmabuf fetch --help)" "no socket"
	run "$loader" fetch --json "$socket" --exec true
	complained 2 "udmabuf fetch: --json is of no use with --exec (see udmabuf fetch --help)" "fetch: --exec"
	run "$loader" fetch "$socket"
	complained 1 "udmabuf fetch: no server at $socket: No such file or directory" "no server"
	unset LD_LIBRARY_PATH
}
