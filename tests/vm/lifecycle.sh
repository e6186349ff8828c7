#!/bin/bash
# alone
# timeout: 600
# Nothing is left: after 200 sandboxes in a row, and after SIGKILL at random moments. The machine is
# ours alone, so this compares all of it: processes, mounts, namespaces, control groups, files.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

mkdir -p "$T/given" "$T/before" "$T/after"
echo shown >"$T/given/file"
runtime=/run/user/$(id -u)
slice=/sys/fs/cgroup/user.slice/user-$(id -u).slice

# ---- what there is ----

# Processes of users, but for those of this script: who looks must not see himself.
processes() {
	ps -eo uid=,pid=,ppid=,comm= | awk -v me=$$ '$1 >= 1000 && $2 != me && $3 != me && $4 != "ps" && $4 != "awk"'
}
mounts() { cut -d' ' -f4- /proc/self/mountinfo; }
namespaces() { stat -Lc %i /proc/[0-9]*/ns/* 2>/dev/null | sort -u; }
cgroups() { find "$slice" -type d; }
files() { # the directory of the test is below /tmp
	find /tmp /var/tmp /dev/shm "$runtime" "$HOME" -path "${T%/*}" -prune -o -print 2>/dev/null
}
ipc() {
	ipcs -a
	ls /dev/mqueue
	wc -l </proc/locks
}
kinds=(processes mounts namespaces cgroups files ipc)

state() { # DIRECTORY
	local kind
	for kind in "${kinds[@]}"; do "$kind" | sort >"$1/$kind"; done
}
unchanged() {
	state "$T/after"
	diff -r "$T/before" "$T/after" >"$T/difference"
}
# What zbox killed may still be dying; what stays has been left.
nothing_left() { # NAME
	if poll 60 unchanged; then pass "$1"; else flunk "$1" "$(<"$T/difference")"; fi
}

sleepers() { pgrep -u "$(id -u)" -x sleep >/dev/null; }
poll 20 eval '! sleepers'
state "$T/before"
nothing_left 'who looks twice sees the same'

# ---- the twins: each kind of rest is seen ----

seen() { # KIND
	state "$T/after"
	isnt "of $1 a rest is seen" "$(diff "$T/before/$1" "$T/after/$1")" ''
}
(setsid sleep 100 &)
poll 20 sleepers
seen processes
pkill -x sleep
(unshare -Ur setsid sleep 100 &)
poll 20 sleepers
seen namespaces
pkill -x sleep
own=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
mkdir "$own/left"
seen cgroups
rmdir "$own/left"
touch /tmp/left
seen files
rm /tmp/left
queue=$(ipcmk -Q | sed 's/.* //')
seen ipc
ipcrm -q "$queue"
is 'of mounts a rest is seen' \
	"$(unshare -Urm sh -c 'mount -t tmpfs none /mnt && wc -l </proc/self/mountinfo')" $(($(wc -l <"$T/before/mounts") + 1))
nothing_left 'and gone when it is'

# ---- in a row ----

# sandbox NUMBER COMMAND: $line becomes one of the kinds
sandbox() {
	local kind=$(($1 % 9)) options=()
	shift
	case $kind in
	0) options=(--ro-bind /usr /usr) ;;
	1) options=(--ro-bind / / --bind "$T/given" "$T/given" --dev /dev --proc /proc) ;;
	2) options=(--ro-bind /usr /usr --share-pid --share-ipc) ;;
	3) options=(--ro-bind /usr /usr --overlay-src "$T/given" --tmp-overlay /o --tmpfs /t) ;;
	4) options=(--ro-bind /usr /usr --cap-add cap_net_admin --uid 7) ;;
	5) options=(--ro-bind /usr /usr --net slirp) ;;
	6) options=(--landlock-only --ro-bind /usr /usr) ;;
	7) options=(--ro-bind /usr /usr --time-limit 100 --stats-file /dev/null) ;;
	8) options=(--ro-bind /usr /usr --memory 64M --pids 20) ;;
	esac
	line=("$ZBOX" "${options[@]}" -- sh -c "$1")
}

good=0
for ((i = 0; i < 200; i++)); do
	sandbox $i 'sleep 1000 & setsid sleep 1000 & echo >/tmp/x; exit 3'
	"${line[@]}" </dev/null 2>"$T/message"
	ended=$?
	# a machine that was held up may have left systemd no time to answer
	if grep -q 'does not answer' "$T/message"; then
		"${line[@]}" </dev/null 2>"$T/message"
		ended=$?
	fi
	cat "$T/message" >>"$T/messages"
	[ $ended != 3 ] || good=$((good + 1))
done
is '200 sandboxes in a row, each with two processes that do not want to end' "$good" 200
[ "$good" = 200 ] || note "$(sort "$T/messages" | uniq -c)"
nothing_left 'they leave nothing'

# ---- SIGKILL ----

# How long a start takes differs much among machines: the moments become earlier when the command
# has begun, and later when it has not. It does not end by itself.
killed=0 begun=0 range=200
kills=54
for ((i = 0; i < kills; i++)); do
	: >"$T/begun"
	sandbox $i 'echo begun; sleep 1000 & setsid sleep 1000 & sleep 1000'
	"${line[@]}" </dev/null >"$T/begun" 2>&1 &
	zbox=$!
	moment=$((RANDOM % range))
	sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
	kill -KILL "$zbox"
	wait "$zbox" 2>/dev/null
	[ $? != 137 ] || killed=$((killed + 1))
	if grep -qx begun "$T/begun"; then
		begun=$((begun + 1)) range=$((range * 8 / 10 + 1))
	else
		range=$((range < 10000 ? range * 12 / 10 + 1 : range))
	fi
done 2>/dev/null
is "$kills times SIGKILL at a random moment" "$killed" $kills
isnt 'sometimes the command had begun' "$begun" 0
isnt 'and sometimes not' "$begun" $kills
nothing_left 'they leave nothing either'
finish
