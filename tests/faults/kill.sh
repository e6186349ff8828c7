#!/bin/bash
# alone
# timeout: 900
# kill.sh [quick|full] - signals at any moment of a start, for zbox, PID 1 and each helper: SIGKILL
# before each system call and at random; SIGTERM, SIGHUP, SIGSTOP and the end of the terminal, fewer.
# No process waits for ever, nothing of the sandbox survives, nothing is left on the host, and the
# terminal is as it was.
#
#   quick   before the first use of each call in each process, and 30 random moments for each line
#   full    before every call of an ordinary start and the first uses of the others', 250 moments
#
# Two things nobody can do: put the caller's terminal back when zbox itself is killed while it is raw;
# and with --share-pid end what is left when somebody kills the process that would.
# shellcheck source=scene.sh
. "$(dirname "$0")/scene.sh"

mode=${1:-${ZBOX_FAULTS:-quick}}
case $mode in
quick) most=1 plain_most=1 moments=30 gently=(plain) ;;
wide | full) most=2 plain_most=100000 moments=250 gently=(plain network try) ;;
*) echo 'usage: kill.sh [quick|full]' && exit 2 ;;
esac

fresh scene && scene
touch began
XDG_RUNTIME_DIR=$PWD/runtime TMPDIR=$PWD/work
export XDG_RUNTIME_DIR TMPDIR

# The command line called $1, with the command from $2 on, in the array line.
line_of() {
	line=("$ZBOX" --ro-bind /usr /usr --setenv ZBOX_MARK "$mark")
	case $1 in
	plain) line+=(--bind "$PWD/d" /host) ;;
	network) line+=(--net slirp) ;;
	named) line+=(--name victim) ;;
	try) line+=(--try="$PWD/d" --chdir "$PWD/d") ;;
	share) line+=(--share-pid) ;;
	esac
	line+=(-- "${@:2}")
}

content() { find d -mindepth 1 -printf '%p %s %m %T@\n' | sort; }
mounts() { grep -F "$T" /proc/self/mountinfo; }
before=$(content)
killed=0

# clean NAME: what there is after the kills so far.
clean() {
	ok "$1: nothing survives" poll 20 none_runs
	[ "$status" = 0 ] || note "$(running)"
	is "$1: the host's files are as they were" "$(content)" "$before"
	is "$1: no mount is left" "$(mounts)" ''
	is "$1: no name is taken" "$("$ZBOX" --list | tail -n +2)" ''
	is "$1: nothing is left elsewhere" "$(find /dev/shm /var/tmp -mindepth 1 -newer began -user "$(id -u)" 2>/dev/null)" ''
	# what a killed --try leaves is the directory that it would have asked about
	find work -mindepth 1 -maxdepth 1 ! -name 'zbox-try.*' >others
	is "$1: nor beside it" "$(cat others)" ''
	chmod -R u+rwX work && find work -mindepth 1 -delete
}

# ---- before a system call ----

# before_calls LINE MOST SIGNAL NAME: each victim of a start before each place that was seen
before_calls() {
	local line place victim hung='' tried=0
	line_of "$1" true
	run "$trace" -o calls "${line[@]}"
	is "$1: a start" "$status" 0
	awk -F: -v most="$2" '$3 <= most' calls >places
	cut -d: -f1 calls | sort -u >victims
	while read -r victim; do
		# of an ordinary start zbox and PID 1 before everything, others while they are at it
		while read -r place; do
			[[ $victim == 0 || $victim == 0.1 || $place == "$victim":* ]] || continue
			tried=$((tried + 1))
			timeout -k 1 60 "$trace" -s "$3" -k "$place:$victim" "${line[@]}" >/dev/null 2>&1 </dev/null
			[ $? != 124 ] || hung+="$place:$victim "
		done <places
	done <victims
	[ "$3" != 9 ] || killed=$((killed + tried))
	is "$1: $4 before a call, $tried times: no process waits for ever" "$hung" ''
	clean "$1, $4 before a call"
}

before_calls plain "$plain_most" 9 SIGKILL
for name in network named try; do before_calls "$name" "$most" 9 SIGKILL; done
for name in "${gently[@]}"; do
	before_calls "$name" 1 15 SIGTERM
	before_calls "$name" 1 1 SIGHUP
done

# ---- at random ----

# Whoever is below a process, and it.
family() {
	local child children
	echo "$1"
	read -ra children < <(cat "/proc/$1/task/"*/children 2>/dev/null | tr '\n' ' ')
	for child in "${children[@]}"; do family "$child"; done
}

# at_random SIGNAL LINE COMMAND...: one process of the sandbox, after up to 60 ms; then zbox goes
at_random() {
	local signal=$1 line zbox victims
	line_of "${@:2}"
	"${line[@]}" >/dev/null 2>&1 </dev/null &
	zbox=$!
	sleep "0.0$(printf %02d $((RANDOM % 60)))"
	victims=("$zbox")
	[ "$2" = share ] || mapfile -t victims < <(family "$zbox")
	kill "-$signal" "${victims[RANDOM % ${#victims[@]}]}" 2>/dev/null
	kill -KILL "$zbox" 2>/dev/null
	wait "$zbox" 2>/dev/null
}

survived=''
for name in plain network named try share; do
	for ((i = 0; i < moments; i++)); do
		at_random KILL "$name" sh -c 'sleep 100 & sleep 100'
		poll 20 none_runs || survived+="$name "
	done
	killed=$((killed + moments))
	for ((i = 0; i < moments / 10; i++)); do
		for signal in STOP TERM HUP; do
			at_random "$signal" "$name" sh -c 'sleep 100 & sleep 100'
			poll 20 none_runs || survived+="$name, $signal "
		done
	done
done
is "killed at $((5 * moments)) random moments, stopped and more at $((5 * (moments / 10) * 3)): nothing survives" "$survived" ''
clean 'random moments'

# Who is stopped and goes on does so.
held=''
for ((i = 0; i < moments; i++)); do
	line_of plain sh -c 'echo done'
	"${line[@]}" >said 2>&1 </dev/null &
	zbox=$!
	sleep "0.0$(printf %02d $((RANDOM % 25)))"
	mapfile -t all < <(family "$zbox")
	victim=${all[RANDOM % ${#all[@]}]}
	kill -STOP "$victim" 2>/dev/null
	sleep 0.005
	kill -CONT "$victim" 2>/dev/null
	wait "$zbox"
	[ "$? $(cat said)" = '0 done' ] || held+="$(cat said) "
done
is "stopped and continued at $moments random moments: it runs as ever" "$held" ''

# ---- the caller's terminal ----

cat >terminal.py <<-'P'
	import os, pty, random, signal, subprocess, sys, termios, time

	# PID 1 is killed: zbox puts the terminal back. Hang-up: everything ends.
	what, command = sys.argv[1], sys.argv[2:]
	for i in range(40):
	    master, slave = pty.openpty()
	    before = termios.tcgetattr(slave)
	    def own():
	        os.setsid()
	        import fcntl
	        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
	    p = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=own)
	    time.sleep(random.random() * 0.06)
	    if what == "kill":
	        for child in subprocess.run(["pgrep", "-P", str(p.pid)], capture_output=True, text=True).stdout.split():
	            os.kill(int(child), signal.SIGKILL)
	    elif what == "term":
	        p.send_signal(signal.SIGTERM)
	    else:
	        os.close(slave)
	        os.close(master)
	    try:
	        p.wait(20)
	    except subprocess.TimeoutExpired:
	        p.kill()
	        sys.exit("it does not end")
	    if what != "hangup":
	        if termios.tcgetattr(slave) != before:
	            sys.exit("the terminal is not as it was")
	        os.close(slave)
	        os.close(master)
P
line_of plain sleep 0.3
ok 'PID 1 is killed, 40 times: the terminal is as it was' python3 terminal.py kill "${line[@]}"
ok 'SIGTERM, 40 times: the terminal is as it was' python3 terminal.py term "${line[@]}"
line_of plain sleep 100
ok 'the terminal goes, 40 times: everything ends' python3 terminal.py hangup "${line[@]}"
rm -f terminal.py
clean 'at a terminal'
echo "# $killed kills"
finish
