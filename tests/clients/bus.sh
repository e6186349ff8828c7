#!/bin/bash
# D-Bus through xdg-dbus-proxy, with real buses and real services on them: what is named can be
# reached, what is not cannot; the proxy is there before the command, sandboxed, and gone after it.
# timeout: 180
# alone
. "$(dirname "$0")/common.sh"

WHAT='bus'
has dbus-daemon dbus-send xdg-dbus-proxy pgrep python3 || { finish; exit; }

touch "$T/stamp"
export XDG_RUNTIME_DIR=$T/run
mkdir -p "$T/run" "$T/sockets" && chmod 700 "$T/run"
cat >"$T/system.conf" <<X
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=$T/sockets/system</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
X
dbus-daemon --session --nofork --nopidfile --address="unix:path=$T/run/bus" 2>"$T/session.log" &
helpers+=($!)
dbus-daemon --config-file="$T/system.conf" --nofork --nopidfile 2>"$T/system.log" &
helpers+=($!)
poll 20 test -S "$T/run/bus"
poll 20 test -S "$T/sockets/system"
export DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/bus DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/sockets/system

service() { # BUS NAME
	python3 "$TESTS/clients/echo.py" "unix:path=$1" "$2" &
	helpers+=($!)
}
service "$T/run/bus" org.example.Open
service "$T/run/bus" org.example.Closed
service "$T/sockets/system" org.example.System

# call BUS NAME [METHOD]: what the one who has the name answers, or the error's name.
cat >"$T/call" <<'X'
#!/bin/sh
said=$(dbus-send --"$1" --print-reply=literal --reply-timeout=10000 --dest="$2" /object "${3:-org.example.Any.Method}" 2>&1) &&
	echo answered || echo "$said" | sed 's/^Error \([^:]*\):.*/\1/; s/^Failed to open connection.*/no bus/'
X
chmod +x "$T/call"
answers() { [ "$("$T/call" "$@")" = answered ]; }
for call in 'session org.example.Open' 'session org.example.Closed' 'system org.example.System'; do
	# shellcheck disable=SC2086  # words are meant
	ok "twin: outside, $call answers" poll 20 answers $call
done

# the caller's number, because libdbus tells it to the bus
inside() { "$ZBOX" --ro-bind /usr /usr --uid "$(id -u)" --gid "$(id -g)" --ro-bind "$T/call" /call "$@"; }
unknown=org.freedesktop.DBus.Error.ServiceUnknown
denied=org.freedesktop.DBus.Error.AccessDenied

# ---- what passes ----

run inside /call session org.example.Open
is 'no bus by default' "$out" 'no bus'
gives '--dbus: nobody but the bus' 0 org.freedesktop.DBus -- inside --dbus sh -c \
	'dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames | sed -n "s/.*\"\([^:].*\)\"/\1/p"'
gives '--dbus: no service' 0 $unknown -- inside --dbus /call session org.example.Open
gives '--dbus-talk: the named one answers' 0 answered -- \
	inside --dbus --dbus-talk org.example.Open /call session org.example.Open
gives '--dbus-talk: another does not' 0 $unknown -- \
	inside --dbus --dbus-talk org.example.Open /call session org.example.Closed
gives '--dbus-talk: NAME.*' 0 answered -- inside --dbus --dbus-talk 'org.example.*' /call session org.example.Closed
gives '--dbus-see: is seen, not called' 0 $denied -- \
	inside --dbus --dbus-see org.example.Open /call session org.example.Open
call=(--dbus --dbus-call 'org.example.Open=org.example.Any.Method@/object')
gives '--dbus-call: the method' 0 answered -- inside "${call[@]}" /call session org.example.Open
gives '--dbus-call: another' 0 $denied -- inside "${call[@]}" /call session org.example.Open org.example.Any.Other
ok '--dbus-broadcast is taken' inside --dbus --dbus-broadcast 'org.example.Open=*@/object' true
# shellcheck disable=SC2016  # the inner shell's
own='python3 /echo.py "$DBUS_SESSION_BUS_ADDRESS" org.example.Mine & for i in $(seq 500); do /call session org.example.Mine | grep answered && break; sleep 0.02; done; kill $!'
gives '--dbus-own: has the name' 0 answered -- \
	inside --ro-bind "$TESTS/clients/echo.py" /echo.py --dbus --dbus-own org.example.Mine bash -c "$own"
# shellcheck disable=SC2016
refuses 'without it, not' 1 'the name is refused' -- inside --ro-bind "$TESTS/clients/echo.py" /echo.py \
	--dbus --dbus-talk org.example.Mine sh -c 'python3 /echo.py "$DBUS_SESSION_BUS_ADDRESS" org.example.Mine'
gives '--dbus-system: the named one' 0 answered -- \
	inside --dbus-system --dbus-system-talk org.example.System /call system org.example.System
gives '--dbus-system: nothing else' 0 $unknown -- inside --dbus-system /call system org.example.System
gives '--dbus-system-call: a method' 0 answered -- \
	inside --dbus-system --dbus-system-call 'org.example.System=*' /call system org.example.System
gives 'each bus has its own rules' 0 $unknown -- \
	inside --dbus --dbus-system --dbus-talk org.example.System --dbus-talk org.example.Open /call system org.example.System
gives 'and both are there' 0 answered -- \
	inside --dbus --dbus-system --dbus-talk org.example.System --dbus-talk org.example.Open /call session org.example.Open
# shellcheck disable=SC2016  # the inner shell's
gives 'the buses themselves are not' 0 'bus system-bus' -- inside --dbus --dbus-system sh -c \
	"echo \$(ls \$XDG_RUNTIME_DIR); ls $T/run /run/dbus /run/buses 2>/dev/null; true"
if command -v gdbus >/dev/null; then
	run "$ZBOX" --ro-bind /usr /usr --dbus --dbus-talk org.example.Open \
		gdbus call --session -d org.example.Open -o /object -m org.example.Any.Method
	is 'GDBus, as root inside' "$status $out" '0 ()'
fi

# ---- the proxy's life ----

for _ in 1 2 3 4 5 6 7 8 9 10; do
	inside --dbus --dbus-talk org.example.Open /call session org.example.Open
done >many
is 'it is ready before the command, each time' "$(sort many | uniq -c | xargs)" '10 answered'
proxies() { pgrep -u "$(id -u)" -x xdg-dbus-proxy; }
is 'none is left' "$(proxies)" ''
inside --dbus sleep 60 &
zbox=$!
poll 20 proxies
proxy=$(proxies)
matches 'one runs while the command does' "$proxy" '^[0-9]+$'
matches 'in a sandbox: system calls are filtered' "$(grep '^Seccomp:' "/proc/$proxy/status")" '2$'
matches 'without any capability' "$(grep '^CapBnd:' "/proc/$proxy/status")" '0000000000000000$'
isnt 'with a network of its own' "$(readlink "/proc/$proxy/ns/net")" "$(readlink /proc/self/ns/net)"
gives 'and no file but the socket' 0 bus -- sh -c "ls /proc/$proxy/root/home /proc/$proxy/root/root $T 2>/dev/null | grep -c . >/dev/null; ls /proc/$proxy/root/run/buses"
ok 'no home' test ! -e "/proc/$proxy/root/$T"
kill -KILL "$zbox"
wait "$zbox" 2>/dev/null
gone() { ! proxies; }
ok 'zbox is killed: it ends too' poll 20 gone
inside --dbus --dbus-talk org.example.Open sh -c 'until [ -e /nowhere ]; do /call session org.example.Open; done' >calls &
zbox=$!
poll 20 grep -q answered calls
kill "$(proxies)"
ok 'without it there is no bus' poll 20 grep -q 'no bus' calls
kill "$zbox"
wait "$zbox" 2>/dev/null

# ---- what is wrong ----

refuses 'a rule without a bus' 125 'requires --dbus' -- inside --dbus-talk org.example.Open true
refuses 'a rule for the other bus' 125 'requires --dbus-system' -- inside --dbus --dbus-system-talk a.b true
for name in '' -x 'a b' 'a*' '*' '--own=x' 'a.b=c'; do
	refuses "no name: '$name'" 125 'is no name of D-Bus' -- inside --dbus --dbus-talk "$name" true
done
for rule in a.b =x 'a.b= x' 'a.b='; do
	refuses "no rule: '$rule'" 125 'is no rule of D-Bus' -- inside --dbus --dbus-call "$rule" true
done
elsewhere() { env DBUS_SESSION_BUS_ADDRESS="$1" "$ZBOX" --ro-bind /usr /usr "${@:2}"; }
refuses 'a bus that is not there' 125 'there is no bus at /nowhere' -- elsewhere unix:path=/nowhere --dbus true
refuses 'an abstract one' 125 'only unix:path=... is understood' -- elsewhere unix:abstract=x --dbus true
gives '--dbus-try goes on' 0 ran -- elsewhere unix:path=/nowhere --dbus-try --dbus-talk a.b echo ran
gives '--dbus-system-try' 0 ran -- env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere \
	"$ZBOX" --ro-bind /usr /usr --dbus-system-try echo ran
hidden() { "$BWRAP" --dev-bind / / --ro-bind "$1" /usr/bin/xdg-dbus-proxy -- "$ZBOX" --ro-bind /usr /usr "${@:2}"; }
refuses 'a proxy that does not start' 125 'ended before it was ready' -- hidden /bin/false --dbus echo ran
refuses 'no proxy' 125 'xdg-dbus-proxy is not installed' -- hidden /dev/null --dbus echo ran
run inside --explain --dbus --dbus-talk org.example.Open true
contains '--explain says it' "$out" 'dbus-talk org.example.Open'
is 'and starts nothing' "$(proxies)" ''
is 'nothing was left on the host' "$(changed_since "$T/stamp"; ls -I dbus-1 "$T/run")" bus # dbus-1 is dbus-daemon's
finish
