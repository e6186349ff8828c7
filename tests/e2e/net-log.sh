#!/bin/bash
# What is told of the network of --net slirp: --net-log, --net-pcap, the record of the run; and how
# flows make room for others.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world

# Fields of the lines for which a condition on r holds.
lines() { # CONDITION FIELD...
	python3 - "$shared/log" "$@" <<-'END'
		import json, sys
		for line in open(sys.argv[1]):
		    r = json.loads(line)
		    if eval(sys.argv[2]):
		        print(*(r.get(f) for f in sys.argv[3:]))
	END
}
logged() { net_zbox --net slirp --net-ipv6 on --net-log "$shared/log" "$@"; }

# ---- the log ----

run logged --allow web.test --deny 198.51.100.81 --status-fd 9 9>"$T/status" -- sh -c '
	python3 /driver.py http http://web.test/
	python3 /driver.py tcp 198.51.100.81 443
	python3 /driver.py tcp 198.51.100.81 443
	python3 /driver.py udp 198.51.100.80 443
	python3 /driver.py resolve other.test
	python3 /driver.py ping 192.168.7.1'
is 'a flow begins' "$(lines 'r["verdict"] == "allowed"' rule protocol port name sent | sort -u)" \
	'allow web.test tcp 80 web.test 0'
is 'and ends' "$(lines 'r["verdict"] == "ended" and r["received"] > 20480000 and r["sent"] > 10 and r["seconds"] >= 0' \
	rule protocol port name)" 'allow web.test tcp 80 web.test'
is 'a refused flow is told once' "$(lines 'r.get("address") == "198.51.100.81"' verdict rule protocol port name count)" \
	'refused deny 198.51.100.81 tcp 443 None 1'
is 'by UDP too' "$(lines 'r.get("address") == "198.51.100.80" and r["protocol"] == "udp"' verdict rule port name)" \
	'refused None 443 web.test'
is 'a name that is not resolved' "$(lines 'r["protocol"] == "name"' verdict name | sort -u)" 'refused other.test'
is 'echo' "$(lines 'r["protocol"] == "echo"' verdict address)" 'refused 192.168.7.1'
matches 'the time' "$(lines 'True' time | head -n 1)" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$'
is 'the record lists what was refused' "$(python3 -c '
import json, sys
for r in json.load(open(sys.argv[1]))["refused"]:
    print(r["name"], r["protocol"], r["address"], r["port"], r["count"] >= 1)' "$T/status" | sort)" \
	"None echo 192.168.7.1 0 True
None tcp 198.51.100.81 443 True
other.test name None 0 True
web.test udp 198.51.100.80 443 True"
contains 'and counts it' "$(cat "$T/status")" '"address": "198.51.100.81", "port": 443, "count": 2'
before=$(wc -l <"$shared/log")
run logged "${inside[@]}" udp 198.51.100.80 7
is 'lines are added; a flow of UDP' "$(tail -n +$((before + 1)) "$shared/log" | grep -o '"verdict":"[a-z]*","rule":null,"protocol":"udp"')" \
	'"verdict":"allowed","rule":null,"protocol":"udp"
"verdict":"ended","rule":null,"protocol":"udp"'
run net_zbox --net slirp --allow web.test --stats -- python3 /driver.py resolve other.test
contains '--stats' "$err" 'network refused: other.test'
run net_zbox --net slirp --stats -- true
lacks 'nothing was refused' "$err" 'refused'
: >"$shared/log"
run logged --allow web.test -- python3 -c '
import socket
for i in range(30000):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"x", ("198.51.100.81", i % 60000 + 1000))
    s.close()'
ok 'many refusals do not fill the disk' test "$(wc -l <"$shared/log")" -lt 10000
ok 'what was left out is counted' test "$(lines 'r["verdict"] == "skipped"' count | awk '{ n += $1 } END { print n }')" -gt 1000
refuses 'a log that cannot be written' 125 '--net-log /nonexistent/log: No such file' -- \
	net_zbox --net slirp --net-log /nonexistent/log echo ran
refuses 'without --net slirp' 125 '--net-log requires --net slirp' -- net_zbox --net-log "$shared/other" echo ran
nok 'then it is not even made' test -e "$shared/other"

# ---- frames ----

gives '--net-pcap' 0 ok -- net_zbox --net slirp --net-pcap "$shared/pcap" -- sh -c '
	python3 /driver.py tcp 192.168.7.1 7 >/dev/null; exec python3 /driver.py tcp 198.51.100.80 7'
is 'has the frames of both directions, and the refused' "$(python3 - "$shared/pcap" <<-'END'
	import socket, struct, sys
	data = open(sys.argv[1], "rb").read()
	assert data[:4] == b"\xd4\xc3\xb2\xa1" and struct.unpack("<I", data[20:24])[0] == 1
	at, ends = 24, set()
	while at < len(data):
	    length = struct.unpack("<I", data[at + 8:at + 12])[0]
	    frame = data[at + 16:at + 16 + length]
	    at += 16 + length
	    if frame[12:14] == b"\x08\0" and frame[23] == 6:
	        ends.add((socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])))
	print(*sorted(ends), sep="\n")
	END
)" "('10.0.2.100', '192.168.7.1')
('10.0.2.100', '198.51.100.80')
('192.168.7.1', '10.0.2.100')
('198.51.100.80', '10.0.2.100')"

# ---- room ----

limited() { sh -c 'ulimit -n 400; exec "$@"' sh "${ordinary[@]}" "$ZBOX" --ro-bind /usr /usr \
	--ro-bind "$driver" /driver.py --chdir / --net slirp "$@"; }
gives 'idle flows make room for new ones' 0 'bounded oldest ended' -- limited "${inside[@]}" evict 198.51.100.80 7
finish
