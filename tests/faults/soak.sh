#!/bin/bash
# alone
# timeout: 7200
# soak.sh [quick|full] - many sandboxes in a row, and many alive for a while that are listed and
# entered meanwhile: no process, mount, file, name, key, descriptor or memory is more afterwards.
#
#   quick   300 in a row, 20 alive for 10 seconds
#   full    10,000 in a row, 200 alive for ten minutes
# shellcheck source=scene.sh
. "$(dirname "$0")/scene.sh"

case ${1:-${ZBOX_FAULTS:-quick}} in
quick) row=300 alive=20 seconds=10 ;;
wide | full) row=10000 alive=200 seconds=600 ;;
*) echo 'usage: soak.sh [quick|full]' && exit 2 ;;
esac
fresh soak && scene
XDG_RUNTIME_DIR=$PWD/runtime TMPDIR=$PWD/work
export XDG_RUNTIME_DIR TMPDIR
touch "$T/began"

keys() { awk -v me="$(id -u):" '$1 == me { sub(/\/.*/, "", $3); print $3 }' /proc/key-users; }
groups_below() { find /sys/fs/cgroup -type d -name 'zbox-*' -user "$(id -u)" 2>/dev/null | wc -l; }
# What the kernel keeps for us, a name and a number a line.
kept() {
	echo "processes $(running | wc -l)"
	echo "mounts $(grep -cF "$T" /proc/self/mountinfo)"
	echo "namespaces $(readlink /proc/[0-9]*/ns/* 2>/dev/null | sort -u | wc -l)"
	echo "files $({ find runtime work d; find /dev/shm /var/tmp /tmp -maxdepth 1 -newer "$T/began" -user "$(id -u)" -name '*zbox*' ! -name 'zbox-tests.*'; } 2>/dev/null | wc -l)"
	echo "groups $(groups_below)"
}
same_as_before() { [ "$(kept | grep -v namespaces)" = "$(grep -v namespaces <<<"$before")" ]; }
keys_gone() { [ "$(keys)" -le $((keys_before + 2)) ]; }

run zbox_usr --name before true # the directory of names stays
before=$(kept) keys_before=$(keys)

# ---- in a row: of several kinds ----

failed=0
for ((i = 0; i < row; i++)); do
	case $((i % 10)) in
	0) line=("${usr[@]}" --unshare-all true) program=$BWRAP ;;
	1) line=(--ro-bind /usr /usr --name row --bind d /d true) program=$ZBOX ;;
	2) line=(--ro-bind /usr /usr --overlay-src lower --tmp-overlay /o true) program=$ZBOX ;;
	3) line=(--ro-bind /usr /usr --uid 1000 --cap-add net_bind_service true) program=$ZBOX ;;
	4) line=(--ro-bind /usr /usr --bind d /d --mask /d/secret --time-limit 100 true) program=$ZBOX ;;
	5) line=(--ro-bind /usr /usr nosuchprogram) program=$ZBOX ;;
	*) line=(--ro-bind /usr /usr true) program=$ZBOX ;;
	esac
	[ $((i % 100)) != 17 ] || line=(--ro-bind /usr /usr --net slirp true)
	"$program" "${line[@]}" >/dev/null 2>err </dev/null
	got=$?
	want=0
	[ "${line[*]: -1}" != nosuchprogram ] || want=127
	[ $got = $want ] || { failed=$((failed + 1)) && cp err "$T/failed"; }
done
is "$row sandboxes in a row do what they are to" "$failed $(cat "$T/failed" 2>/dev/null)" '0 '
ok 'what there is is as before' poll 60 same_as_before
[ "$status" = 0 ] || note "$(diff <(echo "$before") <(kept))"
ok 'keyrings too' poll 60 keys_gone
echo "# in a row: $row, left: $(diff <(echo "$before") <(kept) | grep -c '^>'), keys $keys_before, then $(keys)"

# ---- alive ----

for ((i = 0; i < alive; i++)); do
	options=()
	[ $((i % 20)) != 7 ] || options=(--net slirp)
	"$ZBOX" --ro-bind /usr /usr "${options[@]}" --name "alive-$i" --setenv ZBOX_MARK "$mark" sleep 100000 </dev/null >>said 2>&1 &
	pids[i]=$!
done
all_run() { [ "$("$ZBOX" --list=json | tr -d ' \n' | grep -o '"started":true' | wc -l)" = "$alive" ]; }
ok "$alive are alive" poll 300 all_run
# Of every process of zbox: memory in KiB, and for root, who alone may look, descriptors.
measure() {
	local pid fds=0 memory=0 count=0 open size
	for pid in $(pgrep -u "$(id -u)" -r D,R,S,T,t -x 'zbox.*'); do
		mapfile -t open < <(ls "/proc/$pid/fd" 2>/dev/null)
		size=$(awk '/^RssAnon:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
		fds=$((fds + ${#open[@]})) memory=$((memory + ${size:-0})) count=$((count + 1))
	done
	echo "$count $fds $memory"
}
# once around, so that what is made at the first use is there
for ((i = 0; i < alive; i++)); do "$ZBOX" --enter "alive-$i" true </dev/null; done
read -r count fds memory < <(measure)
processes=$(running | wc -l)
entered=0 trouble=''
deadline=$((SECONDS + seconds))
while [ $SECONDS -lt $deadline ]; do
	i=$((RANDOM % alive))
	run "$ZBOX" --enter "alive-$i" echo in
	[ "$out" = in ] || trouble+="$err "
	[ $((entered % 20)) != 0 ] || "$ZBOX" --list >/dev/null
	kill -WINCH "${pids[i]}"
	entered=$((entered + 1))
done
read -r count_after fds_after memory_after < <(measure)
is "entered $entered times in $seconds seconds" "$trouble" ''
is 'they all live' "$count_after" "$count"
is 'not a process more' "$(running | wc -l)" "$processes"
is 'not a descriptor more' "$fds_after" "$fds"
is "memory is the same ($memory KiB, then $memory_after)" "$((memory_after <= memory + memory / 20))" 1
for ((i = 0; i < alive; i++)); do kill "${pids[i]}"; done
wait "${pids[@]}"
ok 'afterwards there is what there was' poll 60 same_as_before
[ "$status" = 0 ] || note "$(diff <(echo "$before") <(kept))"
ok 'keyrings too' poll 60 keys_gone
is 'nobody complained' "$(cat said)" ''
echo "# alive: $count processes of zbox, $fds descriptors, $memory KiB; after $seconds s and $entered entries: $count_after, $fds_after, $memory_after KiB"
finish
