#!/bin/bash
# zbox-net: what it may, when it ends, what happens when it is not there or ends early.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world

# A sandbox in the background that waits for a line in its standard input.
begin() {
	rm -f "$T/gate" "$T/said"
	mkfifo "$T/gate"
	net_zbox --net slirp "$@" -- sh -c 'echo up; read line; python3 /driver.py tcp 198.51.100.80 7' \
		<"$T/gate" >"$T/said" 2>"$T/warned" &
	exec 8>"$T/gate"
	box=$!
	poll 20 grep -q up "$T/said"
	helper=$(below "$box" zbox-net)
}
go() {
	echo >&8
	exec 8>&-
	wait "$box"
	status=$?
}

# Nobody may collect what zbox leaves behind.

# ---- what it may ----

begin
state=$(cat "/proc/$helper/status")
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	[ $set = CapBnd ] && [ ${#ordinary[@]} != 0 ] && continue # only who had some can lower it
	contains "$set is empty" "$state" "$set:	0000000000000000"
done
contains 'a filter of system calls' "$state" 'Seccomp:	2'
contains 'no new privileges' "$state" 'NoNewPrivs:	1'
is 'no variable of the caller' "$(tr -d '\0' <"/proc/$helper/environ")" ''
fds=$(for fd in "/proc/$helper/fd/"*; do readlink "$fd" | sed 's/:.*//; s,.*/,,'; done | sort | uniq -c | sed 's/^ *//' | tr '\n' ' ')
is 'its descriptors' "$fds" '3 null 4 socket 1 tun '
nok 'nobody of the same user looks into it' "${ordinary[@]}" sh -c "[ '${ordinary[*]}' ] && cat /proc/$helper/environ"
go
is 'the network works meanwhile' "$(tail -n 1 "$T/said")" ok
ok 'it ends with the sandbox' poll 20 has_ended "$helper"

# ---- who asks for much and reads nothing of it ----

rm -f "$T/gate" "$T/said"
mkfifo "$T/gate"
net_zbox --net slirp "${inside[@]}" hoard 198.51.100.80 80 200 <"$T/gate" >"$T/said" 2>&1 &
box=$!
exec 8>"$T/gate"
poll 90 test -s "$T/said"
matches 'slow readers do not hold up others' "$(cat "$T/said")" '^ok( slow)?$'
helper=$(below "$box" zbox-net)
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$helper/status")
# 200 times libslirp's buffer of 144 KiB, and what it is itself
sanitized || ok 'and are given no more than their buffers' test "$memory" -lt 40000
echo >&8
exec 8>&-
wait "$box"

# ---- its end ----

begin --status-fd 9 9>"$T/status"
kill -KILL "$helper"
ok 'its end is told at once' poll 20 grep -q 'network is gone: zbox-net ended with signal 9' "$T/warned"
go
is 'the command goes on' "$status" 0
matches 'without a network' "$(tail -n 1 "$T/said")" '^(ENETDOWN|ENETUNREACH|EHOSTUNREACH|TimeoutError)'
contains 'the record says it' "$(cat "$T/status")" 'the network was lost'

begin
kill -KILL "$(ps -o ppid= -p "$helper" | tr -d ' ')"
ok 'it ends when zbox is killed' poll 20 has_ended "$helper"
exec 8>&-
wait "$box" 2>/dev/null

# ---- what is missing ----

cp "$ZBOX" "$T/alone"
chmod 0755 "$T/alone"
if [ -e /usr/local/libexec/zbox/zbox-net ]; then
	pass 'without zbox-net: one is installed'
else
	refuses 'without zbox-net' 125 'zbox-net: No such file' -- "$T/alone" --ro-bind /usr /usr --net slirp echo ran
	contains 'with a cure' "$err" 'libslirp'
fi
gives 'zbox-net is not needed otherwise' 0 ran -- "$T/alone" --ro-bind /usr /usr echo ran
printf '#!/bin/sh\nexit 3\n' >"$T/zbox-net"
chmod 0755 "$T/zbox-net"
refuses 'one that ends at once' 125 'ended before it was ready' -- "$T/alone" --ro-bind /usr /usr --net slirp echo ran
chmod 0644 "$T/zbox-net"
refuses 'one that cannot be run' 125 'zbox-net: Permission denied' -- "$T/alone" --ro-bind /usr /usr --net slirp echo ran
mount -t tmpfs none /dev/net
refuses 'no /dev/net/tun' 125 '/dev/net/tun: No such file' -- net_zbox --net slirp echo ran
contains 'with a cure' "$err" 'modprobe tun'
: >/dev/net/tun
refuses 'something else in its place' 125 '/dev/net/tun' -- net_zbox --net slirp echo ran
umount /dev/net

# ---- much of it ----

gives '3000 ports of UDP: what is too many is refused' 0 'bounded' -- net_zbox --net slirp -- python3 -c '
import socket
good = bad = 0
keep = []
for i in range(3000):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2)
    s.connect(("198.51.100.80", 7))
    s.send(b"x")
    try:
        good += s.recv(9) == b"x"
    except ConnectionRefusedError:
        bad += 1
    s.close()
print("bounded" if good >= 200 and good + bad == 3000 else (good, bad))'
finish
