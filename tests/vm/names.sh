#!/bin/bash
# timeout: 300
# alone
# Sandboxes with a name and a control group: two of them listed, entered, frozen, thawed, their
# limits changed, killed with everything in them.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vm/groups.sh
. "$TESTS/vm/groups.sh"

poll 10 nothing_left

start() { # NAME OPTION... -- COMMAND: in the background; returns when it runs
	"$ZBOX" --ro-bind /usr /usr --name "$@" </dev/null 2>"$T/$1.err" &
	zbox=$!
	poll 10 runs "$1" || { note "$(cat "$T/$1.err")"; return 1; }
}
runs() { zbox --enter "$1" true </dev/null; }
# group PID: that of the sandbox whose zbox that is
group() { find "$slice" -type d -name "zbox-$1-*" ! -name '*.scope'; }
used() { sed -n 's/^usage_usec //p' "$1/cpu.stat"; }
listed() { zbox --list | grep "^$1 "; }
# What the command is, what has left its parents, and what entered.
spins='spin() { while :; do :; done; }; (setsid bash -c "(while :; do :; done) & exit" &) & spin'

ok 'one starts' start one --memory 64M --pids 20 --cpus 20% --status-fd 9 -- bash -c "$spins" 9>"$T/record"
one=$zbox box=$(group "$zbox")
ok 'another starts' start two --memory 64M -- sleep 1000
two=$zbox other=$(group "$zbox")
isnt 'each in a group of its own' "$box" "$other"
matches 'both are listed' "$(zbox --list)" "one .* $one .*memory 67108864 bytes.*two .* $two .*"
zbox --enter one -- bash -c "$spins" </dev/null &
entered=$!
all_there() { [ "$(wc -l <"$box/inside/cgroup.procs")" -ge 6 ]; }
ok 'who enters is in its group too' poll 10 all_there

# ---- what is told ----

current=$(zbox --list=json | python3 -c 'import json, sys
print(*(s["memory-bytes"] for s in json.load(sys.stdin)["sandboxes"] if s["name"] == "two"))')
kernel=$(cat "$other/memory.current")
is 'the memory in the list is that of the group' $((current - kernel < 1 << 20 && kernel - current < 1 << 20)) 1 ||
	note "list $current, memory.current $kernel"
zbox --enter two -- sh -c 'head -c 20M /dev/zero >/tmp/file' </dev/null
current=$(zbox --stats-of two json | sed -n 's/.*"memory-bytes": \([0-9]*\).*/\1/p')
is 'files in memory count' $((current > 20 << 20)) 1 || note "$current"

# ---- frozen ----

ok 'it is frozen' zbox --freeze one
is 'by its control group' "$(grep frozen "$box/cgroup.events")" 'frozen 1'
before=$(used "$box")
sleep 2
is 'its counter stands still' "$(used "$box")" "$before"
contains 'the list says so' "$(listed one)" frozen
lacks 'and not of the other' "$(listed two)" frozen
refuses 'nobody enters' 125 'it is frozen' -- zbox --enter one true
ok 'it is thawed' zbox --thaw one
goes_on() { [ "$(used "$box")" -gt "$before" ]; }
ok 'and goes on' poll 10 goes_on
ok 'it can be entered' runs one
ok 'one with a limit of time' start brief --pids 20 --time-limit 12s --grace 1s -- \
	bash -c 'trap "exit 9" TERM; while :; do sleep 0.1; done'
ok 'is frozen' zbox --freeze brief
wait "$zbox"
is 'the limit ends it all the same' $? 124
ok 'one whose zbox is killed' start killed --pids 20 -- sleep 1000
ok 'is frozen' zbox --freeze killed
gone=$(group "$zbox")
kill -KILL "$zbox"
wait "$zbox" 2>/dev/null
ok 'nothing of it is left' poll 10 test ! -e "${gone%/*}"

# ---- limits that change ----

ok 'limits are changed' zbox --update one --memory 96M --pids=30 --cpus 40%
is 'they are set' "$(cd "$box" && cat memory.max memory.swap.max pids.max cpu.max | paste -sd' ')" \
	"$((96 << 20)) 0 30 40000 100000"
contains 'the list tells of them' "$(listed one)" "memory $((96 << 20)) bytes"
lacks 'and not of those before' "$(listed one)" "memory $((64 << 20)) bytes"
refuses 'what is not delegated' 125 'the sandbox one: --io-weight 50: the controller io is not delegated' -- \
	zbox --update one --pids 40 --io-weight 50
contains 'and the cure' "$err" 'Delegate='
is 'nothing was set then' "$(cat "$box/pids.max")" 30
is 'the other has its own' "$(cat "$other/memory.max")" $((64 << 20))
run zbox --enter two -- python3 -c "$hog" 100
wait "$two"
is 'a hog in the other ends that' "$status,$?" 137,137
ok 'again' start two --memory 64M -- sleep 1000
two=$zbox
gives 'with a limit that was raised it has room' 0 'had it' -- sh -c \
	"'$ZBOX' --update two --memory 160M && '$ZBOX' --enter two -- python3 -c '$hog' 100"
ok 'one without a limit' start free -- sleep 1000
refuses 'has no group to change' 125 'it has no control group of its own' -- zbox --update free --memory 64M
ok 'is frozen by signals' zbox --freeze free
ok 'and thawed' zbox --thaw free
ok 'and killed' zbox --kill free
wait "$zbox"
refuses 'root of another user namespace changes nothing' 125 'user namespace' -- \
	unshare -Ur "$ZBOX" --update two --memory 200M
names=/run/user/$(id -u)/zbox
refuses 'nor does who is inside' 125 'the process at the other end' -- \
	zbox_usr --bind "$names" /run/user/0/zbox --setenv XDG_RUNTIME_DIR /run/user/0 --ro-bind "$ZBOX" /zbox -- \
	/zbox --update two --memory 200M
gives 'a limit below what is used' 137 '' -- sh -c \
	"'$ZBOX' --enter two -- sh -c 'head -c 40M /dev/zero >/tmp/file; exec sleep 1000' & e=\$!
	until [ \$('$ZBOX' --stats-of two json | sed -n 's/.*memory-bytes\": \([0-9]*\).*/\1/p') -gt 40000000 ]; do sleep 0.1; done
	'$ZBOX' --update two --memory 8M; wait \$e"
wait "$two"
is 'kills everything inside' $? 137

# ---- the end ----

ok 'killed' zbox --kill one
wait "$one"
is 'its status' $? 137
wait "$entered"
is 'and that of who entered' $? 137
ok 'nothing is left of either' poll 10 nothing_left
ok 'no process' poll 10 bash -c '! pgrep -u "$(id -u)" -x "sleep|spin"'
is 'the record tells of limits that were changed' "$(sed -n 's/.*"limits-reached": \(\[[^]]*\]\).*/\1/p' "$T/record")" '[ "cpus" ]'
finish
