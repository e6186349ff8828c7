#!/bin/bash
# zbox-ports: what it may, when it ends, and which ports are refused before anything runs.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/ports-world.sh
. "$TESTS/e2e/ports-world.sh"
read -r p1 p2 p3 <<<"$(drive free 3)"

echoes() { [ "$(drive tcp 127.0.0.1 "$p1" hello)" = helloend ]; }
same_network() { [ "$(readlink "/proc/$1/ns/net")" = "$(readlink "/proc/$2/ns/net")" ]; }

# ---- what it may ----

box echo --publish "$p1:7000" --forward "7001:127.0.0.1:$p2" -- "${inside[@]}" serve echo 127.0.0.1 7000
mapfile -t helpers < <(ports_of echo)
is 'one for each direction' "${#helpers[@]}" 2
for pid in "${helpers[@]}"; do
	state=$(cat "/proc/$pid/status")
	direction=$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -d' ' -f2)
	for set in CapInh CapPrm CapEff CapAmb; do
		contains "$direction: $set is empty" "$state" "$set:	0000000000000000"
	done
	contains "$direction: a filter of system calls" "$state" 'Seccomp:	2'
	contains "$direction: no new privileges" "$state" 'NoNewPrivs:	1'
	as_root || nok "$direction: nobody of the same user looks into it" cat "/proc/$pid/environ"
	as_root || nok "$direction: nor at its descriptors" ls "/proc/$pid/fd/"
done
if as_root; then
	for pid in "${helpers[@]}"; do
		is 'no variable of the caller' "$(tr -d '\0' <"/proc/$pid/environ")" ''
		command=$(pgrep -f 'driver.py serve echo' -n)
		case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
		*publish*) ok 'publish: in the network of the sandbox' same_network "$pid" "$command" ;;
		*) ok 'forward: in that of the host' same_network "$pid" $$ ;;
		esac
	done
fi
ok 'it works meanwhile' echoes
unbox echo
for pid in "${helpers[@]}"; do ok 'it ends with the sandbox' poll 20 has_ended "$pid"; done

# ---- its end ----

rm -f "$T/line"
mkfifo "$T/line"
exec 7<>"$T/line"
input=$T/line
box lost --status-fd 9 --publish "$p1:7000" -- sh -c 'echo up; read line; echo went on' 9>"$T/status"
kill -KILL "$(ports_of lost)"
ok 'its end is told at once' poll 20 grep -q 'ports are closed: zbox-ports ended with signal 9' "$T/lost.err"
is 'nothing listens any more' "$(drive tcp 127.0.0.1 "$p1")" ECONNREFUSED
echo >&7
wait "${boxes[lost]}"
is 'the command goes on' "$? $(tail -n 1 "$T/lost.out")" '0 went on'
unset 'boxes[lost]'
contains 'the record says it' "$(cat "$T/status")" 'ports were lost'
exec 7>&-
input=/dev/null
box echo --publish "$p1:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
pid=$(ports_of echo)
unbox echo KILL
ok 'it ends when zbox is killed' poll 20 has_ended "$pid"
is 'and so does what it listened at' "$(drive tcp 127.0.0.1 "$p1")" ECONNREFUSED

# ---- what is refused ----

python3 "$driver" serve udp 127.0.0.1 "$p3" >"$T/other.out" &
other=$!
poll 10 grep -q up "$T/other.out"
box echo --publish "$p1:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
refuse() { # NAME PART OPTIONS...
	local name=$1 part=$2
	shift 2
	refuses "$name" 125 "$part" -- zbox_usr "$@" -- echo ran
}
refuse 'a port in use' "network: --publish: 127.0.0.1:$p1: Address" --publish "$p1"
contains 'with a cure' "$err" 'ss -lnp'
refuse 'a port of UDP in use' "--publish: 127.0.0.1:$p3/udp: Address" --publish "$p3/udp"
refuse 'one of a range in use' "127.0.0.1:$p1: Address" --publish "$((p1 - 1))-$((p1 + 1))"
refuse 'the same port twice' "127.0.0.1:$p2: Address" --publish "$p2:1" --publish "$p2:2"
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ] && ! as_root; then
	refuse 'a port for root' '--publish: 127.0.0.1:80: Permission denied' --publish 80
	contains 'with a cure' "$err" 'ip_unprivileged_port_start'
fi
refuse 'an address that is not here' '--publish: 192.0.2.1:8080: ' --publish 192.0.2.1:8080
refuse 'a name that does not resolve' '--forward: nosuch.invalid: ' --forward 80:nosuch.invalid:80
refuse 'a directory that is not there' "--publish: $T/nosuch/s: No such file" --publish "unix:$T/nosuch/s:80"
refuse 'a place inside that cannot be written' '--forward: /usr/s: ' --forward unix:/usr/s:127.0.0.1:80
refuse 'a port inside that is taken' '--forward: 127.0.0.1:7000: Address' \
	--net "join:$(pgrep -f "driver.py serve echo 127.0.0.1 7000" -u "$(id -u)" -n)" --forward 7000:127.0.0.1:80
refuse 'a range without an end' 'a port is a number' --publish 80-
refuse 'no port' 'a port is a number' --publish 127.0.0.1:
refuse 'the network of the host' 'not --net host' --net host --publish "$p2"
refuse 'the header of PROXY alone' 'requires --publish' --publish-proxy-protocol
unbox echo
kill $other

# ---- what is missing ----

cp "$ZBOX" "$T/alone"
chmod 0755 "$T/alone"
alone=("$T/alone" --ro-bind /usr /usr)
if [ -e /usr/local/libexec/zbox/zbox-ports ]; then
	pass 'without zbox-ports: one is installed'
else
	refuses 'without zbox-ports' 125 'zbox-ports: No such file' -- "${alone[@]}" --publish "$p1" echo ran
	contains 'with a cure' "$err" 'make install'
fi
gives 'it is not needed otherwise' 0 ran -- "${alone[@]}" echo ran
printf '#!/bin/sh\nexit 3\n' >"$T/zbox-ports"
chmod 0755 "$T/zbox-ports"
refuses 'one that ends at once' 125 'ended before it was ready' -- "${alone[@]}" --publish "$p1" echo ran
chmod 0644 "$T/zbox-ports"
refuses 'one that cannot be run' 125 'zbox-ports: Permission denied' -- "${alone[@]}" --publish "$p1" echo ran
refuses 'too few descriptors' 125 'descriptors are too few' -- \
	sh -c 'ulimit -n 300; exec "$@"' sh "$ZBOX" --ro-bind /usr /usr --publish "$p1" echo ran

# ---- what is planned ----

run zbox_usr --explain --publish "0.0.0.0:$p1-$((p1 + 1)):80-81" --publish unix:/s:80/tcp --forward '53:[::1]:5353/udp' true
contains '--explain: a range' "$out" "TCP 0.0.0.0 ports $p1-$((p1 + 1)), outside -> the interface ports 80-81, inside"
contains '--explain: a Unix socket' "$out" 'TCP the Unix socket /s, outside -> the loopback port 80, inside'
contains '--explain: the other way' "$out" 'UDP the loopback port 53, inside -> [::1] port 5353, outside'
finish
