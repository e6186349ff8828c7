#!/bin/bash
# --net slirp: what works through it, for each protocol; names; its options.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world

# ---- each protocol ----

slirp=(--net slirp)
gives 'TCP' 0 ok -- net_zbox "${slirp[@]}" "${inside[@]}" tcp 198.51.100.80 7
gives 'UDP' 0 ok -- net_zbox "${slirp[@]}" "${inside[@]}" udp 198.51.100.80 7
gives 'echo' 0 ok -- net_zbox "${slirp[@]}" "${inside[@]}" ping 198.51.100.80
gives 'TCP by IPv6' 0 ok -- net_zbox "${slirp[@]}" "${inside[@]}" tcp 2001:db8:80::80 7
gives 'UDP by IPv6' 0 ok -- net_zbox "${slirp[@]}" "${inside[@]}" udp 2001:db8:80::80 7
gives 'a download of 20 MB' 0 '20480000 True' -- net_zbox "${slirp[@]}" "${inside[@]}" http http://198.51.100.80/
gives 'the same by IPv6' 0 '20480000 True' -- net_zbox "${slirp[@]}" "${inside[@]}" http 'http://[2001:db8:80::80]/'
gives '500 short connections' 0 500 -- net_zbox "${slirp[@]}" "${inside[@]}" many 198.51.100.80 7 500
gives 'a port where nobody listens' 0 ECONNREFUSED -- net_zbox "${slirp[@]}" "${inside[@]}" tcp 198.51.100.80 9
gives 'without it there is no network' 0 ENETUNREACH -- net_zbox "${inside[@]}" tcp 198.51.100.80 7
gives 'nor with --net none' 0 ENETUNREACH -- net_zbox --net none "${inside[@]}" tcp 198.51.100.80 7
gives '--net host is the host' 0 ok -- net_zbox --net host "${inside[@]}" tcp 127.0.0.1 7

# ---- names ----

gives 'a name, by a server on the loopback of the host' 0 '198.51.100.80' -- \
	net_zbox "${slirp[@]}" -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'its IPv6 address' 0 '2001:db8:80::80' -- \
	net_zbox "${slirp[@]}" -- sh -c 'getent ahostsv6 web.test | sed -n "1s/ .*//p"'
gives 'a name that does not exist' 2 '' -- net_zbox "${slirp[@]}" -- getent ahostsv4 none.test
gives 'an answer that is too long for UDP' 0 200 -- \
	net_zbox "${slirp[@]}" -- sh -c 'getent ahostsv4 big.test | grep -c STREAM'
gives 'a question by TCP' 0 1 -- net_zbox "${slirp[@]}" "${inside[@]}" ask 10.0.2.3 web.test
gives 'a page by its name' 0 '20480000 True' -- net_zbox "${slirp[@]}" "${inside[@]}" http http://web.test/
gives 'a server of its own' 0 '198.51.100.80' -- net_zbox "${slirp[@]}" --dns 198.51.100.80 -- \
	sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'the second server, where the first is not' 0 '198.51.100.80' -- \
	net_zbox "${slirp[@]}" --dns 127.0.0.9 --dns 198.51.100.80 -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'no server at all is an answer too' 2 '' -- net_zbox "${slirp[@]}" --dns 127.0.0.9 -- getent ahostsv4 web.test
gives 'resolv.conf' 0 $'nameserver 10.0.2.3\nsearch example.test' -- net_zbox "${slirp[@]}" -- cat /etc/resolv.conf
run "${ordinary[@]}" "$ZBOX" --ro-bind / / --net slirp -- sh -c 'cat /etc/resolv.conf; getent ahostsv4 web.test'
contains 'resolv.conf of a whole tree is covered' "$out" 'nameserver 10.0.2.3'
contains 'and works' "$out" 198.51.100.80

# ---- options ----

run net_zbox "${slirp[@]}" -- ip -o link show tap0
contains 'the size of packets' "$out" 'mtu 16384'
run net_zbox "${slirp[@]}" --net-mtu 1500 -- ip -o link show tap0
contains '--net-mtu' "$out" 'mtu 1500'
gives '--net-mtu carries' 0 '20480000 True' -- net_zbox "${slirp[@]}" --net-mtu 1500 "${inside[@]}" http http://198.51.100.80/
for mtu in 1280 1500 16384 65520; do
	gives "20 MB there and back, MTU $mtu" 0 True -- net_zbox "${slirp[@]}" --net-mtu $mtu "${inside[@]}" bounce 198.51.100.80 7
done
gives 'and by IPv6' 0 True -- net_zbox "${slirp[@]}" "${inside[@]}" bounce 2001:db8:80::80 7
run net_zbox "${slirp[@]}" --net-mtu 1500 --net-pcap "$shared/pcap" "${inside[@]}" bounce 198.51.100.80 7
gives 'long frames leave whatever the MTU, with right sums; segments come as it says' 0 'out none in good' -- \
	near long-frames "$shared/pcap" 1514
gives '--net-ipv6 off' 0 ENETUNREACH -- net_zbox "${slirp[@]}" --net-ipv6 off "${inside[@]}" tcp 2001:db8:80::80 7
gives 'with capabilities, which has another order inside' 0 ok -- \
	net_zbox "${slirp[@]}" --cap-add net_admin "${inside[@]}" tcp 198.51.100.80 7
gives 'as process 1' 0 ok -- net_zbox "${slirp[@]}" --as-pid-1 "${inside[@]}" tcp 198.51.100.80 7
exec 7>"$T/info"
gives 'with --info-fd, where the clone makes the namespace' 0 ok -- \
	net_zbox "${slirp[@]}" --info-fd 7 "${inside[@]}" tcp 198.51.100.80 7
exec 7>&-

# ---- joining ----

XDG_RUNTIME_DIR=$T/run
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
net_zbox "${slirp[@]}" --name first -- sh -c 'echo up; exec sleep 300' >"$T/first" &
first=$!
world_pids+=("$first")
poll 20 grep -q up "$T/first"
pid=$(below "$first" sleep)
gives 'join: the network of another sandbox' 0 ok -- net_zbox --net "join:$pid" "${inside[@]}" tcp 198.51.100.80 7
gives 'with its name server' 0 '198.51.100.80' -- net_zbox --net "join:$pid" -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'by its name: its name server' 0 '198.51.100.80' -- net_zbox --net join:first -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'by its name: what it closes' 0 ECONNREFUSED -- net_zbox --net join:first "${inside[@]}" tcp 203.0.113.2 7
gives 'and what it closes' 0 ECONNREFUSED -- net_zbox --net "join:$pid" "${inside[@]}" tcp 203.0.113.2 7
refuses 'join: a process that is not there' 125 'No such process' -- net_zbox --net join:4194301 -- echo ran
refuses 'join: a process of the own network' 125 "has the caller's own network" -- \
	sh -c "exec ${ordinary[*]} sh -c '\"$ZBOX\" --ro-bind /usr /usr --net join:\$\$ -- echo ran'"
[ ${#ordinary[@]} = 0 ] || refuses 'join: a process of somebody else' 125 'no command of a sandbox of the same user' -- \
	net_zbox --net "join:$$" -- echo ran
kill "$first"
poll 20 test ! -d "/proc/$first"
finish
