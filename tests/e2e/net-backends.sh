#!/bin/bash
# --net slirp4netns and --net pasta: programs of others with the life of a sandbox; and the addresses
# of user-mode networking, --net-cidr and --outbound-addr.
# timeout: 240
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
if [ ! -x /usr/bin/slirp4netns ] || [ ! -x /usr/bin/pasta ]; then
	skip 'slirp4netns and pasta' 'they are not installed'
	finish
	exit
fi
world
internet=${world_pids[0]}
ports=$TESTS/e2e/ports-driver.py
ip addr add 203.0.113.9/24 dev eth0
nsenter --preserve-credentials -n -t "$internet" python3 "$ports" serve who 198.51.100.80 7000 >"$T/who.up" 2>&1 &
world_pids+=($!)
nsenter --preserve-credentials -n -t "$internet" python3 "$ports" serve who 2001:db8:80::80 7000 >"$T/who6.up" 2>&1 &
world_pids+=($!)
# what only the loopback of the host has
python3 "$ports" serve echo 127.0.0.1 7009 >"$T/loopback.up" 2>&1 &
world_pids+=($!)
poll 10 grep -q up "$T/loopback.up"
ok 'the Internet tells who asks' poll 10 grep -q up "$T/who.up"
who() { net_zbox --ro-bind "$ports" /ports.py "$@" -- python3 /ports.py tcp 198.51.100.80 7000; }
quiet() { # what zbox says beside its warning
	grep -v 'warning: \(slirp4netns\|pasta\) leaves' "$T/.err"
}

# A sandbox in the background that waits for a line.
begin() {
	rm -f "$T/gate" "$T/said"
	mkfifo "$T/gate"
	net_zbox "$@" -- sh -c 'echo up; read line; python3 /driver.py tcp 198.51.100.80 7' \
		<"$T/gate" >"$T/said" 2>"$T/warned" &
	box=$!
	exec 8>"$T/gate"
	poll 20 grep -q up "$T/said"
}
go() {
	echo >&8
	exec 8>&-
	wait "$box"
	status=$?
}

for name in slirp4netns pasta; do
	program=$name gateway=10.0.2.2
	[ $name = slirp4netns ] || { program=pas gateway=203.0.113.1; }
	net=(--net "$name" --net-ipv6 off)

	# ---- what works ----

	gives "$name: TCP" 0 ok -- net_zbox "${net[@]}" "${inside[@]}" tcp 198.51.100.80 7
	contains "$name: what it does not hold is said" "$err" "warning: $name leaves the host's"
	is "$name: and nothing else" "$(quiet)" ''
	gives "$name: UDP" 0 ok -- net_zbox "${net[@]}" "${inside[@]}" udp 198.51.100.80 7
	# slirp4netns leaves the address to the kernel, which takes its time
	gives "$name: TCP by IPv6" 0 ok -- net_zbox --net "$name" -- sh -c '
		for i in $(seq 100); do said=$(python3 /driver.py tcp 2001:db8:80::80 7)
			[ "$said" != ok ] || break; sleep 0.1; done; echo $said'
	nok "$name: --net-ipv6 off" net_zbox "${net[@]}" -- sh -c 'python3 /driver.py tcp 2001:db8:80::80 7 | grep ok'
	gives "$name: a download" 0 '20480000 True' -- net_zbox "${net[@]}" "${inside[@]}" http http://198.51.100.80/
	gives "$name: a name" 0 '198.51.100.80' -- \
		net_zbox "${net[@]}" --dns 198.51.100.80 -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
	gives "$name: resolv.conf" 0 $'nameserver 10.0.2.3\nsearch example.test' -- net_zbox "${net[@]}" -- cat /etc/resolv.conf
	gives "$name: resolv.conf with --dns" 0 $'nameserver 192.0.2.7\nnameserver 192.0.2.8\nsearch example.test' -- \
		net_zbox "${net[@]}" --dns 192.0.2.7 --dns 192.0.2.8 -- cat /etc/resolv.conf
	run net_zbox "${net[@]}" --net-mtu 1400 -- ip -o link show tap0
	contains "$name: --net-mtu" "$out" 'mtu 1400'
	gives "$name: with capabilities" 0 ok -- net_zbox "${net[@]}" --cap-add net_raw "${inside[@]}" tcp 198.51.100.80 7
	if [ $name = pasta ]; then
		refuses 'pasta: --outbound-addr' 125 'pasta does not keep to it' -- who "${net[@]}" --outbound-addr 203.0.113.9
	else
		gives "$name: --outbound-addr" 0 203.0.113.9 -- who "${net[@]}" --outbound-addr 203.0.113.9
	fi

	# ---- what is closed ----

	nok "$name: the loopback of the host is closed" \
		net_zbox "${net[@]}" -- sh -c "python3 /driver.py tcp $gateway 7009 | grep ok"
	gives "$name: and can be opened" 0 ok -- \
		net_zbox "${net[@]}" --net-open host-loopback "${inside[@]}" tcp $gateway 7009
	refuses "$name: not one port of it" 125 'requires --net slirp' -- \
		net_zbox "${net[@]}" --net-open host-loopback:7 echo ran

	# ---- published ports ----

	rm -f "$T/said"
	net_zbox "${net[@]}" --publish 0.0.0.0:18080:7000 --ro-bind "$ports" /ports.py -- python3 /ports.py serve who 0.0.0.0 7000 \
		>"$T/said" 2>&1 &
	box=$!
	poll 20 grep -q up "$T/said"
	matches "$name: a published port" "$(python3 "$ports" tcp 203.0.113.2 18080)" '^(10.0.2.100|203.0.113.[29]|192.168.7.2)$'
	kill "$box"
	wait "$box"

	# ---- its life ----

	begin "${net[@]}"
	helper=$(below "$box" "$program*")
	isnt "$name: it runs" "$helper" ''
	go
	is "$name: the network works meanwhile" "$(tail -n 1 "$T/said")" ok
	ok "$name: it ends with the sandbox" poll 30 has_ended "$helper"
	begin "${net[@]}"
	helper=$(below "$box" "$program*")
	isnt "$name: it runs again" "$helper" ''
	kill -KILL "$box"
	ok "$name: it ends when zbox is killed" poll 30 has_ended "$helper"
	exec 8>&-
	wait "$box" 2>/dev/null
	begin "${net[@]}"
	helper=$(below "$box" "$program*")
	kill -KILL "$(below "$box" zbox-backend)"
	ok "$name: it ends when zbox-backend is killed" poll 30 has_ended "$helper"
	ok "$name: which is told" poll 20 grep -q "the network is gone: $name ended with signal 9" "$T/warned"
	go
	isnt "$name: and there is no other network" "$(tail -n 1 "$T/said")" ok
	gives "$name: SIGPIPE ignored by who starts zbox" 0 ok -- bash -c 'trap "" PIPE; "$@"' bash \
		"${ordinary[@]}" "$ZBOX" --ro-bind /usr /usr --ro-bind "$driver" /driver.py "${net[@]}" "${inside[@]}" tcp 198.51.100.80 7
	begin "${net[@]}" --status-fd 9 9>"$T/status"
	kill -KILL "$(below "$box" "$program*")"
	ok "$name: its end is told" poll 20 grep -q "the network is gone: $name ended with signal 9" "$T/warned"
	go
	isnt "$name: there is no other network" "$(tail -n 1 "$T/said")" ok
	contains "$name: the record says it" "$(cat "$T/status")" 'the network was lost'
	contains "$name: and what it did not hold" "$(cat "$T/status")" "$name leaves the host's"

	# ---- started by root, or by who is it in a user namespace ----

	others=("${ordinary[@]}") ordinary=()
	gives "$name: root: TCP" 0 ok -- net_zbox "${net[@]}" "${inside[@]}" tcp 198.51.100.80 7
	nok "$name: root: the loopback of the host is closed" \
		net_zbox "${net[@]}" -- sh -c "python3 /driver.py tcp $gateway 7009 | grep ok"
	begin "${net[@]}"
	helper=$(below "$box" "$program*")
	[ $name = slirp4netns ] || isnt 'pasta: root: its rights are those of a user namespace' \
		"$(readlink "/proc/$helper/ns/user")" "$(readlink /proc/self/ns/user)"
	go
	is "$name: root: the network works meanwhile" "$(tail -n 1 "$T/said")" ok
	ok "$name: root: it ends with the sandbox" poll 30 has_ended "$helper"
	ordinary=("${others[@]}")

	# ---- what is missing ----

	path=$(realpath "/usr/bin/$name")
	printf '#!/bin/sh\necho first >&2; echo "it rains" >&2; exit 3\n' >"$T/fake"
	chmod 0755 "$T/fake"
	for place in "$path"*; do mount --bind "$T/fake" "$place"; done
	run net_zbox "${net[@]}" echo ran
	is "$name: one that fails" "$status$out" 125
	contains "$name: in its own words" "$err" "network: $name: it rains"
	chmod 0644 "$T/fake"
	run net_zbox "${net[@]}" echo ran
	is "$name: one that cannot be run" "$status$out" 125
	for place in "$path"*; do umount "$place"; done
done

# ---- addresses ----

for name in slirp slirp4netns; do
	net=(--net "$name" --net-cidr 10.55.4.0/24)
	gives "$name: --net-cidr" 0 ok -- net_zbox "${net[@]}" "${inside[@]}" tcp 198.51.100.80 7
	run net_zbox "${net[@]}" -- sh -c 'ip -o -4 addr show tap0; cat /etc/resolv.conf; ip route'
	matches "$name: --net-cidr: the sandbox" "$out" 'inet 10\.55\.4\.100/'
	contains "$name: --net-cidr: the name server" "$out" 'nameserver 10.55.4.3'
	contains "$name: --net-cidr: the gateway" "$out" 'default via 10.55.4.2'
	gives "$name: --net-cidr: the loopback of the host, opened" 0 ok -- \
		net_zbox "${net[@]}" --net-open host-loopback "${inside[@]}" tcp 10.55.4.2 7
	nok "$name: --net-cidr: not at the other gateway" \
		net_zbox "${net[@]}" --net-open host-loopback -- sh -c "python3 /driver.py tcp 10.0.2.2 7 | grep ok"
done
gives 'slirp: --net-cidr: the loopback of the host, closed' 0 ECONNREFUSED -- \
	net_zbox --net slirp --net-cidr 10.55.4.0/24 "${inside[@]}" tcp 10.55.4.2 7
gives 'slirp: --net-cidr: a name' 0 '198.51.100.80' -- \
	net_zbox --net slirp --net-cidr 10.55.4.0/24 -- sh -c 'getent ahostsv4 web.test | sed -n "1s/ .*//p"'
gives 'slirp: --net-cidr: another length' 0 ok -- net_zbox --net slirp --net-cidr 172.31.0.128/25 "${inside[@]}" udp 198.51.100.80 7
gives 'slirp: --outbound-addr' 0 203.0.113.9 -- who --net slirp --outbound-addr 203.0.113.9
gives 'slirp: without it, what the routes say' 0 203.0.113.2 -- who --net slirp
refuses '--outbound-addr: an address that is not here' 125 '--outbound-addr 192.0.2.1: ' -- \
	net_zbox --net slirp --outbound-addr 192.0.2.1 echo ran

# ---- files that tell the truth ----

for name in none slirp slirp4netns pasta; do
	run net_zbox --net "$name" --hostname inner -- sh -c \
		'hostname; cat /etc/hostname; getent hosts inner | sed "s/ .*//"; grep -c nameserver /etc/resolv.conf'
	servers=1
	[ "$name" != none ] || servers=0
	is "$name: names of its own" "$out" $'inner\ninner\n127.0.1.1\n'$servers
done

refuses '--net-cidr with pasta' 125 'pasta takes the host' -- net_zbox --net pasta --net-cidr 10.55.4.0/24 echo ran
run net_zbox --explain --net slirp4netns --net-cidr 10.55.4.0/24 true
contains '--explain: who carries it' "$out" slirp4netns
contains '--explain: its addresses' "$out" 10.55.4.0/24
contains '--explain: what it does not close' "$out" 'nothing else'
finish
