#!/bin/bash
# Firefox and Chromium, without a window: what they show of a page, that their own sandboxes work
# inside ours, and that neither reaches what the page asks for outside.
# timeout: 400
. "$(dirname "$0")/common.sh"

WHAT='browsers'
has firefox-esr chromium python3 || { finish; exit; }

host_home
touch "$T/stamp"
fresh shots
cat >page.html <<X
<!doctype html><meta charset=utf-8><title>page</title>
<style>body { margin: 0; background: #1f6f3f; color: #fff; font: 48px sans-serif }
div { position: absolute; left: 100px; top: 300px; width: 300px; height: 100px; background: #d02040 }</style>
<p>Rendered inside zbox</p><div id=box></div>
<img src="http://127.0.0.1:$PORT/x.png" alt=""><iframe src="file://$HOME/.ssh/id_ed25519" hidden></iframe>
<script>
const b = document.createElement('div');
b.style = 'left: ' + 5 * 100 + 'px; background: #' + ['20', '40', 'd0'].join('');
document.body.append(b);
</script>
X

# The picture, read without any library: the colours at places of the page, and how many pixels of
# the line of text are white.
cat >"$T/picture.py" <<'X'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
at, packed = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR": width, height, depth, colour, _, _, lace = struct.unpack(">IIBBBBB", data[at + 8:at + 21])
    if kind == b"IDAT": packed += data[at + 8:at + 8 + size]
    at += size + 12
assert depth == 8 and lace == 0 and colour in (2, 6), "another kind of PNG"
n = 3 if colour == 2 else 4
raw, rows, last = zlib.decompress(packed), [], bytes(width * n)
for y in range(height):
    f, line = raw[y * (width * n + 1)], bytearray(raw[y * (width * n + 1) + 1:(y + 1) * (width * n + 1)])
    for i in range(width * n):
        a, b, c = (line[i - n] if i >= n else 0), last[i], (last[i - n] if i >= n else 0)
        p = a + b - c
        line[i] = (line[i] + (0, a, b, (a + b) // 2,
            a if abs(p - a) <= min(abs(p - b), abs(p - c)) else b if abs(p - b) <= abs(p - c) else c)[f]) & 255
    rows.append(line); last = line
pixel = lambda x, y: rows[y][x * n:x * n + 3].hex()
white = sum(pixel(x, y) == "ffffff" for y in range(40, 110) for x in range(width))
print(pixel(700, 550), pixel(250, 350), pixel(650, 350), "text" if 2000 < white < 20000 else white)
X
shows_the_page() { # NAME FILE
	gives "$1" 0 '1f6f3f d02040 2040d0 text' -- python3 "$T/picture.py" "$2"
}

page=(--ro-bind page.html /page.html)
desktop=(--seccomp-profile desktop --uid "$(id -u)" --gid "$(id -g)")
chromium=(chromium --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking
	--disable-component-update --disable-sync)
# browser_in OPTIONS...: with a time limit, because browsers wait for ever when something is amiss
browser_in() { timeout -k 1 100 "$ZBOX" --ro-bind /usr /usr --bind "$T/shots" /shots "${page[@]}" "$@"; }

# ---- a picture ----

ok 'Firefox under the defaults' browser_in --unshare-all -- \
	firefox-esr --headless --window-size 800,600 --screenshot /shots/firefox.png file:///page.html
shows_the_page 'Firefox shows the page' firefox.png
ok 'Firefox under desktop' browser_in "${desktop[@]}" -- \
	firefox-esr --headless --window-size 800,600 --screenshot /shots/firefox-desktop.png file:///page.html
shows_the_page 'Firefox under desktop shows the page' firefox-desktop.png
ok 'Chromium under desktop' browser_in "${desktop[@]}" -- \
	"${chromium[@]}" --window-size=800,600 --screenshot=/shots/chromium-desktop.png file:///page.html
shows_the_page 'Chromium under desktop shows the page' chromium-desktop.png
ok 'Chromium under the defaults, without its own sandbox' browser_in -- \
	"${chromium[@]}" --no-sandbox --window-size=800,600 --screenshot=/shots/chromium.png file:///page.html
shows_the_page 'Chromium shows the page' chromium.png
nok 'Chromium does not start when strict refuses its sandbox' browser_in --uid "$(id -u)" --gid "$(id -g)" -- \
	"${chromium[@]}" --window-size=800,600 --screenshot=/shots/never.png file:///page.html
ok 'and leaves no picture' test ! -e never.png

# ---- their own sandboxes ----

descendants() {
	local pid
	# shellcheck disable=SC2013  # words are meant
	for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		echo "$pid"
		descendants "$pid"
	done
}
# doubly_confined PID PATTERN: how many of the processes below PID whose command line matches are in
# a user namespace below the one of zbox and have a filter besides zbox's: "3 of 3".
doubly_confined() {
	local pid outer='' all=0 good=0
	for pid in $(descendants "$1"); do
		[ -n "$outer" ] || outer=$(readlink "/proc/$pid/ns/user")
		{ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qE -- "$2" || continue
		all=$((all + 1))
		[ "$(readlink "/proc/$pid/ns/user")" != "$outer" ] && grep -q '^Seccomp:.*2' "/proc/$pid/status" &&
			[ "$(sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$pid/status")" -ge 2 ] &&
			grep -q '^CapEff:.*0000000000000000' "/proc/$pid/status" && good=$((good + 1))
	done
	echo "$good of $all"
}
all_confined() { [[ $(doubly_confined "$1" "$2") =~ ^([1-9][0-9]*)\ of\ ([0-9]+)$ && ${BASH_REMATCH[1]} = "${BASH_REMATCH[2]}" ]]; }

# confines_itself NAME PATTERN COMMAND...: runs it, looks at its processes, ends it.
confines_itself() {
	local name=$1 pattern=$2 pid below
	shift 2
	"$ZBOX" --ro-bind /usr /usr "${page[@]}" "${desktop[@]}" -- "$@" >"$T/log" 2>&1 </dev/null &
	pid=$!
	poll 60 all_confined "$pid" "$pattern"
	matches "$name: processes with a page in them, in a sandbox of their own ($(doubly_confined "$pid" "$pattern"))" \
		"$(doubly_confined "$pid" "$pattern")" '^[1-9]'
	if all_confined "$pid" "$pattern"; then pass "$name: all of them"; else flunk "$name: all of them" "$(tail "$T/log")"; fi
	below=$(descendants "$pid")
	kill "$pid"
	wait "$pid"
	is "$name: ends with zbox" "$(for p in $below; do poll 20 test ! -e "/proc/$p" || echo "$p"; done)" ''
}
confines_itself Firefox ' -contentproc .* tab ?$' firefox-esr --headless file:///page.html
confines_itself Chromium ' --type=renderer ' "${chromium[@]}" --remote-debugging-port=0 --user-data-dir=/tmp/profile \
	file:///page.html

# ---- what pages cannot reach ----

run browser_in "${desktop[@]}" -- "${chromium[@]}" --dump-dom "file://$HOME/.ssh/id_ed25519"
lacks 'a file of the home is not shown' "$out" "$SECRET"
run browser_in "${desktop[@]}" --ro-bind "$HOME" "$HOME" -- "${chromium[@]}" --dump-dom "file://$HOME/.ssh/id_ed25519"
contains 'twin: but where the home was put in' "$out" "$SECRET"
run browser_in "${desktop[@]}" -- "${chromium[@]}" --dump-dom "http://127.0.0.1:$PORT/"
lacks 'a port of the host is not reached' "$out" reached
nobody_came 'nor by any page before'
run browser_in "${desktop[@]}" --share-net -- "${chromium[@]}" --dump-dom "http://127.0.0.1:$PORT/"
contains 'twin: but where the network is shared' "$out" reached

cd "$T" || exit 1
host_is_untouched 'the home of the host is as it was'
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
finish
