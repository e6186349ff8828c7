#!/bin/bash
# Portals: a real xdg-desktop-portal and a real document portal, on a bus of the test's own, see the
# command as the sandboxed application that it says; the documents of that application are inside,
# and nothing else of the user's.
# timeout: 240
. "$(dirname "$0")/common.sh"

WHAT='portals'
has dbus-daemon xdg-dbus-proxy gdbus fusermount3 || { finish; exit; }
daemons=/usr/libexec
[ -x $daemons/xdg-desktop-portal ] || { skip "$WHAT" 'xdg-desktop-portal is not installed'; finish; exit; }

touch "$T/stamp"
mkdir -p "$T/run" "$T/portals" "$T/papers" "$T/home" && chmod 700 "$T/run"
export HOME=$T/home XDG_RUNTIME_DIR=$T/run DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/bus
export XDG_CURRENT_DESKTOP=zboxtest XDG_DESKTOP_PORTAL_DIR=$T/portals GIO_USE_VFS=local
echo 'the letter' >"$T/papers/a letter.txt"
echo 'the secret' >"$T/papers/secret"
cat >"$T/portals/zboxtest.portal" <<'E'
[portal]
DBusName=org.freedesktop.impl.portal.desktop.zboxtest
Interfaces=org.freedesktop.impl.portal.FileChooser;
UseIn=zboxtest
E
start() { "$@" 2>>"$T/daemons.log" & helpers+=($!); }
here() { gdbus introspect --session -d "$1" -o "$2"; }
start dbus-daemon --session --nofork --nopidfile --address="unix:path=$T/run/bus"
poll 20 test -S "$T/run/bus"
end_daemons() { # the mount first: it is in $T
	fusermount3 -uz "$T/run/doc" 2>/dev/null
	stop_helpers
}
trap end_daemons EXIT
start /usr/bin/python3 "$TESTS/clients/portal-backend.py" "$T/papers/a letter.txt" "$T/asked"
start $daemons/xdg-permission-store
start $daemons/xdg-document-portal
ok 'the document portal is there' poll 60 mountpoint -q "$T/run/doc"
ok 'and a backend' poll 60 here org.freedesktop.impl.portal.desktop.zboxtest /org/freedesktop/portal/desktop
start $daemons/xdg-desktop-portal
ok 'and the portal' poll 60 here org.freedesktop.portal.Desktop /org/freedesktop/portal/desktop

app=org.example.Viewer
sandbox=("$ZBOX" --ro-bind /usr /usr --uid "$(id -u)" --gid "$(id -g)" --ro-bind "$TESTS/clients" /t)
inside() { "${sandbox[@]}" "$@"; }
choose=(/usr/bin/python3 /t/portal-client.py)

# ---- who it is ----

run /usr/bin/python3 "$TESTS/clients/portal-client.py"
is 'twin: outside, it is nobody in a sandbox, and gets the path' "$out $(cat asked)" "$T/papers/a letter.txt OpenFile by nobody"
: >asked
run inside --dbus "${choose[@]}"
contains 'twin: --dbus alone calls no portal' "$status $err" ServiceUnknown
# shellcheck disable=SC2016  # the inner shell's
read_chosen='file=$(/usr/bin/python3 /t/portal-client.py) && echo "$file" && cat "$file" && ls "${file%/*}" && { echo more >>"$file"; } 2>/dev/null; ls /papers 2>/dev/null; true'
run inside --portals=$app sh -c "$read_chosen"
is 'the portal is asked by the application' "$status $(cat asked)" "0 OpenFile by $app"
matches 'which gets the document, alone, to read and to write' "$out" "^$T/run/doc/[0-9a-f]+/a letter.txt
the letter
a letter.txt\$"
is 'written to it is the file' "$(cat "$T/papers/a letter.txt")" "$(printf 'the letter\nmore')"
echo 'the letter' >"$T/papers/a letter.txt"
: >asked
run inside --portals "${choose[@]}"
is 'its own name is of the command' "$status $(cat asked)" '0 OpenFile by zbox.app.python3'
# shellcheck disable=SC2016
run inside --portals=org.example.Other sh -c 'ls $XDG_RUNTIME_DIR/doc/'
is 'another application has none of these documents' "$status $out" '0 '
# shellcheck disable=SC2016
run inside --portals=$app sh -c 'ls $XDG_RUNTIME_DIR/doc/*/'
contains 'and it has them again' "$out" 'a letter.txt'

# ---- what else it may ask ----

monitor=(gdbus call --session -d org.freedesktop.portal.Desktop -o /org/freedesktop/portal/desktop -m org.freedesktop.portal.NetworkMonitor.GetAvailable)
run "${monitor[@]}"
matches 'twin: outside, the network monitor answers' "$out" '^\((true|false),\)$'
run inside --portals=$app "${monitor[@]}"
contains 'without a network it is not told of it' "$status $err" NotAllowed
run inside --share-net --portals=$app "${monitor[@]}"
matches 'with one it is' "$status $out" '^0 \((true|false),\)$'
ping=(-o / -m org.freedesktop.DBus.Peer.Ping)
for name in org.freedesktop.portal.Flatpak org.freedesktop.impl.portal.PermissionStore org.freedesktop.impl.portal.desktop.zboxtest; do
	run inside --portals=$app gdbus call --session -d $name "${ping[@]}"
	contains "not $name" "$status $err" ServiceUnknown
done
gives 'rules for the bus go with it' 0 '()' -- inside --portals=$app --dbus-call 'org.freedesktop.impl.portal.PermissionStore=*' \
	gdbus call --session -d org.freedesktop.impl.portal.PermissionStore "${ping[@]}"

# ---- identity ----

info='[Application]
name=org.example.Viewer
runtime=runtime/zbox/host/1

[Instance]
instance-id=4711
app-path=/usr
runtime-path=/usr

[Context]
shared='
run inside --portals=$app cat /.flatpak-info
number=${out#*instance-id=} number=${number%%$'\n'*}
matches 'the instance has a number' "$number" '^[0-9]+$'
is '/.flatpak-info' "${out/=$number/=4711}" "$info"
nok 'cannot be written' inside --portals=$app sh -c 'echo x >>/.flatpak-info'
nok 'nor replaced' inside --portals=$app sh -c 'rm /.flatpak-info || mv /tmp/x /.flatpak-info'
: >asked
nok 'nor mounted over' inside --seccomp-profile nested --portals=$app \
	unshare -Urm sh -c 'cp /.flatpak-info /tmp/f && mount --bind /tmp/f /.flatpak-info'
cat >"$T/forge" <<'E'
mkdir -p /tmp/r && cd /tmp/r && mkdir usr t run proc dev tmp && ln -s usr/lib usr/lib64 usr/bin . || exit
for place in *; do [ -L "$place" ] || mount --rbind "/$place" "$place" || exit; done
sed s/Viewer/Forged/ /.flatpak-info >.flatpak-info
exec chroot . sh -c 'grep name= /.flatpak-info && exec /usr/bin/python3 /t/portal-client.py'
E
run inside --seccomp-profile nested --portals=$app --ro-bind "$T/forge" /forge unshare -Urm sh /forge
is 'who makes a root of its own with another is the same to the bus' "$(head -n1 <<<"$out") $(cat asked)" \
	"name=org.example.Forged OpenFile by $app"

# ---- the folder ----

instances() { ls -A "$T/run/.flatpak" 2>/dev/null; }
is 'nothing is left of those before' "$(instances)" ''
"${sandbox[@]}" --portals=$app sh -c 'echo ready; sleep 60; true' >ready &
zbox=$!
poll 20 grep -q ready ready
id=$(instances)
matches 'while it runs there is one' "$id" '^[0-9]+$'
folder=$T/run/.flatpak/$id
is 'whose info is the one inside' "$(cat "$folder/info")" "${info/4711/$id}"
is 'pid is zbox' "$(cat "$folder/pid")" $zbox
said() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$folder/bwrapinfo.json" "$1"; }
child=$(said child-pid)
is 'child-pid is process 1 inside' "$(awk '/^NSpid/ { print $NF } /^PPid/ { print $2 }' "/proc/$child/status" | sort -n | tr '\n' ' ')" "1 $zbox "
poll 20 below $zbox sleep
is 'its namespace that of the command' "pid:[$(said pid-namespace)]" "$(readlink "/proc/$(below $zbox sleep)/ns/pid")"
lock='import fcntl, sys; fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)'
nok 'it is locked' python3 -c "$lock" "$folder/.ref"
has flatpak && contains 'flatpak ps knows it' "$(flatpak ps --columns=instance,application)" "$app"
kill -KILL $zbox
wait $zbox 2>/dev/null
gone() { [ ! -e "/proc/$1" ]; }
poll 20 gone "$child"
is 'zbox is killed: it stays' "$(instances)" "$id"
ok 'without its lock' python3 -c "$lock" "$folder/.ref"
mkdir "$T/run/.flatpak/4711" && touch "$T/run/.flatpak/4711/.ref"
inside --portals=$app true
is 'the next one removes it, and none of others' "$(instances)" 4711
rm -r "$T/run/.flatpak/4711"
"${sandbox[@]}" --portals=$app sleep 60 &
zbox=$!
there() { [ -n "$(instances)" ]; }
poll 20 there
has flatpak && flatpak kill $app
wait $zbox
is 'flatpak kill ends it' $? 137

# ---- files for it ----

cp "$T/papers/a letter.txt" "$T/papers/100% b.txt"
# shellcheck disable=SC2016  # the inner shell's
show='cat "$1" && { echo more >>"$1"; } 2>/dev/null && echo written; ls "${1%/*}"; ls /*/papers 2>/dev/null; true'
fresh papers
forward=(inside --portals=org.example.Files)
run "${forward[@]}" --files=portal sh -c "$show" sh 'a letter.txt' -x
is '--files=portal: it is read, not written, and nothing is beside it' "$status $out" "$(printf '0 the letter\na letter.txt')"
run "${forward[@]}" --files=portal-rw sh -c "$show" sh "$T/papers/a letter.txt"
is '--files=portal-rw: also written' "$status $out" "$(printf '0 the letter\nwritten\na letter.txt')"
run "${forward[@]}" --files=portal sh -c "$show" sh "$T/papers/a letter.txt"
is 'and the next time without that' "$status $out" "$(printf '0 the letter\nmore\na letter.txt')"
# shellcheck disable=SC2016
run "${forward[@]}" --files=portal python3 -c 'import sys, urllib.parse
print(sys.argv[1])
print(open(urllib.parse.unquote(sys.argv[1][7:])).read())' "file://$T/papers/100%25%20b.txt"
matches 'a URI stays one' "$status $out" '^0 file:///run/user/[0-9]+/doc/[0-9a-f]+/100%25%20b.txt
the letter$'
run inside --files=ro sh -c "$show" sh 'a letter.txt'
is 'twin: --files alone, at its own path' "$status $(head -n1 <<<"$out")" '0 the letter'
cd "$T" || exit 1

# ---- what is wrong ----

long=$(printf 'a.b.%0256d' 0 | tr 0 c)
for name in '' viewer a.b .a.b.c a..b.c a.b. a.b.1c a-b.c.d 'a.b.c/..' '../../x.y.z' $'a.b.c\nname=d.e.f' 'a.b.c;' "$long"; do
	refuses "no application: ${name:0:20}" 125 'is no name of an application' -- inside --portals="$name" echo ran
done
for name in a.b.c _x.y.z-1 org.gnome.Evince; do
	gives "an application: $name" 0 "name=$name" -- inside --portals="$name" grep name= /.flatpak-info
done
gives 'a command of another form' 0 'name=zbox.app._1_a_b' -- \
	inside --ro-bind /usr/bin/grep '/opt/1 a.b' --portals '/opt/1 a.b' name= /.flatpak-info
refuses '--files=portal by itself' 125 'there is no --portals before it' -- inside --files=portal echo ran
refuses '--files takes no other word' 125 'takes ro, rw, portal' -- inside --files=doc echo ran
nowhere() { env DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere "$ZBOX" --ro-bind /usr /usr "$@"; }
refuses 'no bus' 125 'there is no bus at /nowhere' -- nowhere --portals echo ran
gives '--portals-try without one' 0 ran -- nowhere --portals-try echo ran
gives '--portals-try' 0 'name=a.b.c' -- inside --portals-try=a.b.c grep name= /.flatpak-info
gives '--without portals' 1 '' -- inside --portals --without portals cat /.flatpak-info
mkdir "$T/empty" && rmdir "$T/run/.flatpak" && ln -s "$T/empty" "$T/run/.flatpak"
refuses 'a link in the place of the folders' 125 "$T/run/.flatpak" -- inside --portals echo ran
is 'through which nothing is made' "$(ls -A "$T/empty")" ''
rm "$T/run/.flatpak"
run inside --explain --portals=$app true
contains '--explain says it' "$out" "$T/run/doc/by-app/$app"
is 'and makes nothing' "$(instances)" ''
cat >"$T/bare.conf" <<E
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=$T/run/bare</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
E
start dbus-daemon --config-file="$T/bare.conf" --nofork --nopidfile
poll 20 test -S "$T/run/bare"
bare() { env DBUS_SESSION_BUS_ADDRESS="unix:path=$T/run/bare" "$ZBOX" --ro-bind /usr /usr "$@"; }
refuses 'a bus without the document portal' 125 'org.freedesktop.portal.Documents' -- bare --portals echo ran
# shellcheck disable=SC2016
gives '--portals-try there' 0 'ran' -- bare --portals-try sh -c 'test ! -e /.flatpak-info && test -z "${DBUS_SESSION_BUS_ADDRESS:-}" && echo ran'
is 'nothing was left on the host' "$(changed_since "$T/stamp"; find "$T/run" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" 'bare bus dbus-1 doc '
finish
