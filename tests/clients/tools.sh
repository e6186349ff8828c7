#!/bin/bash
# What developers run: git, virtual environments, cmake, node, Java, with one writable folder.
. "$(dirname "$0")/../lib.sh"

work() { zbox_usr --bind "$T/work" /work --chdir /work "$@"; }
mkdir work

# ---- git ----

git init -q source
(cd source && for i in $(seq 20); do
	echo "$i" >file && git add file && git -c user.name=a -c user.email=a@b commit -qm "commit $i"
done)
head=$(git -C source rev-parse HEAD)
gives 'git clone of a local repository' 0 "$head" -- work --ro-bind source /source sh -c '
	git clone -q /source clone && cd clone && git fsck --strict 2>/dev/null && git rev-parse HEAD'
gives 'and work in it' 0 'mine 21' -- work sh -c '
	cd clone && git switch -qc mine && echo more >>file && git -c user.name=a -c user.email=a@b commit -qam more &&
	echo $(git branch --show-current) $(git rev-list --count HEAD)'
nok 'the repository cannot be written' work --ro-bind source /source git -C /source tag new
is 'and is as it was' "$(git -C source rev-parse HEAD; git -C source tag)" "$head"

# ---- python ----

ok 'python3 -m venv' work python3 -m venv venv
mkdir -p work/package && cat >work/package/setup.py <<'X'
from setuptools import setup
setup(name="zbox-example", version="1", py_modules=["zbox_example"])
X
echo 'answer = 42' >work/package/zbox_example.py
ok 'pip runs in it' work venv/bin/pip --version
gives 'a package in it' 0 42 -- work sh -c 'cp package/zbox_example.py venv/lib/python3*/site-packages/ &&
	venv/bin/python -c "import zbox_example; print(zbox_example.answer)"'

# ---- C, C++, cmake ----

cat >work/CMakeLists.txt <<'X'
cmake_minimum_required(VERSION 3.18)
project(example C CXX)
enable_testing()
add_library(part SHARED part.c)
add_executable(example main.cc)
target_link_libraries(example part)
add_test(NAME answer COMMAND example)
X
echo 'int part(void); int part(void) { return 42; }' >work/part.c
printf '#include <iostream>\nextern "C" int part();\nint main() { std::cout << part() << std::endl; return part() != 42; }\n' >work/main.cc
for compiler in gcc clang; do
	CXX=${compiler/gcc/g} && CXX=${CXX/%g/g}++
	ok "cmake, ninja and ctest with $compiler" work --setenv CC $compiler --setenv CXX "$CXX" \
		sh -c "cmake -S . -B build-$compiler -G Ninja >/dev/null && ninja -C build-$compiler >/dev/null && ctest --test-dir build-$compiler"
	contains "its test passed with $compiler" "$out" '100% tests passed'
done

# ---- node ----

cat >work/main.js <<'X'
const fs = require('fs'), os = require('os'), {Worker} = require('worker_threads'), {execFileSync} = require('child_process');
fs.writeFileSync('from-node', os.userInfo().username + execFileSync('echo', ['-n', 'child']));
require('http').createServer((q, r) => r.end('served')).listen(0, '127.0.0.1', function () {
	require('http').get({port: this.address().port}, r => r.on('data', d => { console.log(String(d)); process.exit(0); }));
});
X
gives 'node: files, children, a server of its own' 0 served -- work node main.js
is 'and its file' "$(cat work/from-node)" rootchild

# ---- Java ----

cat >work/Main.java <<'X'
import java.nio.file.*;
import java.util.stream.*;
public class Main {
	public static void main(String[] a) throws Exception {
		Files.writeString(Path.of("from-java"), "written");
		System.out.println(IntStream.range(0, 1000).parallel().map(x -> x * 2).sum());
	}
}
X
gives 'javac and java' 0 999000 -- work sh -c 'javac Main.java && java Main'
is 'and its file' "$(cat work/from-java)" written
finish
