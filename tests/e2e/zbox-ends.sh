#!/bin/bash
# How a run ends: with whom, with which status, and what is left: nothing.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

mark=$((600000 + $$))
left() { pgrep -x sleep -a | grep -c " $mark\$"; }
none() { [ "$(left)" = 0 ]; }
some() { [ "$(left)" -ge "$1" ]; }

# ---- the end of zbox and of its parent, without a pid namespace too ----

for share in --unshare-pid --share-pid; do
	"$ZBOX" --ro-bind /usr /usr $share -- sh -c "sleep $mark & setsid sleep $mark & sleep $mark" &
	zbox=$!
	ok "$share: three processes" poll 20 some 3
	kill -KILL $zbox
	wait $zbox 2>/dev/null
	ok "$share: nothing outlives zbox" poll 20 none

	bash -c '"$@" & echo $! >pid; sleep 100' - "$ZBOX" --ro-bind /usr /usr $share -- \
		sh -c "sleep $mark & setsid sleep $mark & sleep $mark" &
	parent=$!
	ok "$share: three processes again" poll 20 some 3
	kill -KILL $parent
	wait $parent 2>/dev/null
	ok "$share: nothing outlives the parent of zbox" poll 20 none
	ok "$share: zbox itself neither" poll 20 sh -c "! kill -0 $(cat pid)"

	gives "$share: a daemon does not outlive the command" 3 '' -- \
		zbox_usr $share -- sh -c "setsid sleep $mark & exit 3"
	ok "$share: it is gone" poll 20 none
done

# the first of many children in one line of /proc/PID/task/TID/children
gives 'a thousand orphans are collected' 0 '' -- \
	zbox_usr --share-pid -- sh -c "i=0; while [ \$i -lt 1000 ]; do sleep $mark & i=\$((i + 1)); done"
ok 'all of them' none

refuses 'processes of a namespace that is joined cannot be counted' 125 \
	'--share-pid cannot be combined with --pidns' -- zbox_usr --share-pid --pidns 3 echo ran 3</proc/self/ns/pid

# ---- readers that have gone ----

gone() { # PERSONALITY ARG...: descriptor 9 has no reader when the run ends
	python3 -c 'import os, subprocess, sys
r, w = os.pipe()
os.dup2(w, 9)
os.set_inheritable(9, True)
os.close(w)
p = subprocess.Popen(sys.argv[1:], close_fds=False, pass_fds=[9])
os.read(r, 1) if "--json-status-fd" in sys.argv else None
os.close(r)
os.close(9)
sys.exit(p.wait() % 256)' "$@"
}
gives 'nobody reads --status-fd: the status is the command'"'"'s' 7 '' -- \
	gone "$ZBOX" --ro-bind /usr /usr --status-fd 9 sh -c 'sleep 0.2; exit 7'
gives 'nobody reads --json-status-fd any more' 7 '' -- \
	gone "$BWRAP" "${usr[@]}" --json-status-fd 9 sh -c 'sleep 0.2; exit 7'

# ---- waiting to be let on ----

mkfifo block
exec 8<>block
for signal in TERM HUP; do # a shell has its background jobs ignore INT
	rm -f info
	"$ZBOX" --ro-bind /usr /usr --info-fd 9 --userns-block-fd 8 echo ran >ran 9>info &
	zbox=$!
	poll 20 grep -q child-pid info
	kill -$signal $zbox
	poll 20 sh -c "! kill -0 $zbox" || kill -KILL $zbox
	wait $zbox 2>/dev/null
	is "--userns-block-fd: SIG$signal ends the wait" "$(kill -l $?)" $signal
	is 'and nothing has run' "$(cat ran)" ''
done
exec 8>&-

# ---- descriptors that are not open: their numbers are not to become ours ----

for n in 3 4 5 6 7; do
	for option in --info-fd --json-status-fd --status-fd --block-fd --sync-fd; do
		refuses "$option $n, which is closed" 125 'Bad file descriptor' -- zbox_usr $option $n echo ran
	done
	refuses "--bind-fd $n, which is closed" 125 'Bad file descriptor' -- zbox_usr --bind-fd $n /x ls /x
	refuses "bwrap --bind-fd $n, which is closed" 1 'Bad file descriptor' -- bwrap_usr --bind-fd $n /x ls /x
	refuses "--file $n, which is closed" 125 'Bad file descriptor' -- zbox_usr --file $n /x cat /x
done
refuses '--block-fd that cannot be read' 125 '--block-fd' -- zbox_usr --block-fd 9 echo ran 9</

# ---- capabilities in a namespace that is joined could undo the mounts ----

refuses '--cap-add with --userns' 125 '--cap-add cannot be combined with --userns' -- \
	zbox_usr --userns 9 --cap-add all echo ran 9</proc/self/ns/user

finish
