#!/bin/bash
# --unshare-time: clocks of its own, and no others than were asked for.
. "$(dirname "$0")/../lib.sh"

# Against the time of day, which no namespace changes: a start may take long.
clocks='import time
def sample():
    while True:
        now = time.time()
        found = time.clock_gettime(time.CLOCK_BOOTTIME) - now, time.monotonic() - now
        if time.time() - now < 0.1:
            return found
'
seen() { # OPTIONS...: how far the clocks since the start and without pauses are from the host's, in seconds
	local here
	here=$(python3 -c "$clocks"'print("boot, mono =", sample())')
	zbox_usr "$@" python3 -c "$clocks$here"'
print(*(round(there - here) for there, here in zip(sample(), (boot, mono))))'
}
is 'the host'"'"'s clocks without it' "$(seen)" '0 0'
is '--unshare-time alone changes none' "$(seen --unshare-time)" '0 0'
is '--boottime' "$(seen --unshare-time --boottime 1000d)" '86400000 0'
is '--monotonic' "$(seen --unshare-time --monotonic 1.5h)" '0 5400'
is 'both, and back' "$(seen --unshare-time --boottime -10 --monotonic -20s)" '-10 -20'
is 'a fraction back' "$(seen --unshare-time --boottime -4.75)" '-5 0'
is 'with capabilities' "$(seen --unshare-time --boottime 100s --cap-add ALL)" '100 0'
is 'as process 1' "$(seen --unshare-time --boottime 100s --as-pid-1)" '100 0'
same_ns() { [ "$(zbox_usr "$@" readlink /proc/self/ns/time)" = "$(readlink /proc/self/ns/time)" ]; }
ok 'the namespace is the host'"'"'s' same_ns
nok 'and another one with it' same_ns --unshare-time
before=$(cut -d. -f1 /proc/uptime)
run zbox_usr --unshare-time --boottime 10000s cut -d. -f1 /proc/uptime
ok '/proc/uptime follows' test $((out - before)) -ge 10000 -a $((out - before)) -lt 11000
run zbox_usr --unshare-time --monotonic 100d --time-limit 300ms sleep 20
is 'limits of time do not follow' "$status" 124
run zbox_usr --unshare-time --monotonic -1 sleep 0.2
is 'sleeping works' "$status" 0
refuses 'a clock below 0' 125 'would be negative' -- zbox_usr --unshare-time --boottime -9000d echo ran
refuses 'an offset without the namespace' 125 'requires --unshare-time' -- zbox_usr --boottime 1 echo ran
refuses 'no namespaces' 125 'cannot be combined' -- zbox_usr --unshare-time --landlock-only echo ran
for bad in '' - --1 1x +1; do
	refuses "--monotonic '$bad'" 125 'takes a time' -- zbox_usr --unshare-time --monotonic "$bad" echo ran
done
none='echo 0 >/proc/sys/user/max_time_namespaces && exec "$@"'
if unshare -Ur sh -c "$none" sh true 2>/dev/null; then
	refuses 'where there may be none' 125 'time namespace failed, see' -- unshare -Ur sh -c "$none" sh "$ZBOX" --ro-bind /usr /usr --unshare-time echo ran
	gives 'its twin' 0 ran -- unshare -Ur sh -c "$none" sh "$ZBOX" --ro-bind /usr /usr echo ran
else
	skip 'where there may be none' 'unshare -Ur does not work here'
fi
run zbox_usr --explain --unshare-time --boottime -90s true
contains '--explain: the namespace' "$out" 'time                      new'
contains '--explain: the offset' "$out" '-90 s'
finish
