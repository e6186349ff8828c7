#!/bin/bash
# Limits without a control group: each holds for the command, and what cannot hold is refused.
. "$(dirname "$0")/../lib.sh"

# ---- rlimits ----

gives '--rlimit: soft and hard' 0 $'64\n128' -- zbox_usr --rlimit nofile=64:128 bash -c 'ulimit -Sn; ulimit -Hn'
gives '--rlimit: one value is both' 0 $'64\n64' -- zbox_usr --rlimit nofile=64 bash -c 'ulimit -Sn; ulimit -Hn'
gives '--rlimit: the last one counts' 0 9 -- zbox_usr --rlimit nofile=64 --rlimit=nofile=9 bash -c 'ulimit -n'
gives '--rlimit: bytes' 0 2048 -- zbox_usr --rlimit fsize=2M bash -c 'ulimit -f'
run zbox_usr --rlimit nofile=8 python3 -c 'f = [open("/dev/null") for i in range(20)]'
contains '--rlimit nofile holds' "$err" 'Too many open files'
gives 'its twin: without it they can be opened' 0 '' -- zbox_usr python3 -c 'f = [open("/dev/null") for i in range(20)]'
nok '--rlimit: the command cannot raise it' zbox_usr --rlimit nofile=64 bash -c 'ulimit -n 65'
nok '--rlimit: nor with every capability' zbox_usr --cap-add ALL --rlimit nofile=64 bash -c 'ulimit -n 65'
run zbox_usr --rlimit as=400M python3 -c 'x = bytearray(500 << 20)'
contains '--rlimit as holds' "$err" MemoryError
gives '--rlimit fsize holds' 153 '' -- zbox_usr --rlimit fsize=4K bash -c 'exec head -c 8192 /dev/zero >/tmp/f'
gives 'its twin' 0 '' -- zbox_usr --rlimit fsize=16K bash -c 'exec head -c 8192 /dev/zero >/tmp/f'
refuses '--rlimit above the hard limit' 125 'can only be lowered' -- \
	bash -c 'ulimit -n 100; exec "$0" "$@"' "$ZBOX" --ro-bind /usr /usr --rlimit nofile=101 echo ran
contains 'it says which one' "$err" 'the hard limit is 100'
refuses '--rlimit unlimited above it too' 125 'can only be lowered' -- \
	bash -c 'ulimit -n 100; exec "$0" "$@"' "$ZBOX" --ro-bind /usr /usr --rlimit nofile=10:unlimited echo ran
refuses '--rlimit rss is not enforced' 125 'does not enforce' -- zbox_usr --rlimit rss=1M echo ran
refuses '--rlimit of an unknown name' 125 'NAME=SOFT' -- zbox_usr --rlimit files=1 echo ran
refuses '--rlimit without a value' 125 'NAME=SOFT' -- zbox_usr --rlimit
refuses 'under the name bwrap' 1 'Unknown option' -- bwrap_usr --rlimit nofile=64 true
gives 'without --rlimit core no core is written' 0 1 -- zbox_usr python3 -c 'import resource; print(max(1, resource.getrlimit(4)[1]))'
gives '--rlimit core' 0 10 -- zbox_usr --rlimit core=10K bash -c 'ulimit -c'

spawner='import os, sys, time
n = 0
try:
    while n < 40:
        if os.fork() == 0:
            time.sleep(100)
        n += 1
except BlockingIOError:
    pass
print(n)'
if as_root && [ "$(tr -s " " </proc/self/uid_map)" = ' 0 0 4294967295' ]; then
	refuses '--rlimit nproc does not hold root' 125 'does not hold root' -- zbox_usr --rlimit nproc=10 echo ran
else
	gives '--rlimit nproc counts all of the sandbox' 0 8 -- zbox_usr --rlimit nproc=10 python3 -c "$spawner"
fi
gives 'its twin' 0 40 -- zbox_usr python3 -c "$spawner"

# ---- nice, OOM score, processors ----

gives '--nice' 0 $(($(nice) + 3)) -- zbox_usr --nice $(($(nice) + 3)) nice
gives 'its twin' 0 "$(nice)" -- zbox_usr nice
refuses '--nice below the caller' 125 '--nice -7' -- zbox_usr --nice -7 echo ran
for bad in '' -21 20 1.5 x; do
	refuses "--nice '$bad'" 125 'from -20 to 19' -- zbox_usr --nice "$bad" echo ran
done
gives '--oom-score' 0 777 -- zbox_usr --oom-score 777 cat /proc/self/oom_score_adj
gives 'its twin' 0 "$(cat /proc/self/oom_score_adj)" -- zbox_usr cat /proc/self/oom_score_adj
refuses '--oom-score below the caller' 125 '--oom-score -1000' -- zbox_usr --oom-score -1000 echo ran
refuses '--oom-score beyond' 125 'from -1000 to 1000' -- zbox_usr --oom-score 1001 echo ran
cpu=$(python3 -c 'import os; print(max(os.sched_getaffinity(0)))')
gives '--cpu-affinity' 0 "{$cpu}" -- zbox_usr --cpu-affinity "$cpu" python3 -c 'import os; print(os.sched_getaffinity(0))'
gives 'its twin' 0 "$(nproc)" -- zbox_usr nproc
refuses '--cpu-affinity of what is not there' 125 'cpu-affinity 0-1000' -- zbox_usr --cpu-affinity 0-1000 echo ran
refuses '--cpu-affinity of nonsense' 125 'a list of processors' -- zbox_usr --cpu-affinity 3-1 echo ran

refuses 'no K where nothing is counted in bytes' 125 'is a number' -- zbox_usr --rlimit nofile=64:1K true
run zbox_usr --explain --rlimit nofile=64:128 --rlimit as=1M:unlimited --nice 3 -- true
contains '--explain: rlimits' "$out" 'rlimit nofile=64:128'
contains '--explain: unlimited' "$out" 'rlimit as=1048576:unlimited'
contains '--explain: nice' "$out" 'nice value 3'
finish
