#!/bin/bash
# What zbox does when nothing is asked but "--ro-bind /usr /usr": each promise of the table of
# defaults in docs/design.md, and that its option takes it back.
. "$(dirname "$0")/../lib.sh"

# ---- the README's line ----

gives 'a shell' 0 ran -- zbox --ro-bind /usr /usr --unshare-all -- sh -c 'echo ran'
gives 'without --' 0 ran -- zbox --ro-bind /usr /usr echo ran
refuses 'nothing is inside unless it was put there' 127 'zbox: ' -- zbox sh -c 'echo ran'

# ---- ids ----

gives 'the caller is uid 0, gid 0' 0 0:0 -- zbox_usr sh -c 'echo $(id -u):$(id -g)'
gives 'with no other group' 0 0 -- zbox_usr sh -c 'id -G | sed "s/ 65534//g"'
gives 'one id is mapped' 0 "0 $(id -u) 1" -- zbox_usr sh -c 'echo $(cat /proc/self/uid_map)'
gives '--uid --gid' 0 5:6 -- zbox_usr --uid 5 --gid 6 sh -c 'echo $(id -u):$(id -g)'
gives 'names exist' 0 root:root -- zbox_usr sh -c 'echo $(id -un):$(id -gn)'
as_root || gives 'files of the host belong to nobody' 0 65534 -- zbox_usr stat -c %u /usr
nok 'chown has no one to give to' zbox_usr chown 1 /tmp

# ---- namespaces ----

for ns in user pid ipc uts cgroup net mnt; do
	run zbox_usr readlink "/proc/self/ns/$ns"
	isnt "a new $ns namespace" "$out" "$(readlink "/proc/self/ns/$ns")"
done
for ns in ipc uts cgroup net; do
	run zbox_usr --share-$ns readlink "/proc/self/ns/$ns"
	is "--share-$ns" "$out" "$(readlink "/proc/self/ns/$ns")"
done
gives 'only lo' 0 lo -- zbox_usr sh -c 'ls /sys/class/net 2>/dev/null; sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev'
gives 'the host name is hidden' 0 zbox -- zbox_usr uname -n
gives '--hostname' 0 other -- zbox_usr --hostname other uname -n
gives 'processes of the host are out of sight' 0 '' -- zbox_usr sh -c 'ls -d /proc/[0-9]* | grep -vxE "/proc/[0-9]"; true'

# ---- files ----

nok 'the root is read-only' zbox_usr touch /new
nok 'and /etc' zbox_usr touch /etc/new
nok 'and /usr' zbox_usr touch /usr/new
nok 'and /dev' zbox_usr touch /dev/new
for dir in /tmp /var/tmp /root /run /dev/shm; do
	ok "$dir is writable" zbox_usr touch "$dir/new"
done
nok 'the home of the caller is not there' zbox_usr ls "$T"
nok 'nor the shadow file' zbox_usr ls /etc/shadow
nok 'nor the log' zbox_usr ls /var/log
gives 'no file of the caller is in /tmp' 0 '' -- zbox_usr ls -A /tmp
lacks 'no account of the host is in passwd' "$(zbox_usr cat /etc/passwd)" "$(id -un nobody | sed s/nobody/daemon/)"
gives '/tmp is 1777' 0 1777 -- zbox_usr stat -c %a /tmp
gives 'what the user put wins' 0 mine -- zbox_usr --dir /etc/own --symlink mine /etc/hostname readlink /etc/hostname
gives '--no-base: nothing else' 0 '/lib /lib64 /usr' -- \
	zbox --no-base --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 /usr/bin/sh -c 'echo /*'
mkdir work
ok 'a writable bind' zbox_usr --bind work /work sh -c 'echo x >/work/file'
is 'and the file on the host is the caller'"'"'s' "$(stat -c %u work/file)" "$(id -u)"
is 'nothing else came to be there' "$(ls -A work)" file
run zbox_usr cat /proc/self/mountinfo
lacks 'mounts are private' "$out" 'shared:'
lacks 'and no slaves' "$out" 'master:'
is 'one root' "$(grep -cE '^[0-9]+ [0-9]+ [^ ]+ [^ ]+ / ' <<<"$out")" 1
lacks 'each mount is nosuid but for single device nodes' "$(grep -v ' /dev/[a-z]* ' <<<"$out" | grep -v nosuid)" ' '
quarter=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 4))
run zbox_usr --tmpfs /t df -k --output=size /t
size=${out##*[!0-9]}
is "a tmpfs of zbox is a quarter of the memory, $size of $quarter" $((size > quarter - 1000 && size < quarter + 1000)) 1
run zbox_usr --tmpfs /t sh -c 'for d in /t /tmp /dev/shm; do set -- $(stat -fc "%b %c" $d); [ "$1" -gt 0 ] && [ "$2" -gt 0 ] && echo bounded; done'
is 'bytes and inodes are bounded' "$out" $'bounded\nbounded\nbounded'

# ---- /proc ----

for file in sys/kernel/hostname sys/vm/swappiness sysrq-trigger irq/default_smp_affinity; do
	nok "/proc/$file cannot be written" zbox_usr sh -c ': >>"$0"' "/proc/$file"
done
for file in kcore keys timer_list kallsyms; do
	gives "/proc/$file tells nothing" 0 '' -- zbox_usr sh -c "cat /proc/$file 2>/dev/null; true"
done

# ---- environment ----

export ZB_SECRET=hunter2 LANG=C.UTF-8 TERM=dumb
run zbox_usr env
lacks 'the environment is cleared' "$out" ZB_SECRET
contains 'LANG stays' "$out" LANG=C.UTF-8
contains 'TERM stays' "$out" TERM=dumb
contains 'HOME is true' "$out" HOME=/root
contains 'PATH is set' "$out" PATH=/
lacks 'PWD does not tell the host'"'"'s' "$out" "$T"
gives '--env' 0 hunter2 -- zbox_usr --env ZB_SECRET printenv ZB_SECRET
gives '--keep-env' 0 hunter2 -- zbox_usr --keep-env printenv ZB_SECRET
gives '--setenv' 0 x -- zbox_usr --setenv A x printenv A
nok '--unsetenv' zbox_usr --unsetenv TERM printenv TERM
gives '/proc/1/environ tells nothing' 0 '' -- zbox_usr sh -c 'cat /proc/1/environ 2>/dev/null; true'
gives 'nor its command line' 0 '' -- zbox_usr sh -c 'tr "\0" "\n" </proc/1/cmdline | grep usr; true'

# ---- descriptors ----

echo seven >seven
gives 'only 0, 1 and 2' 0 $'0\n1\n2\n3' -- zbox_usr ls /proc/self/fd 7<seven 9<seven
gives '--keep-fd' 0 seven -- zbox_usr --keep-fd 7 sh -c 'cat <&7; test -e /proc/self/fd/9 && echo leaked; true' 7<seven 9<seven
refuses '--keep-fd of a closed one' 125 'zbox: ' -- zbox_usr --keep-fd 7 echo ran

# ---- privileges ----

run zbox_usr cat /proc/self/status
for set in Inh Prm Eff Bnd Amb; do
	contains "no capabilities: $set" "$out" "Cap$set:	0000000000000000"
done
contains 'no new privileges' "$out" 'NoNewPrivs:	1'
contains 'a filter' "$out" 'Seccomp:	2'
gives 'no core files' 0 0 -- zbox_usr sh -c 'ulimit -Hc'
nok 'no mount' zbox_usr mount -t tmpfs x /tmp
nok 'no user namespace' zbox_usr unshare -U true
nok 'no chroot' zbox_usr chroot / true
nok 'no other host name' zbox_usr hostname x
nok 'no ptrace of PID 1' zbox_usr python3 -c 'import os; os.open("/proc/1/mem", os.O_RDONLY)'
nok 'PID 1 cannot be stopped' zbox_usr sh -c 'kill -STOP 1; kill -KILL 1; grep -q "State:.T" /proc/1/status'
gives 'and lives on' 0 alive -- zbox_usr sh -c 'kill -KILL 1; kill -TERM 1; echo alive'
gives '--seccomp-profile none' 0 "$(sed -n 's/^Seccomp_filters:.//p' /proc/self/status)" -- \
	zbox_usr --seccomp-profile none --landlock off sed -n 's/^Seccomp_filters:.//p' /proc/self/status

# ---- session ----

run zbox_usr ps -o sid=,pgid= -p 1
contains 'a session of its own' "$out" '1'
nok 'the terminal of the caller is not there' zbox_usr sh -c ': </dev/tty'
finish
