#!/bin/bash
# --publish and --forward: what gets through and how, what does not, what is refused.
# timeout: 400
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/ports-world.sh
. "$TESTS/e2e/ports-world.sh"
read -r p1 p2 p3 p5 p6 <<<"$(drive free 5)"

# ---- a page ----

mkdir -p "$T/www"
head -c 5000000 /dev/urandom >"$T/www/page"
sum=$(sha256sum <"$T/www/page" | cut -d " " -f 1)
page() { python3 -c 'import sys, urllib.request as u, hashlib as h; print(h.sha256(u.urlopen(sys.argv[1], timeout=20).read()).hexdigest())' "$1"; }
box web --publish "$p1:8000" --ro-bind "$T/www" /www --chdir /www -- \
	sh -c 'python3 -c "print(\"up\", flush=True)"; exec python3 -m http.server --bind 127.0.0.1 8000 2>/dev/null'
ok 'the server is up' poll 20 page "http://127.0.0.1:$p1/page"
is 'a page of a server inside' "$(page "http://127.0.0.1:$p1/page")" "$sum"
is 'at 127.0.0.1 alone' "$(drive tcp 127.0.0.2 "$p1")" ECONNREFUSED
is 'and no other port of it' "$(drive tcp 127.0.0.1 8000)" ECONNREFUSED
unbox web
is 'nothing is open afterwards' "$(drive tcp 127.0.0.1 "$p1")" ECONNREFUSED

# ---- addresses, ranges ----

box echo --publish "127.0.0.2:$p1:7000" --publish "$p2-$((p2 + 1)):7000-7001" -- "${inside[@]}" serve echo 127.0.0.1 7000
is 'an address' "$(drive tcp 127.0.0.2 "$p1" hello)" helloend
is 'is that address' "$(drive tcp 127.0.0.1 "$p1")" ECONNREFUSED
is 'the first of a range' "$(drive tcp 127.0.0.1 "$p2" hello)" helloend
is 'one of a range where nobody listens' "$(drive tcp 127.0.0.1 $((p2 + 1)))" ECONNRESET
unbox echo
box echo --publish "[::1]:$p1:7000" --publish "$p2:7000" -- "${inside[@]}" serve echo ::1 7000
is 'IPv6 outside and inside' "$(drive tcp ::1 "$p1" hello)" helloend
is 'IPv4 outside, IPv6 inside' "$(drive tcp 127.0.0.1 "$p2" hello)" helloend

# ---- many of them ----

is 'inside, that port is not the host'"'"'s' "$(drive tcp 127.0.0.1 7000)" ECONNREFUSED
unbox echo
box short --publish "$p1:7000" -- "${inside[@]}" serve short 127.0.0.1 7000
is '20,000 short connections' "$(drive many 127.0.0.1 "$p1" 20000)" 20000
unbox short
limits=(bash -c 'ulimit -n 800; exec "$@"' sh)
box short --publish "$p1:7000" -- "${inside[@]}" serve short 127.0.0.1 7000
is 'they leave nothing behind, with 800 descriptors' "$(drive many 127.0.0.1 "$p1" 3000)" 3000
unbox short
box echo --publish "$p1:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
limits=()
is 'more at once than there is room for wait, and are served' "$(drive idle 127.0.0.1 "$p1" 100)" 'True 100'
unbox echo

# ---- the ends of a connection ----

box first --publish "$p1:7000" -- "${inside[@]}" serve first 127.0.0.1 7000
is 'the server ends its way first' "$(drive tcp 127.0.0.1 "$p1" 12345)" first
ok 'and gets the rest' poll 20 grep -qx 5 "$T/first.out"
unbox first
box said --publish "$p1:7000" -- "${inside[@]}" serve said 127.0.0.1 7000
drive reset 127.0.0.1 "$p1"
ok 'a reset of the client is one inside' poll 20 grep -qx ECONNRESET "$T/said.out"
is 'an end is an end' "$(drive tcp 127.0.0.1 "$p1" x)" ''
ok 'inside too' poll 20 grep -qx end "$T/said.out"
unbox said
box reset --publish "$p1:7000" -- "${inside[@]}" serve reset 127.0.0.1 7000
is 'a reset of the server is one outside' "$(drive tcp 127.0.0.1 "$p1" xy)" ECONNRESET
unbox reset
rm -f "$T/line"
mkfifo "$T/line"
input=$T/line
exec 7<>"$T/line"
box later --publish "$p1:7000" -- "${inside[@]}" serve later 127.0.0.1 7000
drive big 127.0.0.1 "$p1" 100000000 >"$T/line" 2>"$T/big"
matches 'a server that does not read holds the client' "$(cat "$T/big")" 'held [0-9]{5,8}'$'\n'
ok 'nothing is lost of it' poll 20 grep -qxF "$(tail -n 1 "$T/big")" "$T/later.out"
matches 'nothing of it was in memory' "$(grep VmHWM "/proc/$(ports_of later)/status")" ' [0-9]{4} kB'
unbox later
exec 7>&-
input=/dev/null

# ---- who the client is ----

box who --publish "$p1:7000" -- "${inside[@]}" serve who 127.0.0.1 7000
is 'the client inside is the loopback' "$(drive tcp 127.0.0.1 "$p1")" 127.0.0.1
unbox who
box proxy --publish-proxy-protocol --publish "$p1:7000" --publish "[::1]:$p2:7000" --publish "unix:$T/proxy:7000" -- \
	"${inside[@]}" serve proxy 127.0.0.1 7000
said=$(SAY_PORT=1 drive tcp 127.0.0.1 "$p1" hello)
is 'PROXY: the bytes come after it' "$(tail -n 1 <<<"$said")" helloend
ok 'PROXY: the client' poll 20 grep -qx "0x21 127.0.0.1 127.0.0.1 $(head -n 1 <<<"$said") $p1" "$T/proxy.out"
said=$(SAY_PORT=1 drive tcp ::1 "$p2" hello)
ok 'PROXY: the client by IPv6' poll 20 grep -qx "0x21 ::1 ::1 $(head -n 1 <<<"$said") $p2" "$T/proxy.out"
is 'PROXY: a Unix socket' "$(drive tcp unix "$T/proxy" hello)" helloend
ok 'PROXY: has none' poll 20 grep -qx '0x20 0 0' "$T/proxy.out"
unbox proxy

# ---- Unix sockets ----

mkdir -p "$T/s"
box path --publish "unix:$T/s/out:7000" --publish "$p1:unix:/tmp/in" --publish "$p2:unix:/tmp/link" --publish "$p3:unix:/tmp/up" -- \
	sh -c "ln -s '$T/s/host' /tmp/link; ln -s ../../../../..$T/s/host /tmp/up
		python3 /driver.py serve echo 127.0.0.1 7000 & exec python3 /driver.py serve echo unix /tmp/in"
ok 'both are up' poll 10 sh -c "[ \"\$(grep -c up '$T/path.out')\" = 2 ]"
is 'a Unix socket outside' "$(drive tcp unix "$T/s/out" hello)" helloend
is 'is the caller'"'"'s alone' "$(stat -c %a "$T/s/out")" 600
is 'a Unix socket inside' "$(drive tcp 127.0.0.1 "$p1" hello)" helloend
python3 "$driver" serve echo unix "$T/s/host" >"$T/host.out" &
host=$!
poll 20 grep -q up "$T/host.out"
is 'one of the host is there' "$(drive tcp unix "$T/s/host" hello)" helloend
is 'and no link leads to it' "$(drive tcp 127.0.0.1 "$p2" hello)" ECONNRESET
is 'nor one upwards' "$(drive tcp 127.0.0.1 "$p3" hello)" ECONNRESET
refuses 'one that somebody listens at' 125 "$T/s/host: Address" -- zbox_usr --publish "unix:$T/s/host:7000" echo ran
kill $host
wait $host 2>/dev/null
unbox path
nok 'it is removed' test -e "$T/s/out"
: >"$T/s/file"
refuses 'a file is not replaced' 125 "$T/s/file: Address" -- zbox_usr --publish "unix:$T/s/file:7000" echo ran
gives 'what is left of one is' 0 ran -- zbox_usr --publish "unix:$T/s/host:7000" echo ran

# ---- UDP ----

limits=(bash -c 'ulimit -n 800; exec "$@"' sh)
box udp --publish "$p1:7000/udp" --publish "0.0.0.0:$p2:7000/udp" --publish "$p3:7001/udp" -- "${inside[@]}" serve udp 127.0.0.1 7000
is 'UDP' "$(drive udp 127.0.0.1 "$p1")" hello
is 'a datagram of 60,000 bytes' "$(drive udp 127.0.0.1 "$p1" "$(head -c 60000 /dev/zero | tr '\0' x)")" 60000
is 'at all addresses, it answers from the one that was asked' "$(drive udp 127.0.0.3 "$p2")" hello
is 'where nobody listens, nothing comes' "$(drive udp 127.0.0.1 "$p3" hello 1)" nothing
is 'no TCP there' "$(drive tcp 127.0.0.1 "$p1")" ECONNREFUSED
is '900 clients, of which 512 are remembered, with 800 descriptors' "$(drive clients 127.0.0.1 "$p1" 900)" 900
matches 'each is another client inside' "$(tail -n 1 "$T/udp.out")" '^client ([89][0-9]{2}|1[0-9]{3})$'
unbox udp
limits=()
box udp --publish "[::1]:$p1:7000/udp" --publish "$p2:7000/udp" -- "${inside[@]}" serve udp ::1 7000
is 'UDP by IPv6' "$(drive udp ::1 "$p1")" hello
is 'and from IPv4' "$(drive udp 127.0.0.1 "$p2")" hello
unbox udp

# ---- the other way ----

python3 "$driver" serve echo 127.0.0.1 "$p5" >"$T/service.out" &
service=$!
python3 "$driver" serve echo unix "$T/s/service" >"$T/service2.out" &
service2=$!
python3 "$driver" serve udp 127.0.0.1 "$p5" >"$T/service3.out" &
service3=$!
poll 10 grep -q up "$T/service.out"
poll 10 grep -q up "$T/service2.out"
poll 10 grep -q up "$T/service3.out"
asked() { zbox_usr --ro-bind "$driver" /driver.py "$@"; }
gives 'a service outside' 0 helloend -- asked --forward "80:127.0.0.1:$p5" "${inside[@]}" tcp 127.0.0.1 80 hello
gives 'by a name, inside by IPv6' 0 helloend -- asked --forward "80:localhost:$p5" "${inside[@]}" tcp ::1 80 hello
gives 'and none beside it' 0 ECONNREFUSED -- asked --forward "80:127.0.0.1:$p5" "${inside[@]}" tcp 127.0.0.1 "$p5"
gives 'a range' 0 helloend -- asked --forward "81-82:127.0.0.1:$((p5 - 1))-$p5" "${inside[@]}" tcp 127.0.0.1 82 hello
gives 'by UDP' 0 hello -- asked --forward "53:127.0.0.1:$p5/udp" "${inside[@]}" udp 127.0.0.1 53
gives 'a Unix socket outside' 0 helloend -- asked --forward "80:unix:$T/s/service" "${inside[@]}" tcp 127.0.0.1 80 hello
gives 'a Unix socket inside' 0 helloend -- asked --forward "unix:/tmp/in:127.0.0.1:$p5" "${inside[@]}" tcp unix /tmp/in hello
gives 'with user-mode networking' 0 helloend -- asked --net slirp --forward "80:127.0.0.1:$p5" "${inside[@]}" tcp 127.0.0.1 80 hello
gives 'nobody there' 0 ECONNRESET -- asked --forward "80:127.0.0.1:$p6" "${inside[@]}" tcp 127.0.0.1 80
gives 'without it there is nothing' 0 ECONNREFUSED -- asked "${inside[@]}" tcp 127.0.0.1 80
kill $service $service2 $service3

# ---- every kind of sandbox ----

for how in '--net none' '--net slirp' '--cap-add net_admin' '--share-pid' '--as-pid-1' '--net slirp --cap-add net_raw' '--uid 1000 --gid 1000'; do
	read -ra words <<<"$how"
	box echo "${words[@]}" --publish "$p1:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
	is "with $how" "$(drive tcp 127.0.0.1 "$p1" hello)" helloend
	unbox echo KILL
done
exec 7>"$T/info"
box echo --info-fd 7 --publish "$p1:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
exec 7>&-
is 'with --info-fd' "$(drive tcp 127.0.0.1 "$p1" hello)" helloend
unbox echo

# ---- what is private inside ----

box echo --net slirp --publish "$p1:7000" --publish "0.0.0.0:$p2:7000" -- "${inside[@]}" serve echo 127.0.0.1 7000
is 'from a loopback to the loopback inside' "$(drive tcp 127.0.0.1 "$p1" hello)" helloend
is 'from other addresses to the interface inside' "$(drive tcp 127.0.0.1 "$p2" hello)" ECONNRESET
unbox echo
box who --net slirp --publish "0.0.0.0:$p2:7000" -- "${inside[@]}" serve who 0.0.0.0 7000
is 'where it is' "$(drive tcp 127.0.0.1 "$p2")" 10.0.2.100
unbox who

# ---- between sandboxes ----

python3 "$driver" serve echo 127.0.0.1 "$p5" >"$T/service.out" &
service=$!
poll 10 grep -q up "$T/service.out"
box echo --publish "$p1:7000" -- sh -c 'python3 /driver.py serve echo 127.0.0.1 7001 & exec python3 /driver.py serve echo 127.0.0.1 7000'
ok 'both servers of the first are up' poll 10 sh -c "[ \"\$(grep -c up '$T/echo.out')\" = 2 ]"
gives 'the second reaches nothing of the first' 0 ECONNREFUSED -- asked "${inside[@]}" tcp 127.0.0.1 7000
gives 'nor what it published, unless that is opened' 0 ECONNREFUSED -- asked --net slirp "${inside[@]}" tcp 10.0.2.2 "$p1"
gives 'as one port of the loopback' 0 helloend -- \
	asked --net slirp --net-open "host-loopback:$p1" "${inside[@]}" tcp 10.0.2.2 "$p1" hello
gives 'or as one service' 0 helloend -- asked --forward "80:127.0.0.1:$p1" "${inside[@]}" tcp 127.0.0.1 80 hello
gives 'and still not the other server' 0 ECONNREFUSED -- \
	asked --net slirp --net-open "host-loopback:$p1" "${inside[@]}" tcp 10.0.2.2 7001
pid=$(pgrep -f 'driver.py serve echo 127.0.0.1 7001' -u "$(id -u)" -n)
gives 'one that joins reaches both' 0 helloend -- asked --net "join:$pid" "${inside[@]}" tcp 127.0.0.1 7001 hello
box joined --net "join:$pid" --publish "$p2:7002" --publish "$p3:7001" -- "${inside[@]}" serve echo 127.0.0.1 7002
is 'one that joins publishes' "$(drive tcp 127.0.0.1 "$p2" hello)" helloend
is 'what is in the network that it joined' "$(drive tcp 127.0.0.1 "$p3" hello)" helloend
unbox joined
gives 'inside, the loopback of the host is out of reach' 0 ECONNREFUSED -- \
	asked --publish "$p2:$p5" "${inside[@]}" tcp 127.0.0.1 "$p5" hello
is 'where a service listens' "$(drive tcp 127.0.0.1 "$p5" hello)" helloend
unbox echo
kill $service
finish
