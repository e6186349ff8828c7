#!/bin/bash
# zbox as a whole: exit statuses, messages, the status record, life and death.
. "$(dirname "$0")/../lib.sh"

for n in 0 1 7 124 125 126 255; do
	gives "status $n" $n '' -- zbox_usr sh -c "exit $n"
done
for n in 1 2 9 15; do
	gives "signal $n" $((128 + n)) '' -- zbox_usr sh -c "kill -$n \$\$"
done
refuses 'not found' 127 'zbox: ' -- zbox_usr zbox-none
refuses 'not found, by path' 127 'zbox: ' -- zbox_usr /usr/bin/zbox-none
refuses 'not executable' 126 'zbox: ' -- zbox_usr /etc/passwd
refuses 'a directory' 126 'zbox: ' -- zbox_usr /usr
refuses 'an unknown option' 125 'zbox: ' -- zbox --frobnicate true
refuses 'a missing operand' 125 'zbox: ' -- zbox --ro-bind /usr
refuses 'a missing source' 125 'zbox: ' -- zbox_usr --bind /zbox-none /x echo ran
contains 'with step, object and reason' "$err" '/zbox-none'
contains 'and the reason' "$err" 'No such file or directory'
refuses 'no command' 125 '' -- zbox_usr
run zbox --help
is '--help' "$status" 0
contains '--help on standard output' "$out" --ro-bind
run zbox --version
matches '--version' "$out" '^zbox [0-9]+\.[0-9]+'
contains 'and which bubblewrap it is like' "$out" 0.11.1
for bad in '' -1 4294967295 4294967296 18446744073709551616 0x10 1e3 ' 1' '1 '; do
	refuses "--uid '$bad'" 125 'zbox: ' -- zbox_usr --uid "$bad" echo ran
	[ "$bad" = 4294967295 ] || refuses "--keep-fd '$bad'" 125 'zbox: ' -- zbox_usr --keep-fd "$bad" echo ran
done
run zbox --frobnicate true
is 'one message, on one line' "$(grep -c '^zbox: ' <<<"$err")" 1

# ---- --status-fd ----

zbox_usr --status-fd 7 sh -c 'exit 7' 7>record
ok '--status-fd is JSON' python3 -m json.tool record
query() { python3 -c "import json; d = json.load(open('record')); print($1)"; }
is '--status-fd: the exit status' "$(query "d.get('exit-code', d.get('exit-status', d.get('exit')))")" 7
zbox_usr --status-fd 7 sh -c 'kill -9 $$' 7>record
contains '--status-fd: the signal' "$(cat record)" 9
zbox_usr --bind /zbox-none /x --status-fd 7 true 7>record 2>/dev/null
ok '--status-fd of a failure is JSON' python3 -m json.tool record
contains '--status-fd: what failed' "$(cat record)" zbox-none

# ---- life ----

# started OPTIONS... -- COMMAND...: in the background, until its file "up" is there; pid in $box.
started() {
	rm -f work/up
	mkdir -p work
	"$ZBOX" --ro-bind /usr /usr --bind work /work "$@" &
	box=$!
	poll 10 test -e work/up
}
no_process() { ! kill -0 "$1" 2>/dev/null; }
inside() { pgrep -f "$1" >/dev/null; }
mark="zb-$$-mark"

started sh -c "touch /work/up; exec sleep 1000 $mark" 2>/dev/null || true
wait "$box" 2>/dev/null
started python3 -c "import time; open('/work/up', 'w'); time.sleep(1000) # $mark"
kill -9 "$box"
ok 'SIGKILL of zbox ends the command' poll 10 eval "! pgrep -f $mark"
wait "$box" 2>/dev/null
for sig in TERM INT HUP QUIT USR1 USR2; do
	started python3 -c "
import signal, sys, time
signal.signal(signal.SIG$sig, lambda *a: sys.exit(42))
open('/work/up', 'w')
while True: time.sleep(0.1) # $mark: a signal just before a sleep would not end it"
	kill -$sig "$box"
	wait "$box"
	is "SIG$sig is passed on to the command" $? 42
done
started python3 -c "open('/work/up', 'w'); import time; time.sleep(1000) # $mark"
kill -TERM "$box"
wait "$box"
is 'SIGTERM ends a command that does not handle it' $? 143
ok 'and nothing is left of it' poll 10 eval "! pgrep -f $mark"
started sh -c "(setsid python3 -c 'import time; time.sleep(1000) # $mark' &) ; touch /work/up; exit 3"
wait "$box"
is 'the status is the command'"'"'s' $? 3
ok 'what it left running ends with it' poll 10 eval "! pgrep -f $mark"
bash -c '"$@" & echo $! >box; wait' sh "$ZBOX" --ro-bind /usr /usr sleep 1000 &
parent=$!
poll 10 test -s box
poll 20 below "$(cat box)" sleep # whose parent dies before it is zbox has another one by then
kill -9 $parent
ok 'the death of the parent ends zbox' poll 10 no_process "$(cat box)"
wait $parent 2>/dev/null
bash -c '"$@" & echo $! >box' sh "$ZBOX" --no-die-with-parent --ro-bind /usr /usr sleep 1000
ok '--no-die-with-parent: it lives on' kill -0 "$(cat box)"
kill "$(cat box)"

# ---- circumstances ----

# not in a user namespace that has nobody else
if as_root && chown nobody . 2>/dev/null; then
	chown root . && cp "$ZBOX" setuid && chown nobody setuid && chmod 4755 setuid
	refuses 'set-user-ID it refuses to run' 125 'setuid use of zbox is not supported' -- \
		./setuid --ro-bind /usr /usr echo ran
fi

for limit in 'ulimit -Sn 16' 'ulimit -v 300000' 'ulimit -s 256'; do
	sanitized && [[ $limit == *' -v '* ]] && continue
	run bash -c "$limit"'; exec "$0" "$@"' "$ZBOX" --ro-bind /usr /usr echo ran
	is "$limit: it works" "$status,$out" 0,ran
done
run bash -c 'ulimit -n 6; exec "$0" "$@"' "$ZBOX" --ro-bind /usr /usr echo ran
matches 'too few descriptors: it works or says why' "$status,$out,$err" '^(0,ran,|125,,zbox: )'
run bash -c 'exec "$0" "$@" <&- >&- 2>&-' "$ZBOX" --ro-bind /usr /usr --bind . /w touch /w/ran
is 'closed standard descriptors: status' "$status" 0
ok 'closed standard descriptors: it ran' test -e ran
mkdir gone && cd gone && rmdir ../gone
gives 'a deleted working directory' 0 ran -- zbox_usr echo ran
cd "$T" || exit 1
gives 'SIGCHLD ignored by the caller' 7 '' -- sh -c 'trap "" CHLD; exec "$0" "$@"' "$ZBOX" --ro-bind /usr /usr sh -c 'exit 7'
gives 'no environment' 0 ran -- env -i "$ZBOX" --ro-bind /usr /usr echo ran
finish
