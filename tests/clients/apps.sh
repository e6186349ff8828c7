#!/bin/bash
# Programs with windows other than browsers, each in the profile that is taken for its name: a video
# player, a document viewer and a text processor show the file that they are given, and nothing of the
# host is in their reach; a mail reader shows its window. One in the general profile, desktop.
# timeout: 400
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/display.sh"

WHAT='apps'
has mpv evince libreoffice thunderbird python3 Xvfb xwininfo || { finish; exit; }

host_home
export XDG_RUNTIME_DIR=$T/run XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
mkdir -p "$T/run" "$HOME/documents" && chmod 700 "$T/run"
start_display
touch "$T/stamp"
install_profiles || { skip "$WHAT" "there is no $prefix"; finish; exit; }

cd "$HOME/documents" || exit 1
python3 - <<'X'
import struct, zlib
chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
rows = b"".join(b"\0" + b"\xd0\x20\x40" * 300 + b"\x20\x40\xd0" * 300 for _ in range(300))
open("picture.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 300, 8, 2, 0, 0, 0)) +
    chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
paint = b"0.8157 0.1255 0.251 rg 0 0 300 200 re f 0.1255 0.251 0.8157 rg 0 200 300 200 re f"
out, places = b"%PDF-1.4\n", []
for number, text in enumerate((b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(paint), paint)), 1):
    places.append(len(out)); out += b"%d 0 obj%sendobj\n" % (number, text)
table = len(out)
out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
open("a paper.pdf", "wb").write(out + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)
X
echo 'not given' >other

# shows NAME TITLE COLOURS COMMAND...: its window is there, with what it shows; it ends with zbox.
shows() {
	local name=$1 title=$2 colours=$3 pid
	shift 3
	zbox --quiet "$@" >"$T/log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2086  # words are meant
	if poll 60 titled "$title" && poll 30 shown $colours; then
		pass "$name: its window shows it"
	else
		flunk "$name: its window shows it" "$(shown $colours; xwininfo -root -tree)" "$(tail "$T/log")"
	fi
	if [ -n "${ZBOX_KEEP_SCREENS:-}" ]; then cp "$T/screen/Xvfb_screen0" "$ZBOX_KEEP_SCREENS/$name.xwd"; fi
	kill "$pid"
	wait "$pid" 2>/dev/null
	if poll 20 untitled "$title"; then pass "$name: ends with zbox"; else flunk "$name: ends with zbox"; fi
}
untitled() { ! titled "$1"; }

shows mpv 'picture.png - mpv' 'd02040=80000 2040d0=80000' mpv --image-display-duration=inf --vo=sdl picture.png
shows evince 'a paper.pdf' 'd02040=20000 2040d0=20000' evince "file://$PWD/a%20paper.pdf"

# the general profile, for a program that has none of its own: the file at its own path
general=(--profile desktop --ro-bind "$PWD/picture.png" "$PWD/picture.png")
shows desktop 'picture.png - mpv' 'd02040=80000 2040d0=80000' "${general[@]}" -- mpv --image-display-duration=inf --vo=sdl "$PWD/picture.png"
gives 'desktop: the file, and nothing beside it' 0 picture.png -- zbox --quiet "${general[@]}" -- ls "$PWD"
gives 'desktop: nothing of the home, no network' 0 '' -- zbox --quiet --profile desktop -- bash -c "$(attempts)"

for program in mpv evince; do
	gives "$program: the document that is named, and nothing beside it" 0 'a paper.pdf' -- \
		zbox --quiet --profile "$program" sh -c 'ls' 'a paper.pdf'
	nok "$program: it is not written" zbox --quiet --profile "$program" sh -c 'echo x >>"$0"' 'a paper.pdf'
	gives "$program: nothing of the home, no network" 0 '' -- zbox --quiet --profile "$program" bash -c "$(attempts)"
done

cat >letter.fodt <<'X'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:p>a letter</text:p></office:text></office:body></office:document>
X
shows libreoffice 'letter.fodt' 'ffffff=200000' libreoffice --norestore letter.fodt
ok 'libreoffice: converts' zbox --quiet libreoffice --headless --convert-to pdf --outdir /tmp letter.fodt
gives 'libreoffice: no lock is left beside it' 0 '' -- find . -name '.~lock*'
shows thunderbird 'Mozilla Thunderbird' 'ffffff=10000' thunderbird

cd "$T" || exit 1
nobody_came 'nobody came to the port of the host'
is 'the home is as it was, but for what is kept' \
	"$(cat "$HOME/.bashrc" "$HOME/.ssh/id_ed25519" "$HOME/documents/other"; cd "$XDG_DATA_HOME/zbox" && echo ev* mpv)" \
	"$(printf '# the host\n%s\nnot given\nevince mpv' "$SECRET")"
stop_helpers
for pid in "${helpers[@]}"; do wait "$pid" 2>/dev/null; done
helpers=()
is 'nothing was left on the host' "$(left_behind)" ''
finish
