#!/bin/bash
# The presets: what each puts in, that it puts in nothing else, and what it says when there is
# nothing to put in. The display, the sound server and the devices are stand-ins: zbox runs in a
# sandbox that has them. tests/clients/desktop.sh has the real ones.
. "$(dirname "$0")/../lib.sh"
tree=$(dirname "$TESTS")

mkdir -p run/pulse x11 home/.config/gtk-3.0 home/.local/share/fonts cups
cat >sockets.py <<'X'
import os, select, socket, sys
names = {}
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(); names[s] = os.path.basename(path)
while True:
    for s in select.select(list(names), [], [])[0]:
        c, _ = s.accept(); c.send(names[s].encode()); c.close()
X
python3 sockets.py run/wayland-7 run/pulse/native run/pipewire-0 run/bus x11/X5 cups/cups.sock &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$T"' EXIT
poll 10 test -S cups/cups.sock
cat >talk.py <<'X'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(99).decode())
X
# two entries for the display, one of another display, one of another machine
python3 -c '
import struct
def entry(family, address, number, data):
    return struct.pack(">H", family) + b"".join(struct.pack(">H", len(b)) + b for b in (address, number, b"MIT-MAGIC-COOKIE-1", data))
open("xauth", "wb").write(entry(0, b"\x01\x02\x03\x04", b"5", b"far-away") + entry(256, b"host", b"6", b"display-six") +
    entry(256, b"host", b"5", b"the-cookie") + entry(256, b"other", b"5", b"a-second"))'
echo '[Settings]' >home/.config/gtk-3.0/settings.ini
echo 'file:///secret' >home/.config/gtk-3.0/bookmarks
echo font >home/.local/share/fonts/own.ttf
echo secret >home/secret

# A machine with all of it.
machine=(--dev-bind / / --tmpfs /tmp --ro-bind "$tree" "$tree" --bind "$T" "$T" --ro-bind "$T/x11" /tmp/.X11-unix
	--dev /dev --dev-bind /dev/null /dev/dri/renderD128 --dev-bind /dev/null /dev/dri/evil
	--dev-bind /dev/zero /dev/video0 --dev-bind /dev/null /dev/input/js0
	--dev-bind /dev/full /dev/input/event3 --dev-bind /dev/zero /dev/input/event4
	--tmpfs /sys --symlink ../../devices/pci0/gpu/drm/renderD128 /sys/dev/char/1:3
	--symlink ../../devices/usb/cam/video4linux/video0 /sys/dev/char/1:5
	--dir /sys/devices/pci0/gpu/drm/renderD128 --dir /sys/devices/usb/cam/video4linux/video0
	--dir /sys/class/input/event3/device/js0 --dir /sys/class/input/event4/device
	--dir /sys/devices/pci0/another
	--setenv HOME "$T/home" --setenv XDG_RUNTIME_DIR "$T/run" --setenv WAYLAND_DISPLAY wayland-7
	--setenv DISPLAY :5.0 --setenv XAUTHORITY "$T/xauth" --setenv CUPS_SERVER "$T/cups/cups.sock"
	--unsetenv PULSE_SERVER --unsetenv XDG_DATA_HOME --unsetenv XDG_CACHE_HOME --unsetenv XDG_CONFIG_HOME)
on_machine() { bwrap "${machine[@]}" -- "$@"; }
on_bare() { # with nothing of it
	bwrap "${machine[@]}" --tmpfs /sys --dev /dev --tmpfs "$T/run" --tmpfs /tmp/.X11-unix --unsetenv CUPS_SERVER -- "$@"
}
inside() { on_machine "$ZBOX" --quiet --ro-bind /usr /usr --ro-bind "$T/talk.py" /talk.py "$@"; }
talk() { inside "$1" -- python3 /talk.py "$2"; }
listing='find /run/user /tmp/.X11-unix /run/cups /sys /dev/dri /dev/input /dev/video* 2>/dev/null ! -type d | sort | tr "\n" " "'

# ---- nothing without being asked for ----

gives 'by default nothing of it is there' 0 '' -- inside sh -c "$listing"
gives 'nor its variables' 1 '' -- inside printenv WAYLAND_DISPLAY DISPLAY XAUTHORITY PULSE_SERVER

# ---- sockets ----

gives '--wayland: the display answers' 0 wayland-7 -- talk --wayland /run/user/0/wayland-0
gives '--wayland: its socket and no other' 0 '/run/user/0/wayland-0 ' -- inside --wayland sh -c "$listing"
gives '--wayland: its variables' 0 'wayland-0
wayland
/run/user/0' -- inside --wayland printenv WAYLAND_DISPLAY XDG_SESSION_TYPE XDG_RUNTIME_DIR
gives '--wayland: the directory is as libraries want it' 0 "700 0" -- inside --wayland stat -c '%a %u' /run/user/0
gives '--wayland: with another uid' 0 wayland-7 -- inside --uid 1000 --wayland python3 /talk.py /run/user/1000/wayland-0
gives '--x11: the display answers' 0 X5 -- talk --x11 /tmp/.X11-unix/X5
gives '--x11: its socket and a cookie' 0 '/run/user/0/.Xauthority /tmp/.X11-unix/X5 ' -- inside --x11 sh -c "$listing"
gives '--x11: its variables' 0 ':5
/run/user/0/.Xauthority' -- inside --x11 printenv DISPLAY XAUTHORITY
# shellcheck disable=SC2016  # the inner shell's
gives '--x11: one entry, for any host name' 0 'ffff000000013500124d49542d4d414749432d434f4f4b49452d31000a7468652d636f6f6b6965' -- \
	inside --x11 sh -c 'od -An -tx1 -v $XAUTHORITY | tr -d " \n"'
run on_machine "$ZBOX" --ro-bind /usr /usr --x11 true
contains '--x11 says what it means' "$err" 'X11 has no walls'
gives '--audio: the server answers' 0 native -- talk --audio /run/user/0/pulse/native
gives '--audio: its socket and no other' 0 '/run/user/0/pulse/native ' -- inside --audio sh -c "$listing"
gives '--audio: its variable' 0 unix:/run/user/0/pulse/native -- inside --audio printenv PULSE_SERVER
gives '--pipewire' 0 pipewire-0 -- talk --pipewire /run/user/0/pipewire-0
gives '--cups' 0 cups.sock -- talk --cups /run/cups/cups.sock
gives 'in a tree of the host' 0 wayland-7 -- \
	on_machine "$ZBOX" --ro-bind / / --wayland python3 -c "$(cat talk.py)" /run/user/0/wayland-0

# ---- devices ----

gives '--gpu: its nodes and its part of /sys' 0 \
	'/dev/dri/renderD128 /sys/class/drm/renderD128 /sys/dev/char/1:3 ' -- inside --gpu sh -c "$listing"
gives '--gpu: the links lead to the device' 0 "$(printf 'pci0\nrenderD128\n')" -- \
	inside --gpu sh -c 'ls /sys/devices; ls /sys/dev/char/1:3/..'
ok '--gpu: the node is a device that works' inside --gpu sh -c 'echo x >/dev/dri/renderD128'
nok '--gpu: /sys is not written' inside --gpu mkdir /sys/devices/pci0/gpu/x
gives '--camera' 0 '/dev/video0 /sys/class/video4linux/video0 /sys/dev/char/1:5 ' -- inside --camera sh -c "$listing"
gives '--joystick: and no keyboard' 0 '/dev/input/event3 /dev/input/js0 ' -- \
	inside --joystick sh -c 'ls -d /dev/input/* | tr "\n" " "'

# ---- folders ----

gives '--fonts: the own ones' 0 font -- inside --fonts cat /run/host/fonts/data/own.ttf
gives '--fonts: fontconfig is told' 0 /run/host/fonts.conf -- inside --fonts printenv FONTCONFIG_FILE
gives '--themes: settings, and no bookmarks' 0 settings.ini -- inside --themes ls /run/host/config/gtk-3.0
nok '--themes: read-only' inside --themes sh -c 'echo x >>/run/host/config/gtk-3.0/settings.ini'
gives '--home DIR' 0 secret -- inside --home "$T/home" sh -c 'cat ~/secret && echo kept >~/new'
is '--home DIR: is written' "$(cat home/new)" kept
# shellcheck disable=SC2088,SC2016
{
	ok '--home private' inside --home private sh -c 'echo mine >~/file'
	is '--home private: by the name of the command' "$(cat home/.local/share/zbox/sh/home/file)" mine
	is '--home private: for the caller alone' "$(stat -c %a home/.local/share/zbox/sh/home)" 700
	gives '--home private: kept' 0 mine -- inside --home private sh -c 'cat ~/file'
	gives '--home private: another program has another' 0 '' -- inside --home private:other sh -c 'ls ~'
	gives '--home private: nothing of the home' 0 '' -- inside --home private sh -c 'ls ~/secret 2>/dev/null; true'
	gives '--home: HOME is where it is' 0 /home/user -- inside --uid 1000 --home private:x sh -c 'echo $HOME'
	ok '--cache' inside --cache one sh -c 'echo x >~/.cache/one/file'
	is '--cache: a place of its own' "$(cat home/.cache/zbox/one/file)" x
	gives '--cache: within a home' 0 "$(printf 'x\none\ntwo')" -- \
		inside --home private --cache one --cache two sh -c 'cat ~/.cache/one/file; ls ~/.cache'
}
refuses '--cache before --home' 125 'has to come after --home' -- inside --cache one --home private true
for name in .. . a/b '' -x 'a b'; do
	refuses "--cache '$name'" 125 'is no name' -- inside --cache "$name" true
	refuses "--home private:'$name'" 125 'is no name' -- inside --home "private:$name" true
done
run inside --explain --home private:planned true
if [ -e home/.local/share/zbox/planned ]; then flunk '--explain makes no folder'; else pass '--explain makes no folder'; fi
mkdir -p home/.local/share/zbox && ln -s "$T" home/.local/share/zbox/linked
refuses '--home private: a link is not followed' 125 linked -- inside --home private:linked true

# ---- files that are named ----

mkdir documents && echo text >documents/one && echo more >'documents/a b%' && mkfifo documents/pipe && ln -s one documents/link
list='find . ! -type d | sort | tr "\n" " "'
documents() { (cd documents && on_machine "$ZBOX" --quiet --ro-bind /usr /usr --chdir "$T/documents" "$@"); }
gives '--files: what is named, and no more' 0 './a b% ./one ' -- documents --files sh -c "$list" one "file://$T/documents/a%20b%25" other
gives '--files: by absolute paths' 0 text -- inside --files cat "$T/documents/one"
gives '--files: read-only' 0 text -- documents --files sh -c '{ echo x >>one; } 2>/dev/null; cat one' one
gives '--files: through a link, at its name' 0 text -- documents --files cat link
gives '--files: no folder, no pipe, no option' 0 ./one -- documents --files sh -c "ls $T 2>/dev/null | grep -v documents; find . ! -type d" .. pipe . -one / one
ok '--files=rw' documents --files=rw sh -c 'echo x >>one && echo lock >.lock' one
is '--files=rw: the file is written' "$(cat documents/one)" "$(printf 'text\nx')"
if [ -e documents/.lock ]; then flunk '--files=rw: nothing else'; else pass '--files=rw: nothing else'; fi
gives '--files=rw: not over a folder that was put in' 0 'a b% link one pipe ' -- \
	documents --bind "$T/documents" "$T/documents" --files=rw sh -c 'ls | tr "\n" " "' one
refuses '--files=x' 125 'takes ro, rw, portal or portal-rw' -- documents --files=x true
gives 'without it nothing' 1 '' -- on_machine "$ZBOX" --quiet --ro-bind /usr /usr sh -c 'cat "$0" 2>/dev/null' "$T/documents/one"

# ---- what is not there ----

for option in --wayland-try --x11-try --audio-try --pipewire-try --gpu-try --camera-try --joystick-try --cups-try; do
	refuses "${option%-try} where there is none" 125 "${option%-try}: there is no" -- \
		on_bare "$ZBOX" --ro-bind /usr /usr "${option%-try}" true
	gives "$option where there is none" 0 ran -- on_bare "$ZBOX" --ro-bind /usr /usr "$option" echo ran
	is "$option: silently" "$err" ''
	ok "$option where there is one" inside "$option" true
done
for option in --fonts-try --themes-try; do ok "$option" inside "$option" true; done
run on_bare "$ZBOX" --ro-bind /usr /usr --explain --wayland-try true
contains '--explain says what was left out' "$out" 'left out: there is no Wayland display at'
run inside --explain --wayland-try true
contains '--explain says what was given' "$out" "/wayland-7 on /run/user/0/wayland-0   [word 9]"
machine_with() { bwrap "${machine[@]}" --setenv "$1" "$2" -- "$ZBOX" --quiet --ro-bind /usr /usr "${@:3}"; }
refuses 'a directory is no socket' 125 'there is no Wayland display at' -- machine_with WAYLAND_DISPLAY "$T/home" --wayland true
refuses 'a display of another machine' 125 'no display of this machine' -- machine_with DISPLAY far:5 --x11 true
refuses 'a sound server of another machine' 125 'no local socket' -- machine_with PULSE_SERVER tcp:far --audio true
truncate -s -3 xauth && head -c 60 xauth >'cut' && printf '\1\0\377\377' >bad
for file in cut bad /dev/null /nonexistent; do
	gives "a file of cookies without one for the display ($file)" 1 '' -- machine_with XAUTHORITY "$T/$file" --x11 printenv XAUTHORITY
done

# ---- order ----

gives '--x11-fallback: not beside Wayland' 1 '' -- inside --wayland --x11-fallback printenv DISPLAY
gives '--x11-fallback: where there is none' 0 :5 -- machine_with WAYLAND_DISPLAY none --wayland-try --x11-fallback printenv DISPLAY
gives 'later words win' 0 "$(printf 'mine\n/run/user/0')" -- \
	inside --setenv WAYLAND_DISPLAY before --wayland --setenv WAYLAND_DISPLAY mine printenv WAYLAND_DISPLAY XDG_RUNTIME_DIR
gives 'over earlier ones' 0 wayland-0 -- inside --setenv WAYLAND_DISPLAY before --wayland printenv WAYLAND_DISPLAY
gives 'a later mount covers it' 0 '' -- inside --wayland --tmpfs /run/user sh -c 'ls /run/user'
gives '--without takes one back' 1 '' -- inside --wayland --audio --without wayland printenv WAYLAND_DISPLAY
gives 'and leaves the others' 0 unix:/run/user/0/pulse/native -- inside --wayland --audio --without wayland printenv PULSE_SERVER
refuses '--without something else' 125 'not walls' -- inside --without walls true
printf 'wayland\n' >strict.profile
refuses 'a profile is named' 125 'strict.profile:1:1: --wayland: there is no' -- \
	on_bare "$ZBOX" --ro-bind /usr /usr --profile "$T/strict.profile" true
refuses 'not with --landlock-only' 125 'cannot be combined with --landlock-only' -- inside --landlock-only --wayland true

finish
