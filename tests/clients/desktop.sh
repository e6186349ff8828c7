#!/bin/bash
# Browsers with windows: `zbox --ro-bind /usr /usr --unshare-all -- firefox` and the same with
# chromium, on X11 and on Wayland, with the profiles that come with zbox. A page that the test serves
# is on the screen, the browsers' own sandboxes work inside ours, and from inside there is no way to
# what is around: the home, the session bus, other sockets, other ports.
# timeout: 400
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/display.sh"

WHAT='desktop'
has firefox-esr chromium python3 Xvfb weston xwininfo dbus-daemon || { finish; exit; }

# ---- a desktop of the test's own ----

host_home
export XDG_RUNTIME_DIR=$T/run XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share
mkdir -p "$T/run/keyring" && chmod 700 "$T/run"

cat >"$T/page.html" <<'X'
<!doctype html><meta charset=utf-8><title>served by the test</title>
<style>body { margin: 0; background: #1f6f3f; color: #fff; font: 48px sans-serif }
div { position: absolute; left: 100px; top: 300px; width: 300px; height: 100px; background: #d02040 }</style>
<p>Rendered inside zbox</p><div></div>
<script>
const b = document.createElement('div');
b.style = 'left: ' + 5 * 100 + 'px; background: #' + ['20', '40', 'd0'].join('');
document.body.append(b);
for (const host of ['10.0.2.2', '127.0.0.1', 'localhost']) new Image().src = `http://${host}:CLOSED/x.png`;
</script>
X
sed -i "s/CLOSED/$PORT/" "$T/page.html"
cat >"$T/serve.py" <<'X'
import http.server, os, socket, sys, threading
where = sys.argv[1]
os.chdir(where)
for path in "run/keyring/control", "run/other":
    s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(); threading.Thread(target=s.accept, daemon=True).start()
class Page(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/page.html": return super().do_GET()
        self.send_error(404)
    def log_message(self, *a): open("web.log", "a").write(self.path + "\n")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
open("web.new", "w").write(str(server.server_port)); os.rename("web.new", "web")
server.serve_forever()
X
python3 "$T/serve.py" "$T" &
helpers+=($!)
dbus-daemon --session --nofork --nopidfile --address="unix:path=$T/run/bus" >"$T/bus.log" 2>&1 &
helpers+=($!)
export DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/bus

start_display
touch "$T/stamp"
page_is_shown() { shown 1f6f3f=200000 d02040=29400-30600 2040d0=29400-30600; }

install_profiles || { skip "$WHAT" "there is no $prefix"; finish; exit; }
# A line of the user's beside them.
poll 30 test -s "$T/web"
WEB=$(cat "$T/web")
for browser in firefox chromium; do
	echo "net-open host-loopback:$WEB" >"$XDG_CONFIG_HOME/zbox/profiles/$browser.local"
done

# ---- the browsers' own sandboxes ----

descendants() {
	local pid
	# shellcheck disable=SC2013  # words are meant
	for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		echo "$pid"
		descendants "$pid"
	done
}
words() { tr '\0' ' ' <"/proc/$1/cmdline"; }
filters() { sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$1/status"; }
# doubly_confined PID MAIN PATTERN: of the processes below PID that hold pages, how many are in a user
# namespace below that of the browser's first process, with a filter more than that: "3 of 3".
doubly_confined() {
	local pid main='' all=0 good=0
	for pid in $(descendants "$1"); do
		[ -n "$main" ] || ! words "$pid" 2>/dev/null | grep -qE -- "$2" || main=$pid
		words "$pid" 2>/dev/null | grep -qE -- "$3" || continue
		all=$((all + 1))
		[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink "/proc/$main/ns/user")" ] &&
			[ "$(filters "$pid")" -gt "$(filters "$main")" ] && [ "$(filters "$main")" -ge 1 ] &&
			grep -q '^CapEff:.*0000000000000000' "/proc/$pid/status" && good=$((good + 1))
	done
	echo "$good of $all"
}
all_confined() { [[ $(doubly_confined "$@") =~ ^([1-9][0-9]*)\ of\ ([0-9]+)$ && ${BASH_REMATCH[1]} = "${BASH_REMATCH[2]}" ]]; }

# ---- windows ----

firefox_main='firefox-esr http' firefox_tab=' -contentproc .* tab ?$'
chromium_main='chromium/chromium .*http' chromium_tab=' --type=renderer '

# shows NAME MAIN PATTERN COMMAND...: it opens a window with the page; its processes are as they
# should be; it ends with zbox.
shows() {
	local name=$1 main=$2 pattern=$3 pid below
	shift 3
	"$@" >"$T/log" 2>&1 </dev/null &
	pid=$!
	if poll 60 page_is_shown; then
		pass "$name: the page is on the screen"
	else
		flunk "$name: the page is on the screen" "$(page_is_shown 2>&1)" "$(tail "$T/log")"
	fi
	if poll 60 all_confined "$pid" "$main" "$pattern"; then
		pass "$name: processes with a page, each in a sandbox of its own"
	else
		flunk "$name: processes with a page, each in a sandbox of its own" \
			"$(doubly_confined "$pid" "$main" "$pattern")" "$(tail "$T/log")"
	fi
	[ -n "${WAYLAND_DISPLAY:-}" ] || ok "$name: the title of the window" poll 30 titled 'served by the test'
	below=$(descendants "$pid")
	kill "$pid"
	wait "$pid" 2>/dev/null
	is "$name: ends with zbox" "$(for p in $below; do poll 10 test ! -e "/proc/$p" || echo "$p"; done)" ''
	if poll 20 gone; then pass "$name: and the window is gone"; else flunk "$name: and the window is gone"; fi
}
gone() { ! page_is_shown; }

url=http://10.0.2.2:$WEB/page.html
chromium=(chromium --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-quic)
cd "$T" || exit 1

shows 'firefox on X11' "$firefox_main" "$firefox_tab" zbox --ro-bind /usr /usr --unshare-all -- firefox "$url"
contains 'firefox on X11: which profile was taken is said' "$(cat log)" 'firefox.profile, which is for firefox'
contains 'firefox on X11: and what X11 means' "$(cat log)" 'X11 has no walls'
shows 'chromium on X11' "$chromium_main" "$chromium_tab" zbox --ro-bind /usr /usr --unshare-all -- "${chromium[@]}" "$url"

# A second start opens its page in the browser that runs, in its sandbox. Both in one user namespace,
# as where zbox is installed.
cat >twice.sh <<'X'
zbox=$1 && shift
"$zbox" "$@" 'data:text/html,<title>the first page</title>' &
until LC_ALL=C.UTF-8 xwininfo -root -tree | grep -q 'the first page'; do sleep 0.1; done
"$zbox" "$@" 'data:text/html,<title>the second page</title>' || exit
until LC_ALL=C.UTF-8 xwininfo -root -tree | grep -q 'the second page'; do sleep 0.1; done
"$zbox" --list | sed '1d; s/ .*//'
kill $!
X
run timeout 120 "$BWRAP" --dev-bind / / --bind "$T/share" "$prefix" --die-with-parent -- bash twice.sh "$ZBOX" "${chromium[@]}"
is 'chromium twice: both pages are in one sandbox' "$status $(tail -n 1 <<<"$out")" '0 chromium'
contains 'which is said' "$err" 'runs in the sandbox chromium, which is there already'

# A Wayland compositor, in a window. DISPLAY is still set, as it is beside Xwayland.
weston --backend=x11-backend.so --use-pixman --width=1200 --height=860 --no-config --socket=wayland-7 --idle-time=0 \
	>weston.log 2>&1 &
helpers+=($!)
poll 30 test -S "$T/run/wayland-7"
export WAYLAND_DISPLAY=wayland-7
shows 'firefox on Wayland' "$firefox_main" "$firefox_tab" zbox --ro-bind /usr /usr --unshare-all -- firefox "$url"
lacks 'firefox on Wayland: no word of X11' "$(cat log)" 'X11 has no walls'
shows 'chromium on Wayland' "$chromium_main" "$chromium_tab" zbox --ro-bind /usr /usr --unshare-all -- "${chromium[@]}" "$url"
ok 'each was served the page, through the network' test "$(grep -c page.html web.log)" -ge 4

# ---- what cannot be reached from inside ----

cat >"$T/look.py" <<X
import os, socket
def reach(name, family, address):
    s = socket.socket(family); s.settimeout(5)
    try: s.connect(address); print(name)
    except OSError: pass
reach("port", socket.AF_INET, ("127.0.0.1", $PORT))
reach("port by the gateway", socket.AF_INET, ("10.0.2.2", $PORT))
reach("served port", socket.AF_INET, ("10.0.2.2", $WEB))
reach("abstract X11", socket.AF_UNIX, "\0/tmp/.X11-unix/X${DISPLAY#:}")
reach("X11", socket.AF_UNIX, "/tmp/.X11-unix/X${DISPLAY#:}")
for name in "bus", "keyring/control", "other", "wayland-7":
    for folder in "$T/run", os.environ.get("XDG_RUNTIME_DIR", "/none"):
        reach(name, socket.AF_UNIX, folder + "/" + name)
reach("Wayland", socket.AF_UNIX, os.environ.get("XDG_RUNTIME_DIR", "/none") + "/wayland-0")
if os.environ.get("DBUS_SESSION_BUS_ADDRESS"): print("the bus is named")
X
inside() { zbox --quiet --profile "$1" --ro-bind "$T/look.py" /look.py "${@:2}"; }
run python3 look.py
for what in port 'abstract X11' X11 bus keyring/control other wayland-7 'the bus is named'; do
	contains "twin: outside, $what can be reached" "$out" "$what"
done
echo two >>port.visits # the twin's
for browser in firefox chromium; do
	gives "$browser: on Wayland, that and the served port are reached" 0 $'served port\nWayland' -- \
		inside "$browser" -- python3 /look.py
	gives "$browser: on X11, that and the served port" 0 $'served port\nX11' -- \
		env -u WAYLAND_DISPLAY "$BWRAP" --dev-bind / / --bind "$T/share" "$prefix" -- \
		"$ZBOX" --quiet --profile "$browser" --ro-bind "$T/look.py" /look.py python3 /look.py
	gives "$browser: nothing of the home, no writing" 0 '' -- inside "$browser" -- bash -c "$(attempts)"
	# shellcheck disable=SC2016  # the inner shell's
	gives "$browser: its own home, and no file of the other's" 0 "$(id -u) " -- \
		inside "$browser" -- sh -c 'echo "$(id -u) $(ls -A /home/user/.ssh 2>/dev/null)"'
done
is 'nobody came to the closed port' "$(grep -vc two port.visits)" 2
is 'the home is as it was, but for what is kept' "$(cat "$HOME/.bashrc" "$HOME/.ssh/id_ed25519"; ls -A "$HOME" "$XDG_DATA_HOME/zbox")" \
	"$(printf '# the host\n%s\n%s:\n.bashrc\n.config\n.local\n.ssh\n\n%s:\nchromium\nfirefox' "$SECRET" "$HOME" "$XDG_DATA_HOME/zbox")"

stop_helpers
for pid in "${helpers[@]}"; do wait "$pid" 2>/dev/null; done
helpers=()
is 'nothing was left on the host' "$(left_behind)" ''
finish
