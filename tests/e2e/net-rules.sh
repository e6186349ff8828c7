#!/bin/bash
# timeout: 300
# --allow and --deny with --net slirp: what is allowed works in real clients, everything else fails
# at once in each of them; by name, by number, by other resolvers, by names that lead elsewhere.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world_site
world

rules() { net_zbox --net slirp --net-ipv6 on "$@"; }
web() { rules --allow web.test "$@"; }

# ---- real clients: each can, and each is refused at once ----

clients=(
	'curl http|curl -sS --max-time 60 -o /dev/null http://@/'
	'curl https|curl -sS --max-time 60 --cacert /cert.pem -o /dev/null https://@/'
	'curl IPv6|curl -6 -sS --max-time 60 -o /dev/null http://@/'
	'wget|wget -q -t 1 -T 60 -O /dev/null http://@/'
	'git|git ls-remote --exit-code http://@/git/repo.git'
	'python|python3 -c "import urllib.request; urllib.request.urlopen(\"http://@/\", timeout=60).read()"'
	'openssl|openssl s_client -connect @:443 -CAfile /cert.pem -verify_return_error -brief'
	'node|node -e "require(\"http\").get(\"http://@/\", r => r.resume()).on(\"error\", () => process.exit(1))"'
	'bash|bash -c "echo >/dev/tcp/@/80"'
	'ping|python3 /driver.py must-ping @'
	'ssh|sh -c "ssh -v -F none -o StrictHostKeyChecking=no -o BatchMode=yes @ 2>&1 | grep -q version.test"'
)
run_client() { # COMMAND HOST ZBOX-OPTIONS...
	local command=${1//@/$2}
	shift 2
	rules --ro-bind "$shared/cert.pem" /cert.pem "$@" -- python3 /driver.py timed sh -c "$command"
}
for client in "${clients[@]}"; do
	name=${client%%|*} command=${client#*|}
	gives "$name: without rules" 0 ok -- run_client "$command" other.test
	gives "$name: an allowed name" 0 ok -- run_client "$command" web.test --allow web.test
	gives "$name: another name, at once" 0 failed -- run_client "$command" other.test --allow web.test
	gives "$name: an address, at once" 0 failed -- run_client "$command" 198.51.100.81 --allow web.test
	gives "$name: a denied name, at once" 0 failed -- run_client "$command" other.test --deny other.test
done
gives 'a refused address says so' 0 ECONNREFUSED -- web "${inside[@]}" tcp 198.51.100.81 7
gives 'by UDP too' 0 ECONNREFUSED -- web "${inside[@]}" udp 198.51.100.81 7
gives 'and by IPv6' 0 $'ECONNREFUSED\nECONNREFUSED' -- web -- \
	sh -c 'python3 /driver.py tcp 2001:db8:80::81 7; python3 /driver.py udp 2001:db8:80::81 7'
gives 'ping' 0 EHOSTUNREACH -- web "${inside[@]}" ping 198.51.100.81

# ---- names ----

resolves() { # NAME WANT OPTIONS...
	local name=$1 want=$2
	shift 2
	gives "$name with ${*:-no rule}: $want" 0 "$want" -- rules "$@" "${inside[@]}" resolve "$name"
}
both='198.51.100.80 2001:db8:80::80'
resolves web.test "$both" --allow web.test
resolves WEB.Test. "$both" --allow web.test
resolves other.test 'no such name' --allow web.test
resolves www.cdn.test 198.51.100.80 --allow '*.cdn.test'
resolves cdn.test 'no such name' --allow '*.cdn.test'
resolves web.test 'no such name' --allow '*.web.test'
resolves web 'no such name' --allow '*.test'
resolves six.test 2001:db8:80::80 --allow six.test
resolves alias.test 198.51.100.80 --allow alias.test
resolves cloak.test 198.51.100.80 --allow cloak.test
resolves cloak.test 'no such name' --allow cloak.test --deny tracker.test
resolves www.cdn.test 'no such name' --allow '*.cdn.test' --deny www.cdn.test
resolves other.test '198.51.100.81 2001:db8:80::81' --deny web.test
resolves web.test 'no such name' --deny web.test
resolves web.test "$both" --deny 198.51.100.81
resolves web.test "$both" --allow 0.0.0.0/0
resolves poison.test 198.51.100.80 --allow poison.test
resolves loop.test failure --allow loop.test
resolves garbage.test failure --allow garbage.test
gives 'a name that another of the same answer had is not learned' 0 ECONNREFUSED -- rules --allow poison.test -- \
	sh -c 'python3 /driver.py resolve poison.test >/dev/null; python3 /driver.py tcp 198.51.100.81 7'
gives 'an answer that is too long for UDP' 0 200 -- \
	rules --allow big.test -- sh -c 'getent ahostsv4 big.test | grep -c STREAM'
gives 'a question by TCP' 0 1 -- web "${inside[@]}" ask 10.0.2.3 web.test
gives 'an address is not open before it was resolved' 0 $'ECONNREFUSED\nok' -- web -- \
	sh -c 'python3 /driver.py tcp 198.51.100.80 7; getent ahosts web.test >/dev/null; python3 /driver.py tcp 198.51.100.80 7'
gives 'no domain is searched' 0 'nameserver 10.0.2.3' -- web -- cat /etc/resolv.conf
asked() { grep -c "asked $1\$" "$T/near.log"; }
: >"$T/near.log"
run web -- sh -c 'for n in web.test leak.evil.net leak web.test.example.test leak.web.test; do getent ahosts $n; done'
isnt 'the allowed name was asked outside' "$(asked web.test)" 0
is 'nothing else was' "$(grep asked "$T/near.log" | grep -cv 'asked web.test$')" 0

# ---- types ----

dig_() { rules --allow web.test --allow alias.test -- dig +tries=1 +time=20 "$@"; }
gives 'dig: A' 0 198.51.100.80 -- dig_ +short web.test
gives 'dig: by TCP' 0 198.51.100.80 -- dig_ +tcp +short web.test
gives 'dig: AAAA' 0 2001:db8:80::80 -- dig_ +short web.test AAAA
gives 'dig: CNAME' 0 web.test. -- dig_ +short alias.test CNAME
gives 'dig: a chain' 0 $'web.test.\n198.51.100.80' -- dig_ +short alias.test
for type in HTTPS SVCB TXT ANY MX; do
	run dig_ web.test $type
	contains "dig: $type has no data" "$out" 'status: NOERROR'
	contains "dig: $type has no data, no record" "$out" 'ANSWER: 0'
done
run dig_ other.test
contains 'dig: another name does not exist' "$out" 'status: NXDOMAIN'
contains 'and it is said why' "$out" 'EDE: 17 (Filtered)'
gives 'dig: AAAA without IPv6' 0 '' -- rules --net-ipv6 off --allow web.test -- dig +short web.test AAAA

# ---- names that lead where nothing may ----

for name in rebind.test metadata.test; do
	resolves $name 'no address' --allow $name
done
resolves closed-alias.test 'no such name' --allow closed-alias.test
resolves mixed.test 198.51.100.80 --allow mixed.test
resolves mixed.test '10.9.9.9 198.51.100.80' --allow mixed.test --net-open lan
resolves metadata.test 169.254.169.254 --allow metadata.test --allow 169.254.169.254:80
run rules --allow rebind.test -- dig +tries=1 rebind.test
contains 'it is said why' "$out" 'EDE: 15 (Blocked)'
gives 'nor by its number' 0 ECONNREFUSED -- rules --allow rebind.test -- \
	sh -c 'getent ahosts rebind.test; python3 /driver.py tcp 10.9.9.9 7'

# ---- other resolvers ----

gives 'another resolver by UDP' 0 failed -- web -- \
	python3 /driver.py timed dig +tries=1 +time=20 @198.51.100.81 other.test
gives 'another resolver by TCP' 0 failed -- web -- \
	python3 /driver.py timed dig +tcp +tries=1 +time=20 @198.51.100.81 other.test
gives 'not even on an allowed host' 0 failed -- web -- \
	sh -c 'getent ahosts web.test >/dev/null; python3 /driver.py timed dig +tries=1 +time=20 @198.51.100.80 other.test'
gives 'but where a rule names the port' 0 ok -- rules --allow 198.51.100.81:53 -- \
	python3 /driver.py timed dig +tries=1 +time=20 @198.51.100.81 other.test
gives 'which does not open what it answers' 0 ECONNREFUSED -- rules --allow 198.51.100.81:53 -- \
	sh -c 'dig +short @198.51.100.81 web.test >/dev/null; python3 /driver.py tcp 198.51.100.80 7'
for port in 443 853 53; do
	gives "UDP port $port of an allowed name" 0 ECONNREFUSED -- web -- \
		sh -c 'getent ahosts web.test >/dev/null; python3 /driver.py udp 198.51.100.80 '$port
done

# ---- ports, protocols, addresses ----

gives 'a port that is not allowed' 0 $'ECONNREFUSED\nok' -- rules --allow web.test:7 -- \
	sh -c 'getent ahosts web.test >/dev/null; for p in 80 7; do python3 /driver.py tcp 198.51.100.80 $p; done'
gives 'a protocol that is not allowed' 0 $'ECONNREFUSED\nok' -- rules --allow web.test:7/udp -- \
	sh -c 'getent ahosts web.test >/dev/null; for p in tcp udp; do python3 /driver.py $p 198.51.100.80 7; done'
gives 'an address' 0 ok -- rules --allow 198.51.100.81:7 "${inside[@]}" tcp 198.51.100.81 7
gives 'addresses' 0 ok -- rules --allow 198.51.100.0/24 "${inside[@]}" tcp 198.51.100.81 7
gives 'addresses of IPv6' 0 ok -- rules --allow '[2001:db8:80::/48]:7/tcp' "${inside[@]}" tcp 2001:db8:80::81 7
gives 'but for one' 0 ECONNREFUSED -- rules --deny 198.51.100.81 --allow 198.51.100.0/24 "${inside[@]}" tcp 198.51.100.81 7
gives 'all addresses are not those that are closed' 0 ECONNREFUSED -- \
	rules --allow 0.0.0.0/0 "${inside[@]}" tcp 192.168.7.1 7
gives 'a private one by its number' 0 ok -- rules --allow 192.168.7.1:7 "${inside[@]}" tcp 192.168.7.1 7
gives 'one of the host by its number' 0 ok -- rules --allow 203.0.113.2:7 "${inside[@]}" tcp 203.0.113.2 7
gives 'not by a range' 0 ECONNREFUSED -- rules --allow 203.0.113.0/24 "${inside[@]}" tcp 203.0.113.2 7
gives '--net-open beside --allow' 0 $'ok\nECONNREFUSED' -- rules --allow web.test --net-open host-loopback:7 -- \
	sh -c 'for p in 7 80; do python3 /driver.py tcp 10.0.2.2 $p; done'
gives 'a denied address of the LAN' 0 $'ECONNREFUSED\nok' -- rules --net-open lan --deny 192.168.7.1 -- \
	sh -c 'for a in 192.168.7.1 10.9.9.9; do python3 /driver.py tcp $a 7; done'
gives 'shared addresses: the name that is denied for a port' 0 $'ECONNREFUSED\nok' -- \
	rules --allow web.test --allow shared.test --deny shared.test:80 -- \
	sh -c 'getent ahosts web.test shared.test >/dev/null; for p in 80 7; do python3 /driver.py tcp 198.51.100.80 $p; done'

# ---- hostile ----

raw() { rules --allow web.test --cap-add net_raw --seccomp-profile none -- \
	sh -c 'getent ahosts web.test >/dev/null; exec python3 /driver.py raw "$1"' sh "$1"; }
for what in honest loopback own source fragment garbage urgent shaped other; do
	gives "frames by hand: $what" 0 sent -- raw $what
done
poll 20 grep -q honest "$T/far.log"
contains 'the honest one arrived' "$(cat "$T/far.log")" honest
lacks 'none with another source' "$(cat "$T/far.log")" source
lacks 'no fragment' "$(cat "$T/far.log")" fragment
lacks 'nothing at an address that is not allowed' "$(cat "$T/far.log")" "b'other"
lacks 'nor by headers that no kernel writes' "$(cat "$T/far.log")" "b'shaped"
lacks 'nothing at the loopback' "$(cat "$T/near.log")" loopback
lacks 'nothing at the own addresses' "$(cat "$T/near.log")" own
gives 'a datagram from who was not asked does not come in' 0 'only the answer' -- web -- sh -c '
	getent ahosts web.test >/dev/null; exec python3 /driver.py reflected 198.51.100.80 198.51.100.81'
gives 'without rules it does' 0 "['198.51.100.80', '198.51.100.81']" -- \
	rules "${inside[@]}" reflected 198.51.100.80 198.51.100.81
gives 'malformed questions' 0 1 -- web "${inside[@]}" broken web.test
gives 'names made up below an allowed one' 0 bounded -- rules --allow '*.web.test' "${inside[@]}" tunnel web.test 3000
gives 'silence of the server is a failure' 0 'failure' -- rules --allow silent.test -- \
	sh -c 'python3 /driver.py resolve silent.test | sed "s/ slow//"'

# ---- rules that cannot hold, and those that are none ----

refuses 'with the network of the host' 125 '--allow requires --net slirp' -- net_zbox --net host --allow web.test echo ran
refuses 'with that of another sandbox' 125 '--deny requires --net slirp' -- net_zbox --net join:1 --deny web.test echo ran
refuses 'without a network' 125 '--allow requires --net slirp' -- net_zbox --allow web.test echo ran
refuses 'a rule that is none' 125 'a name needs a dot' -- rules --allow web echo ran
many=()
for i in $(seq 512); do many+=(--allow "n$i.test"); done
gives '513 rules are too many, 512 are not' 0 "$both" -- rules "${many[@]:2}" --allow web.test "${inside[@]}" resolve web.test
refuses 'too many' 125 'more than 512' -- rules "${many[@]}" --allow web.test echo ran
run rules --allow web.test:443 --deny 198.51.100.81 --explain true
contains '--explain has the rules' "$out" 'allow web.test:443'
contains 'and their order' "$out" 'what a --deny names is refused'
finish
