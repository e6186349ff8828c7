#!/bin/bash
# timeout: 600
# alone
# What limits of control groups leave behind: nothing, also when zbox is killed. And what they cost.
. "$(dirname "$0")/../lib.sh"

# shellcheck source=tests/vm/groups.sh
. "$TESTS/vm/groups.sh"

poll 10 nothing_left

# ---- nothing is left ----

is 'nothing of zbox is there before' "$(left; units)" ''
mounts=$(wc -l </proc/self/mountinfo)
count=60 failed=0
for ((i = 0; i < count; i++)); do
	# a machine that was held up may have left the manager no time to answer
	zbox_usr --memory 64M --pids 20 true || zbox_usr --memory 64M --pids 20 true || failed=$((failed + 1))
done
is "$count in a row" "$failed" 0
ok 'leave nothing' poll 10 nothing_left
is 'no mount either' "$(wc -l </proc/self/mountinfo)" "$mounts"
for ((i = 0; i < 40; i++)); do
	"$ZBOX" --ro-bind /usr /usr --memory 64M --pids 20 bash -c 'sleep 1000 & setsid sleep 1000 & wait' &
	pid=$!
	sleep "0.$((RANDOM % 90 + 10))"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
done
ok 'zbox killed at any moment leaves nothing' poll 10 nothing_left
note "$(left; units)"
ok 'no process either' poll 30 bash -c '! pgrep -u "$(id -u)" -x sleep'

# ---- what it costs ----

milliseconds() { # COMMAND...: the median of nine
	local start
	for _ in 1 2 3 4 5 6 7 8 9; do
		start=$(date +%s%N)
		"$@" >/dev/null 2>&1
		echo $((($(date +%s%N) - start) / 10000))
	done | sort -n | sed -n 5p
}
cheap() {
	local without with peer
	without=$(milliseconds zbox_usr true)
	with=$(milliseconds zbox_usr --memory 64M true)
	peer=$(milliseconds systemd-run --user --scope --quiet -p MemoryMax=64M true)
	measured="limits cost $((100 * (with - without) / peer)) % of systemd-run --user --scope: true with them"
	measured+=" $with, without $without, by systemd-run $peer (1/100 ms, median of nine)"
	[ $((with - without)) -le "$peer" ]
}
ok 'limits cost at most what systemd-run --user --scope costs' eval 'cheap || cheap || cheap'
note "measured: $measured"
finish
