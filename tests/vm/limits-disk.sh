#!/bin/bash
# timeout: 600
# alone
# The limits that Debian does not delegate to users, of a user to whom they are (make-image): the
# rate of a disk is held, processors are those that were named, the weight reaches the scheduler.
if [ "$(id -un)" != wide ]; then
	runtime=/run/user/$(id -u wide)
	kept=$(printf '%q ' "XDG_RUNTIME_DIR=$runtime" "DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus" \
		systemd-run --user --quiet --wait --pipe -E "ZBOX_TEST_PATIENCE=${ZBOX_TEST_PATIENCE:-1}" "$(realpath "$0")")
	exec su wide -c "$kept"
fi
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vm/groups.sh
. "$TESTS/vm/groups.sh"

poll 10 nothing_left
mkdir "$T/disk"
device=$(cat /sys/block/vda/dev)
boxed=("$ZBOX" --ro-bind /usr /usr --bind "$T/disk" /disk)
stat_of() { sed -n "s/^$device .*$2=\([0-9]*\).*/\1/p" "$1/io.stat"; } # GROUP FIELD
end() { # PID...
	kill -TERM "$@"
	wait "$@" 2>/dev/null
	poll 30 nothing_left
}

# ---- the rate of a disk ----

# Bytes per second of the group on the disk, by the kernel's count, in six seconds.
measure='import re, sys, time
def moved():
    line = [l for l in open(sys.argv[1] + "/io.stat") if l.startswith(sys.argv[2] + " ")]
    return int(re.search(sys.argv[3] + r"=(\d+)", line[0]).group(1)) if line else 0
start, before = time.monotonic(), moved()
time.sleep(6)
end, after = time.monotonic(), moved()
print(round((after - before) / (end - start)))'
dd_ends='dd if=/dev/zero of=/disk/file bs=64k count=64 oflag=direct conv=notrunc 2>/dev/null'
moves() { # NAME FIELD LIMIT COMMAND OPTION...: the rate that is measured becomes $rate
	local name=$1 field=$2 limit=$3 command=$4
	shift 4
	"${boxed[@]}" "$@" bash -c "while $command; do :; done" 2>/dev/null &
	pid=$!
	poll 30 made
	group=$(box)
	begun() { [ "$(stat_of "$group" "$field")" -gt 300000 ]; }
	ok "$name: it moves data" poll 60 begun
	rate=$(python3 -c "$measure" "$group" "$device" "$field")
	note "measured: $name: $rate bytes a second, the limit is $limit"
	is "$name: io.max" "$(grep -o "$device .*$limit" "$group/io.max" | cut -d' ' -f1)" "$device"
	end "$pid"
}
"${boxed[@]}" bash -c "$dd_ends"
reads='dd if=/disk/file of=/dev/null bs=64k iflag=direct'
moves 'writes, no limit near' wbytes 1073741824 "$dd_ends" --io-max /:wbps=1G
free=$rate
moves 'writes' wbytes 524288 "$dd_ends" --io-max /:wbps=512K
is 'writes: held to the rate' $((rate <= 524288 * 13 / 10 && rate > 100000)) 1
isnt 'writes: without it they are faster' $((free > 524288 * 2)) 0
moves 'reads' rbytes 524288 "$reads" --io-max "$device:rbps=512K"
is 'reads: held to the rate' $((rate <= 524288 * 13 / 10 && rate > 100000)) 1
moves 'reads, by their number' rbytes 8 "$reads" --io-max /dev/vda:riops=8
is 'reads: held to their number' $((rate <= 8 * 65536 * 13 / 10 && rate > 100000)) 1
start=$(date +%s%N)
gives 'a direct write of 4 MiB' 0 '' -- "${boxed[@]}" --io-max /:wbps=1M bash -c "$dd_ends"
took=$((($(date +%s%N) - start) / 1000000))
note "measured: 4 MiB at 1 MiB a second took $took ms"
is 'takes the time that the rate makes it' $((took > 3000)) 1
# what waits in memory is written for the group that made it
moves 'writes by the cache' wbytes 524288 'dd if=/dev/zero of=/disk/file bs=64k count=32 conv=notrunc,fsync' --io-max /:wbps=512K --memory 64M
is 'writes by the cache: held too' $((rate <= 524288 * 13 / 10 && rate > 100000)) 1
refuses 'what is no disk' 125 'this is on no single disk' -- "${boxed[@]}" --io-max /proc:wbps=1M echo ran

# ---- processors ----

allowed() { sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$1/status"; }
ran_on() { cut -d')' -f2 "/proc/$1/stat" | cut -d' ' -f38; }
isnt 'there are two processors' "$(nproc)" 1
for processor in 0 1; do
	"${boxed[@]}" --cpuset $processor bash -c 'bash -c "while :; do :; done" & while :; do :; done' &
	pid=$!
	spinners() { mapfile -t spinners < <(pgrep -f 'while :' --cgroup "$(box | sed "s|$tree||")/inside") && [ ${#spinners[@]} -ge 2 ]; }
	ok "--cpuset $processor: two spin" poll 30 spinners
	is 'each may run there only' "$(for p in "${spinners[@]}"; do allowed "$p"; done | sort -u)" $processor
	is 'and does, whenever one looks' "$(for _ in {1..40}; do
		for p in "${spinners[@]}"; do ran_on "$p"; done
		sleep 0.05
	done | sort -u)" $processor
	is 'its group says so' "$(cat "$(box)/cpuset.cpus.effective")" $processor
	end "$pid"
done
gives 'its twin: without it there are both' 0 0-1 -- zbox_usr --memory 64M sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status
gives 'nobody inside takes another' 0 0 -- zbox_usr --cpuset 0 bash -c \
	'taskset -pc 0-1 $$ >/dev/null 2>&1; sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status'
refuses 'processors that are not there' 125 '--cpuset 0-7: this machine has not as many' -- zbox_usr --cpuset 0-7 echo ran
"$ZBOX" --ro-bind /usr /usr --name set --cpuset 0 --io-max /:wbps=1M sleep 1000 &
pid=$!
ok 'one with a name' poll 60 zbox --enter set true
ok 'its limits are changed' zbox --update set --cpuset 1 --io-max /:wbps=2M
is 'they are set' "$(cat "$(box)/cpuset.cpus.effective") $(grep -o 'wbps=[0-9]*' "$(box)/io.max")" "1 wbps=$((2 << 20))"
gives 'who enters has them' 0 1 -- zbox --enter set -- sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status
end "$pid"

# ---- weights ----

slow=/sys/block/vdc
echo none >$slow/queue/scheduler
refuses 'a weight that nobody looks at' 125 'no disk here is shared by weight' -- "${boxed[@]}" --io-weight 50 echo ran
gives 'best effort goes on' 0 ran -- "${boxed[@]}" --best-effort limits --io-weight 50 echo ran
echo change >$slow/uevent
shared() { grep -qF '[bfq]' $slow/queue/scheduler && [ "$(cat $slow/queue/iosched/low_latency)" = 0 ]; }
ok 'a disk that is shared by weight' poll 30 shared
device=$(cat $slow/dev)
declare -A pids groups
# Four at a time, far from each other: where one is late to ask for more, as on a slow machine, the
# scheduler turns to the next of the same group, not to the other group.
readers() { # NAME
	"$ZBOX" --ro-bind /usr /usr --dev-bind /dev/vdc /dev/vdc --name "$1" --io-weight 100 bash -c 'for i in {0..3}; do
		while dd if=/dev/vdc of=/dev/null bs=64k iflag=direct skip=$((i * 3000)); do :; done &
	done; wait' 2>/dev/null &
	pids[$1]=$!
	reading() {
		groups[$1]=$(find "$slice" -type d -name "zbox-${pids[$1]}-*" ! -name '*.scope' | grep .) &&
			[ "$(stat_of "${groups[$1]}" rbytes)" -gt 0 ]
	}
	ok "$1 reads" poll 60 reading "$1"
}
weights() { cat "${groups[$1]}/io.bfq.weight" "${groups[$1]}/../io.bfq.weight"; } # NAME
measured=
# What each of both read in the same six seconds: $one and $two, in KiB.
shares() {
	local before after
	before=("$(stat_of "${groups[one]}" rbytes)" "$(stat_of "${groups[two]}" rbytes)")
	sleep 6
	after=("$(stat_of "${groups[one]}" rbytes)" "$(stat_of "${groups[two]}" rbytes)")
	one=$(((after[0] - before[0]) / 1024)) two=$(((after[1] - before[1]) / 1024))
	measured+=" $one:$two"
}
# Between them both bounds are far from what the weights make of it: 1:1 and 10:1.
alike() { shares && [ $one -lt $((2 * two)) ] && [ $two -lt $((2 * one)) ]; }
unlike() { shares && [ $one -ge $((3 * two)) ] && [ $two -gt 0 ]; }
readers one
readers two
ok 'with the same weight they read alike' poll 10 alike
ok 'one gets more weight' zbox --update one --io-weight 10000
is 'its group says so, and the one that has siblings' "$(weights one)" $'default 1000\ndefault 1000'
is 'the other has what it had' "$(weights two)" $'default 100\ndefault 100'
ok 'who has more weight reads more' poll 10 unlike
note "measured: KiB in six seconds, with the weights 1:1 and then 10:1:$measured"
end "${pids[@]}"
echo none >$slow/queue/scheduler
finish
