#!/bin/bash
# alone
# timeout: 900
# races.sh [quick|full] - what others do while sandboxes start: sources and the directories above them
# exchanged, destinations exchanged for links to the host, many starts at once, and a command that
# attacks PID 1, helpers and whoever enters. (Destinations below mounts: tests/e2e/mounts-race.sh.)
# shellcheck source=scene.sh
. "$(dirname "$0")/scene.sh"

mode=${1:-${ZBOX_FAULTS:-quick}}
case $mode in
quick) starts=40 at_once=50 attacks=30 enters=0 ;;
wide | full) starts=1000 at_once=200 attacks=500 enters=300 ;;
*) echo 'usage: races.sh [quick|full]' && exit 2 ;;
esac
attack=$TOOLS/faults/attack
XDG_RUNTIME_DIR=$T/runtime
mkdir "$XDG_RUNTIME_DIR"
export XDG_RUNTIME_DIR

# ---- sources and destinations ----

fresh exchange
mkdir -p above/{good,other} aside/{good,other} tree/place outside host
for where in above aside; do
	for what in good other; do echo "$where $what" >"$where/$what/file"; done
done
ln -s "$T/exchange/outside" tree/link
ln -s "$T/exchange/outside" tree/absolute
echo precious >outside/file

# exchange() of two names, for ever: renameat2(2) with RENAME_EXCHANGE
cat >exchange.py <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None)
open("begun", "w").close()
parent = os.getppid()
while os.getppid() == parent:
    for pair in sys.argv[1:]:
        a, b = pair.encode().split(b":")
        libc.renameat2(-100, a, -100, b, 2)
P
exchanging() { # PAIR...
	rm -f begun
	python3 exchange.py "$@" &
	exchanger=$!
	poll 20 test -e begun
}
done_exchanging() { kill "$exchanger" && wait "$exchanger" 2>/dev/null; }
trap 'kill "$exchanger" 2>/dev/null' EXIT

# race NAME ALLOWED COMMAND...: the starts, and whether each said one of the lines, or refused.
race() {
	local name=$1 allowed=$2 ran=0 wrong=''
	shift 2
	for ((i = 0; i < starts; i++)); do
		run "$@"
		if [ "$status" = 0 ]; then
			ran=$((ran + 1))
			grep -qxE "$allowed" <<<"$out" || wrong+="$out; "
		elif [ -z "$err" ] || ! grep -qxE "($allowed)?" <<<"$out"; then
			wrong+="status $status, $err: $out; "
		fi
	done
	is "$name: one or the other, or refused" "$wrong" ''
	# a mask whose place is exchanged ends what runs, so it is for chance whether one gets to its end
	[ "$name" = masked ] || isnt "$name: some of $starts ran ($ran)" "$ran" 0
}

both='(above|aside) (good|other)'
exchanging above/good:above/other
race 'sources exchanged' "$both ro" zbox_usr --ro-bind above/good /s -- \
	sh -c 'read x </s/file; touch /s/file 2>/dev/null && echo "$x rw" || echo "$x ro"'
race 'under the name bwrap' "$both ro" bwrap_usr --ro-bind above/good /s -- \
	sh -c 'read x </s/file; touch /s/file 2>/dev/null && echo "$x rw" || echo "$x ro"'
race 'a source that is used twice' "$both,$both" zbox_usr --ro-bind above/good /s --bind above/good /t -- \
	sh -c 'read x </s/file; read y </t/file; echo "$x,$y"'
done_exchanging
exchanging above:aside
race 'directories above exchanged' "$both" zbox_usr --ro-bind above/good /s --ro-bind above/other/file /f -- \
	sh -c 'read x </s/file; echo "$x"'
race 'of an overlay' "$both" zbox_usr --overlay-src above/good --tmp-overlay /s -- sh -c 'read x </s/file; echo "$x"'
done_exchanging
exchanging tree/place:tree/link
race 'a destination exchanged for a link to the host' ok zbox_usr --bind tree /tree --bind host /tree/place -- \
	sh -c 'echo x >/tree/place/new; echo ok'
race 'a file for it' ok zbox_usr --bind tree /tree --tmpfs /tree/place -- sh -c 'echo x >/tree/place/new; echo ok'
masked=(zbox_usr --bind tree /tree --mask /tree/place -- sh -c '[ -e /tree/place/file ] && echo open || echo hidden')
race masked hidden "${masked[@]}"
done_exchanging
gives 'masked, when nobody exchanges' 0 hidden -- "${masked[@]}"
is 'what is outside of the tree is as it was' "$(find outside -mindepth 1) $(cat outside/file)" 'outside/file precious'

# ---- many at once ----

cd "$T" || exit 1
for ((i = 0; i < at_once; i++)); do
	zbox_usr --name "many-$i" sh -c "echo $i; cat /etc/hostname >/dev/null" >"many.$i" 2>&1 </dev/null &
	many[i]=$!
done
bad=''
for ((i = 0; i < at_once; i++)); do
	wait "${many[i]}" || bad+="$i: status $? "
	[ "$(cat "many.$i")" = "$i" ] || bad+="$i: $(cat "many.$i") "
done
is "$at_once at once: each runs" "$bad" ''
ok 'none is left' poll 60 none_runs
is 'nor a name' "$("$ZBOX" --list | tail -n +2)" ''

# ---- attacks from inside ----

inside=(--ro-bind "$attack" /attack)
attacked() { # NAME OPTION...
	local tried=0 wrong=''
	for ((i = 0; i < attacks; i++)); do
		run zbox_usr "${inside[@]}" "${@:2}" -- /attack 15
		[ "$status" = 0 ] || wrong+="status $status $err; "
		wrong+=$(grep -v '^tried' <<<"$out")
		[[ $out =~ tried\ ([0-9]+) ]] && tried=$((tried + BASH_REMATCH[1]))
	done
	is "$1: PID 1 is attacked $tried times in $attacks starts" "$wrong" ''
	isnt "$1: it was there" "$tried" 0
}
attacked 'by default'
attacked 'without a filter' --seccomp-profile none
attacked 'with a range of ids' --map auto --seccomp-profile none
attacked 'with a second user namespace' --uid 1000 --cap-add net_bind_service --seccomp-profile none
attacked 'with a network' --net slirp --seccomp-profile none

# Its twin: a process of that name that does not hide is caught.
cp "$attack" zbox-decoy
run zbox_usr "${inside[@]}" --seccomp-profile none --ro-bind zbox-decoy /zbox-decoy -- \
	sh -c '/zbox-decoy 2000 >/dev/null & exec /attack 1500'
contains 'its twin: who does not hide is caught' "$out" 'environ of'

# The attacker takes a processor for itself, so this is not for a machine that others use.
if [ "$enters" = 0 ]; then
	finish
	exit
fi
"$ZBOX" --ro-bind /usr /usr "${inside[@]}" --name attacker --seccomp-profile none -- /attack 1000000 >caught 2>&1 </dev/null &
attacker=$!
poll 20 "$ZBOX" --enter attacker true
bad=''
for ((i = 0; i < enters; i++)); do
	run "$ZBOX" --enter attacker echo in
	[ "$status $out" = '0 in' ] || bad+="$status $err; "
done
is "entered $enters times beside an attacker" "$bad" ''
ok 'who enters is not caught: the sandbox ends as it is told' "$ZBOX" --kill attacker
wait "$attacker" 2>/dev/null
is 'nothing was caught' "$(grep -v 'no system call is filtered' caught)" ''
finish
