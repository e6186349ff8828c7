#!/bin/bash
# Descriptors: what the command gets, what supervisors read and write, --args.
. "$(dirname "$0")/../lib.sh"
host=(--dev-bind / /)

# ---- inherited ones ----

echo seven >seven
gives 'every descriptor is passed on' 0 $'seven\nseven' -- \
	bwrap "${host[@]}" sh -c 'cat <&7; cat <&9' 7<seven 9<seven
gives 'and with a pid namespace' 0 seven -- bwrap "${host[@]}" --unshare-pid sh -c 'cat <&7' 7<seven
only_standard='import os, sys; os.closerange(3, 1024); os.execv(sys.argv[1], sys.argv[1:])'
run python3 -c "$only_standard" "$BWRAP" "${host[@]}" --unshare-all --proc /proc ls /proc/self/fd
is 'and nothing more' "$out" $'0\n1\n2\n3' # 3 is the directory that ls reads

for n in 0 1 2; do
	run bash -c 'exec "$0" "$@" '"$n>&-" "$BWRAP" "${host[@]}" --unshare-pid sh -c 'exit 3'
	is "closed descriptor $n" "$status" 3
done

# ---- --args ----

args() { printf '%s\0' "$@"; }
gives '--args' 0 x -- bwrap "${host[@]}" --args 7 sh -c 'echo $A' 7< <(args --setenv A x)
gives '--args without the last NUL' 0 x -- bwrap "${host[@]}" --args 7 sh -c 'echo $A' 7< <(printf '%s\0%s\0%s' --setenv A x)
gives '--args of nothing' 0 '' -- bwrap "${host[@]}" --args 7 sh -c 'echo $A' 7</dev/null
gives '--args twice, in order' 0 y -- bwrap "${host[@]}" --args 7 --args 8 sh -c 'echo $A' \
	7< <(args --setenv A x) 8< <(args --setenv A y)
gives '--args in its place' 0 y -- bwrap "${host[@]}" --args 7 --setenv A y sh -c 'echo $A' 7< <(args --setenv A x)
gives '--args with an empty word' 0 '<>' -- bwrap "${host[@]}" --args 7 sh -c 'echo "<$A>"' 7< <(args --setenv A '')
refuses '--args in a file of arguments' 1 'bwrap: --args not supported in arguments file' -- \
	bwrap "${host[@]}" --args 7 echo ran 7< <(args --args 8)
refuses '--args with a missing operand' 1 'bwrap: --setenv takes two arguments' -- \
	bwrap "${host[@]}" --args 7 echo ran 7< <(args --setenv A)
refuses '--args of a closed descriptor' 1 "bwrap: Can't read --args data: Bad file descriptor" -- \
	bwrap "${host[@]}" --args 7 echo ran
refuses '--args without a number' 1 'bwrap: Invalid fd: x' -- bwrap "${host[@]}" --args x echo ran
gives 'a command in the file is not run' 0 line -- bwrap --args 7 echo line 7< <(args "${host[@]}" echo file)
many=()
for _ in $(seq 2900); do many+=(--setenv A x); done
gives '8,700 words' 0 x -- bwrap "${host[@]}" --args 7 sh -c 'echo $A' 7< <(args "${many[@]}")
if ! ours; then
	refuses 'more than 9,000' 1 'bwrap: Exceeded maximum number of arguments 9000' -- \
		bwrap "${host[@]}" --args 7 --args 8 echo ran 7< <(args "${many[@]}") 8< <(args "${many[@]}")
fi

# ---- --info-fd, --json-status-fd ----

inode() { readlink "/proc/$1/ns/$2" | tr -dc 0-9; }

# With the command waiting on a pipe, its namespaces can be compared with what was told.
supervised() { # NAME NAMESPACES... -- OPTIONS...
	local name=$1 keys=()
	shift
	while [ "$1" != -- ]; do keys+=("$1") && shift; done
	shift
	rm -f go info && mkfifo go
	"$BWRAP" "${host[@]}" "$@" --info-fd 7 sh -c 'read -r x <go' 7>info &
	box=$!
	poll 10 grep -q '^}' info
	child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' info)
	want=$'{\n    "child-pid": '"$child"
	for ns in "${keys[@]}"; do
		want+=$',\n    "'"$ns-namespace"'": '$(inode "$child" "$ns")
	done
	is "$name" "$(cat info)" "$want"$'\n}'
	is "$name: child-pid is a child of bwrap" "$(ps -o ppid= "$child" | tr -d ' ')" "$box"
	echo >go
	wait "$box"
}
supervised '--info-fd' mnt --
supervised '--info-fd with all' cgroup ipc mnt net pid uts -- --unshare-all
supervised '--info-fd with some' mnt net -- --unshare-net
supervised '--info-fd, --as-pid-1' mnt pid -- --unshare-pid --as-pid-1
python3 -c 'import json; json.load(open("info"))'
result $? '--info-fd is JSON'
refuses '--info-fd closed' 1 'bwrap: Write to info_fd: Bad file descriptor' -- \
	bwrap "${host[@]}" --info-fd 7 echo ran
gives '--info-fd is closed before the command' 0 closed -- \
	bwrap "${host[@]}" --info-fd 7 sh -c 'test -e /proc/self/fd/7 || echo closed' 7>info
: >info
run bwrap "${host[@]}" --info-fd 7 true 7<>info
contains '--info-fd on a file opened for both' "$(cat info)" child-pid

json() { bwrap "${host[@]}" --json-status-fd 7 "$@" 7>json; }
json sh -c 'exit 7'
is '--json-status-fd: the status is still ours' $? 7
is '--json-status-fd: two documents' "$(wc -l <json)" 2
matches '--json-status-fd: the first' "$(sed -n 1p json)" '^\{ "child-pid": [0-9]+, "mnt-namespace": [0-9]+ \}$'
is '--json-status-fd: the second' "$(sed -n 2p json)" '{ "exit-code": 7 }'
json --unshare-all --proc /proc sh -c 'kill -9 $$' 2>/dev/null
is '--json-status-fd: a signal' "$(sed -n 2p json)" '{ "exit-code": 137 }'
matches '--json-status-fd: the namespaces' "$(sed -n 1p json)" \
	'^\{ "child-pid": [0-9]+, "cgroup-namespace": [0-9]+, "ipc-namespace": [0-9]+, "mnt-namespace": [0-9]+, "net-namespace": [0-9]+, "pid-namespace": [0-9]+, "uts-namespace": [0-9]+ \}$'
json /zbox-none 2>/dev/null
is '--json-status-fd: no second document when nothing ran' "$(wc -l <json)" 1
json --bind /zbox-none /x true 2>/dev/null
lacks '--json-status-fd: nor when the set-up failed' "$(cat json)" exit-code
json --unshare-pid true
is '--json-status-fd: with a pid namespace' "$(sed -n 2p json)" '{ "exit-code": 0 }'

# ---- --block-fd, --sync-fd, --lock-file ----

mkfifo block && rm -f ran
"$BWRAP" "${host[@]}" --info-fd 8 --block-fd 7 touch ran 7<>block 8>info &
poll 10 grep -q '^}' info
nok '--block-fd: the command waits' test -e ran
echo x >block
ok '--block-fd: until a byte comes' poll 10 test -e ran
wait $!
gives '--block-fd: end of file will do' 0 ran -- bwrap "${host[@]}" --block-fd 7 echo ran 7</dev/null

# The writer's end is held by the sandbox until its last process is gone.
mkfifo sync
"$BWRAP" "${host[@]}" --unshare-pid --sync-fd 7 sh -c 'echo up >up; read -r x <end' 7>sync &
mkfifo end
exec 6<sync
poll 10 test -e up
nok '--sync-fd is held while the command runs' timeout 0.3 sh -c 'cat <&6'
echo >end
ok '--sync-fd is let go at the end' timeout 10 sh -c 'cat <&6'
exec 6<&-
wait $!
gives '--sync-fd is not left to the command' 0 gone -- \
	bwrap "${host[@]}" --sync-fd 7 sh -c 'test -e /proc/self/fd/7 || echo gone' 7>/dev/null

echo >lock
locked() { ! python3 -c 'import fcntl; fcntl.lockf(open("lock", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null; }
rm -f up
"$BWRAP" "${host[@]}" --lock-file "$T/lock" sh -c 'echo up >up; read -r x <end' &
poll 10 test -e up
ok '--lock-file: locked' poll 10 locked
ok '--lock-file: a read lock goes with it' \
	python3 -c 'import fcntl; fcntl.lockf(open("lock"), fcntl.LOCK_SH | fcntl.LOCK_NB)'
echo >end
wait $!
nok '--lock-file: free again' poll 1 locked
refuses '--lock-file with --as-pid-1' 1 'bwrap: Specifying --as-pid-1 and --lock-file is not permitted' -- \
	bwrap "${host[@]}" --unshare-pid --as-pid-1 --lock-file "$T/lock" echo ran

# ---- --userns-block-fd ----

mkfifo maps
rm -f info
"$BWRAP" "${host[@]}" --unshare-user --userns-block-fd 7 --info-fd 8 \
	sh -c 'cat /proc/self/uid_map >map' 7<>maps 8>info &
poll 10 grep -q '^}' info
child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' info)
is '--userns-block-fd: nothing is mapped yet' "$(cat "/proc/$child/uid_map")" ''
echo "0 $(id -u) 1" >"/proc/$child/uid_map"
echo deny >"/proc/$child/setgroups"
echo "0 $(id -g) 1" >"/proc/$child/gid_map"
echo >maps
wait $!
is '--userns-block-fd: the map of the supervisor' "$(tr -s ' ' <map)" " 0 $(id -u) 1"
refuses '--userns-block-fd asks for --unshare-user' 1 'bwrap: --userns-block-fd requires --unshare-user' -- \
	bwrap "${host[@]}" --userns-block-fd 7 --info-fd 8 echo ran 7</dev/null 8>info
refuses '--userns-block-fd asks for --info-fd' 1 'bwrap: --userns-block-fd requires --info-fd' -- \
	bwrap "${host[@]}" --unshare-user --userns-block-fd 7 echo ran 7</dev/null

for option in --args --block-fd --sync-fd --info-fd --json-status-fd --userns-block-fd --seccomp \
	--userns --userns2 --pidns; do
	refuses "$option without an operand" 1 "bwrap: $option takes an argument" -- bwrap $option
	refuses "$option -1" 1 'bwrap: Invalid fd: -1' -- bwrap $option -1 echo ran
	refuses "$option ''" 1 'bwrap: Invalid fd: ' -- bwrap $option '' echo ran
	refuses "$option 0a" 1 'bwrap: Invalid fd: 0a' -- bwrap $option 0a echo ran
	ours && refuses "$option beyond an int" 1 'bwrap: Invalid fd: 4294967299' -- \
		bwrap $option 4294967299 echo ran
done
run bwrap "${host[@]}" --block-fd 7 --block-fd 8 true 7</dev/null 8</dev/null
contains 'a repeated option warns' "$err" 'bwrap: Only the last --block-fd option will take effect'
if since 0.11; then
	run bwrap "${host[@]}" --level-prefix --block-fd 7 --block-fd 8 true 7</dev/null 8</dev/null
	contains '--level-prefix of a warning' "$err" '<4>bwrap: Only the last --block-fd'
	refuses '--level-prefix of an error' 1 '<3>bwrap: Unknown option --x' -- bwrap --level-prefix --x echo ran
fi
finish
