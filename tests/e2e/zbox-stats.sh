#!/bin/bash
# --stats, --stats-file, --meta: what was used and how it ended, and that a record which cannot be
# written is found out in time.
. "$(dirname "$0")/../lib.sh"

query() { python3 -c "import json; d = json.load(open('json')); print($1)"; }
value() { sed -n "s/^$1://p" meta; }
burn='while :; do :; done'

# ---- --stats ----

run zbox_usr --stats sh -c 'echo out; exit 3'
is '--stats: the status stays' "$status,$out" 3,out
matches '--stats: times' "$err" 'zbox: stats: wall 0\.[0-9]{3} s, user 0\.[0-9]{3} s, system 0\.[0-9]{3} s'
contains '--stats: the end' "$err" 'exited with status 3'
matches '--stats: memory' "$err" 'largest process [0-9.]+ .iB'
run zbox_usr true
is 'its twin says nothing' "$err" ''
run zbox_usr --stats sh -c 'kill -9 $$'
contains '--stats: a signal' "$err" 'killed by signal 9'
run zbox_usr --stats --time-limit 200ms sleep 20
contains '--stats: a limit' "$err" 'time-limit reached'
run zbox_usr --stats zbox-none
contains '--stats: a failure' "$err" 'the command was not run'
is 'its status' "$status" 127

# ---- --stats-file ----

zbox_usr --stats-file json python3 -c "x = bytearray(100 << 20); import os; os._exit(7)"
is '--stats-file: the status stays' $? 7
ok '--stats-file: JSON' python3 -m json.tool json
is '--stats-file: exit' "$(query "d['exit-code'], d['signal'], d['limit']")" '7 None None'
ok '--stats-file: memory of the largest' test "$(query "100 << 20 < d['max-rss-bytes'] < 200 << 20")" = True
zbox_usr --stats-file json --rlimit fsize=4K sh -c 'exec head -c 9999 /dev/zero >/tmp/f'
is '--stats-file: a limit of the kernel' "$(query "d['signal'], d['limit']")" '25 rlimit fsize'
zbox_usr --stats-file json --rlimit cpu=1:5 bash -c "$burn" 2>/dev/null
is '--stats-file: SIGXCPU' "$(query "d['signal'], d['limit']")" '24 rlimit cpu'
# a process that is left behind is counted too
left='import os, time
if os.fork() == 0:
    os.setsid()
    end = time.process_time() + 0.4
    while time.process_time() < end: pass
    open("/w/done", "w")
    time.sleep(1000)
while not os.path.exists("/w/done"): time.sleep(0.02)'
mkdir w
zbox_usr --stats-file json --bind w /w python3 -c "$left"
is '--stats-file: what was left behind counts' "$(query "0.39 < d['user-seconds'] + d['system-seconds'] < 0.9")" True
zbox_usr --stats-file json zbox-none 2>/dev/null
is '--stats-file: a failure' "$(query "d['status'], d['failure']['step']")" '127 exec'
zbox_usr --stats-file json --as-pid-1 sh -c 'exit 4'
is '--stats-file: without a process 1 of ours' "$(query "d['exit-code']")" 4

# ---- --meta ----

zbox_usr --meta meta sh -c 'exit 0'
is '--meta: success' "$(value exitcode),$(value status)" 0,
zbox_usr --meta meta sh -c 'exit 9'
is '--meta: RE' "$(value exitcode),$(value status)" 9,RE
zbox_usr --meta meta sh -c 'kill -11 $$'
is '--meta: SG' "$(value exitsig),$(value status)" 11,SG
zbox_usr --meta meta --cpu-limit 200ms bash -c "$burn"
is '--meta: TO' "$(value killed),$(value status),$(value message)" '1,TO,Time limit exceeded'
matches '--meta: time' "$(value time)" '^0\.[2-5][0-9]{2}$'
zbox_usr --meta meta --time-limit 200ms sleep 20
is '--meta: TO of the clock' "$(value killed),$(value status),$(value message)" '1,TO,Time limit exceeded (wall clock)'
matches '--meta: time-wall' "$(value time-wall)" '^[01]\.[0-9]{3}$'
zbox_usr --meta meta --bind /zbox-none /x true 2>/dev/null
is '--meta: XX' "$(value status)" XX
ok '--meta: memory and switches' grep -cE '^(max-rss|csw-voluntary|csw-forced):[0-9]+$' meta

# ---- files ----

for option in --stats-file --meta; do
	refuses "$option: a place that is not there" 125 'No such file' -- zbox_usr "$option" none/file echo ran
	refuses "$option: a directory" 125 'directory' -- zbox_usr "$option" w echo ran
	mkfifo "fifo$option"
	refuses "$option: a FIFO that nobody reads" 125 "fifo$option" -- zbox_usr "$option" "./fifo$option" echo ran
	refuses "$option ''" 125 'empty path' -- zbox_usr "$option" '' echo ran
	run zbox_usr "$option" /dev/full sh -c 'exit 5'
	is "$option: a full disk is told, the status stays" "$status" 5
	contains "$option: in words" "$err" "record: $option /dev/full: No space left on device"
done
if ! as_root; then
	touch locked && chmod a-w locked
	refuses 'a file without permission' 125 'Permission denied' -- zbox_usr --meta locked echo ran
fi
# the command may write to the directory, and still not choose where the record goes
mkdir -p theirs
echo keep >victim
zbox_usr --bind theirs /theirs --meta theirs/meta sh -c 'rm /theirs/meta; ln -s ../victim /theirs/meta'
is 'a link in its place is not followed' "$(cat victim)" keep
rm theirs/meta
zbox_usr --bind theirs /theirs --meta theirs/meta sh -c 'seq 1000 >/theirs/meta; echo status:OK >>/theirs/meta; exit 3'
is 'nothing that the command wrote there is left' "$(grep -c . theirs/meta),$(grep -c OK theirs/meta)" 8,0
gives 'the descriptor does not go inside' 0 $'0\n1\n2' -- zbox_usr --stats-file json --meta meta sh -c 'cd /proc/self/fd; ls -d [012] [4-9] 2>/dev/null || true'
run zbox_usr --explain --stats-file json --meta meta true
contains '--explain: the files' "$out" json
if [ -s json ]; then pass '--explain opens nothing'; else flunk '--explain opens nothing'; fi
refuses 'under the name bwrap' 1 'Unknown option' -- bwrap_usr --stats true
finish
