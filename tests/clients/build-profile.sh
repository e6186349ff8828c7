#!/bin/bash
# `zbox --profile build -- ...` around build tools whose project is hostile: make, cmake, npm install
# with a postinstall script, pip install, cargo build with a build script, go generate and go test, a
# Debian package. Each builds what it is to build; what the
# script tries besides fails, and says so. The same script without zbox succeeds with all of it.
# timeout: 400
. "$(dirname "$0")/common.sh"

WHAT='builds'
has make gcc cmake npm node python3 cargo go dpkg-buildpackage git pgrep || { finish; exit; }

host_home
touch "$T/stamp"
mkdir -p "$HOME/.config/zbox/profiles" && cp "$TESTS"/../profiles/build*.profile "$HOME/.config/zbox/profiles"
marker=4711.$$

# The home is not below /tmp, which would be another one inside: a writable one.
tree=$(dirname "$TESTS") # may be in a home itself
home=/home/someone
on_host() {
	"$BWRAP" --dev-bind / / --tmpfs /home --ro-bind "$tree" "$tree" --bind "$HOME" $home --setenv HOME $home \
		--unsetenv XDG_CONFIG_HOME --chdir "$home/work/$project" -- "$@"
}

# hostile NAME: a project folder with the script of the attacker, which writes one line for each
# thing it tries: "THING: done", or the reason why not.
hostile() {
	project=$1
	mkdir -p "$HOME/work/$1" && cd "$HOME/work/$1" || exit 1
	git init -q -b main . && git -c user.name=a -c user.email=b commit -q --allow-empty -m first
	cat >attack <<-X
		#!/bin/bash
		cd '$home/work/$project' || exit 1
		try() { if said=\$( (eval "\$2") 2>&1); then echo "\$1: done"; else echo "\$1: \${said##*: }"; fi >>attempts.log; }
		try key 'grep -q "the secret" "$home/.ssh/id_ed25519"'
		try bashrc 'echo evil >>"$home/.bashrc"'
		try hook 'echo evil >.git/hooks/post-checkout'
		try config 'git config core.fsmonitor evil'
		try sibling 'echo evil >../evil'
		try network 'exec 9<>/dev/tcp/127.0.0.1/$PORT'
		setsid sleep $marker >/dev/null 2>&1 &
		exit 0
	X
	chmod +x attack
}
daemons() { pgrep -f "^sleep $marker\$"; }
no_daemon() { ! daemons; }

# builds NAME WANTED -- COMMAND...: under the profile, which leaves the file WANTED.
builds() {
	local name=$1 wanted=$2
	shift 3
	ok "$name: the build ends well" on_host "$ZBOX" --profile build -- "$@"
	ok "$name: what it built is there" test -s "$wanted"
	is "$name: what its attacks got" "$(sort -u attempts.log)" "bashrc: Read-only file system
config: Read-only file system
hook: Read-only file system
key: No such file or directory
network: Connection refused
sibling: Read-only file system"
	ok "$name: no daemon is left" poll 10 no_daemon
}

# ---- make; and the twin ----

hostile make
printf 'all: hello\nhello: hello.c\n\t./attack\n\t$(CC) -o $@ $<\n' >Makefile
echo 'int main(void) { return 0; }' >hello.c
builds make hello -- make
hostile twin
cp ../make/{Makefile,hello.c} . && run on_host make
is 'twin: outside, all of it is done' "$(sort -u attempts.log)" "bashrc: done
config: done
hook: done
key: done
network: done
sibling: done"
ok 'twin: and the daemon stays' poll 10 daemons
pkill -f "^sleep $marker\$"
echo '# the host' >"$HOME/.bashrc"
rm ../evil
sed -i '$d' "$T/port.visits"

# ---- cmake ----

hostile cmake
cat >CMakeLists.txt <<'X'
cmake_minimum_required(VERSION 3.10)
project(hello C)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/attack)
add_executable(hello hello.c)
add_custom_command(TARGET hello POST_BUILD COMMAND ${CMAKE_SOURCE_DIR}/attack)
X
cp ../make/hello.c .
builds cmake build/hello -- sh -c 'cmake -S . -B build >/dev/null && cmake --build build'

# ---- npm: the scripts of a dependency, and of the package itself ----

hostile npm
mkdir dependency
echo '{"name": "dependency", "version": "1.0.0", "scripts": {"postinstall": "../../attack || ../attack"}}' >dependency/package.json
echo 'module.exports = 42' >dependency/index.js
echo '{"name": "project", "version": "1.0.0", "dependencies": {"dependency": "file:dependency"},
	"scripts": {"postinstall": "./attack"}}' >package.json
builds npm package-lock.json -- npm install --no-audit --no-fund
gives 'npm: the dependency works' 0 42 -- on_host "$ZBOX" --profile build -- node -p 'require("dependency")'

# ---- pip ----

hostile pip
cat >setup.py <<'X'
import subprocess, setuptools
subprocess.run(["./attack"], check=True)
setuptools.setup(name="hello", version="1.0", py_modules=["hello"])
X
echo 'print("hello from pip")' >hello.py
builds pip venv/bin/python -- sh -c '/usr/bin/python3 -m venv venv &&
	venv/bin/pip -q --disable-pip-version-check install --no-index --no-build-isolation .'
gives 'pip: the package works' 0 'hello from pip' -- on_host "$ZBOX" --profile build --chdir / -- "$home/work/pip/venv/bin/python" -m hello

# ---- cargo: the build scripts of the package and of a dependency in the project ----

hostile cargo
mkdir -p src part/src
printf '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\npart = { path = "part" }\n' >Cargo.toml
printf '[package]\nname = "part"\nversion = "0.1.0"\nedition = "2021"\n' >part/Cargo.toml
echo 'fn main() { println!("hello from {}", part::NAME); }' >src/main.rs
echo 'pub const NAME: &str = "cargo";' >part/src/lib.rs
echo "fn main() { assert!(std::process::Command::new(\"$home/work/cargo/attack\").status().unwrap().success()); }" |
	tee build.rs >part/build.rs
builds cargo target/debug/hello -- cargo build --offline --quiet
gives 'cargo: the program works' 0 'hello from cargo' -- target/debug/hello

# ---- go: what go generate runs, and a test ----

hostile go
printf 'module example.org/hello\n\ngo 1.19\n' >go.mod
printf 'package main\n\n//go:generate ./attack\nfunc main() { println("hello from go") }\n' >main.go
cat >main_test.go <<'X'
package main

import (
	"os/exec"
	"testing"
)

func TestHostile(t *testing.T) {
	if err := exec.Command("./attack").Run(); err != nil {
		t.Fatal(err)
	}
}
X
builds go hello -- sh -c 'go generate && go build -o hello && go test >/dev/null'
run ./hello
is 'go: the program works' "$status $err" '0 hello from go'

# ---- a Debian package, which lands beside its source: the folder of the build is the one above ----

hostile debian
mkdir -p hello-1.0/debian
cp ../make/hello.c hello-1.0
cat >hello-1.0/debian/control <<'X'
Source: hello
Section: misc
Priority: optional
Maintainer: Nobody <nobody@example.org>
Standards-Version: 4.6.2

Package: hello
Architecture: any
Description: a program
X
printf 'hello (1.0) unstable; urgency=low\n\n  * First.\n\n -- Nobody <nobody@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n' \
	>hello-1.0/debian/changelog
cat >hello-1.0/debian/rules <<'X'
#!/usr/bin/make -f
build build-arch build-indep:
	../attack
	$(CC) -o hello hello.c
binary binary-arch: build
	install -D hello debian/hello/usr/bin/hello
	mkdir -p debian/hello/DEBIAN && dpkg-gencontrol -phello -Pdebian/hello
	dpkg-deb --build debian/hello ..
binary-indep clean:
X
chmod +x hello-1.0/debian/rules
builds debian "hello_1.0_$(dpkg --print-architecture).deb" -- \
	sh -c 'cd hello-1.0 && dpkg-buildpackage -b -us -uc -d'
ok 'debian: the package is good' dpkg-deb --contents hello_1.0_*.deb
contains 'debian: and has the program' "$out" './usr/bin/hello'

# ---- all together ----

cd "$T" || exit 1
nobody_came 'nobody came to the port of the host'
rm -r "$HOME/work" "$HOME/.config"
host_is_untouched 'the home is as it was'
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
finish
