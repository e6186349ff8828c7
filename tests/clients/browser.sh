#!/bin/bash
# Firefox, headless, draws a local page; the picture is looked at.
. "$(dirname "$0")/../lib.sh"

mkdir work
cat >work/page.html <<'X'
<!DOCTYPE html><style>
body { margin: 0; background: #fff; font: 40px sans-serif }
div { position: absolute; width: 200px; height: 200px }
</style>
<div style="left: 0; top: 0; background: #d00000"></div>
<div style="left: 200px; top: 0; background: #0000d0"></div>
<p style="position: absolute; top: 220px">The quick brown fox jumps over the lazy dog</p>
X

# Prints the colours at two places and how many of the pixels below are dark, as text is.
cat >look.py <<'X'
import struct, sys, zlib
data, at, idat = open(sys.argv[1], 'rb').read(), 8, b''
while at < len(data):
	size, kind = struct.unpack('>I4s', data[at:at + 8])
	if kind == b'IHDR':
		width, height, depth, colour, _, _, interlace = struct.unpack('>IIBBBBB', data[at + 8:at + 8 + size])
	if kind == b'IDAT':
		idat += data[at + 8:at + 8 + size]
	at += size + 12
assert depth == 8 and interlace == 0 and colour in (2, 6)
n = 3 if colour == 2 else 4
raw, rows, previous, at = zlib.decompress(idat), [], bytearray(width * n), 0
for y in range(height):
	kind, row = raw[at], bytearray(raw[at + 1:at + 1 + width * n])
	at += 1 + width * n
	for x in range(len(row)):
		a, b, c = row[x - n] if x >= n else 0, previous[x], previous[x - n] if x >= n else 0
		p = a + b - c
		near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
		row[x] = (row[x] + (0, a, b, (a + b) // 2, near)[kind]) & 255
	rows.append(row)
	previous = row
pixel = lambda x, y: '%02x%02x%02x' % tuple(rows[y][x * n:x * n + 3])
dark = sum(rows[y][x * n] < 100 for y in range(225, 330) for x in range(0, min(width, 900)))
print(pixel(100, 100), pixel(300, 100), pixel(width - 1, 5), 'text' if 1000 < dark < 60000 else 'no text: %d' % dark)
X

for options in '' '--seccomp-profile desktop --uid 1000 --gid 1000'; do
	read -ra words <<<"$options"
	rm -f work/page.png
	run timeout 100 "$ZBOX" --ro-bind /usr /usr --unshare-all --bind work /work "${words[@]}" -- \
		firefox-esr --headless --window-size 1000,600 --screenshot /work/page.png file:///work/page.html
	is "firefox $options: status" "$status" 0 || evidence
	run python3 look.py work/page.png
	is "firefox $options: red, blue, white, and text" "$out" 'd00000 0000d0 ffffff text' || evidence
	is "firefox $options: nothing else came to be there" "$(cd work && echo *)" 'page.html page.png'
done
finish
