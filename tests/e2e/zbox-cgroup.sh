#!/bin/bash
# Limits by a control group, as far as they can be seen without one: words, errors with their cures,
# best effort, who is asked and what is said when he does not answer. That they hold is seen in
# tests/vm/limits.sh.
. "$(dirname "$0")/../lib.sh"

# ---- words ----

refuses '--memory takes bytes' 125 '--memory takes bytes' -- zbox_usr --memory 1.5G echo ran
refuses '--memory-high too' 125 '--memory-high takes bytes' -- zbox_usr --memory-high x echo ran
refuses '--swap too' 125 '--swap takes bytes' -- zbox_usr --swap -1 echo ran
refuses '--cpus takes processors' 125 '--cpus takes a number' -- zbox_usr --cpus 0.001 echo ran
refuses '--cpu-weight takes a weight' 125 'from 1 to 10000' -- zbox_usr --cpu-weight 0 echo ran
refuses '--io-weight too' 125 'from 1 to 10000' -- zbox_usr --io-weight 10001 echo ran
refuses '--pids takes two and more' 125 '--pids takes a number of 2' -- zbox_usr --pids 1 echo ran
refuses '--io-max takes a device and rates' 125 'DEVICE:RATE=N' -- zbox_usr --io-max /dev/sda echo ran
refuses '--cpuset takes a list' 125 'a list of processors' -- zbox_usr --cpuset 3-1 echo ran
refuses '--best-effort of something else' 125 'takes limits|none' -- zbox_usr --best-effort all echo ran
refuses 'not with --landlock-only' 125 'cannot be combined' -- zbox_usr --landlock-only --pids 9 echo ran
refuses 'nor --cgroup' 125 'cannot be combined' -- zbox_usr --landlock-only --cgroup /sys/fs/cgroup echo ran
refuses 'under the name bwrap' 1 'Unknown option' -- bwrap_usr --memory 64M true

run zbox_usr --explain --memory 64M --cpus 150% --pids 20 --io-max /dev/sda:wbps=1M,riops=5 --cpuset 0 \
	--best-effort limits -- true
for part in 'memory 67108864 bytes' 'no swap' 'cpus 1.5,' 'pids 20' 'io-max /dev/sda wbps=1048576 riops=5' \
	'cpuset 0' 'a control group of their own' 'may be missing'; do
	contains "--explain: $part" "$out" "$part"
done
run zbox_usr --explain --memory 64M --swap 1M --memory 32M --cgroup /sys/fs/cgroup/box -- true
contains '--explain: the last one counts' "$out" 'memory 33554432 bytes'
lacks 'and the first does not' "$out" 67108864
lacks 'with --swap there is swap' "$out" 'no swap'
contains '--explain: --cgroup' "$out" 'in /sys/fs/cgroup/box'
run zbox_usr --explain -- true
lacks '--explain: none without limits' "$out" 'control group of'

# ---- where there is none ----

refuses '--cgroup of nothing' 125 "--cgroup $T/none: No such file" -- zbox_usr --cgroup "$T/none" --pids 9 echo ran
refuses '--cgroup of another file system' 125 'no control group of version 2' -- \
	zbox_usr --cgroup "$T" --pids 9 echo ran

group=/sys/fs/cgroup
if [ "$(stat -f -c %T $group)" != cgroup2fs ]; then
	# version 1, or both: an error that says so, at once
	SECONDS=0
	refuses 'no version 2: the error says what is there' 125 'limits need control groups of version 2' -- \
		zbox_usr --memory 64M echo ran
	is 'at once' $((SECONDS < 2)) 1
	contains 'and what to do' "$err" 'systemd.unified_cgroup_hierarchy=1'
	gives 'best effort: the command runs' 0 ran -- zbox_usr --best-effort limits --memory 64M echo ran
	contains 'with a warning' "$err" 'a limit does not hold'
	refuses 'none takes it back' 125 'version 2' -- \
		zbox_usr --best-effort limits --memory 64M --best-effort none echo ran
	run zbox_usr --best-effort limits --memory 64M --status-fd 2 true
	matches 'the status record says it' "$err" '"weakened": \[.*a limit does not hold'
	contains 'and that there was no control group' "$err" '"cgroup": null'
else
	ok 'version 2 is there' test -e $group/cgroup.controllers
	nok 'the top of it is not this user'"'s" test -w $group/cgroup.procs
	refuses 'as --cgroup it is refused' 125 'Permission denied' -- zbox_usr --cgroup $group --pids 9 echo ran
fi

# ---- without limits nothing of it happens ----

if sanitized || ! command -v strace >/dev/null; then
	pass 'without limits no system call (needs strace, not sanitizers)'
else
	strace -f -o "$T/trace" "$ZBOX" --ro-bind /usr /usr true
	is 'without limits no look at control groups' "$(grep -E 'sys/fs/cgroup|self/cgroup|zbox-scope|INTO_CGROUP' \
		"$T/trace")" ''
	# what limits, clocks and records are made of; whoever asks for them makes each of these calls
	limiting='sched_setaffinity|setpriority|timerfd_settime|timens_offsets|oom_score_adj|CLONE_NEWTIME|setitimer|timer_create'
	used() { grep -oE "$limiting" "$T/trace" | sort -u | paste -sd' '; }
	is 'no call that limits and clocks are made of' "$(used)" ''
	calls=$(grep -cE '(prlimit64|setrlimit|clock_gettime)\(' "$T/trace")
	strace -f -o "$T/trace" "$ZBOX" --ro-bind /usr /usr --nice "$(nice)" --oom-score 500 --cpu-affinity \
		"$(python3 -c 'import os; print(min(os.sched_getaffinity(0)))')" --unshare-time --boottime 9s \
		--rlimit nofile=99 --time-limit 100 true
	note "with them: $(used)"
	for part in sched_setaffinity setpriority timens_offsets oom_score_adj CLONE_NEWTIME; do
		contains "its twin makes it: $part" "$(used)" $part
	done
	is 'its twin sets more limits' $(($(grep -cE '(prlimit64|setrlimit|clock_gettime)\(' "$T/trace") > calls)) 1
fi

# ---- who is asked ----

scope=${ZBOX%/*}/zbox-scope
if [ ! -x "$scope" ]; then
	skip 'zbox-scope' 'needs libsystemd-dev when zbox is built'
	finish
	exit
fi
ask() { "$TESTS/e2e/scope-driver.py" "$scope" "$@"; }
words() { tr ' ' '\n' <<<"$1" | sort | tr '\n' ' '; }
said() { # NAME WANT ASKED KIND...: asked is "yes", for a scope, or "moved", and then to be moved there
	local name=$1 want=$2 asked=$3
	shift 3
	run ask "$@"
	is "$name" "$(head -n 1 <<<"$out")" "$want"
	[ -z "$asked" ] || asked="PIDs Delegate CollectMode ${asked#yes}"
	is "$name: asked" "$(words "$(sed -n 2p <<<"$out")")" "$(words "${asked% }")"
}
said 'a manager does it' ready moved good
said 'a bus does it' ready moved bus-good
said 'the first that is there' ready moved missing bus-good
said 'one that nobody listens at is none' ready moved refuses good
said 'nobody is there' 'no systemd manager to ask for a control group: unix:path=DIR/1: No such file or directory' '' \
	missing bus-missing
said 'an error' "systemd refused a scope: there is one (org.freedesktop.systemd1.UnitExists)" yes error
said 'a job that fails' 'systemd could not start zbox-test.scope: failed' yes bus-failed
said 'one that does not move anybody' 'systemd refused to move zbox into its scope: it has gone (org.freedesktop.systemd1.NoSuchProcess)' \
	moved stays
# The bound is ours; this machine itself may have been held up.
soon() { run ask "$1" && [ "$(sed -n 3p <<<"$out")" -lt 2000 ]; }
silence() { # NAME PART ASKED KIND: of this kind, and on a bus, with these words, within two seconds
	local kind
	for kind in "$4" "bus-$4"; do
		said "$1 ($kind)" "unix:path=DIR/0 $2" "$3" "$kind"
		ok "$1 ($kind): soon" eval "soon $kind || soon $kind || soon $kind"
	done
}
silence 'silence' 'takes the connection and does not answer' '' silent
silence 'silence after the authentication' 'takes the call for a scope and does not answer' yes mute
silence 'silence about the job' 'takes the call for a scope and does not start it' yes stuck
silence 'silence about the moving' 'starts a scope and does not move zbox into it' moved unmoved
silence 'words about others' 'takes the call for a scope and does not answer' yes chatty
said 'silence at Hello' 'unix:path=DIR/0 takes the connection and does not answer' '' bus-known
ok 'silence at Hello: soon' eval 'soon bus-known || soon bus-known || soon bus-known'
run ask garbage
contains 'something else' "$out" 'unix:path=DIR/0: '
finish
