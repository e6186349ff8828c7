#!/bin/bash
# What --net slirp closes: each address is refused at once inside, while it answers on the host;
# opening by name opens that and nothing else; frames by hand reach nothing either.
# timeout: 300
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world

# All addresses in one sandbox: a line each, as the driver says it.
ask_all() { # PROTOCOL ADDRESS...
	local protocol=$1
	shift
	net_zbox --net slirp -- sh -c 'p=$1; shift; for a; do python3 /driver.py "$p" "$a" 7; done' sh "$protocol" "$@"
}

# ---- every closed address, and its twin ----

closed=(203.0.113.2 192.168.7.2 192.168.7.1 10.9.9.9 172.16.9.9 100.64.9.9 100.100.100.200
	169.254.169.254 168.63.129.16 192.0.0.192 198.18.9.9 2001:db8:1::2 fd00:9::9 fd00:ec2::254
	64:ff9b::a09:909 2002:a09:909::1)
for protocol in tcp udp; do
	run ask_all $protocol "${closed[@]}"
	mapfile -t lines <<<"$out"
	for i in "${!closed[@]}"; do
		is "$protocol: ${closed[i]} is refused at once" "${lines[i]}" ECONNREFUSED
	done
done
for address in "${closed[@]}"; do
	is "$address answers on the host" "$(near tcp "$address" 7)" ok
done
is 'and so does its loopback' "$(near tcp 127.0.0.1 7) $(near tcp ::1 7)" 'ok ok'

# The loopback of the sandbox is its own; the gateway stands for the one of the host.
run ask_all tcp 127.0.0.1 ::1 0.0.0.0 10.0.2.2 10.0.2.9 fd5a:62b0:7841::2
is 'the loopback by its names' "$(sort -u <<<"$out")" ECONNREFUSED
run ask_all udp 10.0.2.2 10.0.2.9 fd5a:62b0:7841::2
is 'the gateway by UDP' "$(sort -u <<<"$out")" ECONNREFUSED
run ask_all tcp ::ffff:203.0.113.2 ::ffff:169.254.169.254
is 'mapped addresses' "$(sort -u <<<"$out")" ECONNREFUSED
gives 'echo to a closed address' 0 EHOSTUNREACH -- net_zbox --net slirp "${inside[@]}" ping 169.254.169.254
gives 'a name that leads to a closed address' 0 ECONNREFUSED -- \
	net_zbox --net slirp "${inside[@]}" tcp metadata.test 80
gives 'an address of the host that comes later' 0 ECONNREFUSED -- sh -c '
	(sleep 0.3; ip addr add 198.51.100.99/32 dev lo) &
	exec "$@" sh -c "sleep 0.6; python3 /driver.py tcp 198.51.100.99 80"' sh \
	"${ordinary[@]}" "$ZBOX" --ro-bind /usr /usr --ro-bind "$driver" /driver.py --net slirp --

# ---- opened by name ----

open() { net_zbox --net slirp "$@"; }
gives 'host-loopback' 0 ok -- open --net-open host-loopback "${inside[@]}" tcp 10.0.2.2 7
gives 'host-loopback by UDP' 0 ok -- open --net-open host-loopback "${inside[@]}" udp 10.0.2.2 7
gives 'host-loopback by IPv6' 0 ok -- open --net-open host-loopback "${inside[@]}" tcp fd5a:62b0:7841::2 7
gives 'one port of it' 0 ok -- open --net-open host-loopback:7 "${inside[@]}" tcp 10.0.2.2 7
gives 'and no other' 0 ECONNREFUSED -- open --net-open host-loopback:7 "${inside[@]}" tcp 10.0.2.2 80
gives 'nor another address of the host' 0 ECONNREFUSED -- open --net-open host-loopback "${inside[@]}" tcp 203.0.113.2 7
gives 'nor the LAN' 0 ECONNREFUSED -- open --net-open host-loopback "${inside[@]}" tcp 192.168.7.1 7
gives 'lan' 0 ok -- open --net-open lan "${inside[@]}" tcp 192.168.7.1 7
gives 'lan by IPv6' 0 ok -- open --net-open lan "${inside[@]}" tcp fd00:9::9 7
gives 'but not the host in it' 0 ECONNREFUSED -- open --net-open lan "${inside[@]}" tcp 192.168.7.2 7
gives 'nor the loopback' 0 ECONNREFUSED -- open --net-open lan "${inside[@]}" tcp 10.0.2.2 7
gives 'nor metadata' 0 ECONNREFUSED -- open --net-open lan "${inside[@]}" tcp 169.254.169.254 7
gives 'nor metadata of IPv6' 0 ECONNREFUSED -- open --net-open lan "${inside[@]}" tcp fd00:ec2::254 7

# ---- frames by hand ----

raw() { net_zbox --net slirp --cap-add net_raw --seccomp-profile none --net-ipv6 on "$@" "${inside[@]}" raw "$what"; }
for what in honest loopback own source fragment garbage; do
	gives "frames by hand: $what" 0 sent -- raw
done
poll 20 grep -q honest "$T/far.log"
contains 'the honest one arrived' "$(cat "$T/far.log")" honest
lacks 'none with another source' "$(cat "$T/far.log")" source
lacks 'no fragment' "$(cat "$T/far.log")" fragment
lacks 'nothing at the loopback' "$(cat "$T/near.log")" loopback
lacks 'nothing at the own addresses' "$(cat "$T/near.log")" own
what=loopback
run raw --net-open lan --net-open host-loopback:80
lacks 'not even with something open' "$(cat "$T/near.log")" loopback
finish
