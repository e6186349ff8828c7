#!/bin/bash
# Sandboxes with a name: found, entered, waited for, killed; by their user outside and nobody else.
# timeout: 300
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# Not below $T, where another user would not get that far.
XDG_RUNTIME_DIR=$(mktemp -d /tmp/zbox-names.XXXXXX) || exit 1
export XDG_RUNTIME_DIR
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
names=$XDG_RUNTIME_DIR/zbox
mark=$((700000 + $$))

# start NAME OPTION... -- COMMAND: in the background; returns when it runs.
start() {
	"$ZBOX" --ro-bind /usr /usr --name "$@" </dev/null >"$T/$1.out" 2>"$T/$1.err" &
	zbox=$!
	poll 20 runs "$1" || { note "$(cat "$T/$1.err")"; return 1; }
}
runs() { "$ZBOX" --list=json | tr -d ' \n' | grep -qF "\"name\":\"$1\",\"started\":true"; }
answers() { "$ZBOX" --enter "$1" true </dev/null; }
gone() { ! "$ZBOX" --list | grep -q "^$1 "; }
left() { pgrep -x sleep -a | grep -c " $mark\$"; }
none() { [ "$(left)" = 0 ]; }
is_left() { [ "$(left)" = "$1" ]; }

# ---- names ----

refuses 'a name is no path' 125 'takes a name of at most 64 letters' -- zbox_usr --name ../x echo ran
refuses 'a name does not begin with a dot' 125 'takes a name' -- zbox_usr --name .x echo ran
refuses 'a long name' 125 'takes a name' -- zbox_usr --name "$(printf '%065d' 0)" echo ran
gives 'the longest name' 0 ran -- zbox_usr --name "$(printf '%064d' 0)" echo ran
refuses 'somebody has to make what enters' 125 '--name cannot be combined with --as-pid-1' -- \
	zbox_usr --name x --as-pid-1 echo ran
refuses 'who asks runs nothing else' 125 'cannot be combined with other options' -- \
	zbox_usr --list
declare -A what_to=([enter]=true [update]=--pids=9)
for what in enter kill wait stats-of freeze thaw update; do
	refuses "--$what without such a sandbox" 125 'no sandbox with the name nobody is running' -- \
		zbox --$what nobody ${what_to[$what]:+"${what_to[$what]}"}
done
refuses 'nothing to change' 125 '--update takes limits' -- zbox --update nobody
refuses 'what is no limit of a control group' 125 'not --nice' -- zbox --update nobody --pids 9 --nice 5
refuses 'no option at all' 125 'not now' -- zbox --update nobody now
refuses 'a limit without a value' 125 'takes an argument' -- zbox --update nobody --memory
refuses 'a limit that is none' 125 '--memory takes bytes' -- zbox --update nobody --memory lots
refuses 'a path that somebody else would look up' 125 'by its whole path' -- zbox --update nobody --io-max disk:wbps=1M
refuses 'no such signal' 125 'there is no signal NOPE' -- zbox --kill nobody NOPE
refuses 'nothing to run' 125 'no command given' -- zbox --enter nobody --
refuses 'an option behind the name' 125 'takes no option' -- zbox --enter nobody --chdir / true
refuses 'two signals' 125 'takes one signal' -- zbox --kill nobody TERM KILL
refuses 'words that mean nothing' 125 'takes nothing behind' -- zbox --wait nobody now
refuses 'bwrap has no names' 1 'Unknown option --name' -- bwrap_usr --name x true

# ---- listed ----

gives 'an empty list' 0 0 -- sh -c "\"$ZBOX\" --list | sed 1d | wc -l"
ok 'one starts' start one --rlimit nofile=64 --uid 7 --gid 8 -- sleep $mark
one=$zbox
ok 'another starts' start two --share-net -- sleep $mark
two=$zbox
run zbox --list
contains 'the first is listed' "$out" "one "
matches 'with process, ids, network, limits and command' "$out" \
	"one +0:[0-9]{2} +$one +7:8 +[0-9]+ +[0-9.]+[KM] none +rlimit nofile=64:64 +sleep $mark"
matches 'the second too' "$out" "two +0:[0-9]{2} +$two +0:0 +[0-9]+ +[0-9.]+[KM] host +- +sleep $mark"
gives 'the same as JSON' 0 "one $one 7 8 none rlimit nofile=64:64 sleep $mark
two $two 0 0 host sleep $mark" -- sh -c "\"$ZBOX\" --list=json | python3 -c '
import json, sys
for s in json.load(sys.stdin)[\"sandboxes\"]:
    assert s[\"memory-bytes\"] > 0 and s[\"age-seconds\"] >= 0 and s[\"processes\"] >= 2
    print(s[\"name\"], s[\"pid\"], s[\"uid\"], s[\"gid\"], s[\"network\"], *s[\"limits\"], s[\"command\"])'"
run zbox --stats-of one
matches 'what one has used' "$out" 'age +0:[0-9]{2}.*processor time +[0-9.]+ s.*memory +[0-9.]+[KM].*processes +2'
gives 'the same as JSON' 0 'one True True 2' -- sh -c "\"$ZBOX\" --stats-of one json | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s[\"name\"], s[\"memory-bytes\"] > 100000, s[\"age-seconds\"] >= s[\"cpu-seconds\"], s[\"processes\"])'"
"$ZBOX" --enter one -- sh -c 'while :; do :; done' </dev/null &
spins() { [ "$("$ZBOX" --stats-of one json | python3 -c 'import json, sys; print(json.load(sys.stdin)["cpu-seconds"] > 0.3)')" = True ]; }
ok 'processor time is that of who entered, too' poll 20 spins
kill $!
wait $!
refuses 'without a control group there are no limits to change' 125 \
	'the sandbox one: it has no control group of its own' -- zbox --update one --memory 1G --pids=20
ok 'and it lives on' answers one
refuses 'two with one name' 125 'a sandbox with the name one is running already' -- \
	zbox_usr --name one echo ran
is 'the directory is the user'"'"'s alone' "$(stat -c %a "$names")" 700
is 'so are the sockets' "$(stat -c %a "$names/one")" 600
is 'nothing else is kept' "$(cd "$names" && echo *)" 'one two'

# ---- entered: the same confinement as that of the command ----

describe='grep -E "^(Cap|NoNewPrivs|Seccomp|Groups|Uid|Gid)" /proc/self/status
	for n in /proc/self/ns/*; do case $n in *time_for*|*pid_for*) ;; *) readlink $n;; esac; done
	ulimit -a; umask; pwd; env | grep -v "^_=" | sort; cat /proc/self/uid_map; cat /proc/self/cgroup'
for options in '' '--uid 7 --gid 8 --chdir /usr --rlimit nofile=70:80 --rlimit cpu=300 --nice 5 --setenv A b' \
	'--cap-add net_admin --cap-add sys_chroot' '--share-net --share-ipc' '--seccomp-profile nested' \
	'--unshare-time --boottime 5' '--share-pid' '--seccomp-profile none --landlock off' '--landlock-only'; do
	# shellcheck disable=SC2086  # words
	ok "starts: $options" start same $options -- sh -c "$describe; echo end; exec sleep $mark"
	poll 20 grep -qx end "$T/same.out"
	sed '/^end$/,$d' "$T/same.out" >"$T/first"
	"$ZBOX" --enter same -- sh -c "$describe" </dev/null >"$T/second" 2>&1
	if cmp -s "$T/first" "$T/second" && [ "$(wc -l <"$T/first")" -gt 20 ]; then
		pass "the same as the command: ${options:-the defaults}"
	else
		flunk "the same as the command: $options" "$(diff "$T/first" "$T/second")"
	fi
	ok 'and killed' zbox --kill same
	wait "$zbox"
done
gives 'the same mounts' 0 '' -- sh -c "\"$ZBOX\" --enter one sh -c 'cat /proc/2/mountinfo' >a
	\"$ZBOX\" --enter one sh -c 'cat /proc/self/mountinfo' >b; test -s a && cmp a b"
# The corpus of attacks, by a command that enters: what escape.sh does by the first one.
cat >entering <<'EOS'
#!/bin/bash
options=()
until [ "$1" = /escape ] && { [ "$2" = inside ] || [ "$2" = act ]; }; do options+=("$1"); shift; done
[ "${options[-1]}" != -- ] || unset 'options[-1]'
"$ZBOX" --name attacked$$ "${options[@]}" -- sleep 1000 </dev/null >/dev/null 2>&1 &
for i in $(seq 200); do "$ZBOX" --enter attacked$$ true </dev/null 2>/dev/null && break; sleep 0.02; done
"$ZBOX" --enter attacked$$ -- "$@"
status=$?
"$ZBOX" --kill attacked$$
exit $status
EOS
chmod +x entering
export ZBOX
"$TOOLS/escape" host --exact -- "$T/entering" --ro-bind /usr /usr --ro-bind "$TOOLS/escape" /escape >attacks 2>attacks.err </dev/null
is 'the attacks get no further' "$(grep '^not ok' attacks) $(($(grep -c '^ok' attacks) > 100))" ' 1' || note "$(cat attacks.err)"

# ---- what comes and goes ----

gives 'words, environment and input' 3 $'a b\tc\n[]\nin' -- sh -c \
	"echo in | \"$ZBOX\" --enter one -- sh -c 'echo \"\$1\"; echo \"[\$2]\"; cat; exit 3' - 'a b	c' ''"
gives 'TERM is that of who enters' 0 vt999 -- env TERM=vt999 "$ZBOX" --enter one sh -c 'echo $TERM'
gives 'none is none' 0 '' -- env -u TERM "$ZBOX" --enter one sh -c 'echo ${TERM-}'
gives 'only its three descriptors' 0 '0 1 2' -- sh -c \
	"\"$ZBOX\" --enter one -- sh -c 'cd /proc/self/fd; echo [0-9]*' 7</ 9</ | sed 's/ [3-9]\$//'"
gives 'a signal that ended it' 143 '' -- zbox --enter one -- sh -c 'kill -TERM $$'
refuses 'not found' 127 'exec: nosuch' -- zbox --enter one nosuch
refuses 'not executable' 126 'exec: /etc/passwd' -- zbox --enter one /etc/passwd
"$ZBOX" --enter one -- sh -c 'trap "exit 5" USR1; echo up; while :; do sleep 0.1; done' </dev/null >trapping &
enterer=$!
ok 'one that takes a signal' poll 20 grep -qx up trapping
kill -USR1 "$enterer"
wait "$enterer"
is 'a signal to who entered is the command'"'"'s' $? 5
gives 'SIGINT that who started ignored is not ignored' 130 '' -- zbox --enter one -- sh -c 'kill -INT $$; echo survived'
gives 'what who entered ignores is' 0 survived -- sh -c \
	"trap '' INT; exec \"$ZBOX\" --enter one -- sh -c 'kill -INT \$\$; echo survived'"
refuses 'too many words' 125 'more than 65536 bytes' -- zbox --enter one echo "$(printf '%070000d' 0)"
gives 'almost too many' 0 65001 -- sh -c "\"$ZBOX\" --enter one echo $(printf '%065000d' 0) | wc -c"
gives 'no pipe of who entered is held by anybody' 0 '' -- timeout 60 sh -c \
	"\"$ZBOX\" --enter one -- sh -c 'sleep $((mark + 1)) >/dev/null 2>&1 </dev/null &' | cat"
ok 'what it left is in the sandbox' pgrep -f "sleep $((mark + 1))"
gives 'twenty at once' 0 20 -- sh -c "for i in \$(seq 20); do \"$ZBOX\" --enter one echo x & done >twenty; wait; grep -c x twenty"
mkfifo gate
"$ZBOX" --ro-bind /usr /usr --name late --block-fd 8 -- sleep $mark 8<>gate </dev/null &
late=$!
ok 'its name is there before its command' poll 20 test -S "$names/late"
"$ZBOX" --enter late echo ready </dev/null >entered.out 2>&1 &
enterer=$!
ok 'who enters waits' kill -0 "$enterer"
echo >gate
wait "$enterer"
is 'until the command has started' "$? $(cat entered.out)" '0 ready'
zbox --kill late
wait "$late"

# ---- ends ----

"$ZBOX" --enter one -- sh -c "sleep $((mark + 2)) & exec sleep $((mark + 2))" </dev/null &
enterer=$!
ok 'somebody is inside' poll 20 pgrep -f "^sleep $((mark + 2))"
kill -KILL "$enterer"
wait "$enterer" 2>/dev/null
ok 'the end of who entered is that of the command' poll 20 sh -c "! pgrep -f '^sleep $((mark + 2))'"
ok 'and not of the sandbox' answers one

# Who keeps the command goes without reading what it was told last: its last word is heard even so.
mkfifo word
"$ZBOX" --enter one -- sh -c 'read x; exit 7' <>word &
enterer=$!
ok 'a command inside' poll 20 below "$one" sh
command=$(below "$one" sh)
keeper=$(awk '/^PPid:/ { print $2 }' "/proc/$command/status")
is_in() { grep -q "^State:.$1" "/proc/$2/status"; }
heard() { is_in S "$enterer" && ! grep -q '^S[hi][dg]Pnd:.*[1-9a-f]' "/proc/$enterer/status"; }
kill -STOP "$keeper"
ok 'who keeps it stands still' poll 20 is_in T "$keeper"
for signal in HUP USR1 USR2; do kill -$signal "$enterer"; done
ok 'signals for it are on their way' poll 20 heard
kill -STOP "$enterer"
ok 'who entered stands still' poll 20 is_in T "$enterer"
echo >word
ok 'the command ends' poll 20 is_in Z "$command"
kill -CONT "$keeper"
ok 'who kept it goes' poll 20 has_ended "$keeper"
kill -CONT "$enterer"
wait "$enterer"
is 'its status, whatever it was still to be told' $? 7

"$ZBOX" --enter two -- sleep $((mark + 3)) </dev/null &
enterer=$!
ok 'somebody is in the other' poll 20 pgrep -f "^sleep $((mark + 3))"
gives 'a signal to the command of the sandbox' 0 '' -- zbox --kill two TERM
wait "$enterer"
is 'who was inside when the sandbox ended' $? 137
wait "$two"
is 'the sandbox ended by the signal' $? 143
gives 'its name has gone' 0 '' -- sh -c "ls '$names' | grep two; :"


mkdir hold && mkfifo hold/end
three=three$$
ok 'one that ends by itself' start "$three" --bind "$T/hold" /hold -- sh -c 'read x </hold/end; exit 9'
"$ZBOX" --wait "$three" </dev/null &
first=$!
"$ZBOX" --wait "$three" </dev/null &
second=$!
# the listener, and one for each, in the network namespace that others share
waiting() { [ "$(grep -c "/$three\$" /proc/net/unix)" = 3 ]; }
ok 'two wait' poll 20 waiting
ok 'and it has heard them' answers "$three"
echo >hold/end
wait "$first"
is 'the first gets its status' $? 9
wait "$second"
is 'the second too' $? 9
wait "$zbox"
is 'as does who started it' $? 9

for share in --unshare-pid --share-pid; do
	ok "$share: one with daemons" start many $share -- \
		sh -c "(setsid sleep $((mark + 4)) &) & (sleep $((mark + 4)) &) & exec sleep $((mark + 4))"
	"$ZBOX" --enter many -- sh -c "setsid sleep $((mark + 4)) & exec sleep $((mark + 4))" </dev/null &
	enterer=$!
	mark=$((mark + 4))
	ok "$share: all are there" poll 20 is_left 5
	gives "$share: killed" 0 '' -- zbox --kill many
	ok "$share: nothing is left when --kill returns" none
	wait "$zbox"
	is "$share: the status of who started it" $? 137
	wait "$enterer"
	is "$share: and of who entered" $? 137
	mark=$((mark - 4))
done

# ---- frozen ----

mkdir counters
counts='while :; do echo x >>/counters/$1; done'
ok 'one that counts' start counter --bind "$T/counters" /counters -- sh -c "(setsid sh -c '$counts' - daemon &) & $counts" - first
counter=$zbox
"$ZBOX" --enter counter -- sh -c "$counts" - entered </dev/null &
enterer=$!
sizes() { stat -c %s counters/first counters/daemon counters/entered 2>/dev/null; }
all_count() { [ "$(sizes | wc -l)" = 3 ]; }
other() { [ "$(sizes | sed -n "$1p")" != "$2" ]; }
ok 'all three count' poll 20 all_count
gives 'it is frozen' 0 '' -- zbox --freeze counter
before=$(sizes)
sleep 0.5
is 'nothing counts any more' "$(sizes)" "$before"
contains 'the list says so' "$("$ZBOX" --list | grep '^counter ')" frozen
refuses 'nobody enters' 125 'it is frozen' -- zbox --enter counter true
nok 'who started it is not stopped' grep -q ') T' "/proc/$counter/stat"
gives 'frozen again' 0 '' -- zbox --freeze counter
gives 'it is thawed' 0 '' -- zbox --thaw counter
for i in 1 2 3; do
	ok "number $i counts again" poll 20 other $i "$(sed -n ${i}p <<<"$before")"
done
times=0
for i in $(seq 20); do "$ZBOX" --freeze counter && "$ZBOX" --thaw counter && times=$((times + 1)); done
is 'twenty times' $times 20
nok 'nobody was stopped by that' grep -q ') T' "/proc/$counter/stat" "/proc/$enterer/stat"
ok 'it can be entered' answers counter
gives 'frozen' 0 '' -- zbox --freeze counter
gives 'and killed' 0 '' -- zbox --kill counter
wait "$counter"
is 'its status' $? 137
wait "$enterer"
ok 'one that shares the processes of the host' start shared --share-pid -- sleep $mark
refuses 'cannot be frozen' 125 'without a process namespace' -- zbox --freeze shared
ok 'and is killed' zbox --kill shared
wait "$zbox"
rm -rf counters

# ---- zbox killed: the name is free, whoever comes ----

ok 'one whose zbox is killed' start dead -- sleep $mark
kill -KILL "$zbox"
wait "$zbox" 2>/dev/null
ok 'its socket is still there' test -S "$names/dead"
refuses 'it is not taken for a sandbox' 125 'no sandbox with the name dead' -- zbox --enter dead true
nok 'and is gone' test -e "$names/dead"
ok 'again' start dead -- sleep $mark
kill -KILL "$zbox"
wait "$zbox" 2>/dev/null
gives 'the next one takes the name' 0 ran -- zbox_usr --name dead echo ran
ok 'a third time' start dead -- sleep $mark
kill -KILL "$zbox"
wait "$zbox" 2>/dev/null
lacks 'the list does not have it' "$("$ZBOX" --list)" dead
nok 'and cleans up' test -e "$names/dead"

trouble=''
for i in $(seq 40); do
	"$ZBOX" --ro-bind /usr /usr --name again -- sleep $mark </dev/null >/dev/null 2>"err.$i" &
	pid=$!
	sleep 0.00$((RANDOM % 10))
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	[ ! -s "err.$i" ] || trouble+=$(cat "err.$i")
done
is 'killed at any moment, forty times: each could start' "$trouble" ''
ok 'nothing of them is left' poll 20 is_left 1
gives 'and one that is left alone runs' 0 ran -- zbox_usr --name again echo ran

kill -STOP "$one"
ok 'a zbox is stopped' poll 20 grep -q ') T' "/proc/$one/stat"
refuses 'one that is stopped' 125 "process $one, is stopped: zbox --kill one CONT" -- zbox --enter one true
gives 'can be continued' 0 '' -- zbox --kill one CONT
ok 'and entered' answers one

# ---- at once ----

for i in $(seq 100); do
	"$ZBOX" --ro-bind /usr /usr --name "crowd$i" -- sh -c 'exit 3' </dev/null >/dev/null 2>>crowd.err &
	crowd[i]=$!
	[ $((i % 10)) != 0 ] || "$ZBOX" --list >/dev/null 2>>crowd.err
done
good=0
for pid in "${crowd[@]}"; do wait "$pid"; [ $? = 3 ] && good=$((good + 1)); done
is 'a hundred come and go' "$good $(cat crowd.err)" '100 '
is 'and leave nothing' "$(cd "$names" && echo *)" one

for i in $(seq 20); do
	"$ZBOX" --ro-bind /usr /usr --name same -- sleep 1 </dev/null >/dev/null 2>&1 &
	crowd[i]=$!
done
good=0 refused=0
for i in $(seq 20); do
	wait "${crowd[i]}"
	case $? in 0) good=$((good + 1)) ;; 125) refused=$((refused + 1)) ;; esac
done
is 'of twenty with one name one runs at a time' "$((good + refused)) $((good >= 1))" '20 1'

# ---- its network, for another sandbox ----

cat >server.py <<'EOS'
import socket
s = socket.create_server(("127.0.0.1", 4321))
while True:
    c, _ = s.accept()
    c.sendall(b"from inside")
    c.close()
EOS
client='import socket; print(socket.create_connection(("127.0.0.1", 4321), 10).recv(99).decode())'
listens() { [ "$("$ZBOX" --enter server python3 -c "$client" </dev/null 2>/dev/null)" = 'from inside' ]; }
for options in '' '--uid 7 --gid 7' '--cap-add net_admin'; do
	# shellcheck disable=SC2086  # words
	ok "a server, with '$options'" start server $options --ro-bind "$T/server.py" /server.py -- python3 /server.py
	ok 'it listens' poll 20 listens
	gives 'its network is joined' 0 'from inside' -- \
		zbox_usr --net join:server python3 -c "$client"
	gives 'by a sandbox with another name too' 0 'from inside' -- \
		zbox_usr --net join:server --name client -- python3 -c "$client"
	ok 'and killed' zbox --kill server
	wait "$zbox"
done
nok 'without that nothing is there' zbox_usr python3 -c "$client"
gives 'the plan says it' 0 2 -- sh -c "\"$ZBOX\" --explain --ro-bind /usr /usr --net join:one true | grep -c 'joined: that of the sandbox one'"
refuses 'join is no way to the host'"'"'s network' 125 "two has the caller's own network" -- sh -c "
	\"$ZBOX\" --ro-bind /usr /usr --name two --share-net sleep 60 </dev/null >/dev/null 2>&1 &
	until \"$ZBOX\" --enter two true 2>/dev/null; do sleep 0.02; done
	\"$ZBOX\" --ro-bind /usr /usr --net join:two echo ran; s=\$?; \"$ZBOX\" --kill two; exit \$s"
refuses 'nor to what does not run' 125 'no sandbox with the name nobody' -- zbox_usr --net join:nobody echo ran

# ---- somebody else, and from inside ----

# A client by hand: what zbox would not try.
cat >client.py <<'EOS'
import array, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(10)
try:
    s.connect(sys.argv[1])
except OSError as e:
    sys.exit("connect: " + e.strerror)
hello = s.recv(64)
if not hello:
    sys.exit("hung up")
words = b"\0/usr/bin/true\0"
theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
request = struct.pack("IiIIIIIIIxxxxQQ", 4, 0, 0, 0, 0, 0, 0, 1, len(words), 0, 0) + words
request = struct.pack("Ii", 4, 0) + ENTRY + words
s.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2, theirs.fileno()]))])
theirs.close()
print("answer", struct.unpack("ii", s.recv(4096)[:8]), "message", struct.unpack("ii", ours.recv(4096)[:8]))
EOS
sed -i '/"IiIIIIIIIxxxxQQ"/d; s/ENTRY/struct.pack("IIIIIIIxxxxQQ", 0, 0, 0, 0, 0, 1, len(words), 0, 0)/' client.py
gives 'by hand, outside' 0 'answer (0, 0) message (2, 0)' -- python3 client.py "$names/one"
refuses 'root of another user namespace' 1 'hung up' -- unshare -Ur python3 client.py "$names/one"
refuses 'the same with zbox' 125 'user namespace' -- unshare -Ur "$ZBOX" --enter one echo ran
refuses 'the same with --kill' 125 'user namespace' -- unshare -Ur "$ZBOX" --kill one
refuses 'the same with --update' 125 'user namespace' -- unshare -Ur "$ZBOX" --update one --pids 9
run unshare -Ur "$ZBOX" --list
lacks 'and with --list' "$out" 'sleep'
mkdir "$T/py"
cp client.py "$T/py/"
py=$T/py/client.py
for options in '' '--net host' '--seccomp-profile none --landlock off' '--landlock-only' \
	'--landlock-only --seccomp-profile none' '--share-pid --share-net --share-ipc'; do
	# shellcheck disable=SC2086  # words
	refuses "from inside, where the directory was bound: $options" 1 'hung up' -- \
		zbox_usr --bind "$names" "$names" --ro-bind "$T/py" "$T/py" $options -- python3 "$py" "$names/one"
done
# the leak checker of a build with sanitizers traces, which is not allowed inside
refuses 'limits are not changed from inside' 125 'the process at the other end' -- \
	zbox_usr --bind "$names" /run/user/0/zbox --setenv XDG_RUNTIME_DIR /run/user/0 --ro-bind "$ZBOX" /zbox \
	--setenv ASAN_OPTIONS detect_leaks=0 -- /zbox --update one --pids 9
refuses 'from the sandbox itself' 1 'hung up' -- sh -c "
	\"$ZBOX\" --ro-bind /usr /usr --bind '$names' /names --ro-bind '$T/py' /py --name self -- \
		python3 -c 'import os, time
while not os.path.exists(\"/names/self\"): time.sleep(0.02)
os.execvp(\"python3\", [\"python3\", \"/py/client.py\", \"/names/self\"])'"
# Another user: root can be anybody, others have a range of ids, and some namespaces have nobody else.
other=(unshare -U --map-auto --map-root-user setpriv --reuid 1 --regid 1 --clear-groups)
! as_root || other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
if [ "$(awk '{ n += $3 } END { print n }' /proc/self/uid_map)" = 1 ]; then
	pass 'there is no other user'
else
	refuses 'another user does not reach the socket' 1 'connect: Permission denied' -- \
		"${other[@]}" python3 -c "$(cat client.py)" "$names/one"
	chmod 711 "$XDG_RUNTIME_DIR" "$names"
	chmod 777 "$names/one"
	refuses 'and is not talked to where he does' 1 'hung up' -- \
		"${other[@]}" python3 -c "$(cat client.py)" "$names/one"
	refuses 'a directory that others can enter is not used' 125 'can be entered by others' -- zbox --list
	chmod 700 "$XDG_RUNTIME_DIR" "$names"
	chmod 600 "$names/one"
fi
ok 'it is still there' answers one

# The runtime directory is bound for something else that is in it.
echo sound >"$XDG_RUNTIME_DIR/other"
for bind in "$XDG_RUNTIME_DIR" /tmp; do
	gives "$bind is bound: the names are not to be seen" 0 'sound' -- \
		zbox_usr --bind "$bind" "$bind" -- sh -c 'cat "$1/other"; ls -A "$1/zbox"' - "$XDG_RUNTIME_DIR"
	nok "$bind is bound: nor to be removed" zbox_usr --bind "$bind" "$bind" -- rm "$names/one"
	nok "$bind is bound: nor to be moved away" zbox_usr --bind "$bind" "$bind" -- mv "$names" "$names.old"
done
gives 'at another place' 0 '' -- zbox_usr --ro-bind "$XDG_RUNTIME_DIR" /there -- ls -A /there/zbox
ok 'it is still there' answers one
rm "$XDG_RUNTIME_DIR/other"

# A sandbox that puts a socket of its own there, for the caller's descriptors.
cat >"$T/py/trap.py" <<'EOS'
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(8)
c, _ = s.accept()
try:
    c.send(struct.pack("IIII", 0x7a626f78, 2, 1, 1))
    data, control, _, _ = c.recvmsg(70000, 1024)
except OSError:
    data = b""
print("got", len(data))
EOS
"$ZBOX" --ro-bind /usr /usr --bind "$names" /names --ro-bind "$T/py" /py -- \
	python3 /py/trap.py /names/trap </dev/null >trap.out 2>&1 &
trap=$!
ok 'a trap' poll 20 test -S "$names/trap"
refuses 'nobody walks into it' 125 'user namespace' -- zbox --enter trap true
wait "$trap"
is 'it got nothing' "$(cat trap.out)" 'got 0'
rm -f "$names/trap"

# ---- PID 1 under a filter that leaves it too little ----

ok 'one under a narrow filter' start narrow --seccomp-profile compute -- sleep $mark
refuses 'cannot be entered' 125 'its filter leaves process 1 without' -- zbox --enter narrow true
ok 'and lives on' kill -0 "$zbox"
gives 'until it is killed' 0 '' -- zbox --kill narrow
wait "$zbox"

# ---- the place ----

ln -s "$XDG_RUNTIME_DIR" link
ok 'by way of a link' env XDG_RUNTIME_DIR="$T/link" "$ZBOX" --enter one true
gives 'a runtime directory that is not ours' 0 '' -- env XDG_RUNTIME_DIR=/ sh -c "\"$ZBOX\" --list | grep ^one; :"
if [ ! -d "/run/user/$(id -u)" ]; then
	gives 'without one: in /tmp' 0 "/tmp/zbox-$(id -u)" -- env -u XDG_RUNTIME_DIR sh -c "
		\"$ZBOX\" --ro-bind /usr /usr --name elsewhere$$ sleep $mark & until \"$ZBOX\" --enter elsewhere$$ true 2>/dev/null; do sleep 0.02; done
		ls -d /tmp/zbox-\$(id -u); \"$ZBOX\" --kill elsewhere$$"
	mkdir -p "$T/links" && [ -d "/tmp/zbox-$(id -u)" ] && rmdir "/tmp/zbox-$(id -u)" 2>/dev/null
fi
long=$T/$(printf '%0100d' 0)
mkdir -m 700 "$long"
gives 'a path longer than a socket'"'"'s' 0 ran -- env XDG_RUNTIME_DIR="$long" "$ZBOX" --ro-bind /usr /usr --name x echo ran
rm -rf "$long"

# ---- without a name nothing is different ----

if command -v strace >/dev/null; then
	strace -f -o calls "$ZBOX" --ro-bind /usr /usr true </dev/null
	is 'a sandbox without a name makes no socket for names' "$(grep -cE '(bind|listen|flock|accept4?)\(' calls)" 0
fi

zbox --kill one
wait "$one"
is 'killed: its status' $? 137
ok 'nothing is left' poll 20 sh -c "! pgrep -f '^sleep $mark'"
is 'no name either' "$(find "$names" -mindepth 1)" ''
finish
