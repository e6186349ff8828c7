#!/bin/bash
# Limits of time: they hold while the command is stopped, traced, ignores SIGTERM, is not even
# started, and for what it leaves behind.
. "$(dirname "$0")/../lib.sh"

now() { date +%s%N; }
# ends_in NAME LEAST MOST STATUS -- COMMAND...: milliseconds
ends_in() {
	local name=$1 least=$2 most=$3 want=$4 start took
	shift 5
	start=$(now)
	run "$@"
	took=$((($(now) - start) / 1000000))
	if [ "$status" = "$want" ] && [ $took -ge "$least" ] && [ $took -le "$most" ]; then
		pass "$name"
	else
		flunk "$name" "took $took ms, wanted $least to $most with status $want" || evidence
	fi
}
limit=(--time-limit 300ms --grace 300ms)
mark="zb-$$-time"
nothing_left() { ! pgrep -f "$mark"; }

# ---- wall clock ----

ends_in '--time-limit ends the command' 300 1500 124 -- zbox_usr --time-limit 0.3 sleep 20
ends_in 'its twin: in time' 0 4000 7 -- zbox_usr --time-limit 5s sh -c 'exit 7'
is 'no word about it' "$err" ''
ends_in 'SIGTERM can be used to finish; the status is 124' 2000 6000 124 -- zbox_usr --time-limit 2s --grace 1m \
	bash -c 'trap "echo finished; exit 3" TERM; while :; do sleep 0.02; done'
is 'it did' "$out" finished
ends_in 'SIGTERM goes to the whole group' 300 1500 124 -- zbox_usr --time-limit 300ms --grace 1m sh -c 'sleep 20; :'
ends_in 'a command that ignores SIGTERM' 600 2000 124 -- zbox_usr "${limit[@]}" bash -c 'trap "" TERM; while :; do sleep 0.02; done'
ends_in '--grace 0 does not ask' 300 1500 124 -- zbox_usr --time-limit 300ms --grace 0 bash -c 'trap "echo asked" TERM; while :; do sleep 0.02; done'
is 'it was not asked' "$out" ''
ends_in 'a stopped command' 300 2000 124 -- zbox_usr "${limit[@]}" bash -c 'kill -STOP $$; sleep 20'
ends_in 'a whole stopped group that ignores SIGTERM' 300 2000 124 -- zbox_usr "${limit[@]}" bash -c 'trap "" TERM; kill -STOP 0; sleep 20; kill -STOP 0; sleep 20'
traced='import ctypes, time
ctypes.CDLL(None).ptrace(0, 0, 0, 0)
while True: time.sleep(1)'
ends_in 'a traced command' 300 2000 124 -- zbox_usr --seccomp-profile none "${limit[@]}" python3 -c "$traced"
ends_in 'a command that was not started yet' 300 2000 124 -- bash -c 'mkfifo never; exec "$0" "$@" 7<>never' "$ZBOX" --ro-bind /usr /usr "${limit[@]}" --block-fd 7 echo ran
is 'and is not' "$out" ''
ends_in 'what daemonised' 300 2000 124 -- zbox_usr "${limit[@]}" bash -c "trap '' TERM; (setsid python3 -c 'import time; time.sleep(1000) # $mark' &) & while :; do sleep 0.02; done"
ok 'nothing is left of it' poll 10 nothing_left
ends_in 'the command as process 1' 300 2000 124 -- zbox_usr "${limit[@]}" --as-pid-1 sleep 20
ends_in 'a fork bomb' 300 9000 124 -- zbox_usr "${limit[@]}" python3 -c "
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for i in range(100): os.fork() if i < 7 else time.sleep(1) # $mark"
ok 'nothing is left of that' poll 10 nothing_left
# zbox stops with its command, as a job of a shell does
job='import os, subprocess, sys
sys.exit(subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp).wait())'
ends_in 'a stopped zbox' 600 3000 124 -- python3 -c "$job" "$ZBOX" --ro-bind /usr /usr "${limit[@]}" \
	bash -c "trap '' TERM; (setsid python3 -c 'import time; time.sleep(1000) # $mark' &); kill -STOP \$\$; while :; do sleep 0.1; done"
ok 'nothing is left of that either' poll 10 nothing_left
ends_in 'the exit status is the limit, not the signal' 0 3000 124 -- zbox_usr --time-limit 1ms sleep 20
refuses '--time-limit with the processes of the caller' 125 '--share-pid' -- zbox_usr --time-limit 1 --share-pid echo ran
refuses '--time-limit without namespaces' 125 '--landlock-only' -- zbox_usr --time-limit 1 --landlock-only echo ran
for bad in '' 0 -1 1x 1.2.3 .5 1e3 ' 1' 0.0000001 99999999999 0.1ms; do
	refuses "--time-limit '$bad'" 125 'takes a time' -- zbox_usr --time-limit "$bad" echo ran
done
refuses '--grace' 125 'takes a time' -- zbox_usr --grace x echo ran

# ---- processor time ----

# spent FILE: seconds that a status record says, in hundredths
spent() { python3 -c 'import json; d = json.load(open("record")); print(round(100 * (d["user-seconds"] + d["system-seconds"])))'; }
uses() { # NAME LEAST MOST -- OPTIONS...
	local name=$1 least=$2 most=$3 used
	shift 4
	rm -f record
	"$ZBOX" --ro-bind /usr /usr --status-fd 7 "$@" 7>record >/dev/null 2>err
	status=$?
	used=$(spent)
	if [ $status = 124 ] && [ "$used" -ge "$least" ] && [ "$used" -le "$most" ]; then
		pass "$name"
	else
		flunk "$name" "status $status, used $used/100 s, wanted $least to $most"
	fi
}
uses '--cpu-limit: one process' 48 75 -- --cpu-limit 0.5 bash -c 'while :; do :; done'
is 'the status record says it' "$(python3 -c 'import json; print(json.load(open("record"))["limit"])')" cpu-limit
uses '--cpu-limit: several together' 40 90 -- --cpu-limit 500ms bash -c 'for i in 1 2 3; do while :; do :; done & done; wait'
burn='import os, signal, sys, time
def child():
    end = time.process_time() + 0.03
    while time.process_time() < end: pass
    os._exit(0)
if len(sys.argv) > 1: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0: child()
    try: os.wait()
    except ChildProcessError: pass'
uses '--cpu-limit: many short children' 40 90 -- --cpu-limit 0.5 python3 -c "$burn"
ends_in '--cpu-limit: children that nobody waits for' 500 15000 124 -- zbox_usr --cpu-limit 0.5 python3 -c "$burn" ignore
ends_in 'waiting costs nothing' 900 5000 0 -- zbox_usr --cpu-limit 0.5 sleep 1
uses '--cpu-limit: found out at the end' 12 60 -- --cpu-limit 0.12 python3 -c "
import os, time
pids = []
for i in range(8):
    if os.fork() == 0:
        while time.process_time() < 0.02: pass
        os._exit(0)
for i in range(8): os.wait()"
gives '--cpu-limit: the kernel knows it too' 0 $'3\n6' -- zbox_usr --cpu-limit 1.5 bash -c 'ulimit -St; ulimit -Ht'
gives 'a lower limit stays' 0 2 -- zbox_usr --cpu-limit 9 --rlimit cpu=2 bash -c 'ulimit -t'
zbox_usr --status-fd 7 --time-limit 200ms sleep 20 7>record
is 'the status record: the limit' "$(python3 -c 'import json; d = json.load(open("record")); print(d["limit"], d["status"])')" 'time-limit 124'
zbox_usr --status-fd 7 --time-limit 20s true 7>record
is 'its twin' "$(python3 -c 'import json; print(json.load(open("record"))["limit"])')" None
run zbox_usr --explain --time-limit 2m --cpu-limit 1.5s --grace 250ms true
contains '--explain: wall clock' "$out" 'time limit 120 s'
contains '--explain: processor' "$out" 'processor time limit 1.5 s'
contains '--explain: grace' "$out" 'SIGKILL 0.25 s later'
if as_root && unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc' 2>/dev/null; then
	hidden='mount -t proc -o hidepid=2 proc /proc && exec runuser -u nobody -- "$@"'
	cp "$ZBOX" /tmp/zbox-$$ && chmod 755 /tmp/zbox-$$
	refuses '--cpu-limit where /proc hides processes' 125 'cannot be measured' -- \
		unshare -m sh -c "$hidden" sh /tmp/zbox-$$ --ro-bind /usr /usr --cpu-limit 5s echo ran
	contains 'with the cure' "$err" hidepid
	gives 'its twin' 0 ran -- unshare -m sh -c "$hidden" sh /tmp/zbox-$$ --ro-bind /usr /usr --time-limit 5s echo ran
	rm -f /tmp/zbox-$$
fi
refuses 'under the name bwrap' 1 'Unknown option' -- bwrap_usr --time-limit 1 true
finish
