#!/bin/bash
# The command's own terminal: a person at an interactive shell runs zbox. pty-driver.py is the
# person; the shell has no line editor, so that the modes of its terminal are the ordinary ones
# whenever it waits. What is expected is always written otherwise than what was typed to get it,
# because that is echoed.
# timeout: 300
. "$(dirname "$0")/../lib.sh"

driver=$TESTS/e2e/pty-driver.py
export ZBOX BWRAP
export Z0="$ZBOX --ro-bind /usr /usr --unshare-all"
export Z="$Z0 --"
# One argument that no other process of the system has, and a number for sleep.
mark=1${$}00

# at_terminal NAME [COMMAND...] <SCRIPT: the steps of pty-driver.py, in the shell where no command is.
at_terminal() {
	local name=$1 evidence
	shift
	[ $# -gt 0 ] || set -- env PS1='out$ ' bash --norc --noprofile --noediting -i
	if evidence=$(sed "s/MARK/$mark/g" | timeout 120 "$driver" "$@" 2>&1); then
		pass "$name"
	else
		flunk "$name" "$evidence"
	fi
	mark=$((mark + 1))
}

if ! command -v /usr/bin/python3 >/dev/null; then
	skip 'the terminal' 'no python3 to play the person'
	finish
	exit
fi

at_terminal 'the command has a terminal of its own, as /dev/pts/0, with the size of the window' <<'EOS'
	expect out\$
	size 31 97
	send $Z sh -c 'tty; stty size; tty <&2; ls /dev/pts'\r
	expect /dev/pts/0\r+\n31 97\r+\n/dev/pts/0\r+\n0\s+ptmx\r+\n
	expect out\$
	cooked
EOS

at_terminal 'raw while it runs, restored afterwards, exit status kept' <<'EOS'
	expect out\$
	send $Z sh -c 'read x; echo "<$x>"; exit 42'; echo "R$?"\r
	raw
	send word\r
	expect word\r\n<word>\r\n
	expect R42\r\n
	cooked
	send $Z sh -c 'kill -9 $$'; echo "R$?"\r
	expect R137\r\n
	cooked
	send exit 3\r
	end 3
EOS

at_terminal 'a window that changes its size' <<'EOS'
	expect out\$
	send $Z bash -c 'trap "stty size; exit" WINCH; echo rea""dy; while :; do sleep 0.1; done'\r
	expect ready
	size 12 34
	expect 12 34\r\n
	expect out\$
EOS

at_terminal 'job control inside' <<'EOS'
	expect out\$
	send $Z env PS1=in''\\> bash --norc --noprofile --noediting -i\r
	expect in>
	send sleep MARK\r
	front MARK
	send \x1a
	expect Stopped +sleep MARK\r\nin>
	send fg\r
	expect sleep MARK\r\n
	front MARK
	send \x03
	expect in>
	send echo "R$?"\r
	expect R130\r\n
	expect in>
	send cat | cat\r
	send line\r
	expect line\r\nline\r\n
	send \x04
	expect in>
	send exit 5\r
	expect out\$
	send echo "R$?"\r
	expect R5\r\n
	cooked
EOS

at_terminal 'an interactive shell inside does not complain about its terminal' <<'EOS'
	expect out\$
	send $Z env PS1=in''\\> bash --norc --noprofile -i\r
	expect ^[^\n]*\r\n[^\n]*in>
	send \x04
	expect out\$
	send echo "[$($Z env PS1= bash --norc -i -c 'set -o | grep monitor' 2>&1)]"\r
	expect \[monitor +\ton\]
EOS

at_terminal '^Z stops zbox, fg continues it, again and again' <<'EOS'
	expect out\$
	send $Z cat\r
	raw
	send one\r
	expect one\r\none\r\n
	send \x1a
	expect Stopped
	expect out\$
	cooked
	send echo $((20+3))\r
	expect 23\r\n
	send fg\r
	raw
	send two\r
	expect two\r\ntwo\r\n
	send \x1a
	expect Stopped
	cooked
	send bg\r
	expect &\r\n
	prod Stopped
	cooked
	send fg\r
	raw
	send three\r
	expect three\r\nthree\r\n
	send \x04
	expect out\$
	cooked
EOS

at_terminal '^Z stops the script that runs zbox as well, and zbox in a pipeline' <<'EOS'
	expect out\$
	send sh -c '$Z cat; echo af""ter'\r
	raw
	send \x1a
	expect Stopped
	cooked
	send fg\r
	raw
	send x\r\x04
	expect x\r\nx\r\n
	expect after
	expect out\$
	send $Z sleep MARK | tail -n MARK\r
	front MARK
	send \x1a
	expect Stopped
	expect out\$
	cooked
	send fg\r
	front MARK
	send \x03
	expect out\$
EOS

at_terminal 'started in the background: the terminal is left alone until fg' <<'EOS'
	expect out\$
	send $Z sh -c 'echo go""ing; cat' &\r
	expect going
	notraw
	prod Stopped
	cooked
	send fg\r
	raw
	send word\r
	expect word\r\nword\r\n
	send \x04
	expect out\$
	cooked
EOS

at_terminal 'moved to the foreground while it runs' <<'EOS'
	expect out\$
	send $Z sh -c 'sleep 1; read x; echo "<$x>"' &\r
	expect out\$
	send fg\r
	raw
	send word\r
	expect <word>\r\n
	expect out\$
	cooked
EOS

at_terminal 'behind nobody: a reader in an orphaned background job does not spin' <<'EOS'
	expect out\$
	send ($Z0 --no-die-with-parent -- tail -n MARK </dev/tty &)\r
	expect out\$
	idle MARK
	kill KILL MARK
	gone MARK
	notraw
EOS

at_terminal 'before a pipe' <<'EOS'
	expect out\$
	send $Z sh -c 'echo "a b" | tr a c; test -t 1; echo "s$?"; test -t 0; echo "t$?"' | cat -A\r
	expect c b\$\r\ns1\$\r\nt0\$\r\n
	expect out\$
	send x=$($Z echo 'a  b'); echo "<$x>"\r
	expect <a  b>\r\n
	send $Z sh -c 'echo e""rr >&2; sleep 0.5' | cat\r
	expect err\r\n
	notraw
	expect out\$
	cooked
EOS

at_terminal 'behind a pipe' <<'EOS'
	expect out\$
	send echo 'a  b' | $Z sh -c 'cat; test -t 0; echo "s$?"; test -t 1; echo "t$?"'\r
	expect a  b\r\ns1\r\nt0\r\n
	expect out\$
	send seq 3 | $Z sh -c 'cat >/dev/null; read x </dev/tty; echo "<$x>"'\r
	raw
	send key\r
	expect <key>\r\n
	expect out\$
	cooked
EOS

at_terminal 'a password prompt elsewhere in the pipeline keeps its terminal' <<'EOS'
	expect out\$
	send (read -s p </dev/tty; echo "got $p") | $Z cat\r
	absent out\$
	send secret\r
	expect got secret\r\n
	expect out\$
	cooked
EOS

if command -v less >/dev/null; then
	at_terminal 'a pager behind zbox keeps its keys and modes' <<'EOS'
	expect out\$
	send $Z seq 1000 2000 | less -X\r
	expect 1020\r\n
	send G
	expect 2000\r\n
	send q
	expect out\$
	cooked
EOS
	at_terminal 'a pager in zbox, alone and behind a pipe' <<'EOS'
	expect out\$
	send $Z sh -c 'seq 1000 2000 >/tmp/x; less -X /tmp/x'\r
	expect 1020\r\n
	send G
	expect 2000\r\n
	send q
	expect out\$
	cooked
	send seq 1000 2000 | $Z less -X\r
	expect 1020\r\n
	send G
	expect 2000\r\n
	expect \(END\)
	insist \x1a Stopped
	cooked
	send fg\r
	raw
	send q
	expect out\$
	cooked
EOS
else
	skip 'a pager behind zbox keeps its keys and modes' 'no less'
	skip 'a pager in zbox, alone and behind a pipe' 'no less'
fi

if command -v vim >/dev/null; then
	at_terminal 'a full-screen editor, stopped and continued' <<'EOS'
	expect out\$
	send TERM=xterm $Z vim -u NONE -N /tmp/x\r
	expect \x1b\[\?1049h
	raw
	send ihello\x1b
	insist \x1a \x1b\[\?1049l
	expect Stopped
	cooked
	send fg\r
	raw
	expect hello
	send :q!\r
	expect out\$
	cooked
EOS
else
	skip 'a full-screen editor, stopped and continued' 'no vim'
fi

for how in 'kill KILL' 'above KILL' 'signal TERM' 'signal HUP'; do
	at_terminal "the terminal is restored after $how, and nothing is left" <<EOS
	expect out\\$
	send \$Z sleep MARK\\r
	raw
	$how $([ "${how#signal}" != "$how" ] || echo MARK)
	expect out\\$
	cooked
	gone MARK
EOS
done

at_terminal 'the terminal goes away, and with it what runs there' <<'EOS'
	expect out\$
	send $Z sleep MARK\r
	raw
	hangup
	gone MARK
EOS

# The same where nobody but the terminal can tell: no shell passes the hang-up on.
at_terminal 'the same for zbox that is the terminal'"'"'s first process' \
	"$ZBOX" --ro-bind /usr /usr --unshare-all -- sleep "$mark" <<'EOS'
	raw
	hangup
	gone MARK
EOS

at_terminal '^C right at the start' <<'EOS'
	expect out\$
	send $Z sleep MARK; echo "R$?"\r
	raw
	send \x03
	expect R130\r\n
EOS

at_terminal 'a process left behind does not hold up the end' <<'EOS'
	expect out\$
	send $Z sh -c 'sleep MARK & yes >/dev/null & echo do""ne'; echo "R$?"\r
	expect done\r\nR0\r\n
	gone MARK
	cooked
EOS

at_terminal 'a lot of output, all of it and nothing behind' <<'EOS'
	expect out\$
	send $Z seq 100000; echo "R$?"\r
	expect 99999\r\n100000\r\nR0\r\n
EOS

# ---- the forbidden things fail ----

# shellcheck disable=SC2089,SC2090  # for perl's and another shell's eyes
export tiocsti='$s = shift; for (split //, $s) { ioctl(STDIN, 0x5412, $_) or print "STI: $!\n" and last }'
at_terminal 'TIOCSTI is refused' <<'EOS'
	expect out\$
	send $Z perl -e "$tiocsti" x\r
	expect STI: Operation not permitted
	expect out\$
EOS

at_terminal 'and without the filter types into nobody'"'"'s terminal but its own' <<'EOS'
	expect out\$
	send $Z0 --seccomp-profile none -- perl -e "$tiocsti" $'echo PWN$((1+1))\n'; echo "R$?"\r
	expect R0\r\n
	absent PWN2
	send echo $Z; read x; echo "<$x>"\r
	absent PWN2
	send fine\r
	expect <fine>\r\n
EOS

at_terminal 'the caller'"'"'s terminal is not to be had inside' <<'EOS'
	expect out\$
	send export D=$(stat -Lc %d:%i /proc/self/fd/0)\r
	expect out\$
	send $Z sh -c 'for f in /dev/tty /dev/pts/* /proc/[0-9]*/fd/*; do stat -Lc %d:%i "$f"; done 2>/dev/null' >list; grep -c "$D" list; grep -c . list\r
	expect \n0\r\n[1-9]
	expect out\$
	send $Z stty -echo -icanon; stty -a | tr ' ' '\\n' | grep -cE '^(echo|icanon);?$'\r
	expect \n2\r\n
	expect out\$
	send $Z stty rows 7; stty size\r
	expect \n24 80\r\n
EOS

at_terminal 'signals to its group do not reach the caller'"'"'s' <<'EOS'
	expect out\$
	send sh -c '$Z sh -c "kill -TERM 0; sleep 9"; echo "R$?"; echo ali""ve'\r
	expect alive\r\n
	expect out\$
EOS

# ---- where there is none ----

# shellcheck disable=SC2089,SC2090
export same='test "$(stat -Lc %d:%i /proc/self/fd/0)" = "$D"; echo "S$?"; sleep 0.3'
at_terminal '--share-terminal: the caller'"'"'s own, not raw' <<'EOS'
	expect out\$
	send export D=$(stat -Lc %d:%i /proc/self/fd/0)\r
	send $Z sh -c "D=$D; $same"\r
	expect S1\r
	expect out\$
	send $Z0 --share-terminal -- sh -c "D=$D; $same"\r
	expect S0\r
	notraw
	expect out\$
	cooked
EOS

at_terminal 'under the name bwrap never one of its own' <<'EOS'
	expect out\$
	send export D=$(stat -Lc %d:%i /proc/self/fd/0)\r
	send $BWRAP --ro-bind / / --dev /dev --proc /proc --unshare-all sh -c "$same"\r
	expect S0\r
	notraw
	expect out\$
	cooked
EOS

run "$ZBOX" --ro-bind /usr /usr --unshare-all -- sh -c 'ls /dev/pts; test -t 0 || test -t 1 || test -t 2'
is 'without a terminal there is none inside' "$status/$out" '1/ptmx'

finish
