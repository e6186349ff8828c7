#!/bin/bash
# How it ends: exit statuses, signals, background processes, the death of the parent.
. "$(dirname "$0")/../lib.sh"
host=(--dev-bind / /)
variants=('' '--unshare-pid' '--unshare-pid --as-pid-1' '--unshare-all')

# ---- exit status ----

for v in "${variants[@]}"; do
	read -ra words <<<"$v"
	for n in 0 1 7 126 255; do
		gives "status $n, options '$v'" $n '' -- bwrap "${host[@]}" "${words[@]}" sh -c "exit $n"
	done
	if [[ $v != *as-pid-1* ]]; then # a PID 1 cannot be killed from inside
		for n in 1 2 9 11 15; do
			gives "signal $n, options '$v'" $((128 + n)) '' -- \
				bwrap "${host[@]}" "${words[@]}" sh -c "ulimit -c 0; kill -$n \$\$"
		done
	fi
	refuses "no such command, options '$v'" 1 'bwrap: execvp /zbox-none: No such file or directory' -- \
		bwrap "${host[@]}" "${words[@]}" /zbox-none
done
gives 'SIGCHLD ignored by the caller' 7 '' -- sh -c 'trap "" CHLD; exec "$0" "$@"' \
	"$BWRAP" "${host[@]}" --unshare-pid sh -c 'exit 7'
gives 'the command sees SIGCHLD at its default' 0 0 -- sh -c 'trap "" CHLD; exec "$0" "$@"' "$BWRAP" \
	"${host[@]}" --unshare-pid python3 -c 'import signal; print(int(signal.getsignal(signal.SIGCHLD)))' 2>&1

# ---- usage ----

run bwrap
is 'no words at all: status' "$status" 1
contains 'no words at all: usage' "$err" "usage: $BWRAP [OPTIONS...] [--] COMMAND [ARGS...]"
is 'and on standard error only' "$out" ''
run bwrap --ro-bind / /
is 'no command: status' "$status" 1
contains 'no command: usage' "$err" 'usage: '
run bwrap --help
is '--help: status' "$status" 0
contains '--help: on standard output' "$out" 'usage: '
is '--help: and nothing else' "$err" ''
run bwrap --version
is '--version: status' "$status" 0
matches '--version: form' "$out" '^bubblewrap [0-9]+\.[0-9]+\.[0-9]+$'
is '--version: and nothing else' "$err" ''
refuses 'an unknown option' 1 'bwrap: Unknown option --frobnicate' -- bwrap --frobnicate echo ran
refuses 'an option of zbox alone' 1 'bwrap: Unknown option --explain' -- bwrap --explain echo ran
refuses 'no short options' 1 'bwrap: Unknown option -v' -- bwrap -v echo ran
refuses 'a lone dash' 1 'bwrap: Unknown option -' -- bwrap - echo ran
refuses '--option=value' 1 'bwrap: Unknown option --uid=0' -- bwrap --uid=0 echo ran
refuses 'the client bug of Bottles' 1 'bwrap: Unknown option --share-user' -- bwrap --share-user echo ran

# ---- signals ----

# started OPTIONS...: a sandbox in the background that touches the file "up"; its pid is in $box.
started() {
	rm -f up
	"$BWRAP" "${host[@]}" "$@" bash -c 'touch up; exec sleep 1000' &
	box=$!
	poll 10 test -e up
}

children() { cat "/proc/$1/task/$1/children"; }
no_process() { ! kill -0 "$1" 2>/dev/null; }

started --unshare-pid --die-with-parent
child=$(children "$box")
kill -9 "$box"
ok '--die-with-parent: SIGKILL of bwrap ends the sandbox' poll 10 no_process "${child% }"
wait "$box" 2>/dev/null

started --die-with-parent
child=$(children "$box")
kill -9 "$box"
ok '--die-with-parent without a pid namespace' poll 10 no_process "${child% }"
wait "$box" 2>/dev/null

bash -c '"$@" & echo $! >box; sleep 1000' sh "$BWRAP" "${host[@]}" --unshare-pid --die-with-parent sleep 1000 &
parent=$!
poll 10 test -s box && poll 10 test -n "$(children "$(cat box)")"
kill -9 $parent
ok '--die-with-parent: the death of the parent ends bwrap' poll 10 no_process "$(cat box)"
wait $parent 2>/dev/null

# ---- background processes ----

before=$SECONDS
gives 'bwrap does not wait for what runs in the background' 3 '' -- \
	bwrap "${host[@]}" --unshare-pid sh -c 'sleep 25 >/dev/null 2>&1 & exit 3'
[ $((SECONDS - before)) -lt 15 ]
result $? 'it came back at once'
ok 'orphans are reaped' bwrap "${host[@]}" --unshare-pid --proc /proc timeout 10 \
	sh -c '(sh -c "exit 0" & :); while ps -eo stat= | grep -q ^Z; do :; done'

# ---- session ----

run bwrap "${host[@]}" sh -c 'ps -o sid= $$'
is 'without it the session is kept' "${out// /}" "$(ps -o sid= $$ | tr -d ' ')"
run bwrap "${host[@]}" --new-session sh -c 'ps -o sid= $$'
isnt 'with it, it is not' "${out// /}" "$(ps -o sid= $$ | tr -d ' ')"
gives '--as-pid-1' 0 1 -- bwrap "${host[@]}" --unshare-pid --as-pid-1 sh -c 'echo $$'
gives 'else the command is PID 2' 0 2 -- bwrap "${host[@]}" --unshare-pid sh -c 'echo $$'
refuses '--as-pid-1 asks for --unshare-pid' 1 'bwrap: Specifying --as-pid-1 requires --unshare-pid' -- \
	bwrap "${host[@]}" --as-pid-1 echo ran
gives 'no new privileges, always' 0 1 -- bwrap "${host[@]}" \
	sed -n 's/NoNewPrivs:.//p' /proc/self/status
finish
