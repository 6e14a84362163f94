# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A weston without a screen (--backend=headless), for cases that are scripts: start it,
# take pictures of what it shows. To be sourced after case.sh. Leaves the folder of the
# case, $weston_dir, for the caller's files.

weston_dir=$(mktemp -d /tmp/weston.XXXXXX)
weston_pid=
weston_colour=336699 # of its background
pixels=$UDMABUF_USER/tests/clients/client-pixels
export XDG_RUNTIME_DIR=$weston_dir WAYLAND_DISPLAY=wayland-case
export LIBGL_ALWAYS_SOFTWARE=1 XDG_CONFIG_HOME=$weston_dir

# weston_start SHELL: 640 by 480 pixels, drawn by Mesa's software renderer. With --debug
# everybody may take pictures.
weston_start() {
	printf '[shell]\nbackground-color=0xff%s\npanel-position=none\nlocking=false\n' \
		"$weston_colour" >"$weston_dir/weston.ini"
	weston --backend=headless --renderer=gl --width=640 --height=480 --debug \
		--socket="$WAYLAND_DISPLAY" --idle-time=0 --shell="$1" \
		>"$weston_dir/weston.log" 2>&1 &
	weston_pid=$!
	weston_wait 120 test -S "$weston_dir/$WAYLAND_DISPLAY"
}

# weston_end PID: it may have ended before, and how it ends is not what is judged.
weston_end() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

weston_stop() {
	weston_end "$weston_pid"
	cp "$weston_dir/weston.log" "$UDMABUF_RESULTS/${0##*/}-weston.log"
}

# weston_wait SECONDS COMMAND...: until it succeeds.
weston_wait() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || { echo "'$*' did not come true" >&2; return 1; }
		sleep 1
	done
}

# weston_picture FILE shm|dmabuf: of the whole screen.
weston_picture() {
	(
		cd "$weston_dir" || exit 1
		rm -f wayland-screenshot-*
		timeout 120 weston-screenshooter --buffer-type="$2" >&2 &&
			mv wayland-screenshot-*.png "$1"
	)
}

# weston_background FILE: how many of its pixels are background.
weston_background() {
	"$pixels" "$1" "$weston_colour" | awk '{ print $3 }'
}

# weston_shows_background|client KIND-OF-BUFFER: a new picture has nothing else, or none.
weston_shows_background() {
	weston_picture "$weston_dir/now.png" "$1" &&
		[ "$(weston_background "$weston_dir/now.png")" -eq 307200 ]
}

weston_shows_client() {
	weston_picture "$weston_dir/now.png" "$1" &&
		[ "$(weston_background "$weston_dir/now.png")" -eq 0 ]
}
