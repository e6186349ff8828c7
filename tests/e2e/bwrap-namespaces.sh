#!/bin/bash
# The namespaces that each --unshare option makes, and that the others stay the caller's.
. "$(dirname "$0")/../lib.sh"

inside() { "$BWRAP" --bind / / "$@"; }
host() { readlink "/proc/self/ns/$1"; }

# shared NAME NS OPTIONS...: with these options the namespace is the caller's.
shared() {
	local name=$1 ns=$2
	shift 2
	gives "$name" 0 "$(host "$ns")" -- inside "$@" readlink "/proc/self/ns/$ns"
}

new() {
	local name=$1 ns=$2
	shift 2
	run inside "$@" readlink "/proc/self/ns/$ns"
	matches "$name: there is one" "$out" "^$ns:\[[0-9]+\]$"
	isnt "$name: it is not the caller's" "$out" "$(host "$ns")"
}

new 'mnt, always' mnt
for ns in ipc net uts cgroup pid; do
	shared "$ns without an option" "$ns"
done
# procfs shows the namespaces of a new pid namespace only when it is mounted there.
new '--unshare-ipc' ipc --unshare-ipc
new '--unshare-net' net --unshare-net
new '--unshare-uts' uts --unshare-uts
new '--unshare-cgroup' cgroup --unshare-cgroup
new '--unshare-cgroup-try' cgroup --unshare-cgroup-try
new '--unshare-user' user --unshare-user
new '--unshare-user-try' user --unshare-user-try
new '--unshare-pid' pid --unshare-pid --proc /proc
for ns in ipc net uts cgroup user; do
	new "--unshare-all $ns" "$ns" --unshare-all --proc /proc
done
new '--unshare-all pid' pid --unshare-all --proc /proc
shared '--unshare-all --share-net' net --unshare-all --share-net --proc /proc
new '--share-net --unshare-all: the later word wins' net --share-net --unshare-all --proc /proc
new '--share-net --unshare-net' net --share-net --unshare-net

if as_root; then
	shared 'root keeps its user namespace' user
else
	new 'a user namespace without an option, for who is not root' user
fi

# ---- what a namespace hides ----

gives 'processes of the host are out of sight' 0 1 -- \
	inside --unshare-pid --proc /proc sh -c 'ls -d /proc/[0-9]* | grep -c -v -e "/$$\$" -e /2 -e /3 -e /4'
run inside --unshare-pid --proc /proc sh -c 'kill -0 $1 2>/dev/null && echo reached' sh "$$"
is 'and cannot be signalled' "$out" ''
run inside sh -c 'test -d /proc/$1 && echo seen' sh "$$"
is 'twin: with the pid namespace shared they are seen' "$out" seen

gives 'only lo, and it is up' 0 lo -- \
	inside --unshare-net sh -c "tail -n +3 /proc/self/net/dev | sed 's/:.*//; s/ //g'"
ok 'lo carries 127.0.0.1' inside --unshare-net --dev /dev bash -c '
	python3 -c "
import socket
s = socket.socket(); s.bind((\"127.0.0.1\", 0)); s.listen()
c = socket.create_connection(s.getsockname(), 5)
s = socket.socket(socket.AF_INET6); s.bind((\"::1\", 0))"'
# A listener of the host: reached with the net shared, not with a new one.
python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open("port", "w").write(str(s.getsockname()[1])); sys.stdout.flush(); time.sleep(60)' &
listener=$!
poll 10 test -s port
connect="import socket, sys; socket.create_connection(('127.0.0.1', $(cat port)), 5)"
ok 'the host listens' inside python3 -c "$connect"
nok 'a new net does not reach it' inside --unshare-net python3 -c "$connect"
kill "$listener"

gives '--hostname' 0 'some.name' -- inside --unshare-uts --hostname some.name uname -n
isnt 'and the host keeps its own' "$(uname -n)" some.name
refuses '--hostname asks for --unshare-uts' 1 'Specifying --hostname requires --unshare-uts' -- \
	inside --hostname some.name true

ipcmk -S 1 >ipc 2>/dev/null && id=$(sed 's/.*: //' ipc)
gives 'semaphores of the host are out of sight' 0 0 -- \
	inside --unshare-ipc sh -c 'tail -n +2 /proc/sysvipc/sem | wc -l'
run inside sh -c 'tail -n +2 /proc/sysvipc/sem | wc -l'
isnt 'twin: with ipc shared they are seen' "$out" 0
ipcrm -s "${id:-0}" 2>/dev/null

# ---- where there may be none ----

# limited KIND: without a namespace of this kind nothing runs, and bubblewrap's words say why.
limited() {
	# shellcheck disable=SC2016  # for the shell below
	refuses "no $1 namespace is left" 1 'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)' -- \
		unshare -Ur sh -c 'echo 0 >"/proc/sys/user/max_$1_namespaces" && shift && exec "$@"' sh "$1" \
		"$BWRAP" --bind / / --unshare-all echo ran
	! ours || contains "no $1 namespace is left: the hint" "$err" "user.max_$1_namespaces is 0"
}
if unshare -Ur true 2>/dev/null; then
	for ns in mnt pid ipc uts cgroup net; do limited "$ns"; done
else
	skip 'limits of namespaces' 'unshare -Ur does not work here'
fi
if ours; then
	# two processes of zbox make namespaces by unshare(2), and either may fail first
	for try in 1 2 3; do
		refuses "unshare(2) is refused, try $try" 1 'bwrap: No permissions to create a new namespace' -- \
			"$TOOLS/e2e/deny-syscalls" EPERM unshare -- "$BWRAP" --bind / / --unshare-all echo ran
		refuses "and for zbox, try $try" 125 'zbox: namespaces: No permissions to create a new namespace' -- \
			"$TOOLS/e2e/deny-syscalls" EPERM unshare -- "$ZBOX" --bind / / echo ran
	done
fi
finish
