#!/bin/bash
# --mask, --protect: what is masked cannot be seen, renamed, replaced or made, by the command or by
# way of the host; and --rw-bind-create.
. "$(dirname "$0")/../lib.sh"

tree() { # a fresh project at $T/p
	chmod -R u+rwX "$T/p" 2>/dev/null
	rm -rf "$T/p" && mkdir -p "$T/p/a/b" "$T/p/hooks" || exit 1
	echo secret >"$T/p/key" && echo secret >"$T/p/a/b/key" && echo run >"$T/p/hooks/run"
	ln -s a "$T/p/link" && ln -s "../a/b/key" "$T/p/hooks/to-key"
}
p() { zbox_usr --bind "$T/p" /p "$@"; }

# ---- what is there ----

tree
gives 'without a mask it can be read' 0 secret -- p cat /p/key
gives 'a masked file is empty' 0 '' -- p --mask /p/key cat /p/key
nok 'and cannot be written' p --mask /p/key sh -c 'echo x >/p/key'
gives 'a masked directory is empty' 0 '' -- p --mask /p/a find /p/a -mindepth 1
nok 'and nothing can be made in it' p --mask /p/a touch /p/a/x
nok 'nor is it made writable' p --mask /p/a sh -c 'chmod 777 /p/a && touch /p/a/x'
gives 'a mask holds against what comes later' 0 '' -- zbox_usr --mask /p/key --bind "$T/p" /p cat /p/key
gives 'and against what lies on the place' 0 '' -- p --mask /p/key --ro-bind "$T/p/a/b/key" /p/key cat /p/key
nok 'a mask cannot be removed' p --mask /p/key rm -f /p/key
nok 'nor renamed' p --mask /p/key mv /p/key /p/key2
nok 'nor replaced' p --mask /p/key sh -c 'echo x >/p/n && mv -f /p/n /p/key'
nok 'nor exchanged' p --mask /p/key python3 -c '
import ctypes, os, sys
os.close(os.open("/p/n", os.O_CREAT | os.O_WRONLY))
sys.exit(ctypes.CDLL(None).renameat2(-100, b"/p/n", -100, b"/p/key", 2) != 0)'
nok 'nor reached by a hard link' p --mask /p/key ln /p/key /p/other
is 'and on the host it is as it was' "$(cat "$T/p/key")" secret

# ---- directories above ----

ok 'without a mask a directory can be renamed' p sh -c 'mv /p/a /p/z && mv /p/z /p/a'
nok 'a directory above stays' p --mask /p/a/b/key mv /p/a /p/z
nok 'and the next one' p --mask /p/a/b/key mv /p/a/b /p/z
nok 'nor can it be removed' p --mask /p/a/b/key rm -rf /p/a/b
gives 'and what is beside is there' 0 x -- p --mask /p/a/b/key sh -c 'echo x >/p/a/b/new; cat /p/a/b/new'
is 'also on the host' "$(cat "$T/p/a/b/new")" x
gives 'through a link the target is masked' 0 '' -- p --mask /p/link/b/key cat /p/a/b/key
gives 'a link to what is masked' 0 '' -- p --mask /p/hooks/to-key cat /p/hooks/to-key /p/a/b/key
# /deep is a directory of the sandbox's own, which holds a bind and has to stay where it is
deep() { zbox_usr --bind "$T/p" /deep/er/p --mask /deep/er/none/x --mask /deep/er/p/key "$@"; }
gives 'what is mounted below a directory that is held is there' 0 'secret run' -- deep sh -c 'echo $(cat /deep/er/p/a/b/key /deep/er/p/hooks/run)'
gives 'and masked below it' 0 '' -- deep cat /deep/er/p/key
gives 'and is the host'\''s' 0 '' -- deep sh -c 'echo x >/deep/er/p/new'
is 'so that what is written arrives' "$(cat "$T/p/new")" x
tree
run p --mask /p/link/b/key sh -c 'rm /p/link; mkdir -p /p/link/b; echo mine >/p/link/b/key; sleep 60; echo on'
is 'who exchanges the link is ended' "$status $out" '125 '
contains 'and it is said' "$err" '/p/link/b/key'
rm -rf "$T/p/l" && mkdir "$T/p/l" && ln -s ../../../../.."$T/p/key" "$T/p/l/out"
ok 'a link that leaves the root leads nowhere' p --mask /p/l/out true
is 'and masks nothing of the host' "$(cat "$T/p/key")" secret

# ---- patterns ----

tree
mkdir "$T/p/w[1]" && echo secret >"$T/p/w[1]/.env" && echo secret >"$T/p/x.pem" && echo secret >"$T/p/.env"
gives 'a pattern hides what matches' 0 '' -- p --mask '/p/*.pem' cat /p/x.pem
gives 'in the middle of a path, too' 0 '' -- p --mask '/p/*/b/ke?' cat /p/a/b/key
gives 'a leading dot has to be written' 0 secret -- p --mask '/p/*env' cat /p/.env
gives 'and then it matches' 0 '' -- p --mask '/p/.en*' cat /p/.env
gives 'a folder may look like a pattern' 0 '' -- p --mask '/p/w[1]/.env' cat '/p/w[1]/.env'
gives 'patterns are looked at when it starts: what is made later is not hidden' 0 later -- p --mask '/p/*.pem' sh -c 'echo later >/p/y.pem; cat /p/x.pem /p/y.pem'
gives 'nor moved away from what matched' 1 '' -- p --mask '/p/*/b/key' sh -c 'mv /p/a /p/z 2>/dev/null; cat /p/z/b/key 2>/dev/null'
run p --mask '/p/*.none' sh -c 'echo x >/p/a.none; cat /p/a.none'
is 'one that nothing matches' "$status $out" '0 x'
rm -f "$T/p/y.pem" "$T/p/a.none"
touch "$T/p/*.pem"
gives 'a file that is called as the pattern is' 0 '' -- p --mask '/p/*.pem' cat /p/x.pem

# ---- what is not there ----

tree
gives 'nothing is made on the host' 0 '' -- p --mask /p/none sh -c 'ls /p | grep none; exit 0'
nok 'not even for a moment at the end' test -e "$T/p/none"
run p --mask /p/none sh -c 'echo evil >/p/none; sleep 60; echo on'
is 'who makes it is ended' "$status $out" '125 '
contains 'with its name' "$err" 'zbox: mask: /p/none was made'
rm -f "$T/p/none"
run p --mask /p/none/sub/key sh -c 'mkdir -p /p/none/sub; sleep 60; echo on'
is 'also when a directory above is missing' "$status $out" '125 '
tree
ok 'other names can be made' p --mask /p/none sh -c 'for i in $(seq 200); do echo >/p/f$i; mv /p/f$i /p/g; done'
gives 'in the sandbox'\''s own directories it is an empty one' 0 'directory 555' -- \
	zbox_usr --mask /root/.ssh/ stat -c '%F %a' /root/.ssh
gives 'or a file' 0 'regular empty file 444' -- zbox_usr --mask /tmp/x/y stat -c '%F %a' /tmp/x/y
nok 'that stays' zbox_usr --mask /tmp/x/y mv /tmp/x /tmp/z
refuses 'the root itself is no place for a mask' 125 'cannot be masked' -- p --mask / true
refuses 'nobody watches without a PID 1 of zbox' 125 '--mask cannot be combined with --as-pid-1' -- \
	p --as-pid-1 --mask /p/key true

# ---- the host ----

with=()
host() { # NAME COMMAND: in the middle of a run, with the options $with
	local fifo=$T/fifo
	tree
	rm -f "$fifo" "$T/p/up" && mkfifo "$fifo"
	zbox_usr "${with[@]}" --bind "$T/p" /p --mask /p/a/b/key --mask /p/key sh -c 'echo >/p/up; sleep 60; cat /p/key /p/a/b/key' \
		>"$T/.out" 2>"$T/.err" &
	poll 30 test -e "$T/p/up" || flunk "$1: it runs"
	eval "$2"
	wait $!
	status=$? out=$(cat "$T/.out") err=$(cat "$T/.err")
	is "$1 ends it" "$status $out" '125 '
	contains "$1: and is said" "$err" 'so the sandbox was ended'
}
host 'a file that the host replaces' 'echo new >"$T/p/n"; mv "$T/p/n" "$T/p/key"'
host 'a file that the host removes' 'rm "$T/p/key"'
host 'a file that the host moves' 'mv "$T/p/key" "$T/p/k"'
host 'a directory that the host exchanges' 'mv "$T/p/a" "$T/p/z"; mkdir -p "$T/p/a/b"'

# who has capabilities lives in a copy of the mounts, and the first ones are watched
with=(--cap-add net_bind_service)
tree
gives 'with a capability it is masked, to the end' 0 '' -- p "${with[@]}" --mask /p/key sh -c 'touch /p/made; cat /p/key'
host 'with a capability: a file that the host replaces' 'echo new >"$T/p/n"; mv "$T/p/n" "$T/p/key"'
host 'with a capability: a directory that the host exchanges' 'mv "$T/p/a" "$T/p/z"; mkdir -p "$T/p/a/b"'

# ---- protect ----

tree
gives 'protected, it can be read' 0 run -- p --protect /p/hooks cat /p/hooks/run
nok 'and not written' p --protect /p/hooks sh -c 'echo x >/p/hooks/run'
nok 'nor added to' p --protect /p/hooks touch /p/hooks/new
nok 'nor moved away' p --protect /p/hooks mv /p/hooks /p/z
ok 'its twin' p sh -c 'touch /p/hooks/new && mv /p/hooks /p/z && mv /p/z /p/hooks'
run p --protect /p/.envrc sh -c 'echo evil >/p/.envrc; sleep 60; echo on'
is 'what is not there stays away' "$status $out" '125 '
rm -f "$T/p/.envrc"
ok 'only where there is a directory' p --protect-try /p/none/x mkdir -p /p/none/x
run p --protect-try /p/hooks/none sh -c 'echo evil >/p/hooks/none; sleep 60; echo on'
is 'with one it holds' "$status $out" '125 '

# ---- rw-bind-create ----

rm -rf "$T/new" && mkdir "$T/there" && ln -s "$T/there" "$T/via"
gives 'a missing source is made' 0 '' -- zbox_usr --rw-bind-create "$T/new/a/b" /n touch /n/file
is 'with its parents, for the caller alone' "$(stat -c %a "$T/new" "$T/new/a" "$T/new/a/b" | tr '\n' ' ')" '700 700 700 '
ok 'and what was written is there' test -f "$T/new/a/b/file"
ok 'one that is there is taken' zbox_usr --rw-bind-create "$T/there" /n touch /n/file
ok 'below a link that is there' zbox_usr --rw-bind-create "$T/via/deep" /n true
ok 'it is made where that leads' test -d "$T/there/deep"
ln -s "$T/nowhere" "$T/dangling"
refuses 'a link to nowhere is not followed' 125 "$T/dangling" -- zbox_usr --rw-bind-create "$T/dangling" /n true
nok 'and nothing was made there' test -e "$T/nowhere"
refuses 'when another source is missing' 125 '/none' -- zbox_usr --rw-bind-create "$T/late" /n --bind /none /m true
nok 'nothing is made' test -e "$T/late"
refuses 'a file is no directory' 125 "$T/there/file" -- zbox_usr --rw-bind-create "$T/there/file/x" /n true

# ---- the plan ----

run zbox_usr --explain --mask /p/key --protect-try /p/b --rw-bind-create "$T/x" /x true
matches '--explain has the masks last' "$out" $'rw-bind-create.*mask +/p/key.*protect-try +/p/b'

finish
