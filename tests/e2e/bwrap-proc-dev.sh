#!/bin/bash
# --proc and --dev: what is there, what is not, and what cannot be written.
. "$(dirname "$0")/../lib.sh"

# ---- --proc ----

gives '--proc with a pid namespace is its own' 0 2 -- \
	bwrap_usr --unshare-pid --proc /proc sh -c 'echo $$; exit 0'
run bwrap_usr --unshare-pid --proc /p cat /p/self/mountinfo
matches 'nosuid, nodev, noexec' "$out" '/ /p rw,nosuid,nodev,noexec,relatime - proc'
# Each writes what is there already, should it succeed. bubblewrap does not protect root's /proc/sys.
same='x=$(cat "$0") && printf %s "$x" >"$0"'
if ours || ! as_root; then
	for file in sys/kernel/hostname sys/vm/swappiness; do
		nok "/proc/$file cannot be written" bwrap_usr --unshare-pid --proc /proc sh -c "$same" /proc/$file
	done
fi
nok '/proc/sysrq-trigger cannot be opened' bwrap_usr --unshare-pid --proc /proc sh -c ': >>/proc/sysrq-trigger'
run bwrap_usr --proc /proc readlink /proc/self/ns/pid
is 'without a pid namespace it is the host'"'"'s' "$out" "$(readlink /proc/self/ns/pid)"

# ---- --dev ----

gives '--dev holds this and nothing else' 0 \
	'core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero' -- \
	bwrap_usr --dev /dev sh -c 'cd /dev; echo *'
run bwrap_usr --dev /dev sh -c 'cd /dev; for l in stdin stdout stderr fd core ptmx; do readlink $l; done'
is 'the links' "$out" $'/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n/proc/self/fd\n/proc/kcore\npts/ptmx'
gives 'modes' 0 $'755\n755\n755' -- bwrap_usr --dev /dev stat -c %a /dev /dev/shm /dev/pts
ok 'null takes' bwrap_usr --dev /dev sh -c 'echo x >/dev/null && test ! -s /dev/null'
gives 'zero gives' 0 4 -- bwrap_usr --dev /dev sh -c 'head -c 4 /dev/zero | wc -c'
nok 'full is full' bwrap_usr --dev /dev sh -c 'echo x >/dev/full'
gives 'urandom gives' 0 4 -- bwrap_usr --dev /dev sh -c 'head -c 4 /dev/urandom | wc -c'
gives '/dev is writable' 0 x -- bwrap_usr --dev /dev sh -c 'echo x >/dev/new && cat /dev/new'
nok 'but --remount-ro closes it' bwrap_usr --dev /dev --remount-ro /dev touch /dev/new
ok 'and /dev/null goes on working' bwrap_usr --dev /dev --remount-ro /dev sh -c 'echo x >/dev/null'
nok 'a device cannot be made' bwrap_usr --unshare-user --dev /dev mknod /dev/mem c 1 1
nok 'nor can one be removed' bwrap_usr --dev /dev rm /dev/null
gives 'a pty of its own' 0 /dev/pts/0 -- bwrap_usr --dev /dev --proc /proc python3 -c '
import os
master, slave = os.openpty()
print(os.ttyname(slave))'
run bwrap_usr --dev /dev --proc /proc cat /proc/self/mountinfo
matches 'devpts' "$out" '/ /dev/pts rw,nosuid,noexec,relatime - devpts [^ ]* rw,mode=620,ptmxmode=666'
matches '/dev is nosuid, nodev' "$out" '/ /dev rw,nosuid,nodev,relatime - tmpfs'
gives '--dev elsewhere' 0 null -- bwrap_usr --dev /some/where sh -c 'cd /some/where; echo null'
ok 'something bound into /dev' bwrap_usr --dev /dev --bind . /dev/shm sh -c 'echo x >/dev/shm/file'
is 'is the host'"'"'s' "$(cat file)" x

# With a terminal for standard output there is /dev/console.
pty='import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'
run python3 -c "$pty" "$BWRAP" "${usr[@]}" --dev /dev sh -c 'test -c /dev/console && echo yes'
contains 'console, where standard output is a terminal' "$out" yes
nok 'and only there' bwrap_usr --dev /dev test -e /dev/console

refuses '--proc on a file' 1 'bwrap: ' -- bwrap_usr --ro-bind /dev/null /f --proc /f echo ran
refuses '--dev on a file' 1 'bwrap: ' -- bwrap_usr --ro-bind /dev/null /f --dev /f echo ran
refuses '--dev below a read-only bind' 1 'bwrap: ' -- bwrap --ro-bind / / --dev /zbox-none echo ran
run bwrap --ro-bind / / cat /proc/self/mountinfo
is 'one root, however often / was mounted on' "$(grep -cE '^[0-9]+ [0-9]+ [^ ]+ [^ ]+ / ' <<<"$out")" 1
ok '--dev over a read-only bind' bwrap --ro-bind / / --dev /dev --proc /proc sh -c 'echo x >/dev/null'
# ---- standard output is a terminal of another devpts ----

cat >console.py <<'P'
import os, subprocess, sys
master, slave = os.openpty()
out = os.dup(1)
sys.exit(subprocess.run([sys.argv[1], "--dev-bind", "/", "/", "--tmpfs", "/dev/pts", "--unshare-user",
    sys.argv[1], "--ro-bind", "/", "/", "--dev", "/dev", "sh", "-c", "test -e /dev/console || echo none >&%d" % out],
    stdout=slave, pass_fds=[out]).returncode)
P
gives 'a terminal without a name here is no console' 0 none -- python3 console.py "$BWRAP"

finish
