#!/bin/bash
# What is in the host's /usr works as it stands in the default root.
. "$(dirname "$0")/../lib.sh"

# has PROGRAM: else the test is skipped, which CI counts as a failure.
has() { command -v "$1" >/dev/null || { skip "$1 runs" 'it is not installed'; return 1; }; }

printf 'int puts(const char *);\nint main(void) { return puts("built inside") < 0; }\n' >hello.c
has gcc && gives 'gcc builds and what it built runs' 0 'built inside' -- \
	zbox_usr --ro-bind hello.c /tmp/hello.c sh -c 'cc -o /tmp/hello /tmp/hello.c && /tmp/hello'
has clang && gives 'clang' 0 'built inside' -- \
	zbox_usr --ro-bind hello.c /tmp/hello.c sh -c 'clang -o /tmp/hello /tmp/hello.c && /tmp/hello'
has python3 && gives 'python: processes, locks, shared memory' 0 '[0, 1, 4]' -- \
	zbox_usr python3 -c 'import multiprocessing as m
with m.Pool(2) as p: print(p.map(pow2 := abs, [0, 1, -4]))'
has perl && gives 'perl' 0 42 -- zbox_usr perl -e 'print 6 * 7'
has git && gives 'git' 0 first -- zbox_usr sh -c 'cd /tmp && git init -q r && cd r && git -c user.name=a -c user.email=b \
	commit -q --allow-empty -m first && git log --format=%s'
has awk && gives 'awk, by way of /etc/alternatives' 0 3 -- zbox_usr awk 'BEGIN { print 1 + 2 }'
has node && gives 'node, with a worker' 0 42 -- zbox_usr node -e '
	const {Worker} = require("worker_threads");
	new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", {eval: true}).on("message", console.log)'
has java && gives 'java' 0 true -- zbox_usr sh -c 'cat >/tmp/A.java <<-X
	class A { public static void main(String[] a) { System.out.println(Runtime.getRuntime().availableProcessors() > 0); } }
	X
	java -XX:TieredStopAtLevel=1 /tmp/A.java'
has cmake && ok 'cmake' zbox_usr cmake --system-information /tmp/info
gives 'localhost has an address' 0 127.0.0.1 -- zbox_usr python3 -c 'import socket; print(socket.gethostbyname("localhost"))'
ok 'UTF-8' zbox_usr --setenv LANG C.UTF-8 python3 -c 'import sys; assert sys.stdout.encoding.lower() == "utf-8"'
gives 'time zone' 0 "$(date +%Z)" -- zbox_usr date +%Z
ok 'sockets of its own' zbox_usr python3 -c '
import socket
a = socket.socket(socket.AF_UNIX); a.bind("/tmp/s"); a.listen()
b = socket.socket(socket.AF_UNIX); b.connect("/tmp/s")
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); socket.create_connection(s.getsockname())'
nok 'nothing outside is reached' zbox_usr python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 2)'
finish
