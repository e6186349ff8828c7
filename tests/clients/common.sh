# shellcheck shell=bash
# common.sh - what the tests with real programs share: things of the host that nobody inside may
# reach, and the look at the host afterwards. Not a test: read by those beside it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# has PROGRAM...: else the test called WHAT is skipped, which CI counts as a failure.
WHAT=${0##*/}
has() {
	local program
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$WHAT" "$program is not installed"
		return 1
	done
}

# A home with a secret, a start-up file and a listening port, as if they were the user's.
HOME=$T/home
SECRET="the secret of $$"
host_home() {
	mkdir -p "$HOME/.ssh" && chmod 700 "$HOME/.ssh"
	echo "$SECRET" >"$HOME/.ssh/id_ed25519"
	echo '# the host' >"$HOME/.bashrc"
	export HOME
	python3 -c '
import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    c, _ = s.accept(); open(sys.argv[1] + ".visits", "a").write("one\n")
    try: c.recv(4096); c.send(b"HTTP/1.0 200 OK\r\n\r\nreached\n"); c.close()
    except OSError: pass' "$T/port" &
	helpers+=($!)
	poll 30 test -s "$T/port"
	PORT=$(cat "$T/port")
	run timeout 30 bash -c "exec 9<>/dev/tcp/127.0.0.1/$PORT; printf 'GET / HTTP/1.0\r\n\r\n' >&9; cat <&9"
	contains 'twin: outside, the port answers' "$out" reached
}
nobody_came() { # NAME: but for the twin above
	is "$1" "$(cat "$T/port.visits")" one
}
helpers=()
stop_helpers() { [ ${#helpers[@]} = 0 ] || kill "${helpers[@]}" 2>/dev/null; }
trap stop_helpers EXIT

# A script that tries what nobody inside may do and prints each thing that succeeded.
attempts() {
	cat <<-X
		grep -s 'the secret' '$HOME/.ssh/id_ed25519'
		{ echo owned >>'$HOME/.bashrc'; } 2>/dev/null && echo 'wrote .bashrc'
		{ echo owned >/usr/bin/owned; } 2>/dev/null && echo 'wrote /usr'
		{ exec 9<>/dev/tcp/127.0.0.1/$PORT; } 2>/dev/null && echo 'reached the network'
		kill -0 $$ 2>/dev/null && [ -e '$T/port' ] && echo 'sees the caller'
		true
	X
}
host_is_untouched() { # NAME
	is "$1" "$(cat "$HOME/.bashrc" "$HOME/.ssh/id_ed25519"; ls -A "$HOME")" \
		"$(printf '# the host\n%s\n.bashrc\n.ssh' "$SECRET")"
}

# What this user changed on the host since the file STAMP was written, outside of all tests'
# directories: names, one a line. Nothing is what it must print. A display or a bus is that of a test
# beside this one: those here have theirs in $T, and no sandbox can make one there.
changed_since() { # STAMP
	local place
	for place in /tmp /var/tmp /dev/shm /run/user /run/lock "$(getent passwd "$(id -u)" | cut -d: -f6)"; do
		[ ! -d "$place" ] || find "$place" -xdev \( -name 'zbox-tests.*' -o -name 'mmdebstrap.*' -o -path '/tmp/.X*' -o -path '/tmp/dbus-*' \) -prune -o -path "$T" -prune \
			-o -user "$(id -u)" -newer "$1" -print 2>/dev/null
	done | while read -r place; do [[ $T/ == "$place"/* ]] || echo "$place"; done
}

# The mounts of the host, to be the same before and after; but for those that others make meanwhile:
# the document portal of the test beside this one, the first firejail of a machine, the kernel in /sys.
host_mounts() {
	awk -v own="$T" '{ mine = index($5, own) == 1 }
		mine || $5 !~ /^\/(run|sys|proc)\/|\/zbox-tests\./ { print $1, $2, $3, $4, $5 }' /proc/self/mountinfo
}
