#!/bin/bash
# --allow-sni strict: at an address that names share, only the allowed ones; nothing leaves before
# the name was seen; what has no name.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world_site
world

# web.test, shared.test and www.cdn.test have one address.
sni() { net_zbox --net slirp --net-ipv6 on --ro-bind "$shared/cert.pem" /cert.pem --allow web.test "$@"; }
strict() { sni --allow-sni strict "$@"; }
fetch() { # SCHEME NAME
	# the name that is said is NAME, the address is that of web.test
	echo "getent ahosts web.test >/dev/null; curl -sS --max-time 60 --cacert /cert.pem -o /dev/null -w '%{http_code}' \
		--resolve $2:443:198.51.100.80 --resolve $2:80:198.51.100.80 $1://$2/ || echo \" \$?\""
}

for scheme in http https; do
	gives "$scheme: the allowed name" 0 200 -- strict -- sh -c "$(fetch $scheme web.test)"
	gives "$scheme: another name at its address, without strict" 0 200 -- sni -- sh -c "$(fetch $scheme shared.test)"
	run strict -- sh -c "$(fetch $scheme shared.test)"
	matches "$scheme: with strict it is reset" "$out" '^000 (56|35|7)$'
	gives "$scheme: where it is allowed too" 0 200 -- strict --allow shared.test -- \
		sh -c "getent ahosts shared.test >/dev/null; $(fetch $scheme shared.test)"
done
gives 'a name that is allowed, at an address it does not have' 0 reset -- strict --allow other.test -- \
	sh -c 'getent ahosts other.test web.test >/dev/null; exec python3 /driver.py say 198.51.100.81 80 "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"'

# ---- what has no name ----

say() { # NAME WANT PORT TEXT OPTIONS...
	local name=$1 want=$2 port=$3 text=$4
	shift 4
	gives "$name" 0 "$want" -- strict "$@" -- \
		sh -c 'getent ahosts web.test >/dev/null; exec python3 /driver.py say 198.51.100.80 "$@"' sh "$port" "$text"
}
say 'a protocol without names' reset 7 hello
say 'on a port that a rule names' answered 7 hello --allow web.test:7
say 'not on those of HTTP and TLS' reset 80 hello --allow web.test:80
say 'HTTP with another name on a port that a rule names' reset 7 'GET / HTTP/1.1\r\nHost: shared.test\r\n\r\n' --allow web.test:7
say 'two names' reset 80 'GET / HTTP/1.1\r\nHost: web.test\r\nHost: shared.test\r\n\r\n'
say 'no name' reset 80 'GET / HTTP/1.0\r\n\r\n'
say 'a rule with the address' answered 7 hello --allow 198.51.100.80
for step in 1 50; do
	gives "in pieces of $step bytes" 0 answered -- strict -- sh -c '
		getent ahosts web.test >/dev/null
		exec python3 /driver.py say 198.51.100.80 80 "GET / HTTP/1.1\r\nX: $(printf %03000d 0)\r\nHost: web.test\r\n\r\n" "$1"' sh $((step * 20))
	gives "in pieces of $step bytes, another name" 0 reset -- strict -- sh -c '
		getent ahosts web.test >/dev/null
		exec python3 /driver.py say 198.51.100.80 80 "GET / HTTP/1.1\r\nX: $(printf %03000d 0)\r\nHost: shared.test\r\n\r\n" "$1"' sh $((step * 20))
done
gives 'a large request goes through whole' 0 answered -- strict -- sh -c '
	getent ahosts web.test >/dev/null
	exec python3 /driver.py say 198.51.100.80 80 "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n$(head -c 100000 /dev/zero | tr "\0" x)"'
run strict --net-log "$shared/log" -- sh -c "$(fetch http shared.test)"
contains 'the log has the name that was said' "$(cat "$shared/log")" '"port":80,"name":"shared.test","count":1'

# ---- frames by hand: what is looked at is what is sent ----

for how in honest early checksum ttl ahead unsent; do
	want=refused
	[ $how != honest ] || want=answered
	gives "frames by hand: $how" 0 "$want" -- strict --cap-add net_raw --cap-add net_admin --seccomp-profile none -- \
		sh -c 'getent ahosts web.test >/dev/null; exec python3 /driver.py forge 198.51.100.80 "$1"' sh $how
done
refuses 'without rules there is nothing to hold' 125 '--allow-sni strict needs an --allow' -- \
	net_zbox --net slirp --allow-sni strict echo ran
refuses 'without --net slirp' 125 '--allow-sni requires --net slirp' -- net_zbox --allow-sni strict echo ran
finish
