#!/bin/bash
# Compilers, interpreters and tools work under the profiles that are for them, each doing real work;
# and what a profile is to refuse is refused to the same programs.
# timeout: 400
. "$(dirname "$0")/common.sh"

WHAT='tools'
has git python3 gcc g++ clang make cmake ninja tar xz perl javac node strace valgrind gdb || { finish; exit; }

host_home
touch "$T/stamp"

# in_box PROFILE COMMAND...: with the current directory as the only writable one.
in_box() {
	local profile=$1
	shift
	zbox_usr --seccomp-profile "$profile" --bind "$PWD" "$PWD" --chdir "$PWD" "$@"
}
profiles='strict build container desktop'

# ---- the work: each a directory with a script "work", whose last line of output is fixed ----

work() { # NAME EXPECTED, the script on standard input
	mkdir -p "$T/work/$1"
	{ echo 'set -e'; cat; } >"$T/work/$1/work"
	echo "$2" >"$T/work/$1/expected"
}

work git '2 commits, clean' <<'X'
git init -q -b main origin
cd origin
git config user.name tester
git config user.email tester@example.org
for i in $(seq 200); do echo "line $i" >"file$i"; done
git add . && git commit -qm first
cd .. && git clone -q origin copy && git clone -q --no-local "$PWD/origin" other && cd copy
git config user.name tester
git config user.email tester@example.org
echo more >>file7 && git commit -qam second && git push -q origin main:topic && git gc -q
git -C ../origin fsck --strict 2>&1 | grep -v '^dangling' || true
[ -z "$(git status --porcelain)" ] && echo "$(git rev-list --count HEAD) commits, clean"
X

work python 'venv True, pool 328350, asyncio 10, threads 8, sqlite 3' <<'X'
python3 -m venv env
cat >work.py <<'P'
import asyncio, multiprocessing, os, sqlite3, subprocess, sys, threading
from multiprocessing import shared_memory
def square(x): return x * x
async def echo(reader, writer):
    writer.write(await reader.readline()); await writer.drain(); writer.close()
async def talk():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def one(i):
        r, w = await asyncio.open_connection("127.0.0.1", port)
        w.write(b"%d\n" % i); line = await r.readline(); w.close(); return int(line)
    return len(await asyncio.gather(*[one(i) for i in range(10)]))
if __name__ == "__main__":
    with multiprocessing.Pool(4) as p: total = sum(p.map(square, range(100)))
    memory = shared_memory.SharedMemory(create=True, size=4096); memory.buf[0] = 1; memory.close(); memory.unlink()
    for method in "fork", "spawn", "forkserver":
        c = multiprocessing.get_context(method); q = c.Queue(); p = c.Process(target=q.put, args=(1,))
        p.start(); assert q.get() == 1; p.join()
    done = []; threads = [threading.Thread(target=done.append, args=(i,)) for i in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    db = sqlite3.connect("work.db"); db.execute("create table t(a)")
    db.executemany("insert into t values(?)", [(1,), (2,), (3,)]); db.commit()
    assert subprocess.run(["sh", "-c", "exit 3"]).returncode == 3
    print(f"venv {sys.prefix.endswith('/env')}, pool {total}, asyncio {asyncio.run(talk())},",
          f"threads {len(done)}, sqlite {db.execute('select count(*) from t').fetchone()[0]}")
P
env/bin/python work.py
X

work compilers 'cc 42 c++ 42 clang 42 clang++ 42 lto 42 tsan 42' <<'X'
cat >a.c <<'C'
#include <pthread.h>
#include <stdio.h>
static void *half(void *p) { *(int *)p = 21; return p; }
int main(void) {
	pthread_t t[2]; int n[2];
	for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, half, &n[i]);
	for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
	printf("%d ", n[0] + n[1]); return 0;
}
C
cat >a.cc <<'C'
#include <future>
#include <iostream>
#include <map>
#include <string>
int main() {
	std::map<std::string, int> m; auto f = std::async(std::launch::async, [] { return 21; });
	m["a"] = f.get(); try { throw 21; } catch (int i) { m["b"] = i; }
	std::cout << m["a"] + m["b"] << " " << std::flush;
}
C
gcc -O2 -Wall -pthread a.c -o a1; g++ -O1 -pthread a.cc -o a2
clang -O2 -pthread a.c -o a3; clang++ -O1 -pthread a.cc -o a4
gcc -O2 -flto=2 -pthread a.c -o a5; gcc -g -fsanitize=thread -pthread a.c -o a6
result=
for i in cc c++ clang clang++ lto tsan; do
	n=$((n + 1)); result="$result$i $(./a$n)"
done
echo "${result% }"
X

work make '40 objects, 820' <<'X'
for i in $(seq 40); do echo "int f$i(void) { return $i; }" >f$i.c; done
{ for i in $(seq 40); do echo "int f$i(void);"; done; echo 'int printf(const char *, ...);'
echo 'int main(void) { int n = 0;'; for i in $(seq 40); do echo "n += f$i();"; done; echo 'printf("%d\n", n); }'; } >main.c
printf 'OBJECTS = $(patsubst %%.c,%%.o,$(wildcard f*.c))\nall: $(OBJECTS) main.o\n\t$(CC) -o $@ $^\n' >Makefile
make -s -j2 && echo "$(ls f*.o | wc -l) objects, $(./all)"
X

work cmake '100% tests passed, 0 tests failed out of 2' <<'X'
cat >CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.13)
project(work C CXX)
find_package(Threads REQUIRED)
add_library(part SHARED part.c)
add_executable(whole whole.cc)
target_link_libraries(whole part Threads::Threads)
enable_testing()
add_test(NAME runs COMMAND whole)
add_test(NAME fails COMMAND whole x)
set_tests_properties(fails PROPERTIES WILL_FAIL TRUE)
C
echo 'int part(void) { return 42; }' >part.c
echo 'extern "C" int part(); int main(int n, char **) { return part() - 41 - (n == 1); }' >whole.cc
cmake -G Ninja -S . -B out >/dev/null && ninja -C out >/dev/null && cd out && ctest | grep 'tests passed'
X

work archives 'the same 300 files, 2 archives' <<'X'
mkdir -p tree/sub && for i in $(seq 299); do echo "$i $i $i" >"tree/sub/$i"; done
ln -s 1 tree/sub/link; chmod 750 tree/sub; dd if=/dev/zero of=tree/sparse bs=1k count=1 seek=4096 2>/dev/null
tar -cJSf a.tar.xz tree; tar -c tree | xz -T2 -1 | xz -dc | gzip >a.tar.gz
mkdir x y; tar -xJf a.tar.xz -C x; tar -xzf a.tar.gz -C y
diff -r tree x/tree; diff -r tree y/tree
echo "the same $(find x -type f | wc -l) files, $(ls a.* | wc -l) archives"
X

work perl 'children 0 2 4 6, sorted' <<'X'
perl -e 'use strict; use Socket; my %r;
for my $i (0 .. 3) {
	socketpair(my $p, my $c, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die; my $pid = fork // die;
	if (!$pid) { print $c $i * 2; exit $i } close $c; local $/; $r{$i} = <$p>; waitpid $pid, 0; die if $? >> 8 != $i }
open my $s, "-|", "printf \"b\\na\\n\" | sort" or die; my @l = <$s>; die unless $l[0] eq "a\n";
print "children @r{sort keys %r}, sorted\n"'
X

work java 'sum 4950, process 3, file written' <<'X'
cat >Work.java <<'J'
import java.nio.file.*; import java.util.concurrent.*; import java.util.stream.*;
public class Work {
	public static void main(String[] a) throws Exception {
		ExecutorService e = Executors.newFixedThreadPool(4);
		int n = 0; var l = IntStream.range(0, 100).mapToObj(i -> e.submit(() -> i)).collect(Collectors.toList());
		for (var f : l) n += f.get();
		e.shutdown();
		int p = new ProcessBuilder("sh", "-c", "exit 3").start().waitFor();
		Files.writeString(Path.of("out"), "x"); System.gc();
		System.out.println("sum " + n + ", process " + p + ", file " + (Files.size(Path.of("out")) == 1 ? "written" : ""));
	}
}
J
javac Work.java && java Work
X

work node 'worker 42, child 7, fork 9, http 200' <<'X'
cat >work.js <<'J'
const { Worker } = require('worker_threads'), cp = require('child_process'), http = require('http'), fs = require('fs');
if (process.argv[2]) process.send(9, () => process.exit());
else (async () => {
	const w = await new Promise((yes, no) => new Worker(
		"require('worker_threads').parentPort.postMessage(6*7)", { eval: true }).on('message', yes).on('error', no));
	const c = await new Promise(yes => cp.spawn('sh', ['-c', 'exit 7']).on('exit', yes));
	const f = await new Promise(yes => cp.fork(__filename, ['child']).on('message', yes));
	const s = http.createServer((q, r) => r.end('x')).listen(0, '127.0.0.1');
	await new Promise(yes => s.on('listening', yes));
	const h = await new Promise(yes => http.get(s.address(), r => { r.resume(); yes(r.statusCode) }).on('error', yes));
	s.closeAllConnections && s.closeAllConnections(); s.close();
	await fs.promises.writeFile('out', 'x'); cp.execFileSync('true');
	console.log(`worker ${w}, child ${c}, fork ${f}, http ${h}`);
})();
J
node work.js
X

for profile in $profiles; do
	for dir in "$T"/work/*/; do
		name=$(basename "$dir")
		cp -r "$dir" "$T/$profile-$name" && cd "$T/$profile-$name" || exit 1
		run in_box "$profile" bash ./work
		if [ "$status" = 0 ] && [ "${out##*$'\n'}" = "$(cat expected)" ]; then
			pass "$profile: $name"
		else
			flunk "$profile: $name" "wanted: $(cat expected)" || evidence
		fi
		cd "$T" && rm -rf "$T/$profile-$name"
	done
done

# ---- looking into processes: only where the profile is for it ----

fresh debug
cat >leak.c <<'X'
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) void leak(void) { memset(malloc(1234), 1, 1234); }
int main(void) { leak(); char gone[4096]; memset(gone, 0, sizeof(gone)); return 0; }
X
in_box strict gcc -g -O0 leak.c -o leak
in_box strict gcc -g -O0 -fsanitize=address leak.c -o leak-asan
in_box strict clang -g -O0 -fsanitize=address leak.c -o leak-clang

ok 'build: strace' in_box build strace -f -o trace sh -c 'cat /etc/passwd | wc -l'
matches 'build: strace saw the children' "$(cat trace)" 'execve\("/usr/bin/(cat|wc)"'
# It lets itself be traced by who is not its parent, where Yama asks for that (PR_SET_PTRACER).
cat >traced.py <<'X'
import ctypes, time
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
print("up", flush=True)
time.sleep(100)
X
ok 'build: strace attaches' in_box build bash -c 'python3 traced.py >up & until grep -q up up; do sleep 0.05; done
	for i in 1 2 4 8 16; do timeout $i strace -p $! 2>&1 | grep -q attached && kill $! && exit; done; exit 1'
nok 'strict: it does not' in_box strict bash -c 'rm up; python3 traced.py >up & until grep -q up up; do sleep 0.05; done
	timeout 60 strace -p $! 2>&1 | grep -q attached; s=$?; kill $!; exit $s'
nok 'strict: no strace' in_box strict strace -o trace true
contains 'strict: for ptrace is refused' "$err" 'Operation not permitted'
run in_box build valgrind --leak-check=full --error-exitcode=9 ./leak
is 'build: valgrind finds the leak' "$status" 9
contains 'build: valgrind names it' "$err" '1,234 bytes in 1 blocks are definitely lost'
ok 'strict: valgrind too, which needs no ptrace' in_box strict valgrind --error-exitcode=9 ./leak
run in_box build gdb -q -batch -ex 'break leak' -ex run -ex bt -ex 'print 6 * 7' -ex continue ./leak
is 'build: gdb' "$status" 0
matches 'build: gdb stops and looks' "$out" '#0 +leak \(\) at leak.c:3.*main \(\).* = 42.*exited normally'
run in_box strict gdb -q -batch -ex run ./leak
lacks 'strict: gdb runs nothing' "$out$err" 'exited normally'
for program in leak-asan leak-clang; do
	run in_box build ./$program
	contains "build: LeakSanitizer, $program" "$err" '1234 byte(s) in 1 object(s)'
	run in_box strict ./$program
	contains "strict: LeakSanitizer cannot look, $program" "$err" 'LeakSanitizer has encountered a fatal error'
done
gives 'build: setarch -R' 0 yes -- in_box build setarch -R sh -c 'echo yes'
nok 'strict: no setarch -R' in_box strict setarch -R true

# ---- and nothing of it reached out ----

attempts >attempts
for profile in $profiles; do
	gives "$profile: nothing forbidden was possible" 0 '' -- in_box "$profile" bash ./attempts
	nok "$profile: git does not reach the host's repository" in_box "$profile" git clone "$T" x
done
nobody_came 'nobody reached the port'
# the twin: the same script sees something where it may
contains 'twin: outside, the script finds its way' "$(bash ./attempts 2>&1)" 'reached the network'
sed -i /owned/d "$HOME/.bashrc"
host_is_untouched 'the home of the host is as it was'
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
finish
