#!/bin/bash
# A person at an interactive shell enters a sandbox with a name: as terminal.sh, for --enter.
# timeout: 300
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

driver=$TESTS/e2e/pty-driver.py
XDG_RUNTIME_DIR=$(mktemp -d /tmp/zbox-names.XXXXXX) || exit 1
export XDG_RUNTIME_DIR ZBOX
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
export E="$ZBOX --enter home"
mark=1${$}00

# at_terminal NAME <SCRIPT: the steps of pty-driver.py, in a shell
at_terminal() {
	local evidence
	if evidence=$(sed "s/MARK/$mark/g" | PTY_PATIENCE=20 timeout 120 "$driver" \
		env PS1='out$ ' bash --norc --noprofile --noediting -i 2>&1); then
		pass "$1"
	else
		flunk "$1" "$evidence"
	fi
	mark=$((mark + 1))
}

start() {
	"$ZBOX" --ro-bind /usr /usr --name home "$@" -- sleep 1000 </dev/null >/dev/null 2>&1 &
	zbox=$!
	poll 20 "$ZBOX" --enter home true </dev/null
}

ok 'a sandbox without a terminal' start
at_terminal 'who enters has one of his own, with the size of the window' <<'EOS'
	expect out\$
	size 31 97
	send $E -- sh -c 'tty; stty size; tty <&2; ls /dev/pts'\r
	expect /dev/pts/0\r+\n31 97\r+\n/dev/pts/0\r+\n0\s+ptmx\r+\n
	expect out\$
	cooked
EOS

at_terminal 'raw while it runs, restored afterwards, exit status kept' <<'EOS'
	expect out\$
	send $E -- sh -c 'read x; echo "<$x>"; exit 42'; echo "R$?"\r
	raw
	send word\r
	expect word\r\n<word>\r\n
	expect R42\r\n
	cooked
	send $E -- sh -c 'kill -9 $$'; echo "R$?"\r
	expect R137\r\n
	cooked
	send exit 3\r
	end 3
EOS

at_terminal 'job control inside and outside' <<'EOS'
	expect out\$
	send $E -- env PS1=in''\\> bash --norc --noprofile --noediting -i\r
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
	send exit 5\r
	prod out\$
	send echo "R$?"\r
	expect R5\r\n
	send $E sleep MARK\r
	raw
	send \x1a
	expect Stopped
	prod out\$
	cooked
	send fg\r
	raw
	send \x03
	prod out\$
	send echo "R$?"\r
	expect R130\r\n
EOS

at_terminal 'a window that changes its size' <<'EOS'
	expect out\$
	send $E -- bash -c 'trap "stty size; exit" WINCH; echo rea""dy; while :; do sleep 0.1; done'\r
	expect ready
	size 12 34
	expect 12 34\r\n
	expect out\$
EOS

at_terminal 'two at once have two, and pipes beside them stay pipes' <<'EOS'
	expect out\$
	send $E sleep MARK &\r
	expect out\$
	send echo in | $E -- sh -c 'cat; tty; tty <&2'\r
	expect in\r\nnot a tty\r\n/dev/pts/[0-9]+\r\n
	expect out\$
	cooked
	send kill %1\r
	prod Exit 143
EOS

at_terminal 'the terminal goes away' <<'EOS'
	expect out\$
	send $E sleep MARK\r
	raw
	hangup
	gone MARK
EOS

at_terminal 'the end of the sandbox while somebody is inside' <<'EOS'
	expect out\$
	send $E -- sh -c 'echo in""side; exec sleep MARK'\r
	expect inside
	send \x1a
	expect Stopped
	prod out\$
	send $ZBOX --kill home; fg; echo "R$?"\r
	expect R137\r\n
	cooked
EOS
wait "$zbox"
is 'killed' $? 137

ok 'a sandbox without a devpts' start --no-base --ro-bind /lib /lib --ro-bind /lib64 /lib64 --ro-bind /bin /bin --dir /tmp
at_terminal 'the terminal is made outside then' <<'EOS'
	expect out\$
	size 31 97
	send $E -- sh -c 'stty size; test -t 0 && test -t 1 && test -t 2; echo "T$?"'\r
	expect 31 97\r\nT0\r\n
	expect out\$
	cooked
	send $E sleep MARK\r
	raw
	send \x03
	prod out\$
	send echo "R$?"\r
	expect R130\r\n
EOS
ok 'killed' "$ZBOX" --kill home
wait "$zbox"
finish
