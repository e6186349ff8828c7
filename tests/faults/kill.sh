#!/bin/bash
# kill.sh [quick|full] - SIGKILL at any moment of a start: for zbox and for PID 1, before each system
# call and at random. Nothing of the sandbox survives, nothing is left on the host, and the terminal
# is as it was.
#
#   quick   before the first two uses of each call in each process, and 40 random moments
#   full    before every call, and 1000 moments
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

trace=$TOOLS/faults/trace
mode=${1:-quick}
case $mode in
quick) most=2 moments=40 ;;
full) most=100000 moments=1000 ;;
*) echo 'usage: kill.sh [quick|full]' && exit 2 ;;
esac

mark=zbox-kill-$$
mkdir -p host

# Processes of ours that are left, by the mark in the environment. PID 1 shows none, but it is not
# there without a child.
left() { grep -lsa "ZBOX_MARK=$mark" /proc/[0-9]*/environ | grep -c .; }
line=(env "ZBOX_MARK=$mark" "$ZBOX" --ro-bind /usr /usr --bind "$T/host" /host --env ZBOX_MARK -- sh -c 'echo ran >/host/ran; sleep 100')
share=(env "ZBOX_MARK=$mark" "$ZBOX" --ro-bind /usr /usr --share-pid --env ZBOX_MARK -- sh -c 'sleep 100 & sleep 100')
quickly=(env "ZBOX_MARK=$mark" "$ZBOX" --ro-bind /usr /usr --bind "$T/host" /host --env ZBOX_MARK -- true)

state() { # of the host: mounts, and what of ours is new
	cut -d' ' -f3- /proc/self/mountinfo
	find "$T/host" /dev/shm /var/tmp -mindepth 1 -newer "$T/began" -user "$(id -u)" 2>/dev/null
}

quiet() { [ "$(left)" = 0 ]; }

run env "ZBOX_MARK=$mark" "$trace" -o calls "${quickly[@]:2}"
is 'a start' "$status" 0
awk -F: -v most="$most" '$3 <= most' calls >places
touch began
before=$(state 2>/dev/null)

hung='' survived='' tried=0
for victim in 0 0.1; do
	while read -r place; do
		tried=$((tried + 1))
		timeout -k 1 10 env "ZBOX_MARK=$mark" "$trace" -k "$place:$victim" "${quickly[@]:2}" >/dev/null 2>&1 </dev/null
		[ $? != 124 ] || hung+="$place:$victim "
	done <places
done
is "killed before a call, $tried times: no process waits for ever" "$hung" ''
ok 'nothing survives' poll 5 quiet

kill_at_random() { # WHICH COMMAND...: after 0 to 12 ms
	local which=$1 zbox victim
	shift
	"$@" >/dev/null 2>&1 </dev/null &
	zbox=$!
	sleep "0.0$(printf %02d $((RANDOM % 13)))"
	victim=$zbox
	[ "$which" = zbox ] || victim=$(pgrep -P "$zbox" | head -n 1)
	[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
	kill -KILL "$zbox" 2>/dev/null
	wait "$zbox" 2>/dev/null
	poll 5 quiet || survived+="$which "
}

for ((i = 0; i < moments; i++)); do
	kill_at_random zbox "${line[@]}"
	kill_at_random init "${line[@]}"
	kill_at_random zbox "${share[@]}"
done
is "killed at $((3 * moments)) random moments: nothing survives" "$survived" ''
rm -f host/ran
is 'the host is as it was' "$(state 2>/dev/null)" "$before"

# the caller's terminal, when PID 1 is killed: zbox puts it back
if command -v python3 >/dev/null; then
	cat >terminal.py <<-'P'
		import os, pty, signal, subprocess, sys, termios, time
		master, slave = pty.openpty()
		before = termios.tcgetattr(slave)
		for delay in range(0, 60, 5):
		    p = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
		    time.sleep(delay / 1000)
		    for child in subprocess.run(["pgrep", "-P", str(p.pid)], capture_output=True, text=True).stdout.split():
		        os.kill(int(child), signal.SIGKILL)
		    try:
		        p.wait(5)
		    except subprocess.TimeoutExpired:
		        p.kill()
		    if termios.tcgetattr(slave) != before:
		        sys.exit("not restored after %d ms" % delay)
	P
	ok 'PID 1 is killed: the terminal is as it was' python3 terminal.py "${quickly[@]:0:$((${#quickly[@]} - 1))}" sleep 0.2
fi
finish
