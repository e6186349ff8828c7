#!/bin/bash
# --wayland with security-context-v1: a compositor that has the protocol knows the command as the
# sandboxed program that it is, and nothing is left of that when it has ended; one that lacks it
# (Weston 10, which is behind it here) is used as it is, with a line that says so.
# timeout: 300
. "$(dirname "$0")/common.sh"

WHAT='wayland'
has weston weston-info weston-simple-shm python3 || { finish; exit; }

touch "$T/stamp"
mkdir -p "$T/run" && chmod 700 "$T/run"
export XDG_RUNTIME_DIR=$T/run
unset DISPLAY WAYLAND_DISPLAY
weston --backend=headless-backend.so --use-pixman --no-config --socket=plain --idle-time=0 >"$T/weston.log" 2>&1 &
helpers+=($!)
poll 30 test -S "$T/run/plain"
compositor() { # NAME [MODE]
	python3 "$TESTS/clients/compositor.py" "$T/run/plain" "$T/run/$1" "$T/$1.log" "${@:2}" 2>"$T/$1.err" &
	helpers+=($!)
	poll 30 test -S "$T/run/$1"
}
compositor knowing
compositor hanging hang
compositor refusing refuse

sandbox=("$ZBOX" --ro-bind /usr /usr)
on() { env WAYLAND_DISPLAY="$1" "${sandbox[@]}" "${@:2}"; }
protocol=wp_security_context_manager_v1
logged() { cat "$T/knowing.log" 2>/dev/null; }

# ---- where the compositor has it ----

run env WAYLAND_DISPLAY=knowing weston-info
contains 'twin: outside, it offers contexts' "$out" $protocol
is 'to a program that is in none' "$(logged)" ''
run on knowing --wayland weston-info
contains 'inside, its display answers' "$status $out" "0 interface: 'wl_compositor'"
contains 'with the parts of others' "$out" 'xdg_wm_base'
lacks 'but not that one' "$out" $protocol
lacks 'and there is nothing to say of it' "$err" zbox
poll 30 grep -q over knowing.log
is 'it knew who came, and knows that it is over' "$(logged)" "$(printf 'context zbox zbox.app.weston-info with an instance\nclient zbox.app.weston-info\nover zbox.app.weston-info')"
: >knowing.log
ok '--wayland-context' on knowing --wayland-context weston-info
gives 'the socket and nothing else' 0 'wayland-0
wayland-0 wayland' -- on knowing --wayland sh -c 'ls -A "$XDG_RUNTIME_DIR"; echo "$WAYLAND_DISPLAY $XDG_SESSION_TYPE"'
gives 'which belongs to the user' 0 "socket $(id -u)" -- on knowing --wayland --uid "$(id -u)" --gid "$(id -g)" \
	stat -c '%F %u' "/run/user/$(id -u)/wayland-0"
ok 'in a tree of the host' on knowing --ro-bind / / --wayland weston-info
ok '--wayland-try' on knowing --wayland-try weston-info
gives '--without' 1 '' -- on knowing --wayland --without wayland printenv WAYLAND_DISPLAY
run on knowing --explain --wayland weston-info
contains '--explain says who it is' "$out" 'as the sandboxed program zbox.app.weston-info'
: >knowing.log
env WAYLAND_DISPLAY=knowing WAYLAND_DEBUG=1 "${sandbox[@]}" --env WAYLAND_DEBUG --wayland weston-simple-shm >"$T/shm.log" 2>&1 &
zbox=$!
frames() { [ "$(grep -c 'wl_surface@[0-9]*.frame' "$T/shm.log")" -ge 5 ]; }
ok 'a window is drawn' poll 30 frames
kill -KILL $zbox
wait $zbox 2>/dev/null
ok 'zbox is killed: nobody is let in any more' poll 20 grep -q '^over zbox.app.weston-simple-shm' knowing.log
gone() { ! pgrep -u "$(id -u)" -x -r D,R,S zbox-wayland; }
ok 'no program is left' poll 20 gone

# A second program, while the first runs.
: >knowing.log
# shellcheck disable=SC2016  # the inner shell's
run on knowing --wayland sh -c 'weston-info >/dev/null && weston-info >/dev/null && echo both'
is 'who is inside connects as often as he likes' "$status $out $(grep -c client knowing.log)" '0 both 2'

# ---- where it lacks it, or worse ----

note='the Wayland compositor knows no sandboxes'
run on plain --wayland weston-info
contains 'twin: without it the display itself is there' "$status $out" "0 interface: 'wl_compositor'"
contains 'and a line says so' "$err" "$note"
run on plain --quiet --wayland weston-info
lacks 'not with --quiet' "$status $err" "$note"
refuses '--wayland-context refuses' 125 'has no security contexts' -- on plain --wayland-context echo ran
run on hanging --wayland echo ran
is 'one that does not answer has none' "$status $out" '0 ran'
contains 'which is said' "$err" "$note"
refuses 'not with --wayland-context' 125 'has no security contexts' -- on hanging --wayland-context echo ran
refuses 'a refusal is an error' 125 'the compositor refuses: not today' -- on refusing --wayland echo ran
refuses 'with -try too: it is there' 125 'not today' -- on refusing --wayland-try echo ran
refuses 'the directory is covered' 125 '/run/user/0' -- on knowing --wayland --tmpfs /run/user echo ran
is 'nothing was left on the host' \
	"$(changed_since "$T/stamp"; find "$T/run" -mindepth 1 ! -name '*.lock' -printf '%f\n' | sort | tr '\n' ' ')" 'hanging knowing plain refusing '
finish
