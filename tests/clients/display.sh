# shellcheck shell=bash
# display.sh - a display of the test's own and the profiles that come with zbox, for the tests with
# windows. Not a test: read by those beside it, after common.sh.

# An X server that wants a cookie, and whose picture is a file.
start_display() {
	mkdir -p "$T/screen"
	python3 - "$T/xauth" <<-'X'
		import os, socket, struct, sys
		field = lambda b: struct.pack(">H", len(b)) + b
		name = socket.gethostname().encode()
		open(sys.argv[1], "wb").write(b"".join(struct.pack(">H", 256) + field(name) + field(number) +
		    field(b"MIT-MAGIC-COOKIE-1") + field(os.urandom(16)) for number in (b"", b"4711")))
	X
	Xvfb -displayfd 9 9>"$T/display" -screen 0 1280x900x24 -auth "$T/xauth" -fbdir "$T/screen" -nolisten tcp \
		>"$T/xvfb.log" 2>&1 &
	helpers+=($!)
	poll 30 grep -q . "$T/display"
	DISPLAY=:$(cat "$T/display")
	export DISPLAY XAUTHORITY=$T/xauth
	ok 'twin: outside, the display shows its windows' xwininfo -root -tree
}

# shown COLOUR=LEAST[-MOST]...: whether so many pixels of the screen have each of the colours.
cat >"$T/screen.py" <<'X'
import collections, struct, sys
data = open(sys.argv[1], "rb").read()
head = struct.unpack(">25I", data[:100])
header, width, height, bits, line, colours = head[0], head[4], head[5], head[11], head[12], head[19]
assert bits == 32 and head[7] == 0, "another kind of picture"
start = header + 12 * colours
count = collections.Counter()
for y in range(height):
    count.update(memoryview(data[start + y * line:start + y * line + width * 4]).cast("I"))
good = True
for wanted in sys.argv[2:]:
    colour, numbers = wanted.split("=")
    least, most = (numbers + "-2000000").split("-")[:2]
    seen = sum(count[int(colour, 16) | high] for high in (0, 0xff000000))
    print(colour, seen)
    good = good and int(least) <= seen <= int(most)
sys.exit(not good)
X
shown() { python3 "$T/screen.py" "$T/screen/Xvfb_screen0" "$@"; }
titled() { LC_ALL=C.UTF-8 xwininfo -root -tree | grep -q "$1"; }

# The profiles, where zbox was told that they are: then "zbox" is as on a machine where it is installed.
where=$(strings -a "$ZBOX" | grep -x '/.*/zbox/profiles' | grep -v ^/etc | head -n 1)
prefix=${where%/zbox/profiles}
install_profiles() {
	mkdir -p "$T/share/zbox" "$XDG_CONFIG_HOME/zbox/profiles"
	cp -r "$TESTS/../profiles" "$T/share/zbox/profiles" && "$TESTS/../tools/link-profiles" "$T/share/zbox/profiles"
	[ -d "$prefix" ]
}
zbox() { "$BWRAP" --dev-bind / / --bind "$T/share" "$prefix" --die-with-parent -- "$ZBOX" "$@"; }

left_behind() { changed_since "$T/stamp" | grep -v "^${ZBOX_KEEP_SCREENS:-/none}"; }
